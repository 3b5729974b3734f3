"""The rows of some actors, with their names, in the order of time: for playing again what these were shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import ibis.expr.types as ir
import pyarrow as pa

from himaya.ledger import queries as q
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.rows import Naming, Row
from himaya.ledger.schema import DAY_S, SCHEMA
from himaya.ledger.state import State

_DAY = DAY_S * 1_000_000


def rows_of(
    reader: Reader,
    actors: Collection[int],
    start: int = 0,
    end: int = FOREVER,
    *,
    erased: str = "erased",
) -> Iterator[Row]:
    """Yield the rows of these actors (surrogates) in [start, end) microseconds; a day at a time is in memory.

    A name that was erased is the word `erased` and a number that tells it from others. Raises LedgerError.
    """

    def days(rows: ir.Table, _: State) -> list[int]:
        mine = q.any_of(q.within(rows, start, end), "actor", actors)
        found: list[int] = reader.table(q.days(mine)).column("day").to_pylist()
        return found

    naming = Naming(reader.identities, erased=erased)
    for day in reader.ask(days):
        first = int(day) * _DAY
        yield from naming.rows(_day(reader, actors, max(start, first), min(end, first + _DAY)))


def _day(reader: Reader, actors: Collection[int], start: int, end: int) -> pa.Table:
    def question(rows: ir.Table, _: State) -> pa.Table:
        mine = q.any_of(q.within(rows, start, end), "actor", actors)
        ordered = mine.order_by(["time", "actor", "subject"])
        return reader.table(ordered.select(*SCHEMA.names))

    return reader.ask(question)
