"""From segments to sorted Parquet files by day, two copies of each, one chain entry deciding which of them count.

The order makes every crash harmless: files first, durable; then the one entry that counts them and the segments
they hold; then the segments go. A file without an entry is an orphan and is removed at the next opening.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from himaya.core.errors import LedgerError
from himaya.ledger import entries as e
from himaya.ledger import manifest, orders
from himaya.ledger.chain import Chain
from himaya.ledger.files import Layout, SegmentId, replace_file, sync_directory
from himaya.ledger.keys import Keys
from himaya.ledger.schema import DAY_S, SCHEMA, UNOBSERVED, completed, day_name
from himaya.ledger.segment import whole_batches
from himaya.ledger.state import State, read_state

#: How rows become the bytes of a file.
encode = orders.encode
_MERGE_FILES, _MERGE_ROWS = 8, 1_000_000


def put_file(
    layout: Layout, day: int, table: pa.Table, data: bytes, *, archive: bool = False
) -> e.File:
    """Write the bytes of a file of rows, and its twin unless it is an archive; return how the chain names them.

    Raises LedgerError.
    """
    ending = "parquet.sealed" if archive else "parquet"
    name = f"{day_name(day)}-{secrets.token_hex(6)}.{ending}"
    _write(layout.sealed / name, data)
    times = pc.min_max(table.column("time")).as_py()
    return e.File(
        name=name,
        day=day,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        rows=len(table),
        first=times["min"],
        last=times["max"],
        archive=archive,
        twin=None if archive else _put_twin(layout, name, table),
    )


def _put_twin(layout: Layout, name: str, table: pa.Table) -> e.Twin:
    """Write the copy of a file of rows that is sorted by subject."""
    data = orders.encode_twin(table)
    _write(layout.twins / name, data)
    gap = pc.equal(table.column("kind"), UNOBSERVED)
    seen = pc.min_max(table.column("time").filter(pc.invert(gap))).as_py()
    return e.Twin(
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        gaps=pc.sum(gap).as_py() or 0,
        first=0 if seen["min"] is None else seen["min"],
        last=-1 if seen["max"] is None else seen["max"],
    )


def _write(path: Path, data: bytes) -> None:
    try:
        replace_file(path, data)
    except OSError as problem:
        raise LedgerError(f"{path}: cannot write: {problem.strerror}") from problem


def put_days(layout: Layout, table: pa.Table) -> tuple[e.File, ...]:
    """Write the rows as one file for each of their days, durable. Raises LedgerError."""
    if not len(table):
        return ()
    days = pc.divide(table.column("time"), pa.scalar(DAY_S * 1_000_000, pa.int64()))
    made = []
    for day in sorted(pc.unique(days).to_pylist()):
        part = table.filter(pc.equal(days, day))
        made.append(put_file(layout, day, part, encode(part)))
    sync(layout)
    return tuple(made)


def read_rows(layout: Layout, file: e.File) -> pa.Table:
    """Return the rows of a file. Raises LedgerError when it is missing or damaged."""
    path = layout.sealed / file.name
    try:
        table = completed(pq.read_table(path, schema=SCHEMA, memory_map=True))
    except (OSError, pa.ArrowException) as problem:
        raise LedgerError(f"{path}: cannot read: {problem}") from problem
    return table


def swap(layout: Layout, chain: Chain, state: State, entry: e.AnyFiles) -> bool:
    """Enter in the chain that files take the place of others, which go; nothing to enter is well, too.

    False when a hold, or somebody who can open periods, came or went in between: then it is undone. Raises LedgerError.
    """
    with chain.locked() as pen:
        now = read_state(chain)
        if (now.holds, now.operators.openers()) != (state.holds, state.operators.openers()):
            remove_files(layout, [file.name for file in entry.add])
            return False
        if entry.drop:
            sync(layout)
            pen.append(entry)
    remove_files(layout, entry.drop)
    return True


def seal_segments(
    layout: Layout,
    chain: Chain,
    state: State,
    ends: Mapping[int, int],
    at: str,
    *,
    rows: Mapping[SegmentId, int],
) -> None:
    """Turn the segments after `state.upto` into files, those of each slot up to its number in `ends`.

    `rows`: how many were put into some of them. Raises LedgerError when they cannot be written, or a segment holds
    fewer than were put into it; then the segments still count.
    """
    found = [
        (id_, path)
        for id_, path in layout.segments(state.upto)
        if id_.number <= ends.get(id_.slot, 0)
    ]
    batches = [batch for id_, path in found for batch in whole_batches(path, rows.get(id_))]
    table = pa.Table.from_batches(batches, SCHEMA)
    chain.append(e.Sealed(at=at, add=put_days(layout, table), ends=dict(ends)))
    for _, path in found:
        with suppress(OSError):  # it counts no more; the next opening removes it
            path.unlink()


def merge_days(layout: Layout, chain: Chain, keys: Keys, state: State, today: int, at: str) -> None:
    """Make one file of the many small ones of a finished day. Raises LedgerError."""
    for day in sorted({file.day for file in state.files.values() if file.day < today}):
        small = _small_files(file for file in state.files.values() if file.day == day)
        if len(small) < _MERGE_FILES:
            continue
        table = pa.concat_tables(read_rows(layout, file) for file in small)
        entry = e.Merged(
            at=at,
            add=put_days(layout, table),
            drop=tuple(file.name for file in small),
            ground="small files of one day, with the same rows",
        )
        chain.append(manifest.signed(keys, entry))
        remove_files(layout, entry.drop)


def _small_files(files: Iterable[e.File]) -> list[e.File]:
    """Return the smallest files of a day that together stay under the bound of rows."""
    chosen, rows = [], 0
    for file in sorted(files, key=lambda file: file.rows):
        rows += file.rows
        if file.archive or rows > _MERGE_ROWS:
            continue
        chosen.append(file)
    return chosen


def remove_files(layout: Layout, names: Sequence[str]) -> None:
    """Remove files that no longer count, and their twins. Raises LedgerError."""
    for path in (folder / name for folder in (layout.sealed, layout.twins) for name in names):
        try:
            path.unlink(missing_ok=True)
        except OSError as problem:
            raise LedgerError(f"{path}: cannot remove: {problem.strerror}") from problem
    sync(layout)


def sync(layout: Layout) -> None:
    """Make names of files and twins that came and went durable. Raises LedgerError."""
    sync_directory(layout.sealed)
    sync_directory(layout.twins)


def tidy(layout: Layout, state: State) -> None:
    """Remove what a crash left behind: files no entry counts, segments that are in files.

    Raises LedgerError.
    """
    left = [path for path in layout.sealed.iterdir() if path.name not in state.files]
    twins = state.twins()
    left += [path for path in layout.twins.iterdir() if path.name not in twins]
    left += [path for id_, path in layout.segments() if id_.number <= state.upto.get(id_.slot, 0)]
    for path in left:
        try:
            path.unlink()
        except OSError as problem:
            raise LedgerError(f"{path}: cannot remove: {problem.strerror}") from problem
