"""Row versions of erased people go: a version is keyed with the person's name, and could be tried with a guess of it.

Whoever has the site's secret, and guesses a name and a value, makes the hash of both; where a row has it, the row is of
that person, though the map forgot them. So in rows about somebody who was erased the version is blanked. Whether a file
has versions is read from its footer: where no surface keeps any, nothing else is read.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from himaya.core.errors import LedgerError
from himaya.ledger import entries as e
from himaya.ledger import manifest, sealing
from himaya.ledger.files import Layout
from himaya.ledger.schema import SCHEMA, iso, micros
from himaya.ledger.state import State, read_state
from himaya.ledger.writer import Ledger

_COLUMN = "version"
_TRIES = 5

#: Per open ledger: how many had been erased, and files that have no version of theirs. They never change.
_CLEAN: WeakKeyDictionary[Ledger, tuple[int, set[str]]] = WeakKeyDictionary()


def drop_versions(ledger: Ledger, now: float) -> int:
    """Blank the version in rows about erased people; return in how many. Raises LedgerError.

    Rows that are not in a file yet follow once they are, and sealed periods are not reached.
    """
    for _ in range(_TRIES):
        state = read_state(ledger.chain)
        if not state.erased:
            return 0
        entry = manifest.signed(ledger.keys, _plan(ledger, state, now))
        if sealing.swap(ledger.layout, ledger.chain, state, entry):
            return entry.rows
    raise LedgerError(f"{ledger.layout.chain}: holds change faster than versions can be blanked")


def _plan(ledger: Ledger, state: State, now: float) -> e.Blanked:
    """Write the files that take the place of those with a version of somebody erased."""
    add: list[e.File] = []
    drop: list[str] = []
    rows, clean = 0, _clean(ledger, state)
    for file in state.files.values():
        if file.archive or file.name in clean:
            continue
        mask, table = None, None
        if _may_have(ledger.layout, file):
            table = sealing.read_rows(ledger.layout, file)
            mask = _theirs(table, state.erased)
        count = pc.sum(mask).as_py() or 0 if mask is not None else 0
        if table is None or not count:
            clean.add(file.name)
            continue
        rows += count
        add.extend(sealing.put_days(ledger.layout, without_versions(table, mask)))
        drop.append(file.name)
    ground = "versions of rows about erased people go with their names"
    return e.Blanked(
        at=iso(micros(now)), add=tuple(add), drop=tuple(drop), rows=rows, ground=ground
    )


def _clean(ledger: Ledger, state: State) -> set[str]:
    """Return the files that need not be read again; none when somebody was erased since."""
    count, names = _CLEAN.get(ledger, (0, set()))
    if count != len(state.erased):
        names = set()
    names &= state.files.keys()
    _CLEAN[ledger] = len(state.erased), names
    return names


def _theirs(table: pa.Table, erased: set[int]) -> pa.ChunkedArray:
    among = pc.is_in(table.column("subject"), value_set=pa.array(sorted(erased), pa.int64()))
    return pc.and_(among, pc.not_equal(table.column(_COLUMN), ""))


def without_versions(table: pa.Table, mask: pa.ChunkedArray) -> pa.Table:
    """Return rows whose version is blank where `mask` says so."""
    at = SCHEMA.names.index(_COLUMN)
    return table.set_column(at, SCHEMA.field(_COLUMN), pc.if_else(mask, "", table.column(_COLUMN)))


def _may_have(layout: Layout, file: e.File) -> bool:
    """Tell from the footer of a file whether a row of it may have a version. Raises LedgerError."""
    path = layout.sealed / file.name
    try:
        footer = pq.read_metadata(path)
    except (OSError, pa.ArrowException) as problem:
        raise LedgerError(f"{path}: cannot read: {problem}") from problem
    if _COLUMN not in footer.schema.names:
        return False  # of an earlier release
    at = footer.schema.names.index(_COLUMN)
    found = (footer.row_group(n).column(at).statistics for n in range(footer.num_row_groups))
    return any(one is None or not one.has_min_max or one.max != "" for one in found)
