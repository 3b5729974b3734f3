"""The ladder of thresholds: what has to be feared before a law asks for a notice, the lowest rung first."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Threshold(StrEnum):
    """A rung. `NONE`: the regime names no threshold, because it asks for nothing or only on order.

    `DATABASE_LEVEL` depends on the security level of the database (Israel), `DATA_LIST` on a narrow list of fields
    (California): these two are questions of their own, not more harm than `HIGH_RISK`.
    """

    NONE = "none"
    ANY_VIOLATION = "any_violation"
    RISK = "risk"
    SERIOUS_HARM = "serious_harm"
    HIGH_RISK = "high_risk"
    DATABASE_LEVEL = "database_level"
    DATA_LIST = "data_list"


#: Rungs of harm, in order: whoever found one has reached those before it.
LADDER: Final = (
    Threshold.ANY_VIOLATION,
    Threshold.RISK,
    Threshold.SERIOUS_HARM,
    Threshold.HIGH_RISK,
)


def reaches(found: Threshold, needed: Threshold) -> bool | None:
    """Tell whether what was found reaches what a regime asks for; None where harm alone does not decide it."""
    if found not in LADDER or needed not in LADDER:
        return None
    return LADDER.index(found) >= LADDER.index(needed)
