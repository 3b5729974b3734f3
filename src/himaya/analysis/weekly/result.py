"""What the weekly report answers, as values. Numbers are distinct people, not weighted, unless they say otherwise."""

from __future__ import annotations

import msgspec

from himaya.ledger.answers import Period, Unobserved

#: The cohorts in the order of the report; `ALL` is everybody together.
ALL = "all"
COHORTS = (ALL, "anonymous", "new", "established", "paid", "key")

#: Groups that are listed.
GROUPS = 10


class Reached(msgspec.Struct, frozen=True):
    """The people that a cohort was shown in a week.

    `new`: not shown to the cohort in any earlier row that is kept. `share` of the site's population, None where that
    is unknown. `unattributed`: people in answers that nobody could read; they are in no other figure.
    """

    cohort: str
    people: int
    new: int
    share: float | None
    unattributed: int


class Looked(msgspec.Struct, frozen=True):
    """What a cohort's look-ups on a surface came to in a week.

    `found`: people found; an answer that names several counts each. `missed`: look-ups that found nobody; `miss_share`
    of both together, None without either. `unread`: answers that nobody could read.
    """

    cohort: str
    surface: str
    found: int
    missed: int
    miss_share: float | None
    unread: int


class Week(msgspec.Struct, frozen=True):
    """One ISO week (`2026-W10`) from Monday to Monday, UTC.

    `partial`: the ledger, or the period asked for, does not cover all of it. A cohort that was shown nobody, and a
    surface that was not used, are left out.
    """

    week: str
    period: Period
    partial: bool
    reached: tuple[Reached, ...]
    looked: tuple[Looked, ...]
    unobserved: tuple[Unobserved, ...]


class GroupUnion(msgspec.Struct, frozen=True):
    """The people that the members of a group were shown together in the period, and their share of the population.

    `state` is the state of its case, "" where there is no case.
    """

    group: str
    state: str
    members: int
    people: int
    share: float | None


class Weekly(msgspec.Struct, frozen=True):
    """The whole report. `period` is what is asked for and kept, from the first row to the last."""

    period: Period
    population: int
    weeks: tuple[Week, ...]
    groups: tuple[GroupUnion, ...]
    retention: str
    note: str


def share(part: int, whole: int) -> float | None:
    """Return a part of a whole, None without a whole."""
    return part / whole if whole else None
