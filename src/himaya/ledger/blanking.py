"""The end of fingerprint classes: in rows of days that are over for them the class is blanked, the rows stay.

The files of a finished day are written anew without the class; an entry of the chain puts them in the place of the old
ones, which go. Rows that a hold needs keep theirs until it ends. Whether a file has a class left is read from its
footer, so a day is written anew once.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from himaya.core.errors import LedgerError
from himaya.ledger import entries as e
from himaya.ledger import holds, manifest, sealing
from himaya.ledger.files import Layout
from himaya.ledger.matters import Matter
from himaya.ledger.schema import SCHEMA, day_of, iso, micros
from himaya.ledger.state import State, read_state
from himaya.ledger.writer import Ledger

COLUMN = "fingerprint"
_INDEX = SCHEMA.names.index(COLUMN)
_TRIES = 5


def blank(ledger: Ledger, now: float, days: int, matters: Sequence[Matter] = ()) -> int:
    """Blank the class in rows of days older than `days` as of `now` (epoch seconds); return in how many.

    Rows that a hold or a case of `matters` needs keep theirs. Raises LedgerError when the ledger cannot be written.
    """
    before = day_of(micros(now)) - days
    with ledger.sealing_lock:
        ledger.seal_if_older(before, now)
        for _ in range(_TRIES):
            state = read_state(ledger.chain)
            standing = holds.freezes(state, ledger.keys, matters, micros(now))
            entry = manifest.signed(ledger.keys, _plan(ledger.layout, state, before, now, standing))
            if sealing.swap(ledger.layout, ledger.chain, state, entry):
                return entry.rows
    raise LedgerError(f"{ledger.layout.chain}: holds change faster than classes can be blanked")


def _plan(
    layout: Layout, state: State, before: int, now: float, standing: Sequence[holds.Freeze]
) -> e.Blanked:
    """Write the files that take the place of those with a class left."""
    add: list[e.File] = []
    drop: list[str] = []
    rows = 0
    for file in state.files.values():
        if file.day >= before or file.archive or not _may_have(layout, file):
            continue
        table = sealing.read_rows(layout, file)
        named = pc.not_equal(table.column(COLUMN), "")
        mask = pc.and_(named, pc.invert(holds.frozen(table, standing)))
        count = pc.sum(mask).as_py() or 0
        if count:
            rows += count
            add.extend(sealing.put_days(layout, without_class(table, mask)))
            drop.append(file.name)
    return e.Blanked(
        at=iso(micros(now)),
        add=tuple(add),
        drop=tuple(drop),
        rows=rows,
        before=before,
        ground="fingerprint classes are kept no longer",
    )


def without_class(table: pa.Table, mask: pa.ChunkedArray | None = None) -> pa.Table:
    """Return rows whose class is blank where `mask` says so; None: in all of them."""
    column = table.column(COLUMN)
    everywhere = pa.chunked_array([pa.repeat(pa.scalar(True), len(table))])
    blanked = pc.if_else(everywhere if mask is None else mask, "", column)
    return table.set_column(_INDEX, SCHEMA.field(COLUMN), blanked)


def _may_have(layout: Layout, file: e.File) -> bool:
    """Tell from the footer of a file whether a row of it may have a class. Raises LedgerError."""
    path = layout.sealed / file.name
    try:
        footer = pq.read_metadata(path)
    except (OSError, pa.ArrowException) as problem:
        raise LedgerError(f"{path}: cannot read: {problem}") from problem
    found = (footer.row_group(n).column(_INDEX).statistics for n in range(footer.num_row_groups))
    return any(one is None or not one.has_min_max or one.max != "" for one in found)
