"""Ledgers for measuring: many made-up rows in sealed files, or many identities in a map."""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from tools.bench.ledger_rows import FIRST_DAY, World
from tools.bench.results import Row

from himaya.ledger import Ledger, erasure
from himaya.ledger import entries as e
from himaya.ledger.reader import Reader
from himaya.ledger.schema import DAY_S, Kind
from himaya.ledger.sealing import put_days
from himaya.ledger.state import read_state

_CHUNK = 50_000


def make(world: World, directory: Path) -> None:
    """Make a ledger of these rows, unless one is there that has as many."""
    with Ledger.open(directory) as ledger:
        have = sum(file.rows for file in read_state(ledger.chain).files.values())
        if have == world.rows:
            return
        if have:
            sys.exit(f"{directory}: holds {have} rows, not {world.rows}; name another directory")
        for table in world.tables():
            add = put_days(ledger.layout, table)
            ledger.chain.append(e.Sealed(at="2025-06-01T00:00:00Z", add=add))


def size_rows(directory: Path) -> list[Row]:
    """Return bytes per row of the files in either order, and of both."""
    with Reader.open(directory) as reader:
        files = list(reader.state().files.values())
    rows = sum(file.rows for file in files)
    one = sum(file.bytes for file in files) / rows
    both = sum(file.stored for file in files) / rows
    return [
        Row("by actor, all columns", one, "bytes/row"),
        Row("by subject, columns of the twin", both - one, "bytes/row"),
        Row(
            "both",
            both,
            "bytes/row",
            "<= 30 (12)",
            both <= 30,
            f"{rows:,} rows, {len(files)} files",
        ),
    ]


def erasure_rows(directory: Path, identities: int) -> list[Row]:
    """Return how long it takes to forget one person of a map of so many identities, in the chain and all."""
    with Ledger.open(directory) as ledger:
        for start in range(0, identities, _CHUNK):
            names = range(start, min(start + _CHUNK, identities))
            ledger.identities.resolve({Kind.SUBJECT: {f"person-{n}": FIRST_DAY for n in names}})
            ledger.identities.trim()
    spent = []
    with Reader.open(directory) as reader:
        for number in range(0, identities, max(identities // 5, 1)):
            start_s = time.perf_counter()
            now = float(FIRST_DAY * DAY_S)
            done = erasure.forget(
                reader, subject=f"person-{number}", why="measured", by="bench", now=now
            )
            spent.append(time.perf_counter() - start_s)
            if done.erased != 1:
                sys.exit(f"person-{number} was not erased")
    value = statistics.median(spent)
    said = f"{identities:,} identities, {min(spent):.3f} to {max(spent):.3f}"
    return [Row("erase one person", value, "s", "<= 1 s (0.05)", value <= 1, said)]
