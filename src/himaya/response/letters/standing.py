"""What the acts of a case say of its letters, and which step may follow which. The table stands at the top.

    draft -> released -> sent -> delivered -> agreed | partial | refused | silent
                                           -> confirmed -> contradicted       a deletion, by a signed form

A reminder changes no state; it sets a later date. A late answer ends a silence.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import msgspec

from himaya.core.errors import InputError
from himaya.response.cases import Act, Case

_OUT = frozenset({"sent", "delivered"})
_ANSWERABLE = _OUT | {"silent", "refused", "partial", "agreed"}

#: From which states a step may be taken.
STEPS: Final[dict[str, frozenset[str]]] = {
    "released": frozenset({"draft"}),
    "withdrawn": frozenset({"draft", "released"}),
    "sent": frozenset({"released"}),
    "delivered": frozenset({"sent"}),
    "reminded": _OUT | {"silent"},
    "reply": _ANSWERABLE,
    "silent": _OUT,
}


class Letter(msgspec.Struct):
    """A letter as it stands. Times are microseconds, 0 for never; `due` is the end of the day of the answer, UTC."""

    id: str
    kind: str
    party: str
    language: str
    by: str
    written: int
    sha256: str
    annex_sha256: str
    bases: list[str]
    sealed: str
    state: str = "draft"
    released_by: str = ""
    sent: int = 0
    due: int = 0
    reminders: int = 0
    answered: int = 0

    def is_overdue(self, now: int) -> bool:
        """Tell whether an answer was due before `now`, and none came."""
        return self.state in _OUT and 0 < self.due < now


def letters_of(case: Case) -> dict[str, Letter]:
    """Return the letters of a case by id, as they stand."""
    found: dict[str, Letter] = {}
    for act in case.acts(*_TAKES):
        if act.kind == "drafted":
            if act.data.get("what") == "letter":
                found[act.data["id"]] = _drafted(act)
        elif act.kind == "reappeared":
            _contradict(found, act)
        elif act.data.get("id") in found:
            _TAKES[act.kind](found[act.data["id"]], act)
    return found


def letter_of(case: Case, name: str) -> Letter:
    """Return one letter of a case. Raises InputError."""
    found = letters_of(case)
    if name not in found:
        has = f"it has: {', '.join(found)}" if found else "it has none"
        raise InputError(f"case {case.id} has no letter {name!r}; {has}")
    return found[name]


def check_step(case: Case, letter: Letter, step: str) -> None:
    """Raise InputError when a letter, as it stands, does not take a step."""
    if letter.state not in STEPS[step]:
        raise InputError(
            f"letter {letter.id} of case {case.id} is {letter.state};"
            f" {step!r} is for one that is {' or '.join(sorted(STEPS[step]))}"
        )


def end_of(day: str) -> int:
    """Return the end of an ISO date in UTC, microseconds, 0 for "". Raises InputError."""
    if not day:
        return 0
    try:
        after = date.fromisoformat(day) + timedelta(days=1)
    except (ValueError, OverflowError) as problem:
        raise InputError(f"{day!r} is no date; write 2026-12-31") from problem
    return int(datetime.combine(after, time(), UTC).timestamp() * 1_000_000)


def overdue(cases: list[Case], now: int) -> list[tuple[Case, Letter]]:
    """Return the letters of cases whose answer was due before `now` (microseconds), and none came."""
    return [
        (case, letter)
        for case in cases
        for letter in letters_of(case).values()
        if letter.is_overdue(now)
    ]


def _drafted(act: Act) -> Letter:
    """Read a draft; one that another program wrote down may say less, and stops nobody from seeing the others."""
    data = act.data
    return Letter(
        id=data["id"],
        kind=data.get("form", ""),
        party=data.get("party", ""),
        language=data.get("language", ""),
        by=act.by,
        written=act.moment,
        sha256=data.get("sha256", ""),
        annex_sha256=data.get("annex_sha256", ""),
        bases=data.get("bases", []),
        sealed=data.get("sealed", ""),
        due=end_of(data.get("due", "")),
    )


def _released(letter: Letter, act: Act) -> None:
    letter.state, letter.released_by = "released", act.by


def _withdrawn(letter: Letter, _: Act) -> None:
    letter.state = "withdrawn"


def _sent(letter: Letter, act: Act) -> None:
    letter.state, letter.sent = "sent", act.moment


def _delivered(letter: Letter, _: Act) -> None:
    letter.state = "delivered"


def _reminded(letter: Letter, act: Act) -> None:
    letter.reminders += 1
    letter.due = end_of(act.data["due"])
    letter.state = "delivered" if letter.state == "silent" else letter.state


def _reply(letter: Letter, act: Act) -> None:
    letter.state, letter.answered = str(act.data["answer"]), act.moment


def _silent(letter: Letter, _: Act) -> None:
    letter.state = "silent"


def _contradict(found: dict[str, Letter], act: Act) -> None:
    for name in act.data.get("letters", ()):
        if name in found:
            found[name].state = "contradicted"


def _nothing(_: Letter, __: Act) -> None:
    """Do nothing: these kinds are taken by `letters_of` itself."""


_TAKES: dict[str, Callable[[Letter, Act], None]] = {
    "drafted": _nothing,
    "reappeared": _nothing,
    "released": _released,
    "withdrawn": _withdrawn,
    "sent": _sent,
    "delivered": _delivered,
    "reminded": _reminded,
    "reply": _reply,
    "silent": _silent,
}
