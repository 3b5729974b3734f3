"""The segments of one writer: one is open at most, and what all of them hold is counted until it is in files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from himaya.ledger.files import Layout, SegmentId
from himaya.ledger.lock import Slot
from himaya.ledger.schema import day_of
from himaya.ledger.segment import Segment, SegmentWriter

#: A segment this large is ended although its day is not over: readers hold segments in memory.
SEGMENT_ROWS, SEGMENT_BYTES = 500_000, 64 << 20
#: So many segments may wait for the next sealing.
_FEW = 2


@dataclass(slots=True)
class Live:
    """Rows, and the earliest time of one in microseconds."""

    rows: int = 0
    first: int = 0

    def add(self, rows: int, first: int) -> None:
        """Count more rows."""
        self.first = min(self.first, first) if self.rows else first
        self.rows += rows


class OwnSegments:
    """The segments in a slot that is held. Not safe for several threads at once."""

    def __init__(self, layout: Layout, slot: Slot) -> None:
        """Nothing is open yet; `go_on_after` says with which number to begin."""
        self._layout, self._slot = layout, slot
        self._open: SegmentWriter | None = None
        self._number = 0
        self._parts: dict[SegmentId, Live] = {}

    def go_on_after(self, number: int) -> None:
        """Begin with a number above this one."""
        self._number = max(self._number, number)

    def take_up(self, id_: SegmentId, segment: Segment) -> None:
        """Count what the writer before left."""
        self.go_on_after(id_.number)
        if segment.rows:
            self._parts[id_] = Live(segment.rows, segment.first)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append one batch and make it durable. Raises LedgerError; then `drop` is due."""
        (self._open or self._begin()).write(batch)
        part = self._parts.setdefault(SegmentId(self._slot.number, self._number), Live())
        part.add(len(batch), pc.min(batch.column("time")).as_py())

    def _begin(self) -> SegmentWriter:
        """Begin a segment. Its number is named before its file is there, so that nobody takes it for finished."""
        self._slot.name(self._number + 1)
        self._number += 1
        self._open = SegmentWriter(self._layout.segment(self._slot.number, self._number))
        return self._open

    def drop(self) -> None:
        """Close the open segment; the next batch starts a new one."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def end(self) -> None:
        """Close the open segment and let it be sealed, by whomever. Raises LedgerError."""
        self.drop()
        self.name()

    def name(self) -> None:
        """Say which process has the slot, and that nothing but an open segment is being written. Raises LedgerError."""
        self._slot.name(self._number if self._open is not None else 0)

    @property
    def is_open(self) -> bool:
        """Tell whether a segment is being written."""
        return self._open is not None

    @property
    def is_full(self) -> bool:
        """Tell whether the open segment is as large as one may be."""
        one = self._open
        return one is not None and (one.rows >= SEGMENT_ROWS or one.size >= SEGMENT_BYTES)

    def has_before(self, day: int) -> bool:
        """Tell whether a row that is in no file yet is of a UTC day before `day`."""
        return any(part.rows and day_of(part.first) < day for part in list(self._parts.values()))

    def forget(self, upto: Mapping[int, int]) -> None:
        """Leave out what is in files."""
        for id_ in [id_ for id_ in self._parts if id_.number <= upto.get(id_.slot, 0)]:
            del self._parts[id_]

    @property
    def is_behind(self) -> bool:
        """Tell whether segments wait to be sealed that are full, or were left by the writer before."""
        return len(self._parts) > _FEW

    def rows(self) -> dict[SegmentId, int]:
        """Return how many rows were put into each segment."""
        return {id_: part.rows for id_, part in self._parts.items()}
