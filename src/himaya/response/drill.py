"""A drill: an invented incident in a ledger of its own, walked through from the first signal to the end, with times.

Everything in it is marked as practice: the case, its letter, the order to the identity system, the record.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from himaya.core.actor import Actor
from himaya.core.disclosure import Certainty, Disclosures, Shown
from himaya.ledger import Ledger
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, iso, micros

#: The invented crew, and how many invented people each account is shown.
ACCOUNTS, EACH = 12, 25
#: Seconds between two views, and before the drill begins.
_APART_S, _BEFORE_S = 2.0, 3600.0
MARK = "PRACTICE"


class Step(msgspec.Struct, frozen=True):
    """One step of the playbook: what, by which role, when it was over, and how long it took.

    `since_signal_s` counts from the first signal, which is the beginning of the drill.
    """

    step: str
    role: str
    state: str
    at: str
    took_s: float
    since_signal_s: float


class Record(msgspec.Struct, frozen=True):
    """What a drill leaves: `practice` is always true. `people` and `rows` are invented, `problems` of the register."""

    practice: bool
    mark: str
    id: str
    date: str
    by: str
    people: int
    rows: int
    steps: list[Step]
    contained_s: float
    whole_s: float
    revocation: str
    problems: list[str]


class Watch:
    """Takes the time of each step."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Begin: the first signal is now."""
        self._clock = clock
        self.began = self._last = clock()
        self.steps: list[Step] = []

    def over(self, step: str, role: str, state: str) -> None:
        """Note that a step is over."""
        now = self._clock()
        took, since = round(now - self._last, 3), round(now - self.began, 3)
        self.steps.append(Step(step, role, state, iso(micros(now)), took, since))
        self._last = now

    def since(self, step: str) -> float:
        """Return how many seconds after the signal a step was over."""
        return next(one.since_signal_s for one in self.steps if one.step == step)


def invent(directory: Path, now: float) -> list[int]:
    """Write the invented incident into a new ledger, and return the surrogates of the crew. Raises LedgerError."""
    start = now - _BEFORE_S
    with Ledger.open(directory) as ledger:
        for number in range(ACCOUNTS * EACH):
            ledger.append(_view(start + number * _APART_S, number))
        ledger.flush()
    names = [f"account:practice-{n}" for n in range(ACCOUNTS)]
    with Reader.open(directory) as reader:
        return sorted(reader.identities.find_all(Kind.ACTOR, names))


def _view(at: float, number: int) -> Disclosures:
    """Return one invented view; the addresses are those of RFC 5737, which nobody has."""
    member = number % ACCOUNTS
    actor = Actor(
        account=f"practice-{member}",
        session=f"practice-visit-{member}",
        address=f"203.0.113.{member + 1}",
        terms="practice",
    )
    return Disclosures(
        at=at,
        surface="practice",
        kind="profile",
        actor=actor,
        access=actor.access,
        status=200,
        shown=(Shown(f"practice-person-{number}", ("name", "email"), Certainty.SERVED),),
    )


def as_text(record: Record) -> str:
    """Return the record of a drill in words."""
    lines = [
        f"{record.mark}. A drill on invented data; nobody was shown, and nobody is to be told.",
        "",
        f"Drill {record.id} of {record.date}, by {record.by}",
        f"{record.people:,} invented people in {record.rows:,} records",
        f"Contained {record.contained_s:g} s after the signal; over after {record.whole_s:g} s",
        f"Identity system: {record.revocation}",
        "",
        "  seconds  after the signal  step",
        *(
            f"{one.took_s:9.3f}  {one.since_signal_s:16.3f}  {one.step} ({one.role}): {one.state}"
            for one in record.steps
        ),
        "",
        *(f"PROBLEM  {one}" for one in record.problems),
        "The decisions were played; how long people need for them is not measured.",
        "",
    ]
    return "\n".join(lines)


def played(kind: str) -> dict[str, Any]:
    """Return who plays an act in a drill, as fields of an `Act`."""
    role = _ROLES[kind]
    why = f"{MARK}: {kind}"
    return {"by": f"practice {role}", "role": role, "why": why}


_ROLES = {
    **dict.fromkeys(
        ("opened", "acknowledged", "confirmed", "blocked", "joined", "revoked"), "analyst"
    ),
    **dict.fromkeys(("delivered", "contained", "counted", "drafted", "compared"), "analyst"),
    **dict.fromkeys(("researcher", "released", "assessment", "assessed"), "legal"),
    **dict.fromkeys(("sent", "notified", "closed"), "dpo"),
}
