"""All rows of one moment: sealed files and live segments together, without a lock.

Which files count is read from the chain, then the live segments are read, then the chain again: when a sealing happened
in between, it starts over, so that no row is missed or doubled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import ibis.expr.types as ir
import pyarrow as pa

from himaya.core.errors import LedgerError
from himaya.ledger.archive import Opener, open_archives
from himaya.ledger.chain import Chain
from himaya.ledger.engines import Choice, open_engine
from himaya.ledger.files import Layout
from himaya.ledger.moment import Moment
from himaya.ledger.schema import SCHEMA
from himaya.ledger.segment import read_segment
from himaya.ledger.sources import Sources
from himaya.ledger.state import State, read_state

_TRIES = 20
_T = TypeVar("_T")


class Snapshots:
    """Makes tables of all rows and runs expressions over them, on DuckDB in memory or another engine."""

    def __init__(
        self,
        layout: Layout,
        chain: Chain,
        sealing_key: Opener | None = None,
        engine: Choice | None = None,
    ) -> None:
        """With the private `sealing_key`, sealed periods are among the rows."""
        self._layout, self._chain, self._sealing_key = layout, chain, sealing_key
        self._engine = open_engine(engine or Choice(), layout)
        self._sources = Sources(self._engine)
        self._known: tuple[tuple[int, int, int], State] | None = None

    def close(self) -> None:
        """Let go of the engine."""
        self._engine.close()

    def open_with(self, opener: Opener) -> None:
        """Have the sealed periods that this opens among the rows from now on; what is read then is never spilled.

        Raises InputError: another engine than DuckDB in this process.
        """
        self._sealing_key = opener
        self._engine.stay_in_memory()

    def ask(self, question: Callable[[ir.Table, State], _T]) -> _T:
        """Return the answer of `question` over all rows of one moment. Raises LedgerError."""
        return self.at_once(lambda moment: question(moment.rows(), moment.state))

    def at_once(self, question: Callable[[Moment], _T]) -> _T:
        """Return the answer of `question`, which chooses the copies and files it reads of one moment.

        Raises LedgerError.
        """
        for _ in range(_TRIES):
            state = self._state()
            try:
                moment = self._moment(state)
                if self._state().upto == state.upto:
                    return question(moment)
            except FileNotFoundError:
                continue
            except self._engine.errors as problem:
                if self._state().files == state.files:
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

    def _state(self) -> State:
        """Return what the chain adds up to; it is read again only when it was written to."""
        mark = self._chain.mark()
        if self._known is None or self._known[0] != mark:
            self._known = mark, read_state(self._chain)
        return self._known[1]

    def _moment(self, state: State) -> Moment:
        unsealed = pa.concat_tables([self._live(state), *self._archives(state)])
        return Moment(state, unsealed, self._sources)

    def _live(self, state: State) -> pa.Table:
        paths = [path for _, path in self._layout.segments(state.upto)]
        batches = [batch for path in paths for batch in read_segment(path).batches]
        return pa.Table.from_batches(batches, SCHEMA)

    def _archives(self, state: State) -> list[pa.Table]:
        """Return the rows of sealed periods, none without their key."""
        # Read from the ledger itself, wherever the other files are read: few periods stay sealed.
        archives = [file for file in state.files.values() if file.archive]
        try:
            return open_archives(self._layout, archives, self._sealing_key)
        except FileNotFoundError as problem:
            if self._state().files != state.files:
                raise
            raise LedgerError(
                f"{problem.filename}: is missing; run: himaya ledger verify"
            ) from problem
