"""The alarm of a process: takes what happened, writes it down, and has it sent, all off the request path."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from himaya.config import Config
from himaya.core.errors import HimayaError
from himaya.core.finding import Finding
from himaya.runner.alerting import words
from himaya.runner.alerting.alert import Occurrence
from himaya.runner.alerting.channel import Channel
from himaya.runner.alerting.conditions import Condition
from himaya.runner.alerting.courier import Courier
from himaya.runner.alerting.findings import FindingsFile
from himaya.runner.alerting.intake import Intake, Waiting
from himaya.runner.alerting.names import LedgerNames
from himaya.runner.alerting.store import AlertStore, alerts_path

log = logging.getLogger(__name__)

#: Seconds between two looks at conditions and at what nobody acknowledged.
_LOOK_S = 1.0

#: Seconds in which what happens is gathered before it is written: a flood is a few writes.
_GATHER_S = 0.05

#: Seconds between two counts of a condition that lasts.
_STANDING_S = 60.0

#: Looks for a name in the ledger before it is left out: rows are durable within a second.
_NAME_TRIES = 20
_MOST_NAMES = 1000


class AlarmStatus(msgspec.Struct, frozen=True):
    """How the alarm does: alerts nobody acknowledged, messages that wait, and what is wrong with a channel."""

    open: int = 0
    waiting: int = 0
    problems: tuple[str, ...] = ()


class Alarm:
    """`finding`, `gap` and `tell` cost a dictionary entry; a thread does the rest, and one more per channel sends.

    `channels` are those of the configuration; `conditions` are looked at every second. Nothing runs before `start`.
    """

    def __init__(
        self,
        config: Config,
        channels: Sequence[Channel],
        *,
        conditions: Sequence[Condition] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        alerts, ledger = config.alerts, Path(config.ledger.directory)
        self._alerts = alerts
        self._path = alerts_path(ledger)
        self._channels = tuple(channel.name for channel in channels)
        self.conditions = list(conditions)
        self._clock = clock
        self._names = LedgerNames(ledger, config.ledger.key_file)
        self._unnamed: deque[tuple[int, str, int]] = deque(maxlen=_MOST_NAMES)
        self._intake = Intake(alerts.queue)
        self._findings = FindingsFile(Path(alerts.findings_file)) if alerts.findings_file else None
        self._couriers = [
            Courier(
                each, self._path, site=config.site.name, timeout_s=alerts.timeout_s, clock=clock
            )
            for each in channels
        ]
        self._wake = threading.Event()
        self._ending = False
        #: When each condition that holds was last taken; there are as many as conditions and keys.
        self._stood: dict[tuple[str, str], float] = {}
        self._next = 0.0
        self._problem = ""
        self.status = AlarmStatus()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)

    # -- whoever notices -----------------------------------------------------------------------

    def finding(self, finding: Finding) -> None:
        """Take a finding; its names stay inside."""
        if self._findings is not None:
            self._findings.note(finding)
        self.tell(words.of_finding(finding))

    def gap(self, start: float, end: float, why: str, surface: str = "", door: str = "") -> None:
        """Take an unobserved period (epoch seconds)."""
        self.tell(words.of_gap(start, end, why, surface, door))

    def tell(self, occurrence: Occurrence) -> None:
        """Take anything that happened."""
        self._intake.add(occurrence)
        self._wake.set()

    def start(self) -> None:
        """Begin to write down, to look and to send."""
        self._thread.start()
        for courier in self._couriers:
            courier.start()

    def close(self, wait_s: float = 5.0) -> None:
        """Write down what waits and let it be sent, for at most `wait_s`; what is left is sent after the next start."""
        if not self._thread.is_alive():
            return
        until = time.monotonic() + wait_s
        self._ending = True
        self._wake.set()
        self._thread.join(wait_s)
        for courier in self._couriers:
            courier.stop(until)

    # -- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        store: AlertStore | None = None
        while True:
            self._wake.wait(_LOOK_S)
            self._wake.clear()
            ending = self._ending
            if not ending:
                time.sleep(_GATHER_S)
            try:
                store = store or AlertStore(self._path)
                self._work(store)
                self._say("")
            except HimayaError as problem:
                self._say(str(problem))
            except Exception:  # without this thread nobody would be told of anything any more
                log.exception("alerts were not written down; the next look tries again")
                self._say("alerts were not written down; the log says why")
            if ending:
                break
        if store is not None:
            store.close()

    def _work(self, store: AlertStore) -> None:
        if self._findings is not None:
            self._findings.flush()
        now = self._clock()
        is_due = self._ending or not self._next - _LOOK_S <= now < self._next
        if is_due:
            self._next = now + _LOOK_S
            self._look(store, now)
        self._write(store)
        if is_due:
            self._name(store)
        self._tell_status(store)

    def _look(self, store: AlertStore, now: float) -> None:
        """Look at the conditions, and at what nobody acknowledged. One that fails keeps nobody from the others."""
        failed = [problem for one in self.conditions if (problem := self._look_at(one, now))]
        alerts = self._alerts
        if alerts.escalate_s:
            after, least = float(alerts.escalate_s), alerts.escalate_from
            if store.escalate(now, after, least, self._channels, alerts.queue):
                self._call()
        if failed:
            self._write(store)
            raise failed[0]

    def _look_at(self, condition: Condition, now: float) -> Exception | None:
        """Look at one condition; return what went wrong."""
        try:
            for occurrence in condition(now):
                self._add_standing(occurrence, now)
        except Exception as problem:  # noqa: BLE001  (raised by the caller, once all were looked at)
            return problem
        return None

    def _add_standing(self, one: Occurrence, now: float) -> None:
        """Take what a condition says, once a minute while it lasts: a full disk is not written to every second."""
        key = (one.kind, one.what)
        if not 0 <= now - self._stood.get(key, float("-inf")) < _STANDING_S:
            self._stood[key] = now
            self._intake.add(one)

    def _write(self, store: AlertStore) -> None:
        waiting = self._intake.take()
        while waiting:
            try:
                self._put(store, waiting[0])
            except HimayaError:
                self._intake.give_back(waiting)
                raise
            waiting.pop(0)

    def _put(self, store: AlertStore, one: Waiting) -> None:
        # By the clock of whoever is told: the time of an old log would escalate at once.
        noticed = msgspec.structs.replace(one.occurrence, at=self._clock())
        number = store.put(
            noticed,
            count=one.count,
            again_s=float(self._alerts.again_s),
            channels=self._channels,
            most_waiting=self._alerts.queue,
            keep=self._alerts.keep,
        )
        self._unnamed.extend((number, name, 0) for name in one.names)
        self._call()

    def _call(self) -> None:
        for courier in self._couriers:
            courier.wake()

    def _name(self, store: AlertStore) -> None:
        """Note whom alerts are about; rows of the last second may not be in the ledger yet."""
        waiting = [self._unnamed.popleft() for _ in range(len(self._unnamed))]
        if not waiting:
            return
        found = self._names.find({name for _, name, _ in waiting})
        known = [(number, *found[name]) for number, name, _ in waiting if name in found]
        if known:
            store.implicate(known)
        self._unnamed.extend(
            (number, name, tries + 1)
            for number, name, tries in waiting
            if name not in found and tries < _NAME_TRIES
        )

    def _tell_status(self, store: AlertStore) -> None:
        channels = store.channels()
        problems = [f"{one.name}: {one.problem}" for one in channels if one.problem]
        dropped = self._intake.dropped + sum(one.dropped for one in channels)
        if dropped:
            problems.append(f"{dropped} messages found no room or were given up")
        if self._findings is not None and self._findings.dropped:
            problems.append(f"{self._findings.dropped} findings were not written down")
        waiting = sum(one.waiting for one in channels)
        self.status = AlarmStatus(store.count_open(), waiting, tuple(problems))

    def _say(self, problem: str) -> None:
        """Log a problem once, and have `himaya status` show it."""
        if problem and problem != self._problem:
            log.error("alerts cannot be written down: %s", problem)
        if problem:
            self.status = msgspec.structs.replace(self.status, problems=(problem,))
        self._problem = problem
