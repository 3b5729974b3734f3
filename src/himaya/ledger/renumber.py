"""The rest of an erasure that had to keep a name: rows that nothing needs get other numbers, which never had one.

A name is one entry of the map, so while a hold or case needs some rows of a person, their other rows would keep the
name with them. These rows are written anew with fresh numbers in the place of the person's. Which number took which
place is written nowhere. Rows since the erasure are not part of it, nor are sealed periods, which nobody here opens.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from himaya.core.errors import LedgerError
from himaya.ledger import entries as e
from himaya.ledger import erasure, holds, manifest, sealing
from himaya.ledger.matters import Matter
from himaya.ledger.schema import FACETS, SCHEMA, day_of, iso, micros
from himaya.ledger.state import State, read_state
from himaya.ledger.unversioned import without_versions
from himaya.ledger.writer import Ledger

_TRIES = 5


def renumber(ledger: Ledger, matters: Sequence[Matter], now: float) -> int:
    """Give fresh numbers to rows that no hold and no case needs, of erasures that kept a name; return how many.

    Each erasure is looked at once; not yet while a row of its time may be in a segment that another writes. Raises
    LedgerError.
    """
    state, rows = read_state(ledger.chain), 0
    began = {one.id: one.at for one in reversed(state.erasures)}
    for last, numbers in erasure.kept_by(state):
        if last.id not in state.renumbered:
            until = micros(datetime.fromisoformat(began[last.id]).timestamp())
            rows += _one(ledger, (last.id, numbers, until), matters, now)
    return rows


def _one(
    ledger: Ledger, part: tuple[str, set[int], int], matters: Sequence[Matter], now: float
) -> int:
    """Renumber the rows of one erasure: its id, the surrogates it kept, its time."""
    if ledger.seal_all(now):
        return 0
    for _ in range(_TRIES):
        state = read_state(ledger.chain)
        standing = holds.freezes(state, ledger.keys, matters, micros(now))
        entry = manifest.signed(ledger.keys, _plan(ledger, state, part, standing, now))
        if not entry.drop:
            ledger.chain.append(entry)
            return 0
        if sealing.swap(ledger.layout, ledger.chain, state, entry):
            return entry.rows
    raise LedgerError(f"{ledger.layout.chain}: holds change faster than rows can be renumbered")


def _plan(
    ledger: Ledger,
    state: State,
    part: tuple[str, set[int], int],
    standing: Sequence[holds.Freeze],
    now: float,
) -> e.Renumbered:
    """Write the files that take the place of those with such rows."""
    name, numbers, until = part
    add: list[e.File] = []
    drop: list[str] = []
    rows, fresh = 0, {number: secrets.randbits(63) or 1 for number in numbers}
    for file in state.files.values():
        if file.archive or file.day > day_of(until):
            continue
        table = sealing.read_rows(ledger.layout, file)
        mask = _theirs(table, numbers, until, standing)
        count = pc.sum(mask).as_py() or 0
        if count:
            rows += count
            add.extend(sealing.put_days(ledger.layout, _replaced(table, mask, fresh)))
            drop.append(file.name)
    return e.Renumbered(
        at=iso(micros(now)),
        add=tuple(add),
        drop=tuple(drop),
        rows=rows,
        erasure=name,
        ground=f"erasure {name}: nothing needs these rows",
    )


def _theirs(
    table: pa.Table, numbers: set[int], until: int, standing: Sequence[holds.Freeze]
) -> pa.ChunkedArray:
    """Return which rows have one of the numbers, are of before a time, and are needed by nothing."""
    wanted = pa.array(sorted(numbers), pa.int64())
    named = (pc.is_in(table.column(column), value_set=wanted) for column in FACETS)
    older = pc.less(table.column("time"), until)
    free = pc.invert(holds.frozen(table, standing))
    return pc.and_(pc.and_(reduce(pc.or_, named), older), free)


def _replaced(table: pa.Table, mask: pa.ChunkedArray, fresh: dict[int, int]) -> pa.Table:
    """Return rows in which the numbers are others where `mask` says so; versions of the person, keyed by name, go."""
    theirs = pc.and_(
        mask, pc.is_in(table.column("subject"), value_set=pa.array(list(fresh), pa.int64()))
    )
    table = without_versions(table, theirs)
    known, others = pa.array(list(fresh), pa.int64()), pa.array(list(fresh.values()), pa.int64())
    for column in FACETS:
        values = table.column(column)
        place = pc.index_in(values, value_set=known)
        other = pc.take(others, place)
        chosen = pc.if_else(pc.and_(mask, pc.is_valid(place)), other, values)
        at = SCHEMA.names.index(column)
        table = table.set_column(at, SCHEMA.field(column), chosen)
    return table
