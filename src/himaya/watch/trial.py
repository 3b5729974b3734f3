"""A policy on trial: one engine decides about the exchanges of the past as if it had been enforced.

What would have become of a challenge nobody can know. A trial is one of two ends: nobody solves any, or
everybody whom `solves` names solves each at once, and asks again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from enum import IntFlag

import msgspec

from himaya.core.decision import Action, Decision, Reason
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Response
from himaya.core.facts import Facts
from himaya.core.policy import Policy
from himaya.core.tables import make_room
from himaya.watch.shown import MAX_ACTORS, Shown

_ORDER = {action: rank for rank, action in enumerate(Action)}

#: Challenges that somebody solves in a row for one page; more is no reader's patience.
_TRIES = 20


class Met(IntFlag):
    """What an actor ever met. WITHHELD: a page, or people in it, was not had in the end."""

    THROTTLE = 1
    CHALLENGE = 2
    REDACT = 4
    BLOCK = 8
    WITHHELD = 16


_MET = {action: Met[action.name] for action in Action if action is not Action.ALLOW}


class Refusal(msgspec.Struct):
    """The first refusal of an actor: when, what, why; and how many followed."""

    actor: str
    at: float
    action: str
    why: str
    refused: int = 0


class Trial:
    """Give it exchanges in the order of time; then `shown`, `decisions`, `met` and `refusals` tell what it did."""

    def __init__(
        self,
        policy: Policy,
        facts: Facts | None = None,
        *,
        solves: Callable[[Exchange], bool] | None = None,
    ) -> None:
        """Decide by `policy` as if it were enforced; None for `solves`: nobody solves a challenge."""
        self.policy = msgspec.structs.replace(policy, mode="enforce")
        self.engine = Engine(self.policy, facts)
        self.shown = Shown(self.engine.facts.canaries)
        self.decisions: Counter[str] = Counter()
        self.met: dict[str, Met] = {}
        self.refusals: dict[str, Refusal] = {}
        self._solves = solves
        self._clearances: dict[str, str] = {}
        self._number = 0

    def add(self, exchange: Exchange, at: float) -> None:
        """Decide about one exchange; where a challenge is met and solved, about the same page again."""
        for _ in range(_TRIES):
            action = self._once(exchange, at)
            if action is not Action.CHALLENGE or not self._solve(exchange, at):
                break
        if action in {Action.CHALLENGE, Action.REDACT, Action.BLOCK}:
            self._note(exchange.request.actor.name, Met.WITHHELD)

    def _once(self, exchange: Exchange, at: float) -> Action:
        """Ask once, count it, and return what was met."""
        self._number += 1
        request = msgspec.structs.replace(
            exchange.request,
            id=str(self._number),
            sees_body=exchange.people is not None,
            clearance=self._clearances.get(exchange.request.actor.name, ""),
        )
        told = msgspec.structs.replace(exchange, request=request)
        decision = self.engine.decide(request, at)
        if decision.passes:
            action = self._admit(told, decision, at)
        else:
            action = self._refuse(told, decision.action, decision.reasons, at)
        self.decisions[action] += 1
        if action is not Action.ALLOW:
            self._note(request.actor.name, _MET[action])
        return action

    def _admit(self, exchange: Exchange, decision: Decision, at: float) -> Action:
        action = decision.action
        if exchange.people is not None:
            match = self.engine.surfaces.by_id.get(decision.surface)
            can_trim = bool(match and match.json_rows)
            response = Response(exchange.request.id, exchange.status, exchange.people, can_trim)
            admission = self.engine.admit(response, at)
            action = max(action, admission.action, key=_ORDER.__getitem__)
            if not admission.passes:
                return self._refuse(exchange, admission.action, admission.reasons, at)
            exchange = msgspec.structs.replace(exchange, people=admission.people)
        self.shown.add(self.engine.record(exchange, at))
        return action

    def _refuse(
        self, exchange: Exchange, action: Action, reasons: Sequence[Reason], at: float
    ) -> Action:
        refused = msgspec.structs.replace(exchange, refused=True, people=(), status=403)
        self.shown.add(self.engine.record(refused, at))
        name = exchange.request.actor.name
        refusal = self.refusals.get(name)
        if refusal is None and len(self.refusals) < MAX_ACTORS:
            why = "; ".join(reason.words() for reason in reasons)
            refusal = self.refusals[name] = Refusal(name, at, str(action), why)
        if refusal is not None:
            refusal.refused += 1
        return action

    def _solve(self, exchange: Exchange, at: float) -> bool:
        """Solve a challenge, where somebody would, as often as the policy lets them."""
        actor = exchange.request.actor
        if self._solves is None or not self._solves(exchange):
            return False
        clearance = str(self._number)
        if not self.engine.clear(clearance, actor, at):
            return False
        if actor.name not in self._clearances:
            make_room(self._clearances, MAX_ACTORS)
        self._clearances[actor.name] = clearance
        return True

    def _note(self, actor: str, what: Met) -> None:
        held = self.met.get(actor)
        if held is not None:
            self.met[actor] = held | what
        elif len(self.met) < MAX_ACTORS:
            self.met[actor] = what
