"""What a notice may have to say: one model for all regimes, so that nothing is typed twice."""

from __future__ import annotations

from typing import Final

#: Each element of a notice, in words.
CONTENTS: Final[dict[str, str]] = {
    "org_identity": "who we are, and how to reach us",
    "org_registration": "business registration number",
    "contact_point": "name and contact of the DPO or another person",
    "nature": "what happened",
    "cause": "the cause, if known",
    "occurred_period": "when it happened, and for how long",
    "aware_at": "when we noticed or became aware",
    "data_categories": "which personal data",
    "record_count": "about how many records",
    "subject_categories": "what kinds of people",
    "subject_count": "about how many people",
    "subject_count_local": "how many people of this jurisdiction",
    "consequences": "likely consequences for people",
    "risk_assessment": "why the threshold of harm is reached",
    "measures": "what was done, and will be done",
    "individual_steps": "what people can do to protect themselves",
    "individuals_notified": "whether, when and how people are told",
    "other_bodies_notified": "which others were told",
    "recipient_identity": "who has the data, if known or suspected",
    "delay_reasons": "reasons for a delay",
    "complaint_right": "the right to complain to the authority",
    "authority_told": "that the authority has been told",
    "unknown_reasons": "why something cannot be said",
    "public_notice_reason": "why the notice is public, or people are not told",
    "credit_agencies": "contacts of credit reporting agencies",
    "prescribed_headings": "the prescribed title and headings",
    "law_enforcement_delay": "whether law enforcement asked for a delay",
    "incident_report_followup": "a later report of the steps taken",
}
