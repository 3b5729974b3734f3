"""A case: a group that somebody has to look at, its state, and a log that only grows."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from himaya.analysis.groups.group import Group
from himaya.core.errors import InputError


class State(StrEnum):
    """Suspected: found by a test. Confirmed: a person looked and agrees. Closed: over, or an error."""

    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    CLOSED = "closed"


#: How the groups begin by which a containment holds actors of a case; no search found them.
HELD = "held-"

#: From which state a case may go where. A closed one comes back only where people reopen it (`himaya case reopen`).
TRANSITIONS: dict[State, tuple[State, ...]] = {
    State.SUSPECTED: (State.CONFIRMED, State.CLOSED),
    State.CONFIRMED: (State.CLOSED,),
    State.CLOSED: (State.CONFIRMED,),
}


def check(case: str, before: State, after: State) -> None:
    """Raise InputError when a case may not go from one state to the other."""
    if after not in TRANSITIONS[before]:
        allowed = " or ".join(TRANSITIONS[before])
        raise InputError(f"case {case} is {before}; it can become {allowed}")


class Entry(msgspec.Struct, frozen=True):
    """One line of a case's log: when (epoch seconds), who, what, why."""

    at: float
    by: str
    what: str
    why: str


class Case(msgspec.Struct, frozen=True):
    """A case as it stands. `group` names its members by the ledger's surrogates."""

    id: str
    state: State
    opened: float
    group: Group
    log: tuple[Entry, ...] = ()

    @property
    def is_open(self) -> bool:
        """Tell whether the group still spends one budget."""
        return self.state is not State.CLOSED
