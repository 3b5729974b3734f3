"""Whether a gate does all of its work, by what it says of itself: for `/ready` and for `himaya status --check`."""

from __future__ import annotations

import msgspec

from himaya.control.messages import Status

#: Rows are durable within a second; a disk that takes this long is in trouble.
LATE_S = 30.0


class Readiness(msgspec.Struct, frozen=True):
    """`state` is shadow, enforce, off or stopping; `problems` say in words why a gate is not ready."""

    ready: bool
    state: str
    policy: str
    problems: tuple[str, ...] = ()


def readiness(told: Status, *, stopping: bool = False) -> Readiness:
    """Judge a status. Off is a state and no problem: it is what somebody wanted, and everything passes."""
    problems = []
    if stopping:
        problems.append("the gate is stopping")
    late = durable_age_s(told)
    if not told.ledger_writable:
        problems.append("the ledger cannot be written")
    elif late > LATE_S:
        problems.append(f"nothing was written to the ledger for {late:.0f} s")
    state = "stopping" if stopping else "off" if told.off else told.mode
    return Readiness(not problems, state, told.policy, tuple(problems))


def durable_age_s(told: Status) -> float:
    """Return how many seconds ago everything that was taken was durable."""
    now = told.started + told.uptime_s
    return max(0.0, now - max(told.last_flush, told.started))
