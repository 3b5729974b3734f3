"""Whatever the upkeep does when its process dies: no row is lost or doubled, and the next run ends what it began."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.ledger import dying
from tests.ledger.crew import crew
from tests.ledger.making import DAY, NOON, disclosed, people, write

from himaya.core.actor import Actor
from himaya.core.errors import LedgerError
from himaya.ledger import Ledger, backup, erasure, holds
from himaya.ledger.keys import read_key_file
from himaya.ledger.reader import Reader
from himaya.ledger.schema import micros

#: Of how many calls one kills; `make soak` dies at each.
EVERY = 1 if os.environ.get("HIMAYA_SOAK") == "1" else 41

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(name="base")
def _base(tmp_path: Path) -> Path:
    """A ledger with rows of three days, one of them in eight files and one in a segment that waits."""
    actor = Actor(account="u1", address="203.0.113.9", fingerprint="f")
    for number in range(8):
        row = disclosed(NOON, "u1", f"s{number}", actor=actor)
        write(tmp_path / "l", row, clock=lambda: NOON)
    rows = [disclosed(NOON + DAY, "u2", "old"), disclosed(dying.LATE, "u3", "young")]
    ledger = write(tmp_path / "l", *rows, close=False, clock=lambda: dying.LATE)
    os.close(ledger.slot.handle)
    return tmp_path


def _deaths(base: Path, root: Path, task: str, least: int = 60) -> list[Path]:
    """Die in a task, which has so many calls at least; return the ledgers that were left."""
    every = min(EVERY, least)
    done = subprocess.run(
        [sys.executable, "-m", "tests.ledger.dying", str(base), task, str(every)],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
    )
    assert done.returncode == 0, done.stderr
    found = [base / number / "l" for number in done.stdout.split()]
    assert len(found) >= least // every
    return found


def _rows(directory: Path) -> tuple[int, int]:
    """Return how many rows of people there are, encrypted ones included, and how many are in a compact form."""
    with Reader.open(directory) as reader:
        state, live = reader.state(), sum(bool(row.subject_id) for row in reader.rows())
        folded = sum(one.rows for one in state.compact.values())
        return live + sum(one.rows for one in state.files.values() if one.archive), folded


def _ended(directory: Path, task: str) -> None:
    """Run the task again, to its end; nothing is wrong then."""
    dying.TASKS[task](directory)
    with Reader.open(directory) as reader:
        assert reader.verify() == []
    sealed, twins = (
        {one.name for one in directory.glob(f"{p}/*")} for p in ("sealed", "by_subject")
    )
    assert twins <= sealed


def test_death_while_periods_are_sealed(base: Path, root: Path):
    """Rows are open or sealed, never both or neither, and every name is open or closed."""
    crew(base, base / "l", "owner", "legal")
    for directory in _deaths(base, root, "periods"):
        assert _rows(directory)[0] == 10
        _ended(directory, "periods")
        assert _rows(directory)[0] == 10
        assert people(directory, "account:u3") == ["young"]
        with Reader.open(directory) as reader:
            numbers = [reader.subject(f"s{n}")[1] for n in range(8)]
            assert reader.identities.closed(numbers) == {*numbers}


def test_death_while_rows_become_compact(base: Path, root: Path):
    """What retention deletes is in its rows or in its compact form, exactly once."""
    for directory in _deaths(base, root, "compact"):
        whole, folded = _rows(directory)
        assert whole + folded == 10
        _ended(directory, "compact")
        assert _rows(directory) == (1, 9)
        assert len(list(directory.glob("compact/*"))) == 1


def test_death_while_rows_get_other_numbers(base: Path, root: Path):
    """Blanking, renumbering and merging leave each row there once; the name goes from what no hold needs."""
    with Reader.open(base / "l") as reader:
        said = {"basis": "b", "by": "d", "until": micros(dying.LATE + DAY), "now": dying.LATE}
        holds.place(reader, reader.subject("s3"), **said)
        erasure.forget(reader, actor="account:u1", why="w", by="d", now=dying.LATE)
    for directory in _deaths(base, root, "expire"):
        assert _rows(directory)[0] == 10
        _ended(directory, "expire")
        assert _rows(directory)[0] == 10
        assert people(directory, "account:u1") == ["s3"]
        with Reader.open(directory) as reader:
            assert [row.subject for row in reader.rows() if row.actor.fingerprint] == ["s3"]


def test_death_while_a_copy_is_made_and_restored(base: Path, root: Path):
    """A copy that was not finished is not restored; a restored ledger is whole or not there; both can be repeated."""
    keys = read_key_file(base / "l.key")
    for directory in _deaths(base, root, "back_up"):
        copy, fresh = directory.with_name("copy"), directory.with_name("fresh")
        (directory.with_name("fresh.key")).write_bytes((base / "l.key").read_bytes())
        directory.with_name("fresh.key").chmod(0o600)
        assert _rows(directory)[0] == 10
        if not fresh.exists():
            try:
                backup.restore(copy, fresh, keys, newer=None, by="d", now=dying.LATE)
            except LedgerError:
                copy = directory.with_name("again")
                with Reader.open(directory) as reader:
                    backup.make(reader, copy, keep_days=3, by="d", now=dying.LATE)
                backup.restore(copy, fresh, keys, newer=None, by="d", now=dying.LATE)
        Ledger.open(fresh, clock=lambda: dying.LATE).close()
        assert _rows(fresh)[0] == 10


def test_death_while_files_are_published(base: Path, root: Path):
    """What was copied elsewhere when the process died is made whole by the next copy, and nothing half stays."""
    Ledger.open(base / "l", clock=lambda: dying.LATE).close()
    for directory in _deaths(base, root, "publishing", 2):
        dying.TASKS["publishing"](directory)
        there = directory.with_name("elsewhere")
        for folder in ("sealed", "by_subject"):
            own = {one.name: one.read_bytes() for one in (directory / folder).iterdir()}
            assert {one.name: one.read_bytes() for one in (there / folder).iterdir()} == own
