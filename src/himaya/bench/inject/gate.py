"""The engine before a site of the past: its own traffic, and whoever is mixed in, on the log's clock.

Nothing is sent anywhere. What the log tells happened is decided again, as `himaya replay` does; what an attacker
asks is answered with the people that the page would show, through the same three calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from himaya.bench.asks import Answer, Ask, Client, Reply
from himaya.bench.defences.base import Exposed, Grouped
from himaya.bench.inject.attackers import shown_by
from himaya.core.decision import Action, Admission, Decision, Reason
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Person, Request, Response
from himaya.core.facts import Facts
from himaya.core.policy import Policy

#: What became of a request of the past.
PASSED, TRIMMED, REFUSED = 0, 1, 2


class First(msgspec.Struct, frozen=True):
    """The first refusal of those mixed in: when, what, why."""

    at: float
    action: str
    why: str


class Gate:
    """Decides by a policy as if it were enforced. `first` and `refused` are about those mixed in."""

    def __init__(self, policy: Policy, facts: Facts) -> None:
        """Begin with empty windows."""
        self._engine = Engine(msgspec.structs.replace(policy, mode="enforce"), facts)
        self._number = 0
        self.first: First | None = None
        self.refused = 0

    # the traffic of the past --------------------------------------------------------------------

    def past(self, exchange: Exchange, at: float) -> int:
        """Decide about an exchange of the log; return what would have become of it."""
        seen = exchange.people is not None
        request = msgspec.structs.replace(exchange.request, id=self._id(), sees_body=seen)
        told = msgspec.structs.replace(exchange, request=request)
        decision = self._engine.decide(request, at)
        fate = TRIMMED if decision.redact else PASSED
        if decision.passes and told.people is not None:
            admission = self._admit(decision, request, told.status, told.people, at)
            told = msgspec.structs.replace(told, people=admission.people)
            fate = TRIMMED if admission.withheld else fate
            fate = fate if admission.passes else REFUSED
        if not decision.passes or fate == REFUSED:
            self._engine.record(
                msgspec.structs.replace(told, refused=True, people=(), status=403), at
            )
            return REFUSED
        self._engine.record(told, at)
        return fate

    def _id(self) -> str:
        self._number += 1
        return str(self._number)

    def _admit(
        self,
        decision: Decision,
        request: Request,
        status: int,
        people: tuple[Person, ...],
        at: float,
    ) -> Admission:
        surface = self._engine.surfaces.by_id.get(decision.surface)
        can_trim = bool(surface and surface.json_rows)
        return self._engine.admit(Response(request.id, status, people, can_trim), at)

    # those mixed in -----------------------------------------------------------------------------

    def serve(self, client: Client, ask: Ask, now: float, answer: Answer | None = None) -> Reply:
        """Return what an attacker gets."""
        request = Request(
            self._id(), client.actor, ask.target, ask.method, "", client.agent, client.clearance,
            sees_body=True,
        )  # fmt: skip
        decision = self._engine.decide(request, now)
        if not decision.passes:
            return self._refuse(decision.action, decision.reasons, now)
        people = tuple([Person(subject) for subject in shown_by(ask)])
        status = 200 if people else 404
        admission = self._admit(decision, request, status, people, now)
        passed = admission.people if admission.passes else ()
        refused = not admission.passes
        told = Exchange(request, 403 if refused else status, people=passed, refused=refused)
        self._engine.record(told, now)
        if refused or (admission.withheld and not passed):
            return self._refuse(admission.action, admission.reasons, now)
        surface = self._engine.surfaces.by_id.get(decision.surface)
        if surface is not None and set(surface.fields) <= set(decision.redact):
            return self._refuse(Action.REDACT, decision.reasons, now)
        return Reply(status, passed, str(decision.action), decision.delay_s)

    def _refuse(self, action: Action, reasons: Sequence[Reason], now: float) -> Reply:
        self.refused += 1
        if self.first is None:
            why = "; ".join(reason.words() for reason in reasons)
            self.first = First(now, str(action), why)
        said = Action.CHALLENGE if action is Action.CHALLENGE else Action.BLOCK
        return Reply(429, action=str(said))

    def solve(self, client: Client, now: float) -> bool:
        """Buy people with a solved challenge."""
        clearance = f"c{self._id()}"
        if not self._engine.clear(clearance, client.actor, now):
            return False
        client.clearance = clearance
        return True

    def exposed(self, actors: Iterable[str]) -> Exposed | None:
        """Return None: no ledger is written."""
        return None

    def grouped(self, actors: Iterable[str]) -> Grouped | None:
        """Return None: no ledger is written."""
        return None

    def close(self) -> None:
        """There is nothing to close."""
