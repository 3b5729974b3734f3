"""The authority of a site: the one place that owns the engine, the switch and what the runner gets.

Doors in this process call it directly; workers, `follow` and commands through the control socket. It gives
the engine its clock, hands effects to the runner, and writes every call to the exchanges file when there is one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from himaya import exchanges as x
from himaya.core import continuing
from himaya.core.actor import Actor
from himaya.core.decision import Admission, Decision, Standing
from himaya.core.disclosure import Disclosures
from himaya.core.effect import Effect, RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Request, Response
from himaya.core.facts import Fact, NearFact
from himaya.core.policy import Policy
from himaya.gate.challenge import reference_of
from himaya.gate.edge import Passes
from himaya.gate.metrics.meter import Meter
from himaya.gate.probes import Probes
from himaya.gate.refusals import Refusal, Refusals
from himaya.runner import Runner

log = logging.getLogger(__name__)

#: While switched off, the gap so far is written this often, so that a crash cannot hide it.
_GAP_S = 60.0

#: How a question that came by the control socket is named among the doors.
SOCKET = "socket"

Clock = Callable[[], float]


class Authority:
    """Decides, admits, records, for one site. Single-threaded: call it from the event loop.

    `off` lets every request pass unseen; the time becomes an unobserved period.
    """

    def __init__(
        self,
        engine: Engine,
        runner: Runner,
        *,
        writer: x.ExchangeWriter | None = None,
        refusals: Refusals | None = None,
        clock: Clock = time.time,
    ) -> None:
        self.engine = engine
        self.runner = runner
        self.clock = clock
        self.writer = Exchanges(writer) if writer is not None else None
        self.refusals = refusals
        self.off_since = 0.0
        self.off_why = ""
        #: Called at every tick: what the slow path found is taken over here.
        self.also: Callable[[], None] | None = None
        #: Told who asks, where somebody wants to know: the feed counts who shares an address.
        self.seen: Callable[[Actor, float], None] | None = None
        self.probes = Probes()
        #: Counts for the metrics; None where nobody asks for any.
        self.meter: Meter | None = None
        #: The door that a request came through when nothing else is said.
        self.door = "none"
        #: Passes given to nginx, where it decides at the edge.
        self.passes: Passes | None = None
        self.requests = 0
        self.refused = 0
        #: Requests for people that were let pass to be told from a log, and exchanges that were told from one.
        self.passed = self.from_log = 0
        self._gap_from = 0.0
        self._pass_all = Decision(enforced=False, policy=engine.policy.hash())
        if self.writer is not None:
            self._write_start(self.writer)

    def _write_start(self, writer: Exchanges) -> None:
        """Write what a replay has to begin with: the policy, and the facts known."""
        now, facts = self.clock(), self.engine.facts
        writer.write(x.Started(at=now, policy=self.engine.policy))
        near = (NearFact(viewer, subject) for viewer, subject in facts.near)
        known: tuple[Fact, ...] = (*facts.accounts.values(), *facts.subjects.values(), *near)
        for fact in known:
            writer.write(x.FactTold.of(now, fact))
        if facts.canaries:
            writer.write(x.CanariesPlaced(at=now, places=dict(facts.canaries)))

    @property
    def off(self) -> bool:
        """Tell whether everything passes unseen."""
        return self.off_since > 0

    # -- the three calls, and the fourth -----------------------------------------------------

    def decide(self, request: Request, at: float | None = None, door: str = "") -> Decision:
        """Return the decision for a request; see `Engine.decide`. `door`: where it came in ("": the process's own)."""
        self.requests += 1
        meter = self.meter
        if self.off:
            if meter is not None:
                meter.passed_unseen(door or self.door)
            return self._pass_all
        now = self.clock() if at is None else at
        if self.seen is not None:
            self.seen(request.actor, now)
        if meter is None:
            decision = self.engine.decide(request, now)
        else:
            decision = meter.decide(self.engine, request, now, door or self.door)
        if not decision.passes:
            self.note_refusal(request.id, decision, now)
        elif decision.surface and not request.sees_body:
            self.passed += 1
        if self.writer is not None:
            self.writer.write(x.Decided(at=now, request=request, decision=decision))
        return decision

    def admit(self, response: Response, at: float | None = None) -> Admission:
        """Return who of a response may leave; see `Engine.admit`."""
        now = self.clock() if at is None else at
        admission = self.engine.admit(response, now)
        if not admission.passes:
            self.note_refusal(response.id, admission, now)
        if self.writer is not None:
            self.writer.write(x.Admitted(at=now, response=response, admission=admission))
        return admission

    def record(self, exchange: Exchange, at: float | None = None) -> None:
        """Settle an exchange; see `Engine.record`."""
        now = self.clock() if at is None else at
        if exchange.source == "log":
            self.from_log += 1
        effects = self.engine.record(exchange, now)
        if self.writer is not None:
            self.writer.write(x.Recorded(at=now, exchange=exchange, disclosures=_rows(effects)))
        self.runner.perform(effects)
        if self.passes is not None:
            self.passes.note(exchange, now)

    def redeemed(self, exchange: Exchange, now: float) -> None:
        """Count an exchange that a worker allowed by a lease, as one that was decided here would be."""
        request = exchange.request
        self.requests += 1
        if self.seen is not None:
            self.seen(request.actor, now)
        match = self.engine.surfaces.match(request.method, request.target)
        if self.meter is not None and match is not None:
            self.meter.count(self.engine.allowance(match.surface.id), SOCKET)
        if self.passes is not None:
            self.passes.note(exchange, now)

    def clear(self, clearance: str, actor: Actor, at: float | None = None) -> bool:
        """Let a solved challenge buy people; see `Engine.clear`."""
        now = self.clock() if at is None else at
        granted = self.engine.clear(clearance, actor, now)
        if self.meter is not None:
            self.meter.cleared(granted=granted)
        if self.writer is not None:
            self.writer.write(x.Cleared(at=now, clearance=clearance, actor=actor, granted=granted))
        return granted

    def note_refusal(self, request_id: str, decision: Decision | Admission, now: float) -> None:
        """Write down why a request is refused, under the reference that its page shows."""
        self.refused += 1
        if self.meter is not None:
            self.meter.refused(decision)
        if self.refusals is not None:
            self.refusals.note(Refusal.of(now, reference_of(request_id), decision))

    # -- what commands ask for ---------------------------------------------------------------

    def tell(self, facts: Iterable[Fact]) -> int:
        """Take facts; return how many."""
        count = 0
        for fact in facts:
            self.engine.facts.add(fact)
            count += 1
            if self.writer is not None:
                self.writer.write(x.FactTold.of(self.clock(), fact))
        return count

    def stand(self, standing: Standing) -> None:
        """Take a standing decision."""
        self.engine.watchers.stand(standing)
        if self.writer is not None:
            self.writer.write(x.Stood(at=self.clock(), standing=standing))

    def join(self, group: str, members: Sequence[str], since: float) -> None:
        """Let linked actors spend one budget from `since` on; see `Engine.join`."""
        self.engine.join(group, members, since)
        if self.writer is not None and members:
            told = x.Joined(at=self.clock(), group=group, members=tuple(members), since=since)
            self.writer.write(told)

    def leave(self, group: str) -> None:
        """End a group; see `Groups.leave`."""
        self.engine.groups.leave(group)
        if self.writer is not None:
            self.writer.write(x.Joined(at=self.clock(), group=group))

    def recall(self, row: Disclosures) -> None:
        """Count a row of the ledger again; see `Engine.recall`."""
        continuing.recall(self.engine, row)
        if self.writer is not None:
            self.writer.write(x.Recalled(at=row.at, disclosures=row))

    def place(self, canaries: Mapping[str, str]) -> None:
        """Watch for these canaries from now on; see `Watchers.place`."""
        if canaries == self.engine.facts.canaries:
            return
        self.engine.watchers.place(canaries)
        if self.writer is not None:
            self.writer.write(x.CanariesPlaced(at=self.clock(), places=dict(canaries)))

    def reload(self, policy: Policy) -> None:
        """Decide by a new policy from now on."""
        continuing.reload(self.engine, policy)
        self._pass_all = Decision(enforced=False, policy=policy.hash())
        if self.writer is not None:
            self.writer.write(x.PolicyLoaded(at=self.clock(), policy=policy))

    def turn_off(self, why: str, since: float) -> None:
        """Pass everything from now on."""
        if self.off:
            return
        self.off_since, self.off_why = since, why
        self._gap_from = self.clock()
        log.warning("switched off: every request passes unseen")
        if self.writer is not None:
            self.writer.write(x.Switched(at=self._gap_from, on=False, why=why))

    def turn_on(self) -> None:
        """Decide again."""
        if not self.off:
            return
        now = self.clock()
        self._note_off(now)
        self.off_since, self.off_why = 0.0, ""
        log.warning("switched on")
        if self.writer is not None:
            self.writer.write(x.Switched(at=now, on=True))

    # -- time --------------------------------------------------------------------------------

    def tick(self) -> None:
        """Settle what is overdue; called about twice a second."""
        now = self.clock()
        self._settle_overdue(now)
        if self.off and now - self._gap_from >= _GAP_S:
            self._note_off(now)
        if self.also is not None:
            self.also()
        if self.passes is not None:
            self.passes.tick(now, off=self.off)
        if self.writer is not None:
            self.writer.flush()

    def stop(self, why: str) -> None:
        """Write what a stop leaves to be written."""
        now = self.clock()
        if self.passes is not None:
            self.passes.clear()
        self._settle_overdue(now)
        if self.off:
            self._note_off(now)
        if self.writer is not None:
            self.writer.write(x.Stopped(at=now, why=why))
            self.writer.close()
            self.writer = None

    def _settle_overdue(self, now: float) -> None:
        """Perform what overdue tickets, and calls that return no effects, have left behind."""
        effects = self.engine.expire(now)
        if effects and self.writer is not None:
            self.writer.write(x.Expired(at=now, disclosures=_rows(effects)))
        elif self.writer is not None:
            self.writer.tick(now)
        self.runner.perform(effects)

    def _note_off(self, now: float) -> None:
        why = f"switched off: {self.off_why}" if self.off_why else "switched off"
        self.runner.note_gap(self._gap_from, now, why)
        self._gap_from = now


class Exchanges:
    """The exchanges file of a running gate: a disk that refuses ends the file, never the gate."""

    def __init__(self, writer: x.ExchangeWriter) -> None:
        self._writer: x.ExchangeWriter | None = writer

    def write(self, event: x.Event) -> None:
        """Append one event."""
        self._try(lambda writer: writer.write(event))

    def tick(self, now: float) -> None:
        """Note that the engine was shown a time."""
        self._try(lambda writer: writer.tick(now))

    def flush(self) -> None:
        """Hand over what was written."""
        self._try(lambda writer: writer.flush())

    def close(self) -> None:
        """End the file."""
        self._try(lambda writer: writer.close())
        self._writer = None

    def _try(self, work: Callable[[x.ExchangeWriter], None]) -> None:
        if self._writer is None:
            return
        try:
            work(self._writer)
        except OSError as problem:
            log.warning("the exchanges file ends here, it cannot be written: %s", problem)
            self._writer = None


def _rows(effects: list[Effect]) -> tuple[Disclosures, ...]:
    return tuple(e.disclosures for e in effects if isinstance(e, RecordDisclosures))
