"""Until when a person who asked is answered, as a deadline: it follows from the request alone, not from a regime."""

from __future__ import annotations

from collections.abc import Iterator

from himaya.response.cases import Case
from himaya.response.deadlines.deadline import Deadline, Standing
from himaya.response.deadlines.due import is_after
from himaya.response.people.requests import KINDS, country_asked, is_request

#: The kind of these deadlines.
ANSWER = "answer"


def answers_due(case: Case, now: int) -> Iterator[Deadline]:
    """Yield the deadline of a person's request at a time (microseconds); of no other case, or of one long over."""
    data = case.entries[0].act.data
    if not is_request(case) or not data.get("due"):
        return
    end = int(data["due"]) - 1_000_000  # kept as the first moment that is too late
    done = case.last("answered")
    at = done.moment if done else 0
    yield Deadline(
        case=case.id,
        regime="",
        name=case.kind,
        authority="",
        party="people",
        standing=_standing(is_late=is_after(at or now, end), is_done=bool(at)),
        kind=ANSWER,
        clock="received",
        started=case.opened,
        due=end,
        done=at,
        text=KINDS[case.kind],
        countries=(country_asked(case),),
        open=() if at else (country_asked(case),),
        people=1,
        marks=("practice",) if case.practice else (),
        entry=case.entries[-1].number,
    )


def _standing(*, is_late: bool, is_done: bool) -> Standing:
    if is_done:
        return Standing.LATE if is_late else Standing.MET
    return Standing.OVERDUE if is_late else Standing.RUNNING
