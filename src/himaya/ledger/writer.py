"""The one writer of a ledger: disclosures in, durable rows out."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Self

import pyarrow.compute as pc

from himaya._version import __version__
from himaya.core.disclosure import Disclosures
from himaya.core.errors import LedgerError
from himaya.ledger import entries as e
from himaya.ledger import keys as k
from himaya.ledger import sealing
from himaya.ledger.batch import Builder, Gap
from himaya.ledger.chain import Chain
from himaya.ledger.files import Layout
from himaya.ledger.identities import Identities
from himaya.ledger.live import Live
from himaya.ledger.lock import take_lock
from himaya.ledger.pending import Pending
from himaya.ledger.schema import day_of, iso, micros
from himaya.ledger.segment import SegmentWriter, cut_segment
from himaya.ledger.state import State, read_state

#: Rows after which `append` writes by itself, and rows kept while the disk refuses.
FLUSH_ROWS, MAX_PENDING = 20_000, 200_000
#: A segment this large is sealed although its day is not over: readers hold segments in memory.
SEGMENT_ROWS, SEGMENT_BYTES = 500_000, 64 << 20
#: Seconds between two sealings of finished days, so that old logs do not make a file a second.
_SEAL_EVERY_S = 900


class Ledger:
    """The open ledger. Safe for several threads; one process writes at a time.

    `append` costs little: the work is done by `flush`, which whoever owns the ledger calls at least once a
    second, and which may run in a thread of its own, as may `seal`.
    """

    def __init__(self, layout: Layout, keys: k.Keys, lock: int, clock: Callable[[], float]) -> None:
        """Made by `open`."""
        self.layout, self.keys, self.clock = layout, keys, clock
        self.chain = Chain(layout, keys)
        self._lock_handle = lock
        #: Held while files are made or removed; rows may be appended meanwhile.
        self.sealing_lock = threading.RLock()
        self._lock = threading.RLock()
        self._pending = Pending(MAX_PENDING)
        self._flush_at = FLUSH_ROWS
        self._segment: SegmentWriter | None = None
        self._number, self._live, self._sealed_at = 0, Live(), 0.0
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
    ) -> Self:
        """Open the ledger for writing; make it and its key when missing and `create`.

        A stop without `close` is recorded: torn tails are cut, and the time from the last flush until now
        becomes an unobserved period. Raises LedgerError: another process writes, the key is missing,
        wrong or open to others, the directory cannot be written, the chain is damaged.
        """
        layout = Layout(directory)
        fresh = not layout.exists()
        if fresh and not create:
            layout.must_exist()
        layout.create()
        lock = take_lock(layout)
        try:
            ledger = cls(layout, _keys(layout, key_file, fresh=fresh), lock, clock)
            ledger._start(fresh=fresh)
        except BaseException:
            os.close(lock)
            raise
        return ledger

    def _start(self, *, fresh: bool) -> None:
        if fresh:
            Identities(self.layout.identities, self.keys, create=True).close()
            self.chain.create()
        self.identities = Identities(self.layout.identities, self.keys)
        self._builder = Builder(self.identities)
        try:
            self._recover(read_state(self.chain))
        except BaseException:
            self.identities.close()
            raise

    def _recover(self, state: State) -> None:
        """Take up what the last writer left, and say in the chain that this one began."""
        sealing.tidy(self.layout, state)
        now = self.clock()
        self._number, cut, last = state.upto, 0, self._last_heartbeat(now)
        for number, path in self.layout.segments(state.upto):
            segment = cut_segment(path)
            self._number, torn = number, segment.size - segment.end
            if segment.rows:
                self._live.add(segment.rows, segment.end, segment.first)
            if torn:
                cut, last = cut + torn, min(last, (segment.last or micros(last)) / 1e6)
        if state.open:
            self.lost_at = min(last, now)
            self.note_gap(self.lost_at, now, "the writer stopped without closing the ledger")
            self.flush()
        elif state.closed:
            self.closed_at = datetime.fromisoformat(state.closed).timestamp()
        clean, rows = not state.open, self._live.rows
        self.chain.append(
            e.Opened(at=self._at(), version=__version__, clean=clean, cut=cut, rows=rows)
        )
        self._beat(now)

    def close(self) -> None:
        """Flush, seal everything, say so in the chain, and let others write. Raises LedgerError.

        After an error the ledger is closed all the same, as a stop that was not clean.
        """
        with self.sealing_lock, self._lock:
            if self._lock_handle < 0:
                return
            try:
                self.flush()
                self.seal(self.clock(), everything=True)
                self.chain.append(e.Closed(at=self._at()))
            finally:
                self._drop_segment()
                self.identities.close()
                os.close(self._lock_handle)
                self._lock_handle = -1

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
            self.flush()

    def note_gap(
        self, start: float, end: float, why: str, surface: str = "", door: str = ""
    ) -> None:
        """Record a period (epoch seconds) in which disclosures may have gone unseen."""
        self._pending.note(Gap(start, end, why, surface, door))

    def flush(self) -> None:
        """Make everything taken so far durable and visible to readers. Raises LedgerError."""
        with self._lock:
            began = self.clock()
            items, gaps = self._pending.take()
            if items or gaps:
                self._write(items, gaps)
            self._beat(began)

    def _write(self, items: list[Disclosures], gaps: list[Gap]) -> None:
        """Write one batch; when that fails, end the segment and keep the rows for the next time."""
        try:
            batch = self._builder.build(items, gaps)
            if not len(batch):
                return
            segment = self._segment or self._new_segment()
            before = segment.size
            segment.write(batch)
        except BaseException:
            self._drop_segment()
            self._flush_at = self._pending.give_back(items, gaps) + FLUSH_ROWS
            raise
        first = pc.min(batch.column("time")).as_py()
        self._live.add(len(batch), segment.size - before, first)
        self._flush_at = FLUSH_ROWS

    def _new_segment(self) -> SegmentWriter:
        self._number += 1
        self._segment = SegmentWriter(self.layout.segment(self._number))
        return self._segment

    def _drop_segment(self) -> None:
        """Close the open segment; the next batch starts a new one."""
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def _beat(self, now: float) -> None:
        """Remember in the heartbeat file that everything taken before `now` is durable."""
        try:
            self.layout.heartbeat.touch(mode=0o600)
            os.utime(self.layout.heartbeat, (now, now))
        except OSError as problem:
            raise LedgerError(
                f"{self.layout.heartbeat}: cannot write: {problem.strerror}"
            ) from problem

    def _last_heartbeat(self, default: float) -> float:
        try:
            return self.layout.heartbeat.stat().st_mtime
        except OSError:
            return default

    # -- sealing ---------------------------------------------------------------------------

    def seal(self, now: float, *, everything: bool = False) -> None:
        """Turn the rows of finished days (or all) into sorted Parquet files. Raises LedgerError.

        Cheap to call when there is nothing to do. Rows may be appended meanwhile.
        """
        with self.sealing_lock:
            with self._lock:
                if not self._is_due(now, everything=everything):
                    return
                self.flush()
                self._drop_segment()
                upto, live, self._live, self._sealed_at = self._number, self._live, Live(), now
            state, at = read_state(self.chain), iso(micros(now))
            try:
                sealing.seal_segments(self.layout, self.chain, state, upto, at, rows=live.rows)
            except BaseException:
                with self._lock:
                    self._live.add(live.rows, live.size, live.first)
                raise
            state, today = read_state(self.chain), day_of(micros(now))
            sealing.merge_days(self.layout, self.chain, state, today, at)

    def _is_due(self, now: float, *, everything: bool) -> bool:
        live = self._live
        if everything or not live.rows:
            return everything and (live.rows > 0 or bool(self._pending))
        if live.rows >= SEGMENT_ROWS or live.size >= SEGMENT_BYTES:
            return True
        return live.before(day_of(micros(now))) and abs(now - self._sealed_at) >= _SEAL_EVERY_S

    def seal_if_older(self, day: int, now: float) -> None:
        """Seal everything when a row of a day before `day` is not in a file yet."""
        self.flush()
        if self._live.before(day):
            self.seal(now, everything=True)

    def remove_identities(self, day: int, keep: set[int]) -> int:
        """Remove identities last used before a UTC day, except `keep`; return how many.

        None while rows of such a day are not in a file: the next time is soon enough.
        """
        with self._lock:
            self.flush()
            return 0 if self._live.before(day) else self.identities.remove_before(day, keep)

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
        self.chain.append(e.Leases(at=self._at(), workers=workers, people=people))

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


def _keys(layout: Layout, key_file: Path | None, *, fresh: bool) -> k.Keys:
    path = key_file or k.default_key_file(layout.directory)
    if path.absolute().is_relative_to(layout.directory.absolute()):
        raise LedgerError(f"{path}: the key file lies inside the ledger; keep it elsewhere")
    if fresh and not path.exists():
        return k.create_key_file(path)
    return k.read_key_file(path)
