"""Verdicts for front doors that pass requests on themselves: decide, slow down, remember what was refused.

The front door carries a verdict out and never shows us the response; what a request reserved is settled by `follow`
from the front door's log, by the request's id.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import NamedTuple, TypeVar

from himaya.core.decision import Action, Decision
from himaya.core.exchange import Request
from himaya.gate.challenge import reference_of
from himaya.gate.door import Asker, Door
from himaya.gate.limits import Limits
from himaya.gate.sleepers import Sleepers

_T = TypeVar("_T")

#: Front doors give up on an answer after three seconds in the printed configurations.
_LONGEST_S = 2.0

#: What a request gets that may not be decided by us: a stranger asks, or the question lacks something.
STRICTEST = Decision(action=Action.BLOCK)

#: How a refusal is settled: what the visitor gets instead of the page.
STATUS = {Action.CHALLENGE: 401, Action.BLOCK: 403, Action.THROTTLE: 403, Action.REDACT: 403}


class Verdict(NamedTuple):
    """What a front door has to carry out.

    `waits`: the request is to be slowed down before it passes. `again`: the same actor was passed before to the same
    target under the same id.
    """

    decision: Decision
    passes: bool
    reference: str = ""
    waits: bool = False
    again: bool = False

    @property
    def action(self) -> Action:
        """Return what is done: in shadow mode nothing."""
        return self.decision.action if self.decision.enforced else Action.ALLOW

    @property
    def redact(self) -> str:
        """Return the fields that the application must leave out, as its header names them."""
        return ", ".join(self.decision.redact) if self.decision.enforced else ""

    @property
    def delay_s(self) -> float:
        """Return how long the request is held before it passes."""
        return min(self.decision.delay_s, _LONGEST_S) if self.action is Action.THROTTLE else 0.0


REFUSED = Verdict(STRICTEST, passes=False)


class Verdicts:
    """Gives verdicts, for every front door of one authority.

    Refused decisions are remembered for the page that is fetched a moment later, passed ones because nginx asks
    again under the same id when it hands a request on inside itself (`try_files`, `index`); at most `remember`.
    """

    def __init__(self, door: Door, limits: Limits, remember: int = 10_000) -> None:
        self.door = door
        self._sleepers = Sleepers(limits.sleepers, _LONGEST_S)
        self._refused: OrderedDict[str, Decision] = OrderedDict()
        self._passed: OrderedDict[str, tuple[int, Decision]] = OrderedDict()
        self._remember = remember

    async def give(self, asker: Asker) -> Verdict:
        """Return the verdict, after the wait that belongs to it."""
        verdict = self.begin(asker)
        return await self.slow_down(asker, verdict) if verdict.waits else verdict

    def begin(self, asker: Asker, door: str = "") -> Verdict:
        """Decide; a verdict that `waits` is final only after `slow_down`. `door`: as in `Authority.decide`."""
        request = asker.request
        reference = reference_of(request.id)
        passed = self._passed.get(request.id)
        if passed is not None and passed[0] == _same(request):
            return Verdict(passed[1], passes=True, reference=reference, again=True)
        decision = self.door.authority.decide(request, door=door)
        if decision.enforced and decision.action is Action.THROTTLE:
            return Verdict(decision, passes=False, reference=reference, waits=True)
        return self._end(asker, Verdict(decision, decision.passes, reference))

    async def slow_down(self, asker: Asker, verdict: Verdict) -> Verdict:
        """Hold a request as long as its verdict says; too many that wait already are refused."""
        try:
            passes = await self._sleepers.slow_down(verdict.decision)
        except asyncio.CancelledError:
            self.door.settle_refused(asker.request, 499)
            raise
        return self._end(asker, verdict._replace(passes=passes, waits=False))

    def refusal(self, request_id: str) -> Decision | None:
        """Return, once, the decision by which a request was refused a moment ago."""
        return self._refused.pop(request_id, None)

    def _end(self, asker: Asker, verdict: Verdict) -> Verdict:
        request, decision = asker.request, verdict.decision
        if verdict.passes:
            _keep(self._passed, request.id, (_same(request), decision), self._remember)
            return verdict
        _keep(self._refused, request.id, decision, self._remember)
        if decision.passes:  # too many wait already
            self.door.authority.note_refusal(request.id, decision, asker.now)
        self.door.settle_refused(request, STATUS[decision.action])
        return verdict


def _same(request: Request) -> int:
    """Return what must be the same beside the id: a front door that passes a visitor's own id on tells no two apart."""
    return hash((request.target, request.actor))


def _keep(table: OrderedDict[str, _T], request_id: str, value: _T, most: int) -> None:
    table[request_id] = value
    if len(table) > most:
        table.popitem(last=False)
