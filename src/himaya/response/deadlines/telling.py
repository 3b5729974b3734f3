"""Deadlines as alerts: overdue ones, and those that end soon. A case and a law are named, nobody else is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from himaya.response.deadlines.answers import ANSWER
from himaya.response.deadlines.deadline import Deadline, Standing
from himaya.runner.alerting.alert import Kind, Occurrence

_DAY_S = 86_400.0
#: How long the same deadline counts up instead of being told again: soon ones are told once, overdue ones every day.
_ONCE_S = 3660 * _DAY_S
#: What is due where it is no notice.
_WHOM = {"assessment": "assessment", ANSWER: "answer to the person"}
_PARTY = {"authority": "the authority", "people": "people"}


def occurrences(deadlines: Iterable[Deadline], now: int, soon_s: int) -> Iterator[Occurrence]:
    """Yield what somebody has to be told at a time (microseconds): overdue, or due within `soon_s` seconds.

    Deadlines of practice cases are not told.
    """
    for each in deadlines:
        if each.is_practice:
            continue
        if each.standing is Standing.OVERDUE:
            yield _told(each, now, "overdue")
        elif each.standing is Standing.RUNNING and each.due - now <= soon_s * 1_000_000:
            yield _told(each, now, "due soon")


def _told(each: Deadline, now: int, how: str) -> Occurrence:
    marks = f" ({', '.join(each.marks)})" if each.marks else ""
    until = datetime.fromtimestamp(each.due // 1_000_000, UTC).isoformat()
    whom = _WHOM.get(each.kind, f"notice to {_PARTY[each.party]}")
    is_over = each.standing is Standing.OVERDUE
    return Occurrence(
        kind=Kind.DEADLINE,
        what=f"{each.id} {how}",
        severity="high" if is_over else "medium",
        at=now / 1e6,
        text=f"Case {each.case}, {each.name}: the {whom} ({each.kind}) is {how}: {until}{marks}.",
        see=f"himaya deadlines --case {each.case}",
        reference=each.case,
        again_s=_DAY_S if is_over else _ONCE_S,
    )
