"""One flipped bit anywhere in a ledger: found and named, or without any effect on what the ledger says."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from pathlib import Path

import pytest
from tests.ledger.making import DAY, NOON, disclosed, write

from himaya.core.errors import LedgerError
from himaya.ledger.files import Layout
from himaya.ledger.keys import read_key_file
from himaya.ledger.segment import read_segment
from himaya.ledger.verify import verify

SOAK = bool(os.environ.get("HIMAYA_SOAK"))
_PLACES = 400 if SOAK else 12


@pytest.fixture(name="ledger", scope="module")
def _ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sealed days, a live segment of several batches, a map; nobody has it open any more."""
    directory = tmp_path_factory.mktemp("flips") / "l"
    write(directory, *(disclosed(NOON + n * DAY / 9, f"u{n % 4}", f"p{n}") for n in range(12)))
    crashed = write(directory, disclosed(NOON + 3 * DAY, "u1", "p1"), close=False)
    for number in range(3):
        crashed.append(disclosed(NOON + 3 * DAY, "u2", f"p{number}"))
        crashed.flush()
    copied = directory.with_name("copy")
    shutil.copytree(directory, copied)
    shutil.copy(directory.with_name("l.key"), directory.with_name("copy.key"))
    crashed.close()
    with sqlite3.connect(copied / "identities.sqlite") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return copied


def _problems(directory: Path) -> list[str]:
    return verify(Layout(directory), read_key_file(directory.with_name(f"{directory.name}.key")))


def _flips(path: Path, seed: int):
    """Yield after each flip of one bit of a file; the file is as it was in the end."""
    data, rng = path.read_bytes(), random.Random(None if SOAK else f"{path.parent.name}{seed}")
    ends = [0, len(data) - 1]
    for at in [*ends, *(rng.randrange(len(data)) for _ in range(_PLACES))]:
        changed = bytearray(data)
        changed[at] ^= 1 << rng.randrange(8)
        path.write_bytes(changed)
        try:
            yield at
        finally:
            path.write_bytes(data)


@pytest.mark.parametrize("part", ["chain.jsonl", "chain.head", "sealed/*", "by_subject/*"])
def test_a_flipped_bit_is_found_and_its_file_named(ledger: Path, part: str):
    """One flipped bit anywhere in the chain, its head, a sealed file or a twin is found, and the file named."""
    paths = sorted(ledger.glob(part))
    assert paths
    for path in paths:
        for at in _flips(path, 1):
            problems = _problems(ledger)
            assert any(str(path) in problem for problem in problems), (path, at, problems)
    assert _problems(ledger) == []


def test_a_flipped_bit_of_a_segment_is_found_or_changes_nothing(ledger: Path):
    """One flipped bit in a live segment is found and the file named, unless every row reads as before (padding)."""
    (path,) = ledger.glob("live/*.arrow")
    before = read_segment(path).batches
    for at in _flips(path, 2):
        problems = _problems(ledger)
        found = any(str(path) in problem for problem in problems)
        assert found or read_segment(path).batches == before, (at, problems)
    assert _problems(ledger) == []


def _entries(path: Path) -> list:
    """Return everything in the map but the last day of use, which no checksum covers."""
    with sqlite3.connect(path) as db:
        found = db.execute("SELECT surrogate, kind, sealed FROM identity").fetchall()
        found += db.execute("SELECT place, number FROM lookup").fetchall()
    db.close()
    return sorted(found, key=repr)


def test_a_flipped_bit_of_a_secret_is_found_or_changes_nothing(ledger: Path):
    """One flipped bit in the secrets of the map is found and the file named, unless it is in a half that waits."""
    path = ledger / "identities.slots"
    for at in _flips(path, 4):
        problems = _problems(ledger)
        found = any(str(path) in problem for problem in problems)
        waits = at >= 32 and (at - 32) % 40 >= 20
        assert found != waits, (at, problems)
    assert _problems(ledger) == []


def test_a_flipped_bit_of_the_map_is_found_or_changes_nothing(ledger: Path):
    """One flipped bit in the map is found and the file named, unless every name reads as before (free space)."""
    path = ledger / "identities.sqlite"
    before = _entries(path)
    for at in _flips(path, 3):
        try:
            problems = _problems(ledger)
        except LedgerError as problem:
            problems = [str(problem)]
        found = any(str(path) in problem for problem in problems)
        assert found or _entries(path) == before, (at, problems)
        for left in ("-wal", "-shm"):
            path.with_name(path.name + left).unlink(missing_ok=True)
    assert _problems(ledger) == []
