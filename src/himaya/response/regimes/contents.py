"""What a notice may have to say: one model for all regimes, so that nothing is typed twice."""

from __future__ import annotations

from typing import Final, NamedTuple


class Content(NamedTuple):
    """An element of a notice, in words, and who fills it in.

    `filled_by`: config, auto (case and ledger), human, template, or auto+human (a draft that a person completes).
    """

    words: str
    filled_by: str


CONTENTS: Final[dict[str, Content]] = {
    "org_identity": Content("who we are, and how to reach us", "config"),
    "org_registration": Content("business registration number", "config"),
    "contact_point": Content("name and contact of the DPO or another person", "config"),
    "nature": Content("what happened", "auto+human"),
    "cause": Content("the cause, if known", "human"),
    "occurred_period": Content("when it happened, and for how long", "auto"),
    "aware_at": Content("when we noticed or became aware", "auto"),
    "data_categories": Content("which personal data", "auto"),
    "record_count": Content("about how many records", "auto"),
    "subject_categories": Content("what kinds of people", "auto"),
    "subject_count": Content("about how many people", "auto"),
    "subject_count_local": Content("how many people of this jurisdiction", "auto"),
    "consequences": Content("likely consequences for people", "human"),
    "risk_assessment": Content("why the threshold of harm is reached", "human"),
    "measures": Content("what was done, and will be done", "auto+human"),
    "individual_steps": Content("what people can do to protect themselves", "template"),
    "individuals_notified": Content("whether, when and how people are told", "auto"),
    "other_bodies_notified": Content("which others were told", "auto"),
    "recipient_identity": Content("who has the data, if known or suspected", "auto+human"),
    "delay_reasons": Content("reasons for a delay", "human"),
    "complaint_right": Content("the right to complain to the authority", "template"),
    "authority_told": Content("that the authority has been told", "auto"),
    "unknown_reasons": Content("why something cannot be said", "human"),
    "public_notice_reason": Content("why the notice is public, or people are not told", "human"),
    "credit_agencies": Content("contacts of credit reporting agencies", "template"),
    "prescribed_headings": Content("the prescribed title and headings", "template"),
    "law_enforcement_delay": Content("whether law enforcement asked for a delay", "human"),
    "incident_report_followup": Content("a later report of the steps taken", "auto+human"),
}
