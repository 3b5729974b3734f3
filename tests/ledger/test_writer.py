from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.making import DAY, NOON, disclosed, disclosures, people, who, write

from himaya.core.actor import Actor
from himaya.core.errors import LedgerError
from himaya.ledger import Ledger, own, pending
from himaya.ledger.reader import Reader
from himaya.ledger.schema import bounded, join_fields, micros, split_fields


def _rows(directory: Path) -> list:
    with Reader.open(directory) as reader:
        return list(reader.rows())


def _expected(item) -> list[tuple]:
    """Return what the rows of a value must say."""
    kind = "lookup_hit" if item.kind == "lookup" else item.kind
    rows = [
        (
            kind,
            bounded(person.subject, 256),
            tuple(split_fields(join_fields(person.fields))),
            person.certainty.value,
            1,
        )
        for person in item.shown
    ]
    rows += [("lookup_miss", "", (), "", 0)] if item.miss else []
    rows += [("unattributed", "", (), "", item.unattributed)] if item.unattributed > 0 else []
    actor = item.actor
    name = "" if actor.name == "address:" else bounded(actor.name, 256)
    whole = (micros(item.at), bounded(item.surface), name, bounded(actor.account, 256))
    more = (actor.address, bounded(actor.session, 256), item.access, item.scope, item.decision)
    return [(*whole, *more, *row) for row in rows]


def _told(row) -> tuple:
    actor = row.actor
    whole = (micros(row.at), row.surface, row.name, actor.account, actor.address, actor.session)
    more = (row.access, row.scope, row.decision)
    return (*whole, *more, row.kind, row.subject, row.fields, row.certainty, row.count)


@settings(max_examples=25)
@given(
    items=st.lists(disclosures, max_size=12),
    flushes=st.sets(st.integers(0, 11)),
    sealed=st.booleans(),
)
def test_rows_written_are_rows_read(tmp_path_factory, items, flushes, sealed):
    """Whatever is disclosed, in whatever batches, exactly its rows are read, sealed or not."""
    directory = tmp_path_factory.mktemp("ledger") / "l"
    ledger = Ledger.open(directory)
    for number, item in enumerate(items):
        ledger.append(item)
        if number in flushes:
            ledger.flush()
    ledger.flush()
    if sealed:
        ledger.seal(NOON, everything=True)
    try:
        assert sorted(map(_told, _rows(directory))) == sorted(
            row for item in items for row in _expected(item)
        )
    finally:
        ledger.close()


def test_readers_see_flushed_rows_at_once(tmp_path: Path):
    """A reader sees a row as soon as it is flushed, while the writer goes on."""
    ledger = write(tmp_path / "l", disclosed(NOON, "u1", "p1"), close=False)
    assert people(tmp_path / "l", "account:u1") == ["p1"]
    ledger.append(disclosed(NOON, "u1", "p2"))
    assert people(tmp_path / "l", "account:u1") == ["p1"]
    ledger.flush()
    assert people(tmp_path / "l", "account:u1") == ["p1", "p2"]
    ledger.close()
    assert people(tmp_path / "l", "account:u1") == ["p1", "p2"]


def test_one_gate_writes(tmp_path: Path):
    """A second gate is refused with the number of the process that is the first; others write beside it."""
    ledger = Ledger.open(tmp_path / "l", gate=True)
    with pytest.raises(LedgerError, match=f"process {os.getpid()} writes this ledger as the gate"):
        Ledger.open(tmp_path / "l", gate=True)
    Ledger.open(tmp_path / "l").close()
    ledger.close()
    Ledger.open(tmp_path / "l", gate=True).close()


def test_a_clean_stop_leaves_no_gap(tmp_path: Path):
    """Closing and opening again is no unobserved period."""
    write(tmp_path / "l", disclosed(NOON, "u1", "p1"))
    write(tmp_path / "l", disclosed(NOON, "u1", "p2"))
    assert who(tmp_path / "l", "account:u1").unobserved == []


def test_the_last_clean_stop_is_known(tmp_path: Path):
    """A new writer knows when the one before it closed, so that a gate can name the time it was down."""
    first = Ledger.open(tmp_path / "l", clock=lambda: NOON)
    assert first.closed_at is None
    first.close()
    second = Ledger.open(tmp_path / "l", clock=lambda: NOON + 60)
    assert second.closed_at == NOON
    _crash(second)
    third = Ledger.open(tmp_path / "l", clock=lambda: NOON + 90)
    assert third.closed_at is None
    third.close()


def _crash(ledger: Ledger) -> None:
    """Leave a ledger as a killed process does."""
    os.close(ledger.slot.handle)
    ledger.identities.close()
    ledger._own.drop()


def test_an_unclean_stop_is_an_unobserved_period(tmp_path: Path):
    """After a crash the time from the last flush until the next opening is unobserved."""
    ledger = Ledger.open(tmp_path / "l", clock=lambda: NOON + 10)
    ledger.append(disclosed(NOON, "u1", "p1"))
    ledger.flush()
    ledger.append(disclosed(NOON + 11, "u1", "p2"))
    _crash(ledger)
    Ledger.open(tmp_path / "l", clock=lambda: NOON + 60).close()
    answer = who(tmp_path / "l", "account:u1")
    assert answer.people == 1
    (gap,) = answer.unobserved
    assert (gap.start, gap.end) == ("2025-06-15T12:00:09.900000Z", "2025-06-15T12:01:00Z")
    assert "without closing" in gap.why


def test_a_torn_end_is_cut_and_recorded(tmp_path: Path):
    """Opening after a crash keeps all whole batches, cuts the torn end and records the restart."""
    directory = tmp_path / "l"
    ledger = write(directory, disclosed(NOON, "u1", "p1"), close=False)
    _crash(ledger)
    (segment,) = directory.glob("live/*.arrow")
    with segment.open("ab") as end:
        end.write(b"\xff\xff\xff\xff\x10\x01\x00\x00torn")
    ledger = write(directory, disclosed(NOON, "u1", "p2"))
    assert people(directory, "account:u1") == ["p1", "p2"]
    with Reader.open(directory) as reader:
        opened = [entry for entry in reader.log() if entry["kind"] == "opened"][-1]
        assert (opened["clean"], opened["cut"]) == (False, 12)
        assert reader.verify() == []


def test_gaps_are_rows(tmp_path: Path):
    """A noted gap is in every answer it touches, with its reason and place, and in no other."""
    ledger = Ledger.open(tmp_path / "l")
    ledger.note_gap(NOON, NOON + 5, "feed stopped", surface="search", door="proxy")
    ledger.close()
    with Reader.open(tmp_path / "l") as reader:
        (gap,) = reader.unobserved()
        assert gap.why == "feed stopped (surface search, door proxy)"
        assert reader.unobserved(micros(NOON + 4), micros(NOON + 9)) == [gap]
        assert reader.unobserved(micros(NOON + 5), micros(NOON + 9)) == []
        assert reader.unobserved(0, micros(NOON)) == []


def test_finished_days_are_sealed(tmp_path: Path):
    """Sealing waits for the end of the day, then makes one sorted file for each day."""
    directory = tmp_path / "l"
    items = [disclosed(NOON + n * 60, f"u{n % 3}", f"p{n}") for n in range(30)]
    ledger = write(directory, *items, close=False)
    ledger.seal(NOON + 3600)
    assert list(directory.glob("sealed/*")) == []
    ledger.seal(NOON + DAY)
    assert len(list(directory.glob("sealed/2025-06-15-*.parquet"))) == 1
    assert list(directory.glob("live/*.arrow")) == []
    ledger.close()
    assert people(directory, "account:u0") == sorted(f"p{n}" for n in range(0, 30, 3))


def test_a_large_segment_is_sealed_before_its_day_ends(tmp_path: Path, monkeypatch):
    """Segments are bounded: past their size they are sealed the same day."""
    monkeypatch.setattr(own, "SEGMENT_ROWS", 20)
    directory = tmp_path / "l"
    ledger = write(directory, *[disclosed(NOON, "u1", f"p{n}") for n in range(25)], close=False)
    ledger.seal(NOON)
    assert len(list(directory.glob("sealed/*.parquet"))) == 1
    assert who(directory, "account:u1").people == 25
    ledger.close()


def test_small_files_of_a_day_are_merged(tmp_path: Path):
    """Many restarts in one day end as one file of that day, with the same rows."""
    directory = tmp_path / "l"
    for number in range(9):
        write(directory, disclosed(NOON, "u1", f"p{number}"), clock=lambda: NOON)
    assert len(list(directory.glob("sealed/*"))) == 9
    write(directory, disclosed(NOON + DAY, "u1", "p9"), clock=lambda: NOON + DAY)
    assert len(list(directory.glob("sealed/*"))) == 2
    assert people(directory, "account:u1") == sorted(f"p{n}" for n in range(10))
    with Reader.open(directory) as reader:
        assert reader.verify() == []


def test_old_logs_do_not_make_a_file_a_second(tmp_path: Path):
    """Rows of long finished days are gathered for a while before they are sealed."""
    directory = tmp_path / "l"
    ledger = Ledger.open(directory)
    for second in range(5):
        ledger.append(disclosed(NOON - 99 * DAY, "u1", f"p{second}"))
        ledger.flush()
        ledger.seal(NOON + second)
    assert len(list(directory.glob("sealed/*"))) == 1
    ledger.close()


def test_appending_goes_on_while_another_thread_writes(tmp_path: Path):
    """Threads append while one flushes and seals; every row is there once."""
    ledger = Ledger.open(tmp_path / "l")
    done = threading.Event()

    def write_on() -> None:
        while not done.is_set():
            ledger.flush()
            ledger.seal(NOON + DAY, everything=True)

    def append(name: str) -> None:
        for number in range(300):
            ledger.append(disclosed(NOON, "u1", f"{name}{number}"))

    writing = threading.Thread(target=write_on)
    writing.start()
    threads = [threading.Thread(target=append, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    writing.join()
    ledger.close()
    answer = who(tmp_path / "l", "account:u1")
    assert (answer.people, {one.times for one in answer.subjects}) == (900, {1})


_FULL = """
import resource, signal, sys
from pathlib import Path
from himaya.core.errors import LedgerError
from himaya.ledger import Ledger
from tests.ledger.making import NOON, disclosed
ledger = Ledger.open(Path(sys.argv[1]))
ledger.append(disclosed(NOON, "u1", "p0")); ledger.flush()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
size = next(Path(sys.argv[1]).glob("live/*.arrow")).stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 500, resource.RLIM_INFINITY))
ledger.append(disclosed(NOON, "u1", "p0", "p0"))
try:
    ledger.flush()
except LedgerError as problem:
    print(problem)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
ledger.append(disclosed(NOON, "u1", "p0"))
ledger.close()
"""


def test_a_full_disk_is_said_and_survived(tmp_path: Path, root: Path):
    """When the disk is full the error says so, no row is torn, and the rows are written later."""
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path / "l")],
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
    )
    assert "cannot write: File too large" in done.stdout
    assert [one.times for one in who(tmp_path / "l", "account:u1").subjects] == [4]
    with Reader.open(tmp_path / "l") as reader:
        assert reader.verify() == []


def test_what_cannot_be_kept_becomes_an_unobserved_period():
    """Past the bound of rows that wait for a disk, the oldest become a period that is named."""
    waiting = pending.Pending(10)
    items = [disclosed(NOON + n, "u1", "p") for n in range(25)]
    assert waiting.give_back(items, []) == 10
    kept, gaps = waiting.take()
    assert [item.at for item in kept] == [NOON + n for n in range(15, 25)]
    assert [(gap.start, gap.end) for gap in gaps] == [(NOON, NOON + 14)]


def test_an_unwritable_place_is_said(tmp_path: Path):
    """A ledger that cannot be made is an error that names the path and the reason."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(LedgerError, match="cannot make the ledger: Not a directory"):
        Ledger.open(tmp_path / "file/l")
    with pytest.raises(LedgerError, match="no ledger here"):
        Ledger.open(tmp_path / "l", create=False)


def test_a_directory_of_other_files_is_left_alone(tmp_path: Path):
    """A directory that holds other files is not made a ledger."""
    (tmp_path / "l").mkdir()
    (tmp_path / "l/thesis.tex").write_text("x")
    with pytest.raises(LedgerError, match="holds other files"):
        Ledger.open(tmp_path / "l")


def test_the_key_is_not_kept_in_the_ledger(tmp_path: Path):
    """A key file inside the ledger is refused."""
    with pytest.raises(LedgerError, match="inside the ledger"):
        Ledger.open(tmp_path / "l", key_file=tmp_path / "l/key")


def test_a_lost_or_wrong_key_is_said(tmp_path: Path):
    """A ledger whose key is lost, or another's, is not opened, and nothing is written."""
    write(tmp_path / "l", disclosed(NOON, "u1", "p1"))
    write(tmp_path / "other", disclosed(NOON, "u1", "p1"))
    with pytest.raises(LedgerError, match="not the key of this ledger"):
        Ledger.open(tmp_path / "l", key_file=tmp_path / "other.key")
    (tmp_path / "l.key").unlink()
    with pytest.raises(LedgerError, match="key file is missing"):
        Ledger.open(tmp_path / "l")
    with pytest.raises(LedgerError, match="key file is missing"):
        Reader.open(tmp_path / "l")


def test_nothing_in_the_ledger_names_anybody(tmp_path: Path):
    """No file of the ledger holds an identity in the clear, sealed or live."""
    actor = Actor("203.0.113.77", "anna.account", "sess-secret", "key-secret")
    names = (
        b"anna.account",
        b"sess-secret",
        b"key-secret",
        b"203.0.113.77",
        b"203.0.113.0",
        b"ben.b",
    )
    ledger = write(tmp_path / "l", disclosed(NOON, "", "ben.b", actor=actor), close=False)
    live = b"".join(p.read_bytes() for p in (tmp_path / "l").rglob("*") if p.is_file())
    ledger.close()
    sealed = b"".join(p.read_bytes() for p in (tmp_path / "l").rglob("*") if p.is_file())
    assert not [name for name in names if name in live or name in sealed]


def test_configurations_are_kept(tmp_path: Path):
    """Every activated configuration is in the chain with hash and time; its text once, sealed."""
    ledger = Ledger.open(tmp_path / "l")
    for number, text in enumerate(["mode = 'shadow'", "mode = 'enforce'", "mode = 'shadow'"]):
        ledger.config_version(f"hash{number}", text, NOON + number)
    ledger.close()
    with Reader.open(tmp_path / "l") as reader:
        found = [entry for entry in reader.log() if entry["kind"] == "config"]
    assert [entry["policy"] for entry in found] == ["hash0", "hash1", "hash2"]
    assert [entry.get("text", "") for entry in found] == ["mode = 'shadow'", "mode = 'enforce'", ""]
    assert found[2]["digest"] == found[0]["digest"]
    assert b"enforce" not in (tmp_path / "l/chain.jsonl").read_bytes()
