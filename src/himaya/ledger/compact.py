"""Compact rows: how often each person was shown to whom of which kind, when who it was is no longer kept.

One row per person, UTC day and access class: the fields together, how many different actors, how many rows. No actor,
account, session, key, address, network or fingerprint is in it. They lie in files of their own, so that no question
about rows meets them; the chain counts these files, and an erased person has no name here either.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from himaya.core.errors import LedgerError
from himaya.ledger import entries as e
from himaya.ledger.files import Layout, replace_file, sync_directory
from himaya.ledger.reader import Reader
from himaya.ledger.schema import DAY_S, day_name, join_fields, split_fields
from himaya.ledger.state import State

#: Column name, type, what it holds.
SCHEMA = pa.schema(
    [
        pa.field("subject", pa.int64()),  # surrogate of the person shown
        pa.field("day", pa.int32()),  # UTC day, days since 1970
        pa.field("access", pa.string()),  # access class of who was shown it
        pa.field("fields", pa.string()),  # names of all fields shown, sorted, separated by commas
        pa.field("actors", pa.int32()),  # different actors
        pa.field("times", pa.int32()),  # rows
    ]
)
_DAY = pa.scalar(DAY_S * 1_000_000, pa.int64())


class Shown(msgspec.Struct, frozen=True):
    """On one day, to so many actors of an access class, so many times, these fields."""

    day: str
    access: str
    fields: list[str]
    actors: int
    times: int


def folded(rows: pa.Table) -> pa.Table:
    """Return the compact rows of rows; those that show nobody have none."""
    shown = rows.filter(pc.not_equal(rows.column("subject"), 0))
    shown = shown.append_column("day", pc.divide(shown.column("time"), _DAY).cast(pa.int32()))
    told = shown.group_by(["subject", "day", "access"]).aggregate(
        [("fields", "distinct"), ("actor", "count_distinct"), ("time", "count")]
    )
    fields = [_together(tuple(sorted(some))) for some in told.column("fields_distinct").to_pylist()]
    columns = [told.column(name) for name in ("subject", "day", "access")]
    columns += [pa.array(fields, pa.string())]
    columns += [
        told.column(name).cast(pa.int32()) for name in ("actor_count_distinct", "time_count")
    ]
    return pa.table(columns, schema=SCHEMA)


@lru_cache(maxsize=4096)
def _together(some: tuple[str, ...]) -> str:
    return join_fields(tuple(sorted({name for value in some for name in split_fields(value)})))


def put(layout: Layout, tables: Iterable[pa.Table]) -> tuple[e.CompactFile, ...]:
    """Write compact rows as one file, durable, and return how the chain names it. Raises LedgerError."""
    table = pa.concat_tables([SCHEMA.empty_table(), *tables]).sort_by("subject")
    if not len(table):
        return ()
    sink = pa.BufferOutputStream()
    pq.write_table(table.combine_chunks(), sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    days = pc.min_max(table.column("day")).as_py()
    name = f"{day_name(days['min'])}-{secrets.token_hex(6)}.parquet"
    try:
        _place(layout).mkdir(mode=0o700, exist_ok=True)
        replace_file(_place(layout) / name, data)
        sync_directory(_place(layout))
    except OSError as problem:
        raise LedgerError(f"{_place(layout) / name}: cannot write: {problem.strerror}") from problem
    digest = hashlib.sha256(data).hexdigest()
    return (e.CompactFile(name, digest, len(table), days["min"], days["max"]),)


def tidy(layout: Layout, state: State) -> None:
    """Remove files that no entry counts: a crash left them, or their time is over. Raises LedgerError."""
    if not _place(layout).exists():
        return
    for path in _place(layout).iterdir():
        if path.name not in state.compact:
            try:
                path.unlink()
            except OSError as problem:
                raise LedgerError(f"{path}: cannot remove: {problem.strerror}") from problem


def shown_to(reader: Reader, surrogate: int) -> list[Shown]:
    """Return what compact rows say of a person (surrogate), by day and access class. Raises LedgerError.

    What was folded at different times stands in rows of its own: an actor of both is counted in both.
    """
    layout, found = reader.layout, []
    for file in reader.state().compact.values():
        path = _place(layout) / file.name
        try:
            table = pq.read_table(path, filters=[("subject", "=", surrogate)])
        except (OSError, pa.ArrowException) as problem:
            raise LedgerError(f"{path}: cannot read: {problem}") from problem
        found += table.to_pylist()
    found.sort(key=lambda row: (row["day"], row["access"]))
    return [
        Shown(
            day=day_name(row["day"]),
            access=row["access"],
            fields=split_fields(row["fields"]),
            actors=row["actors"],
            times=row["times"],
        )
        for row in found
    ]


def _place(layout: Layout) -> Path:
    return layout.directory / "compact"
