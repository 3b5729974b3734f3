"""How honest people react to a defence, and what each of them went through."""

from __future__ import annotations

from himaya.bench.asks import Reply
from himaya.bench.crowd.dress import MACHINES
from himaya.bench.crowd.plan import Event, Plan
from himaya.bench.defences.base import Defence

#: Seconds until a challenge is solved: by a script in the browser, or by the wait that needs none.
SOLVE_S, WAIT_S = 3.0, 30.0
#: Whoever waits so long for a page was slowed.
SLOW_S = 1.0
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
        self._left: dict[int, int] = {}
        self._jar: dict[tuple[int, str], str] = {}
        self._script = [plan.groups[place].script for place in plan.group_of]
        self._answers = [plan.groups[place].answers for place in plan.group_of]

    def live(self, event: Event, now: float, defence: Defence, tries: int = 0) -> float | None:
        """Let a member ask; return when they ask the same again, None when they go on or give up."""
        member = event.member
        if self._left.get(member, -1) == event.visit:
            return None
        event.client.clearance = self._jar.get((member, event.client.agent), "")
        reply = defence.serve(event.client, event.ask, now, event.answer)
        if reply.action == "allow":
            return None
        if reply.action == "challenge" and event.client.agent not in MACHINES:
            self.harm[member] |= CHALLENGED
            if self._solves(event, tries) and defence.solve(event.client, now):
                self._jar[member, event.client.agent] = event.client.clearance
                return now + (SOLVE_S if self._script[member] else WAIT_S)
        self._feel(event, reply)
        return None

    def _solves(self, event: Event, tries: int) -> bool:
        """Tell whether whoever asks can answer a challenge and still has patience; machines cannot."""
        return tries < _SOLVES and self._answers[event.member]

    def _feel(self, event: Event, reply: Reply) -> None:
        """Note what a reply does to a member; whoever is refused gives up this visit."""
        member = event.member
        if event.client.agent in MACHINES:
            return  # a card without a picture harms nobody who is counted here
        if reply.delay_s >= SLOW_S and not reply.refused:
            self.harm[member] |= SLOWED
        if reply.refused:
            self.harm[member] |= DENIED
            self._left[member] = event.visit
        elif reply.action == "redact":
            self.harm[member] |= REDACTED

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
