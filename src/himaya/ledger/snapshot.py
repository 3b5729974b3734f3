"""All rows of one moment: sealed files and live segments together, without a lock.

Which files count is read from the chain, then the live segments are read, then the chain again: when a sealing happened
in between, it starts over, so that no row is missed or doubled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from himaya.core.errors import LedgerError
from himaya.ledger.archive import open_archive
from himaya.ledger.chain import Chain
from himaya.ledger.engines import Choice, open_engine
from himaya.ledger.files import Layout
from himaya.ledger.schema import LATER, SCHEMA
from himaya.ledger.segment import read_segment
from himaya.ledger.state import State, read_state

_TRIES = 20
_T = TypeVar("_T")


class Snapshots:
    """Makes tables of all rows and runs expressions over them, on DuckDB in memory or another engine."""

    def __init__(
        self,
        layout: Layout,
        chain: Chain,
        sealing_key: bytes | None = None,
        engine: Choice | None = None,
    ) -> None:
        """With the private `sealing_key`, sealed periods are among the rows."""
        self._layout, self._chain, self._sealing_key = layout, chain, sealing_key
        self._engine = open_engine(engine or Choice(), layout)

    def close(self) -> None:
        """Let go of the engine."""
        self._engine.close()

    def ask(self, question: Callable[[ir.Table, State], _T]) -> _T:
        """Return the answer of `question` over all rows of one moment. Raises LedgerError."""
        for _ in range(_TRIES):
            state = read_state(self._chain)
            try:
                rows = self._rows(state)
                if read_state(self._chain).upto == state.upto:
                    return question(rows, state)
            except FileNotFoundError:
                continue
            except self._engine.errors as problem:
                if read_state(self._chain).files == state.files:
                    raise LedgerError(
                        f"{self._layout.sealed}: cannot read: {problem}"[:1000]
                    ) from problem
        raise LedgerError(f"{self._layout.directory}: files change faster than they can be read")

    def fetch(self, expression: ir.Table) -> list[dict[str, Any]]:
        """Return the rows of an expression."""
        rows: list[dict[str, Any]] = self.table(expression).to_pylist()
        return rows

    def table(self, expression: ir.Table) -> pa.Table:
        """Return the rows of an expression as an Arrow table."""
        return self._engine.table(expression)

    def _rows(self, state: State) -> ir.Table:
        live = ibis.memtable(pa.concat_tables([self._live(state), *self._archives(state)]))
        names = [file.name for file in state.files.values() if not file.archive]
        if not names:
            return live
        return ibis.union(_whole(self._engine.read(names)), live)

    def _live(self, state: State) -> pa.Table:
        paths = [path for _, path in self._layout.segments(state.upto)]
        batches = [batch for path in paths for batch in read_segment(path).batches]
        return pa.Table.from_batches(batches, SCHEMA)

    def _archives(self, state: State) -> list[pa.Table]:
        """Return the rows of sealed periods, none without their key."""
        if self._sealing_key is None:
            return []
        # Read from the ledger itself, wherever the other files are read: few periods stay sealed.
        archives = [file for file in state.files.values() if file.archive]
        return [
            open_archive(self._layout.sealed / file.name, self._sealing_key) for file in archives
        ]


def _whole(sealed: ir.Table) -> ir.Table:
    """Return the rows of files with every column: what older files lack is absent in their rows."""
    return sealed.select(**{name: _column(sealed, name) for name in SCHEMA.names})


def _column(sealed: ir.Table, name: str) -> ir.Value:
    if name not in LATER:
        return sealed[name]
    return sealed[name].fill_null("") if name in sealed.columns else ibis.literal("")
