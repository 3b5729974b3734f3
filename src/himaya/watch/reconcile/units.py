"""The rows of the ledger as units: what one line of a log can have left behind.

Where the path names the person a unit is a row. Elsewhere it is an exchange: the rows of one moment, surface and
actor. A clock of whole seconds puts exchanges of one second into one moment; then up to as many lines as rows may
be theirs, and the further units are `spare`: they may be taken, and are not missed when they are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import groupby
from operator import attrgetter

import ibis.expr.types as ir
import msgspec
import pyarrow as pa

from himaya.core.rows import UNSETTLED
from himaya.ledger import queries as q
from himaya.ledger.reader import Reader
from himaya.ledger.schema import MISS, SHOWING, UNATTRIBUTED, micros
from himaya.ledger.state import State

_COLUMNS = ("time", "kind", "surface", "subject", "account", "key", "address", "source")


class Told(msgspec.Struct, frozen=True, gc=False):
    """A row as it lies in the ledger: surrogates for names, `time` in microseconds."""

    time: int
    kind: str
    surface: str
    subject: int
    account: int
    key: int
    address: int
    source: str


class Unit(msgspec.Struct, gc=False):
    """What one line can have left: it fits lines from `low` to `high`, epoch seconds like `at`.

    `subject` is 0 where the unit is an exchange, whoever was shown.
    """

    at: float
    low: float
    high: float
    surface: str
    subject: int
    account: int
    key: int
    address: int
    source: str
    spare: bool = False
    taken: bool = False


class Units:
    """Reads units from a ledger, one period after the other."""

    def __init__(self, reader: Reader, named: dict[str, bool], slack: tuple[float, float]) -> None:
        """Take per surface whether its path names the person, and two slacks in seconds.

        The first slack is how far a row's time may be from its line's, the second what is added where the end of the
        exchange was not seen.
        """
        self._reader, self._named, self._slack = reader, named, slack

    def between(self, start: float, end: float) -> list[Unit]:
        """Return the units from `start` on and before `end` (epoch seconds). Raises LedgerError."""
        table = self._reader.ask(partial(self._rows, micros(start), micros(end)))
        return list(self.of(Told(*row) for row in zip(*_lists(table), strict=True)))

    def _rows(self, start: int, end: int, rows: ir.Table, _: State) -> pa.Table:
        kinds = rows.kind.isin([*SHOWING, MISS, UNATTRIBUTED])
        mine = q.within(rows.filter(kinds & rows.surface.isin(list(self._named))), start, end)
        ordered = mine.order_by(["time", "surface", "account", "key", "address"])
        return self._reader.table(ordered.select(*_COLUMNS))

    def of(self, rows: Iterable[Told]) -> Iterator[Unit]:
        """Yield the units of rows that are ordered by time, surface and actor."""
        moment = attrgetter("time", "surface", "account", "key", "address")
        for _, together in groupby(rows, key=moment):
            same = list(together)
            if self._named[same[0].surface]:
                yield from (self._unit(row, row.subject) for row in same)
            else:
                yield from self._exchanges(same)

    def _exchanges(self, rows: list[Told]) -> Iterator[Unit]:
        """Yield an exchange for every row that stands alone, and one for all people of the moment."""
        alone = sum(row.kind == UNATTRIBUTED for row in rows)
        misses = sum(row.kind == MISS for row in rows)
        sure = max(alone, int(len(rows) > alone + misses)) + misses
        most = len(rows) if rows[0].time % 1_000_000 == 0 else sure
        for number in range(most):
            unit = self._unit(rows[0], 0)
            unit.spare = number >= sure
            yield unit

    def _unit(self, row: Told, subject: int) -> Unit:
        near, more = self._slack
        slack = near + (more if row.source == UNSETTLED else 0.0)
        at = row.time / 1e6
        facets = (row.account, row.key, row.address)
        return Unit(at, at - slack, at + slack, row.surface, subject, *facets, row.source)


def _lists(table: pa.Table) -> list[list[object]]:
    return [table.column(name).to_pylist() for name in _COLUMNS]
