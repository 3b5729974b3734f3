"""The rows of one moment as a question needs them: in the order that serves it, and without files it cannot touch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from himaya.ledger import entries as e
from himaya.ledger.names import FOREVER
from himaya.ledger.orders import Order
from himaya.ledger.schema import DAY_S, day_of
from himaya.ledger.sources import Sources, columns
from himaya.ledger.state import State

_DAY_US = DAY_S * 1_000_000


class Moment:
    """What the ledger holds at one moment. Times are microseconds, `start` included, `end` not."""

    def __init__(self, state: State, unsealed: pa.Table, sources: Sources) -> None:
        """`unsealed` are the rows in memory: of live segments, and of sealed periods that were opened."""
        self.state, self._unsealed, self._sources = state, unsealed, sources

    @cached_property
    def files(self) -> list[e.File]:
        """Return the files that anybody may read, in the order of time."""
        found = [file for file in self.state.files.values() if not file.archive]
        return sorted(found, key=lambda file: (file.first, file.name))

    def rows(self, order: Order = "actor", start: int = 0, end: int = FOREVER + 1) -> ir.Table:
        """Return the rows of a period and maybe others: the caller filters.

        Questions about subjects are answered from the order "subject", which has the columns of the twin alone;
        all others from the order "actor".
        """
        inside = [file for file in self.files if file.first < end and file.last >= start]
        return self._of(inside, order)

    def days(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return start and end of every UTC day within a period that may have rows."""
        days = {file.day for file in self.files}
        days.update(day_of(time) for time in pc.unique(self._unsealed.column("time")).to_pylist())
        spans = ((day * _DAY_US, (day + 1) * _DAY_US) for day in sorted(days))
        limited = ((max(first, start), min(last, end)) for first, last in spans)
        return [(first, last) for first, last in limited if first < last]

    def with_gaps(self) -> ir.Table:
        """Return the rows of every file that has an unobserved period, and those in memory."""
        return self._of([file for file in self.files if not file.twin or file.twin.gaps])

    def unknown(self) -> ir.Table:
        """Return the rows of which the chain does not say when they were observed."""
        return self._of([file for file in self.files if not file.twin])

    def observed(self) -> tuple[int, int] | None:
        """Return the first and the last time of the rows of which the chain says when they were observed."""
        twins = [
            file.twin for file in self.files if file.twin and file.twin.first <= file.twin.last
        ]
        if not twins:
            return None
        return min(twin.first for twin in twins), max(twin.last for twin in twins)

    @property
    def sealed_rows(self) -> int:
        """Return how many rows the files have that `unknown` leaves out."""
        return sum(file.rows for file in self.files if file.twin)

    def _of(self, files: Sequence[e.File], order: Order = "actor") -> ir.Table:
        live = ibis.memtable(self._unsealed.select(columns(order)))
        if not files:
            return live
        # UNION ALL: rows that are alike are rows all the same.
        return ibis.union(self._sources.table(files, order), live, distinct=False)
