"""How honest people react to a defence, and what each of them went through."""

from __future__ import annotations

from himaya.bench.asks import Reply
from himaya.bench.crowd.plan import Event, Plan
from himaya.bench.defences.base import Defence

#: Seconds until a challenge is solved: by a script in the browser, or by the wait that needs none.
SOLVE_S, WAIT_S = 3.0, 30.0
#: A person who is asked a fourth time for one page gives up.
_SOLVES = 3

CHALLENGED, SLOWED, REDACTED, DENIED = 1, 2, 4, 8
HARMS = {"challenged": CHALLENGED, "slowed": SLOWED, "redacted": REDACTED, "denied": DENIED}


class Lives:
    """The crowd during one run. Nobody collects; whoever is refused gives up this visit and comes back for the next."""

    def __init__(self, plan: Plan) -> None:
        """Let everybody begin unharmed."""
        self.plan = plan
        self.harm = bytearray(len(plan.group_of))
        self._delay: dict[int, float] = {}
        self._left: dict[int, int] = {}
        self._jar: dict[int, str] = {}
        self._script = [plan.groups[place].script for place in plan.group_of]

    def live(self, event: Event, now: float, defence: Defence, tries: int = 0) -> float | None:
        """Let a member ask; return when they ask the same again, None when they go on or give up."""
        member = event.member
        if self._left.get(member, -1) == event.visit:
            return None
        event.client.clearance = self._jar.get(member, "")
        reply = defence.serve(event.client, event.ask, now, event.answer)
        if reply.action == "allow":
            return None
        return self._feel(event, reply, now, defence, tries)

    def _feel(
        self, event: Event, reply: Reply, now: float, defence: Defence, tries: int
    ) -> float | None:
        member = event.member
        if reply.action == "challenge":
            self.harm[member] |= CHALLENGED
            if tries < _SOLVES and defence.solve(event.client, now):
                self._jar[member] = event.client.clearance
                return now + (SOLVE_S if self._script[member] else WAIT_S)
        if reply.refused:
            self.harm[member] |= DENIED
            self._left[member] = event.visit
        elif reply.action == "redact":
            self.harm[member] |= REDACTED
        else:
            self._slow(member, reply.delay_s)
        return None

    def _slow(self, member: int, delay_s: float) -> None:
        """Count as slowed whoever waited more than a second for any page."""
        self._delay[member] = max(delay_s, self._delay.get(member, 0.0))
        if self._delay[member] > 1.0:
            self.harm[member] |= SLOWED

    def counts(self) -> dict[str, dict[str, int]]:
        """Return per group id: size, and how many were ever challenged, slowed, redacted, denied."""
        plan = self.plan
        found = {group.id: {"size": 0, **dict.fromkeys(HARMS, 0)} for group in plan.groups}
        for place, harm in zip(plan.group_of, self.harm, strict=True):
            row = found[plan.groups[place].id]
            row["size"] += 1
            for name, bit in HARMS.items():
                row[name] += bool(harm & bit)
        return found
