"""The write-ahead segments of all writers, as one of them sees them that seals."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from himaya.core.errors import LedgerError
from himaya.ledger.files import Layout, SegmentId
from himaya.ledger.lock import Holder, holders, written
from himaya.ledger.schema import day_of
from himaya.ledger.segment import read_segment
from himaya.ledger.state import State

_PAUSE_S = 0.05
#: Segments that become files together; their rows are in memory meanwhile.
_TOGETHER = 4


class Others:
    """Everybody's segments."""

    def __init__(self, layout: Layout, slot: int) -> None:
        """`slot` is one's own."""
        self._layout, self._slot = layout, slot
        self._known: dict[SegmentId, tuple[int, int]] = {}
        self._asked = self._requested()

    def finished(self, state: State) -> dict[int, int]:
        """Return up to which number the segments of some slots are written no more: of a few, to be sealed together."""
        ids = [id_ for id_, _ in self._layout.segments(state.upto)]
        return dict(sorted(set(ids) - written(self._layout, ids))[:_TOGETHER])

    def waits(self) -> bool:
        """Tell whether a segment may be sealed; cheap, without reading the chain."""
        ids = [id_ for id_, _ in self._layout.segments()]
        return bool(set(ids) - written(self._layout, ids))

    def before(self, day: int, state: State) -> bool:
        """Tell whether a row of another's segment is of a UTC day before `day`. Raises LedgerError."""
        return any(first >= 0 and day_of(first) < day for first in self._firsts(state))

    def _firsts(self, state: State) -> Iterable[int]:
        """Yield the earliest time of each segment of others, -1 without rows; reading those that grew since."""
        known, self._known = self._known, {}
        for id_, path in self._layout.segments(state.upto):
            if id_.slot == self._slot:
                continue
            with suppress(FileNotFoundError):
                size = path.stat().st_size
                before = known.get(id_, (-1, 0))
                first = before[1] if before[0] == size else _first(path)
                self._known[id_] = (size, first)
                yield first

    def ask_to_end(self, wait_s: float) -> list[Holder]:
        """Ask the other writers to begin new segments; return those that did not within `wait_s` seconds.

        A writer does at its next flush. Raises LedgerError.
        """
        busy = self._busy()
        if not busy:
            return []
        self._request()
        until = time.monotonic() + wait_s
        while busy and time.monotonic() < until:
            time.sleep(_PAUSE_S)
            still = {(one.slot, one.number) for one in self._busy()}
            busy = [one for one in busy if (one.slot, one.number) in still]
        return busy

    def is_asked(self) -> bool:
        """Tell whether another, since this was last called, asked the writers to begin new segments."""
        before, self._asked = self._asked, self._requested()
        return before != self._asked

    def _requested(self) -> int:
        try:
            return self._layout.request.stat().st_mtime_ns
        except OSError:
            return 0

    def _busy(self) -> list[Holder]:
        return [one for one in holders(self._layout) if one.slot != self._slot and one.number]

    def _request(self) -> None:
        path = self._layout.request
        try:
            path.touch(mode=0o600)
            now = max(time.time_ns(), path.stat().st_mtime_ns + 1)
            os.utime(path, ns=(now, now))
        except OSError as problem:
            raise LedgerError(f"{path}: cannot write: {problem.strerror}") from problem


def _first(path: Path) -> int:
    segment = read_segment(path)
    return segment.first if segment.rows else -1
