"""A writer of a ledger: disclosures in, durable rows out. Several may write at once, each its own segments."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Self

from himaya._version import __version__
from himaya.core.disclosure import Disclosures
from himaya.core.errors import LedgerError
from himaya.ledger import entries as e
from himaya.ledger import keys as k
from himaya.ledger import recovery, sealing
from himaya.ledger.batch import Builder, Gap
from himaya.ledger.chain import Chain
from himaya.ledger.files import Layout, set_time
from himaya.ledger.identities import Identities
from himaya.ledger.live import Others
from himaya.ledger.lock import Holder, SealerLock, Slot, take_slot, try_slot
from himaya.ledger.migration import ready
from himaya.ledger.own import OwnSegments
from himaya.ledger.pending import Pending
from himaya.ledger.schema import day_of, iso, micros
from himaya.ledger.state import State, read_state

#: Rows after which `append` writes by itself, and rows kept while the disk refuses.
FLUSH_ROWS, MAX_PENDING = 20_000, 200_000
#: Seconds between two sealings of finished days, so that old logs do not make a file a second.
_SEAL_EVERY_S = 900
#: Seconds that closing waits for another who seals, and that writers get to begin new segments.
_CLOSE_WAIT_S, _ASK_WAIT_S = 5.0, 5.0
_UNCLEAN = "the writer stopped without closing the ledger"


class Ledger:
    """The open ledger. Safe for several threads, and beside other processes that write.

    `append` costs little: the work is done by `flush`, which whoever owns the ledger calls at least once a
    second, and which may run in a thread of its own, as may `seal`.
    """

    def __init__(
        self, layout: Layout, keys: k.Keys, slot: Slot, clock: Callable[[], float]
    ) -> None:
        """Made by `open`."""
        self.layout, self.keys, self.clock = layout, keys, clock
        self.chain = Chain(layout, keys)
        self.slot = slot
        #: Held while files are made or removed; rows may be appended meanwhile.
        self.sealing_lock = SealerLock(layout)
        self._lock = threading.RLock()
        self._pending = Pending(MAX_PENDING)
        self._flush_at = FLUSH_ROWS
        self._own, self._others = OwnSegments(layout, slot), Others(layout, slot.number)
        self._sealed_at = 0.0
        #: When the writer before this one closed, epoch seconds; None after a stop that was not clean (recorded as
        #: unobserved already) and in a new ledger. A gate that sees live traffic notes the time since as a gap.
        self.closed_at: float | None = None
        #: When the writer before this one was last seen to write, epoch seconds; None after a clean stop.
        self.lost_at: float | None = None
        self.identities: Identities
        self._builder: Builder

    # -- opening and closing ---------------------------------------------------------------

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        key_file: Path | None = None,
        create: bool = True,
        clock: Callable[[], float] = time.time,
        gate: bool = False,
    ) -> Self:
        """Open the ledger for writing; make it and its key when missing and `create`.

        `gate`: for the one gate that decides for the site. A stop without `close` is recorded: torn tails are cut, and
        the time from the last flush until now becomes an unobserved period. A ledger of an older format is brought
        forward. Raises LedgerError: another gate writes, or as many writers as may; the key is missing, wrong or open
        to others; the directory cannot be written; the chain is damaged; the format is newer.
        """
        layout = Layout(directory)
        if not create:
            layout.must_exist()
        keys = ready(layout, key_file, iso(micros(clock())))
        slot = take_slot(layout, gate=gate)
        try:
            ledger = cls(layout, keys, slot, clock)
            ledger._start()
        except BaseException:
            slot.release()
            raise
        return ledger

    def _start(self) -> None:
        self.identities = Identities(self.layout.identities, self.keys)
        self._builder = Builder(self.identities)
        try:
            self._recover()
        except BaseException:
            self.identities.close()
            raise

    def _recover(self) -> None:
        """Take up what the last writer of this slot left, and say in the chain that this one began."""
        if self.sealing_lock.attempt():
            try:
                sealing.tidy(self.layout, read_state(self.chain))
            finally:
                self.sealing_lock.release()
        slot, now = self.slot.number, self.clock()
        state = self._numbered(slot)
        left = recovery.left(self.layout, slot, state, now)
        for id_, segment in left.segments:
            self._own.take_up(id_, segment)
        clean, rows = slot not in state.writers, sum(self._own.rows().values())
        if not clean:
            self.lost_at = min(left.last, now)
            self._note_unclean(left.last, now)
        elif slot in state.ended:
            self.closed_at = datetime.fromisoformat(state.ended[slot]).timestamp()
        recovery.cut(self.layout, slot, state)
        self._own.name()
        at = self._at()
        self.chain.append(
            e.Opened(at=at, version=__version__, clean=clean, cut=left.torn, rows=rows, slot=slot)
        )
        self._beat(now)
        self._note_abandoned()

    def _numbered(self, slot: int) -> State:
        """Go on after every number that the slot ever had, and return the state.

        The files are looked for before the chain is read: somebody who seals enters a segment in the chain first and
        removes its file then, so its number is found here or there.
        """
        for id_, _ in self.layout.segments():
            if id_.slot == slot:
                self._own.go_on_after(id_.number)
        state = read_state(self.chain)
        self._own.go_on_after(state.upto.get(slot, 0))
        return state

    def _note_unclean(self, last: float, now: float) -> None:
        """Record the time since a writer's last flush; a clock that went back makes it reach both ways."""
        self.note_gap(min(last - recovery.HANDOVER_S, now), max(last, now), _UNCLEAN)
        self._write_pending()

    def _note_abandoned(self) -> None:
        """Record for writers that ended without closing what nobody else has recorded yet. Raises LedgerError."""
        for number in read_state(self.chain).writers:
            slot = try_slot(self.layout, number) if number != self.slot.number else None
            if slot is None:
                continue
            try:
                slot.clear()
                self._abandon(number)
            finally:
                slot.release()

    def _abandon(self, number: int) -> None:
        state, now = read_state(self.chain), self.clock()
        if number not in state.writers:
            return
        left = recovery.left(self.layout, number, state, now)
        self._note_unclean(left.last, now)
        recovery.cut(self.layout, number, state)
        self.chain.append(e.Abandoned(at=self._at(), slot=number, cut=left.torn))

    def close(self) -> None:
        """Flush, seal what nobody writes any more, say so in the chain, and free the slot. Raises LedgerError.

        After an error the ledger is closed all the same, as a stop that was not clean. While another process seals, the
        segments stay for the next one who does.
        """
        sealing_now = self.sealing_lock.attempt(_CLOSE_WAIT_S)
        try:
            with self._lock:
                if self.slot.handle >= 0:
                    self._close(sealing_now=sealing_now)
        finally:
            if sealing_now:
                self.sealing_lock.release()

    def _close(self, *, sealing_now: bool) -> None:
        try:
            self.flush()
            self._own.end()
            if sealing_now:
                self._seal(self.clock())
            self.chain.append(e.Closed(at=self._at(), slot=self.slot.number))
        finally:
            self._own.drop()
            self.identities.close()
            self.slot.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- writing ---------------------------------------------------------------------------

    def append(self, disclosures: Disclosures) -> None:
        """Take the disclosures of one exchange; durable after the next `flush`.

        Raises LedgerError when the buffer was full and could not be written; the rows are kept and tried again,
        up to MAX_PENDING, past which the oldest become an unobserved period.
        """
        if self._pending.add(disclosures) >= self._flush_at:
            self._write_pending()

    def note_gap(
        self, start: float, end: float, why: str, surface: str = "", door: str = ""
    ) -> None:
        """Record a period (epoch seconds) in which disclosures may have gone unseen."""
        self._pending.note(Gap(start, end, why, surface, door))

    def flush(self) -> None:
        """Make everything taken so far durable and visible to readers. Raises LedgerError.

        Whoever hands over rows calls it when nothing of an earlier time is still to come.
        """
        with self._lock:
            began = self.clock()
            self._write_pending()
            self._beat(began)

    def _write_pending(self) -> None:
        """Make durable what was taken; of rows that their owner has not handed over yet, this says nothing."""
        with self._lock:
            items, gaps = self._pending.take()
            if items or gaps:
                self._write(items, gaps)
            if self._own.is_full or (self._others.is_asked() and self._own.is_open):
                self._own.end()

    def _write(self, items: list[Disclosures], gaps: list[Gap]) -> None:
        """Write one batch; when that fails, end the segment and keep the rows for the next time."""
        try:
            batch = self._builder.build(items, gaps)
            if not len(batch):
                return
            self._own.write(batch)
        except BaseException:
            self._own.drop()
            self._flush_at = self._pending.give_back(items, gaps) + FLUSH_ROWS
            raise
        self._flush_at = FLUSH_ROWS

    def _beat(self, now: float) -> None:
        """Remember in the heartbeat file that everything taken before `now` is durable."""
        set_time(self.layout.heartbeat(self.slot.number), now)

    # -- sealing ---------------------------------------------------------------------------

    def seal(self, now: float, *, everything: bool = False) -> None:
        """Turn the rows of finished days (or all) into sorted Parquet files. Raises LedgerError.

        Segments of other writers are taken along as far as these have ended them. Cheap to call when there is nothing
        to do. Rows may be appended meanwhile. While another process seals this one leaves it to that; with
        `everything` it waits, and raises LedgerError when that takes too long.
        """
        with self._lock:
            if everything:
                self._write_pending()
            if everything or self._is_due(now):
                self._own.end()
        if not (everything or self.is_behind or self._others.waits()):
            return
        if everything:
            with self.sealing_lock:
                self._seal(now)
        elif self.sealing_lock.attempt():
            try:
                self._seal(now)
            finally:
                self.sealing_lock.release()

    def seal_all(self, now: float) -> list[Holder]:
        """Seal everything, asking the other writers to end their segments; return those that did not, in some seconds.

        Raises LedgerError.
        """
        with self.sealing_lock:
            late = self._others.ask_to_end(_ASK_WAIT_S)
            self.seal(now, everything=True)
        return late

    def _seal(self, now: float) -> None:
        """Seal what nobody writes any more; the lock for it is held."""
        self._note_abandoned()
        at = iso(micros(now))
        while self._seal_some(at):
            self._sealed_at = now
        state, today = read_state(self.chain), day_of(micros(now))
        sealing.merge_days(self.layout, self.chain, self.keys, state, today, at)

    def _seal_some(self, at: str) -> bool:
        """Seal a few segments; False when none is left."""
        state = read_state(self.chain)
        ends = self._others.finished(state)
        with self._lock:
            self._own.forget(state.upto)
            rows = self._own.rows()
        if not ends:
            return False
        sealing.seal_segments(self.layout, self.chain, state, ends, at, rows=rows)
        with self._lock:
            self._own.forget(ends)
        return True

    @property
    def is_behind(self) -> bool:
        """Tell whether so many segments are full that sealing should not wait for its hour."""
        with self._lock:
            return self._own.is_behind

    def _is_due(self, now: float) -> bool:
        """Tell whether the open segment has rows of a day that is over, and waited long enough."""
        if not self._own.is_open or abs(now - self._sealed_at) < _SEAL_EVERY_S:
            return False
        return self._own.has_before(day_of(micros(now)))

    def has_before(self, day: int) -> bool:
        """Tell whether a row of a day before `day` is not in a file yet, whoever wrote it."""
        state = read_state(self.chain)
        with self._lock:
            self._own.forget(state.upto)
            if self._own.has_before(day):
                return True
        return self._others.before(day, state)

    def seal_if_older(self, day: int, now: float) -> None:
        """Seal everything when a row of a day before `day` is not in a file yet."""
        self._write_pending()
        if self.has_before(day):
            self.seal_all(now)

    def remove_identities(self, day: int, keep: set[int]) -> int:
        """Remove identities last used before a UTC day, except `keep`; return how many.

        None while rows of such a day are not in a file: the next time is soon enough.
        """
        with self._lock:
            self._write_pending()
            return 0 if self.has_before(day) else self.identities.remove_before(day, keep)

    def empty_map_log(self) -> None:
        """Cut what the log of the map has of old pages, where nobody reads them now. Raises LedgerError."""
        with self._lock:
            self.identities.empty_log(0.0)

    # -- what was in force -----------------------------------------------------------------

    def _at(self) -> str:
        return iso(micros(self.clock()))

    def config_version(self, policy_hash: str, text: str, now: float, mode: str = "") -> None:
        """Record that a configuration became active; its text is kept once, sealed.

        `mode` is shadow or enforce where a gate decides by it.
        """
        digest = self.keys.digest(text.encode("utf-8", "backslashreplace")).hex()
        known = any(entry.digest == digest for entry in read_state(self.chain).configs)
        sealed = "" if known else self.keys.seal_text(text)
        at = iso(micros(now))
        self.chain.append(
            e.Config(at=at, policy=policy_hash, digest=digest, text=sealed, mode=mode)
        )

    def note_leases(self, workers: int, people: int) -> None:
        """Record that up to `workers` have leases of up to `people` of a principal each. Raises LedgerError."""
        entry = e.Leases(at=self._at(), workers=workers, people=people, slot=self.slot.number)
        self.chain.append(entry)

    def set_retention(
        self, days: int, then: str, now: float, class_days: int | None = None
    ) -> None:
        """Record how long identified rows are kept from now on, when that changed; None: classes as before.

        Raises LedgerError for "seal" when there is no sealing key: retention could not be executed then.
        """
        state = read_state(self.chain)
        if then == "seal" and not (state.sealing_key or state.operators.openers()):
            raise LedgerError(
                f'{self.layout.directory}: retention "seal" needs a sealing key; make one:'
                f" himaya ledger sealing-key --ledger {self.layout.directory} --private FILE"
            )
        classes = state.class_days if class_days is None else class_days
        if (state.days, state.then, state.class_days) != (days, then, classes):
            at = iso(micros(now))
            self.chain.append(e.Retention(at=at, days=days, then=then, class_days=classes))
