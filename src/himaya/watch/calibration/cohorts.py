"""Whom a threshold speaks of: age, tier and key of an account, as the site told them. Nothing else.

Nothing is inferred of anybody: no language, origin, age, health or belief; and no file can bring a cohort along.
"""

from __future__ import annotations

from himaya.core.errors import InputError

#: The words of `Watchers.cohort`. Strangers without account are never proven, so `anonymous` is none of them.
COHORTS = ("new", "established", "paid", "key")
TIER = "tier:"


def checked(cohort: str) -> str:
    """Return a cohort that thresholds may speak of. Raises InputError for any other."""
    if cohort in COHORTS or (cohort.startswith(TIER) and cohort != TIER):
        return cohort
    known = ", ".join(COHORTS)
    raise InputError(
        f"{cohort!r} is no cohort of a calibration; they are {known} and {TIER}NAME, as the site told them"
    )


def place(cohort: str) -> tuple[int, str]:
    """Return where a cohort stands in a list."""
    return (COHORTS.index(cohort) if cohort in COHORTS else len(COHORTS)), cohort
