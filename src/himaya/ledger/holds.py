"""Holds: rows that an open matter needs stay, whatever retention and erasure would do, until the hold ends.

An open case is one, too: it freezes the rows of its members. What freezes rows, of either kind, is a `Freeze`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence

import ibis
import ibis.expr.types as ir
import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from himaya.core.errors import InputError
from himaya.ledger import entries as e
from himaya.ledger import queries as q
from himaya.ledger.keys import Keys
from himaya.ledger.matters import Matter
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.schema import DAY_S, iso, micros
from himaya.ledger.state import State


def place(  # noqa: PLR0913  (a hold is all of these)
    reader: Reader,
    about: tuple[str, int],
    *,
    basis: str,
    by: str,
    until: int,
    now: float,
    start: int = 0,
    end: int = 0,
) -> e.Hold:
    """Hold the rows of a column and surrogate until a time (microseconds), in the chain.

    `start` and `end` limit it to a period, 0 for none. Raises InputError when the ledger does not know the name or
    `until` is past, LedgerError when the chain cannot be written.
    """
    column, surrogate = about
    if not surrogate:
        raise InputError("the ledger holds nothing under this name, so there is nothing to hold")
    if until <= micros(now):
        raise InputError("the hold would end in the past; give a later --until")
    hold = e.Hold(
        at=iso(micros(now)),
        id=secrets.token_hex(4),
        column=column,
        surrogate=surrogate,
        basis=reader.keys.seal_text(basis),
        by=reader.keys.seal_text(by),
        until=until,
        start=start,
        end=0 if end == FOREVER else end,
    )
    reader.chain.append(hold)
    return hold


def release(reader: Reader, hold_id: str, *, why: str, by: str, now: float) -> None:
    """End a hold. Raises InputError when there is none of that id, LedgerError."""
    seal = reader.keys.seal_text
    with reader.chain.locked() as pen:
        if hold_id not in reader.state().holds:
            raise InputError(f"there is no hold {hold_id!r}; see: himaya hold --list")
        pen.append(e.Released(at=iso(micros(now)), id=hold_id, why=seal(why), by=seal(by)))


def describe(hold: e.Hold, keys: Keys) -> str:
    """Return basis, owner and end of a hold in words."""
    basis, by = keys.open_text(hold.basis), keys.open_text(hold.by)
    return f"hold {hold.id} ({basis}), placed by {by}, until {iso(hold.until)}"


class Freeze(msgspec.Struct, frozen=True, kw_only=True):
    """What freezes rows: those whose `column` is one of `surrogates`, of times in [start, end), until `until`.

    `id` is a hold's, or the case's with `case` before it. Times are microseconds.
    """

    id: str
    column: str
    surrogates: frozenset[int]
    start: int
    end: int
    until: int
    basis: str
    by: str

    def mask(self, table: pa.Table) -> pa.ChunkedArray:
        """Return which rows of a table it freezes."""
        time, wanted = table.column("time"), pa.array(sorted(self.surrogates), pa.int64())
        inside = pc.and_(pc.greater_equal(time, self.start), pc.less(time, self.end))
        return pc.and_(inside, pc.is_in(table.column(self.column), value_set=wanted))

    def rows(self, rows: ir.Table) -> ir.Table:
        """Return the rows of an expression that it freezes."""
        inside = q.within(rows, self.start, self.end)
        wanted = ibis.memtable({self.column: sorted(self.surrogates)})
        return inside.semi_join(wanted, self.column)


def freezes(state: State, keys: Keys, matters: Iterable[Matter], now: int) -> list[Freeze]:
    """Return what freezes rows at `now` (microseconds): the holds that stand, and the cases that are open."""
    found = [
        Freeze(
            id=hold.id,
            column=hold.column,
            surrogates=frozenset({hold.surrogate}),
            start=hold.start,
            end=hold.end or FOREVER,
            until=hold.until,
            basis=keys.open_text(hold.basis),
            by=keys.open_text(hold.by),
        )
        for hold in state.standing_holds(now)
    ]
    return found + [_of(matter) for matter in matters if matter.until > now]


def _of(matter: Matter) -> Freeze:
    return Freeze(
        id=f"case {matter.case}",
        column="actor",
        surrogates=matter.actors,
        start=matter.start,
        end=FOREVER,
        until=matter.until,
        basis=matter.basis,
        by=matter.by,
    )


def frozen(table: pa.Table, standing: Sequence[Freeze]) -> pa.ChunkedArray:
    """Return which rows of a table stay as they are."""
    mask = pa.chunked_array([pa.repeat(pa.scalar(False), len(table))])
    for one in standing:
        mask = pc.or_(mask, one.mask(table))
    return mask


def touched(state: State, file: e.File, now: int) -> bool:
    """Tell whether a standing hold touches the day of a sealed file: whose rows are in it, nobody here can see."""
    first, last = file.day * DAY_S * 1_000_000, (file.day + 1) * DAY_S * 1_000_000
    holds = state.standing_holds(now)
    return any(hold.start < last and first < (hold.end or FOREVER) for hold in holds)


def needed(
    reader: Reader, wanted: Mapping[str, set[int]], rows: ir.Table, standing: Sequence[Freeze]
) -> dict[int, Freeze]:
    """Return which of these identities (column -> surrogates) are needed, each with what needs it for longest.

    Needed is what a hold or case names, and every identity in the rows it freezes.
    """
    found: dict[int, Freeze] = {}
    for one in sorted(standing, key=lambda one: one.until):
        for column, numbers in wanted.items():
            found.update(dict.fromkeys(_in_rows(reader, one, column, numbers, rows), one))
            if column == one.column:
                found.update(dict.fromkeys(numbers & one.surrogates, one))
    return found


def _in_rows(
    reader: Reader, one: Freeze, column: str, numbers: set[int], rows: ir.Table
) -> set[int]:
    if not numbers:
        return set()
    among = ibis.memtable({column: sorted(numbers)})
    kept = one.rows(rows).semi_join(among, column).select(column).distinct()
    return {value for value in reader.table(kept).column(column).to_pylist() if value}
