"""The version of the format: older ledgers are brought forward, newer ones left alone."""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.ledger.crew import crew
from tests.ledger.making import DAY, NOON, disclosed, people, write

from himaya import cli
from himaya.core.errors import LedgerError
from himaya.ledger import Ledger, backup, erasure, lock, migration, retention
from himaya.ledger.entries import Classes
from himaya.ledger.files import FORMAT
from himaya.ledger.keys import read_key_file
from himaya.ledger.operators.periods import seal_periods
from himaya.ledger.publish import publish
from himaya.ledger.reader import Reader
from himaya.ledger.storage import Storage

OLD = [f"old{n}" for n in range(8)]


@pytest.fixture(name="old")
def _old(tmp_path: Path) -> Path:
    """A ledger of format 1, left by a writer that was killed at 12:03."""
    with tarfile.open(Path(__file__).parent / "data/format_1.tar.xz") as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path / "ledger"


def _log(directory: Path) -> list[dict]:
    with Reader.open(directory) as reader:
        return list(reader.log())


def test_an_older_ledger_is_brought_forward(old: Path, caplog: pytest.LogCaptureFixture):
    """Opening keeps every row, records the killed writer's gap and the change of the format, and says so."""
    write(old, disclosed(NOON + 400, "u1", "new"), clock=lambda: NOON + 300, gate=True)
    assert people(old, "account:u1") == ["new", *OLD]
    with Reader.open(old) as reader:
        (gap,) = reader.unobserved()
        assert reader.verify() == []
        assert reader.status(NOON)["format"] == FORMAT
        assert [(one.workers, one.people) for one in reader.state().lapses] == [(2, 3)]
    # Until the last row of the torn segment, at most, all is known to be whole.
    assert (gap.start, gap.end) == ("2025-06-15T12:02:06.900000Z", "2025-06-15T12:05:00Z")
    kinds = [one["kind"] for one in _log(old)]
    assert kinds[kinds.index("format") :] == ["format", "opened", "sealed", "closed"]
    changed = _log(old)[kinds.index("format")]
    assert (changed["version"], changed["before"]) == (FORMAT, 1)
    assert "the format was 1 and is 3 now" in caplog.text


def test_an_older_ledger_has_a_whole_life(old: Path):
    """Rows of an earlier release are copied, published, erased, compacted, sealed and verified as new ones are."""
    late, place = NOON + 40 * DAY, old.parent
    with Reader.open(old) as reader:  # before it is brought forward
        backup.make(reader, place / "b1", keep_days=9, by="d", now=NOON)
    write(old, disclosed(NOON + 400, "u9", "old1"), clock=lambda: late)
    with Reader.open(old) as reader:
        publish(reader.layout, reader.chain, Storage(str(place / "elsewhere")))
        assert reader.exposed_by(["account:u1"]).people == 8
        assert len(reader.seen_by(["old1"]).actors) == 2
        erasure.forget(reader, subject="old0", why="w", by="d", now=late)
    _copy_of(place / "b1", place / "r1", old)
    assert people(place / "r1", "account:u1") == OLD
    Ledger.open(place / "r1", clock=lambda: late).close()
    with Reader.open(place / "r1") as reader:
        assert reader.unobserved()[0].start == "2025-06-15T12:02:06.900000Z"
    assert people(old, "account:u1") == OLD[1:]
    for name, then in (("compact", "compact"), ("periods", "delete")):
        shutil.copytree(old, place / name)
        shutil.copy2(place / "ledger.key", place / f"{name}.key")
        (place / f"of {name}").mkdir()
        crew(place / f"of {name}", place / name, "owner", "legal")
        with Ledger.open(place / name, clock=lambda: late) as ledger:
            days = 365 if name == "periods" else 31
            ledger.set_retention(days, "delete", late)
            if name == "periods":
                assert seal_periods(ledger, late, 30).rows == 9
            classes = Classes(at="", ordinary=then)
            assert retention.execute(ledger, late, days, classes=classes).rows in {0, 9}
        with Reader.open(place / name) as reader:
            assert reader.verify() == []
            assert people(place / name, "account:u1") == []
            assert sum(one.rows for one in reader.state().compact.values()) in {0, 9}
            backup.make(reader, place / f"copy of {name}", keep_days=9, by="d", now=late)
        _copy_of(place / f"copy of {name}", place / f"restored {name}", old)


def _copy_of(copy: Path, to: Path, ledger: Path) -> None:
    """Restore a copy beside its key."""
    shutil.copy2(ledger.with_name("ledger.key"), to.with_name(f"{to.name}.key"))
    keys = read_key_file(ledger.with_name("ledger.key"))
    backup.restore(copy, to, keys, newer=None, by="d", now=NOON)


def test_an_older_ledger_is_read_as_it_is(old: Path):
    """Questions need no writer: a ledger of format 1 answers them, and stays as it is."""
    assert people(old, "account:u1") == OLD
    assert not (old / "format").exists()


def test_an_older_map_is_not_erased_from(old: Path):
    """Forgetting somebody in an older ledger is refused before anything is recorded, with what brings it forward."""
    before = _log(old)
    with Reader.open(old) as reader, pytest.raises(LedgerError, match="himaya ledger seal"):
        erasure.forget(reader, subject="old1", why="t", by="d", now=NOON)
    assert _log(old) == before
    Ledger.open(old).close()
    with Reader.open(old) as reader:
        assert erasure.forget(reader, subject="old1", why="t", by="d", now=NOON).erased == 1
        assert reader.verify() == []


def test_a_copy_of_an_older_ledger_comes_back(old: Path, tmp_path: Path):
    """A copy of an older ledger is restored, and whoever was erased since, after the change, is erased again."""
    (old / "live/00000002.arrow").unlink()  # its end is torn, and a copy of that is not whole
    with Reader.open(old) as reader:
        backup.make(reader, tmp_path / "copy", keep_days=30, by="d", now=NOON)
    Ledger.open(old).close()
    with Reader.open(old) as reader:
        assert erasure.forget(reader, subject="old1", why="t", by="d", now=NOON).erased == 1
    keys, said = read_key_file(tmp_path / "ledger.key"), {"by": "d", "now": NOON}
    done = backup.restore(tmp_path / "copy", tmp_path / "back", keys, newer=old, **said)
    assert done.erased == 1
    Ledger.open(tmp_path / "back", key_file=tmp_path / "ledger.key").close()
    with Reader.open(tmp_path / "back", tmp_path / "ledger.key") as reader:
        assert reader.verify() == []
        assert not reader.subject("old1")[1]
        assert reader.subject("old2")[1]


def test_nothing_of_an_older_map_stays(old: Path):
    """After the change no row of the older map is in a file of the ledger, and every name is still found."""
    with sqlite3.connect(old / "identities.sqlite") as db:
        rows = db.execute("SELECT lookup, sealed FROM identity").fetchall()
    db.close()
    Ledger.open(old).close()
    stored = b"".join(path.read_bytes() for path in old.glob("identities.*"))
    assert rows
    assert not any(part in stored for row in rows for part in row)
    assert people(old, "account:u1") == OLD


#: Forks a process for n = 1, 2, ... that opens a ledger and dies at its n-th call that changes a file.
_DIES = """
import os, shutil, sys
from pathlib import Path
from himaya.ledger import Ledger
from tests.ledger.making import NOON
base = Path(sys.argv[1])

def run(directory, left):
    calls = [0]
    def dying(name):
        real = getattr(os, name)
        def call(*args, **more):
            calls[0] += 1
            if calls[0] == left:
                os._exit(77)
            return real(*args, **more)
        setattr(os, name, call)
    for name in ("write", "pwrite", "fsync", "fdatasync", "unlink", "replace", "rename", "ftruncate", "utime"):
        dying(name)
    Ledger.open(directory, clock=lambda: NOON + 300, gate=True)
    os._exit(0)

for left in range(1, 200):
    directory = base / f"l{left}"
    shutil.copytree(base / "ledger", directory)
    shutil.copy(base / "ledger.key", base / f"l{left}.key")
    child = os.fork()
    if child == 0:
        run(directory, left)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(code)
    if code != 77:
        break
"""


@pytest.mark.timeout(900)  # some thirty processes, one after another
@pytest.mark.slow
def test_death_at_any_step_of_the_change_is_mended(old: Path, root: Path):
    """Wherever the change of the format breaks off, the next opening ends it, and no row is lost or doubled."""
    done = subprocess.run(
        [sys.executable, "-c", _DIES, str(old.parent)],
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
    )
    *deaths, last = done.stdout.split()
    assert (set(deaths), last) == ({"77"}, "0"), done.stderr
    assert len(deaths) > 10
    for left in range(1, len(deaths) + 1):
        directory = old.parent / f"l{left}"
        Ledger.open(directory, clock=lambda: NOON + 310, gate=True).close()
        with Reader.open(directory) as reader:
            assert sorted(row.subject for row in reader.rows() if row.subject) == OLD
            assert reader.verify() == []
            assert reader.unobserved()[0].start == "2025-06-15T12:02:06.900000Z"
        assert [one["kind"] for one in _log(directory)].count("format") == 1


def test_a_newer_ledger_is_left_alone(tmp_path: Path):
    """A ledger of a newer format is refused with both versions, for writing and for questions; nothing is written."""
    directory = tmp_path / "l"
    write(directory, disclosed(NOON, "u1", "p1"))
    (directory / "format").write_text("9\n")
    before = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    said = f"the ledger has format 9, and this release of himaya knows format {FORMAT} and older"
    for opening in (Ledger.open, Reader.open):
        with pytest.raises(LedgerError, match=said):
            opening(directory)
    for words in (
        ["who", "--subject", "p1", "--why", "t"],
        ["ledger", "seal"],
        ["ledger", "verify"],
    ):
        done = CliRunner().invoke(cli.group, [*words, "--ledger", str(directory)])
        assert said in str(done.exception)
    assert before == {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_a_newer_chain_counts_without_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Without the file `format` the chain says the version: a newer one is refused all the same."""
    with monkeypatch.context() as newer:
        newer.setattr(migration, "FORMAT", 4)
        write(tmp_path / "l", disclosed(NOON, "u1", "p1"))
    (tmp_path / "l/format").unlink()
    with pytest.raises(LedgerError, match="has format 4"):
        Ledger.open(tmp_path / "l")


def test_a_writer_of_an_earlier_release_is_waited_for_and_named(
    old: Path, monkeypatch: pytest.MonkeyPatch
):
    """While a process of an earlier release writes, the ledger is not changed, and the process is named."""
    monkeypatch.setattr(migration, "_WAIT_S", 0.1)
    with (old / "lock").open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert lock.is_being_written(Reader.open(old).layout)
        with pytest.raises(LedgerError, match="did not end within"):
            Ledger.open(old)
    assert people(old, "account:u1") == OLD


def test_a_lost_key_changes_nothing(old: Path):
    """Without its key, or with another's, an older ledger is not brought forward."""
    (old.parent / "ledger.key").rename(old.parent / "safe.key")
    with pytest.raises(LedgerError, match="key file is missing"):
        Ledger.open(old)
    write(old.parent / "other")
    with pytest.raises(LedgerError, match="not the key of this ledger"):
        Ledger.open(old, key_file=old.parent / "other.key")
    assert not (old / "format").exists()
    assert people_with(old, old.parent / "safe.key") == OLD


def people_with(directory: Path, key_file: Path) -> list[str]:
    with Reader.open(directory, key_file) as reader:
        return sorted(one.subject for one in reader.who_actor("account:u1").subjects)
