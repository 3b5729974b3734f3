"""One flipped bit anywhere in a ledger: found and named, or without any effect on what the ledger says."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from pathlib import Path

import pytest
from tests.ledger.crew import crew
from tests.ledger.making import DAY, NOON, disclosed, write

from himaya.core.errors import LedgerError
from himaya.ledger import Ledger, archive, exports, retention
from himaya.ledger import entries as e
from himaya.ledger.attachments import Attachments
from himaya.ledger.files import Layout
from himaya.ledger.keys import read_key_file
from himaya.ledger.operators.periods import seal_periods
from himaya.ledger.reader import Reader
from himaya.ledger.schema import micros
from himaya.ledger.segment import read_segment
from himaya.ledger.verify import verify

SOAK = bool(os.environ.get("HIMAYA_SOAK"))
_PLACES = 400 if SOAK else 12


@pytest.fixture(name="ledger", scope="module")
def _ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sealed days, a live segment of several batches, a map, and one file of every other kind, of what ended.

    A compact form, a day sealed to operators, one sealed to a key, an export, an attached file. Nobody has it open any
    more.
    """
    directory = tmp_path_factory.mktemp("flips") / "l"
    _with_ends(directory)
    write(directory, *(disclosed(NOON + n * DAY / 9, f"u{n % 4}", f"p{n}") for n in range(12)))
    crashed = write(directory, disclosed(NOON + 3 * DAY, "u1", "p1"), close=False)
    for number in range(3):
        crashed.append(disclosed(NOON + 3 * DAY, "u2", f"p{number}"))
        crashed.flush()
    copied = directory.with_name("copy")
    shutil.copytree(directory, copied)
    shutil.copytree(directory.with_name("l.found"), directory.with_name("copy.found"))
    shutil.copy(directory.with_name("l.key"), directory.with_name("copy.key"))
    crashed.close()
    with sqlite3.connect(copied / "identities.sqlite") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return copied


def _with_ends(directory: Path) -> None:
    """Leave in a ledger what was compacted, archived, sealed to operators, exported and attached."""
    at = {"clock": lambda: NOON}
    old = [disclosed(NOON - days * DAY, "u1", f"q{days}") for days in (90, 60, 50)]
    write(directory, *old, **at)
    found = directory.with_name("found.csv")
    found.write_text("id\nq1\n")
    with Ledger.open(directory, **at) as ledger, Reader.open(directory) as reader:
        retention.execute(ledger, NOON, 70, classes=e.Classes(at="", ordinary="compact"))
        sealing_key = archive.create_sealing_key(directory.with_name("sealing.key"))
        reader.use_sealing_key(sealing_key, NOON)
        retention.execute(ledger, NOON, 55, "seal")
        ledger.set_retention(365, "delete", NOON)
        crew(directory.parent, directory, "owner", "legal")
        assert seal_periods(ledger, NOON, 30).rows == 1
        until, people = micros(NOON + DAY), [reader.subject("q50")[1]]
        exports.register(
            reader, purpose="p", holder="h", until=until, subjects=people, path="x", by="d", now=NOON
        )  # fmt: skip
        Attachments(ledger.layout, ledger.chain, ledger.keys).attach(
            found, 30, NOON, why="w", by="d"
        )


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


#: Every kind of file that is covered whole, and how many there are.
PARTS = {
    "chain.jsonl": 1,
    "chain.head": 1,
    "format": 1,
    "sealed/*.parquet": 2,
    "sealed/*.sealed": 2,
    "by_subject/*": 2,
    "compact/*": 1,
    "exports/*": 1,
    "../copy.found/*": 1,
}


@pytest.mark.parametrize("part", PARTS)
def test_a_flipped_bit_is_found_and_its_file_named(ledger: Path, part: str):
    """One flipped bit is found and the file named: chain, head, format, every file of rows, lists, attached files."""
    paths = sorted(path.resolve() for path in ledger.glob(part))
    assert len(paths) == PARTS[part]
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
