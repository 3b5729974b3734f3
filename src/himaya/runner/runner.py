"""The runner: takes effects from the engine and performs them, off the request path.

`perform` only remembers; it costs a list append. `drain` writes what was remembered to the ledger
and makes it durable; it may run in a thread of its own, because nothing else touches the ledger's
writing side. A ledger that cannot be written stops nobody: rows wait, bounded, and the times of
rows that found no room become an unobserved period once writing works again.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Protocol

import msgspec

from himaya.core.decision import Standing
from himaya.core.disclosure import Disclosures
from himaya.core.effect import Effect, PublishStanding, RaiseFinding, RecordDisclosures
from himaya.core.errors import HimayaError, LedgerError
from himaya.core.finding import Finding

log = logging.getLogger(__name__)

#: Rows of the ledger are durable within one second; half of it leaves room for the disk.
FLUSH_S = 0.5
#: Seconds between two upkeeps where the first failed, or the second cannot wait.
URGENT_S = 10.0

#: Disclosures (one per exchange) that may wait for a ledger that cannot be written.
MAX_PENDING = 100_000


class LedgerSink(Protocol):
    """What a runner needs of a ledger."""

    def append(self, disclosures: Disclosures) -> None:
        """Take the rows of one exchange; they become durable with `flush`.

        Rows are kept even when LedgerError is raised because the disk refuses.
        """

    def note_gap(
        self, start: float, end: float, why: str, surface: str = "", door: str = ""
    ) -> None:
        """Take a row for a period in which nothing, or one surface or door, was not observed."""

    def flush(self) -> None:
        """Make everything taken so far durable."""


class Alarms(Protocol):
    """What a runner tells of findings and unobserved periods; neither call waits."""

    def finding(self, finding: Finding) -> None:
        """Take a finding."""

    def gap(self, start: float, end: float, why: str, surface: str = "", door: str = "") -> None:
        """Take an unobserved period (epoch seconds)."""

    def close(self) -> None:
        """Let what waits be written down and sent."""


class Counts(Protocol):
    """Who counts for the metrics of a gate what goes through a runner."""

    def found(self, finding: Finding) -> None:
        """Count a finding."""

    def gap(self, start: float, end: float, why: str, door: str = "") -> None:
        """Count an unobserved period (epoch seconds)."""

    def wrote(self, row: Disclosures, canaries: Container[str]) -> None:
        """Count the rows of one exchange, in the thread that writes them."""


class Gap(msgspec.Struct, frozen=True):
    """An unobserved period waiting to be written."""

    start: float
    end: float
    why: str
    surface: str = ""
    door: str = ""


class Runner:
    """Performs effects. `perform` and `note_gap` belong to one thread, `drain` to one (other) thread.

    `maintain` is called with the time, about every `maintain_s`, in a thread: sealing and retention.
    """

    def __init__(
        self,
        ledger: LedgerSink | None,
        *,
        alerts: Alarms | None = None,
        maintain: Callable[[float], None] | None = None,
        on_finding: Callable[[Finding], None] | None = None,
        max_pending: int = MAX_PENDING,
        maintain_s: float = 900.0,
    ) -> None:
        self.ledger = ledger
        self.alerts = alerts
        self.maintain = maintain
        self.on_finding = on_finding
        #: Told of every decision that a detector lets stand; the feed publishes some.
        self.on_standing: Callable[[Standing], None] | None = None
        self.max_pending = max_pending
        self.maintain_s = maintain_s
        #: Tells that upkeep should not wait for its time.
        self.urgent: Callable[[], bool] | None = None
        self.meter: Counts | None = None
        self.problem = ""
        self.maintenance_problem = ""
        self.last_flush = 0.0
        self.disclosures = self.people = self.findings = self.gaps = self.lost = 0
        #: Subjects who are no people, and how often they were shown.
        self.canaries: Mapping[str, str] = {}
        self.canary_views = 0
        self._rows: deque[Disclosures | Gap] = deque()
        self._lost_from: float | None = None
        self._lost_to = 0.0
        self._maintained_at = -math.inf
        self._drain_at = 0.0
        self._draining = threading.Lock()
        self._maintaining: threading.Thread | None = None

    # -- the thread of the engine -------------------------------------------------------------

    def perform(self, effects: Iterable[Effect]) -> None:
        """Take effects: rows wait for `drain`, findings go to the alarm."""
        for effect in effects:
            if isinstance(effect, RecordDisclosures):
                self._take(effect.disclosures)
            elif isinstance(effect, RaiseFinding):
                self._raise(effect.finding)
            else:
                self._publish(effect)

    def note_gap(
        self, start: float, end: float, why: str, surface: str = "", door: str = ""
    ) -> None:
        """Take an unobserved period (epoch seconds); without room it becomes part of the one of lost rows."""
        self.gaps += 1
        if self.alerts is not None:
            self.alerts.gap(start, end, why, surface, door)
        if self.meter is not None:
            self.meter.gap(start, end, why, door)
        if self.ledger is None:
            return
        if len(self._rows) >= self.max_pending:
            self._widen(start, end)
        else:
            self._rows.append(Gap(start, end, why, surface, door))

    @property
    def pending(self) -> int:
        """Return how many rows wait to be written."""
        return len(self._rows)

    def tick(self, now: float) -> None:
        """Drain when half a second has passed; for owners without a loop of their own."""
        if now >= self._drain_at or now < self._drain_at - FLUSH_S:
            self._drain_at = now + FLUSH_S
            self.drain(now)

    def _take(self, disclosures: Disclosures) -> None:
        self.disclosures += 1
        self.people += len(disclosures.shown)
        if self.canaries:
            known = sum(each.subject in self.canaries for each in disclosures.shown)
            self.people -= known
            self.canary_views += known
        if self.ledger is None:
            return
        if len(self._rows) >= self.max_pending:
            self._lose(disclosures.at)
            return
        self._rows.append(disclosures)

    def _lose(self, at: float) -> None:
        self.lost += 1
        self._widen(at, at)

    def _widen(self, start: float, end: float) -> None:
        """Let the period of what found no room reach from `start` to `end` at least."""
        self._lost_to = max(self._lost_to, end)
        self._lost_from = start if self._lost_from is None else min(self._lost_from, start)

    def _raise(self, finding: Finding) -> None:
        self.findings += 1
        if self.meter is not None:
            self.meter.found(finding)
        if self.on_finding is not None:
            self.on_finding(finding)
        if self.alerts is not None:
            self.alerts.finding(finding)

    def _publish(self, effect: PublishStanding) -> None:
        """The engine that made the standing decision holds it already; say that it stands."""
        standing = effect.standing
        kind = standing.principal.partition(":")[0]
        if self.on_standing is not None:
            self.on_standing(standing)
        log.info("a decision stands for one %s: %s", kind, standing.action)

    # -- the thread of the ledger -------------------------------------------------------------

    def drain(self, now: float) -> None:
        """Write what waits and make it durable. A ledger that fails is tried again at the next call."""
        if self.ledger is None:
            return
        with self._draining:
            try:
                self._write(self.ledger)
                self.ledger.flush()
                self._recover(self.ledger)
                self.last_flush = now
                self._maintain(now)
            except (LedgerError, OSError) as problem:
                self._fail(str(problem))

    def close(self, now: float) -> None:
        """Write what waits, let maintenance and the alarm finish."""
        if self._maintaining is not None:
            self._maintaining.join()
        self.drain(now)
        if self.alerts is not None:
            self.alerts.close()

    def _write(self, ledger: LedgerSink) -> None:
        """Hand rows over one by one; a ledger takes a row even when it cannot write it yet."""
        for _ in range(len(self._rows)):
            row = self._rows.popleft()
            if isinstance(row, Gap):
                ledger.note_gap(row.start, row.end, row.why, row.surface, row.door)
                continue
            if self.meter is not None:
                self.meter.wrote(row, self.canaries)
            ledger.append(row)

    def _recover(self, ledger: LedgerSink) -> None:
        if self.problem:
            log.warning("the ledger can be written again")
            self.problem = ""
        if self._lost_from is not None:
            start, self._lost_from = self._lost_from, None
            why = "the ledger could not be written in time"
            ledger.note_gap(start, self._lost_to, why)
            if self.alerts is not None:
                self.alerts.gap(start, self._lost_to, why)
            ledger.flush()
            self.gaps += 1
            if self.meter is not None:
                self.meter.gap(start, self._lost_to, why)

    def _maintain(self, now: float) -> None:
        """Start sealing and retention in a thread of their own: rows must not wait for them."""
        busy = self._maintaining is not None and self._maintaining.is_alive()
        urgent = bool(self.maintenance_problem) or (self.urgent is not None and self.urgent())
        wait = min(URGENT_S, self.maintain_s) if urgent else self.maintain_s
        # A clock that went back waits for nothing.
        early = self._maintained_at <= now < self._maintained_at + wait
        if self.maintain is None or early or busy:
            return
        self._maintained_at = now
        self._maintaining = threading.Thread(
            target=self._keep_house, args=(self.maintain, now), name="maintenance", daemon=True
        )
        self._maintaining.start()

    def _keep_house(self, maintain: Callable[[float], None], now: float) -> None:
        try:
            maintain(now)
        except (HimayaError, OSError) as problem:
            log.warning("sealing or retention failed, and is tried again: %s", problem)
            self.maintenance_problem = str(problem)
        else:
            self.maintenance_problem = ""

    def _fail(self, why: str) -> None:
        if self.problem != why:
            log.error("the ledger cannot be written: %s", why)
        self.problem = why
