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
from himaya.ledger.schema import DAY_S, UNOBSERVED, day_of
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
        return self._of(inside, order, self._unsealed)

    def days(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return start and end of every UTC day within a period that may have rows."""
        days = {file.day for file in self.files}
        days.update(day_of(time) for time in pc.unique(self._unsealed.column("time")).to_pylist())
        spans = ((day * _DAY_US, (day + 1) * _DAY_US) for day in sorted(days))
        limited = ((max(first, start), min(last, end)) for first, last in spans)
        return [(first, last) for first, last in limited if first < last]

    def with_gaps(self) -> ir.Table | None:
        """Return the rows of every file that may have an unobserved period, and those in memory; None: none has."""
        gaps = self._unsealed.filter(pc.equal(self._unsealed.column("kind"), UNOBSERVED))
        return self._some([file for file in self.files if not file.twin or file.twin.gaps], gaps)

    def unknown(self) -> ir.Table | None:
        """Return the rows of which nothing but reading says when they were observed; None: there are none."""
        return self._some(
            [file for file in self.files if not file.twin], self._unsealed.slice(0, 0)
        )

    def observed(self) -> tuple[int, int] | None:
        """Return the first and the last time of the other rows that were observed; None: there are none."""
        spans = [(one.twin.first, one.twin.last) for one in self.files if one.twin]
        seen = self._unsealed.filter(pc.not_equal(self._unsealed.column("kind"), UNOBSERVED))
        if len(seen):
            ends = pc.min_max(seen.column("time")).as_py()
            spans.append((ends["min"], ends["max"]))
        firsts = [first for first, last in spans if first <= last]
        return (min(firsts), max(last for _, last in spans)) if firsts else None

    @property
    def known_rows(self) -> int:
        """Return how many rows there are that `unknown` leaves out."""
        return len(self._unsealed) + sum(file.rows for file in self.files if file.twin)

    def _some(self, files: Sequence[e.File], unsealed: pa.Table) -> ir.Table | None:
        return self._of(files, "actor", unsealed) if files or len(unsealed) else None

    def _of(self, files: Sequence[e.File], order: Order, unsealed: pa.Table) -> ir.Table:
        if not files:
            return ibis.memtable(unsealed.select(columns(order)))
        sealed = self._sources.table(files, order)
        if not len(unsealed):
            return sealed
        # UNION ALL: rows that are alike are rows all the same.
        return ibis.union(sealed, ibis.memtable(unsealed.select(columns(order))), distinct=False)
