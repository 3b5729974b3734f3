"""Several processes write one ledger: each its own segments, one identity one number, whoever seals takes all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ledger.making import DAY, NOON, disclosed, people, who

from himaya.core.errors import LedgerError
from himaya.ledger import Ledger, lock, own, retention, writer
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, day_of, micros

_DAY = day_of(micros(NOON))


def _crash(ledger: Ledger) -> None:
    """Leave a ledger as a killed process does."""
    os.close(ledger.slot.handle)
    ledger.identities.close()
    ledger._own.drop()


def _put(ledger: Ledger, *names: str, at: float = NOON) -> None:
    for name in names:
        ledger.append(disclosed(at, "u1", name))
    ledger.flush()


def _files(directory: Path) -> int:
    return len(list(directory.glob("sealed/*.parquet")))


def test_writers_write_side_by_side(tmp_path: Path):
    """What two writers write is read at once, and one identity has one number, whoever met it first."""
    directory = tmp_path / "l"
    with Ledger.open(directory, gate=True) as first, Ledger.open(directory) as second:
        _put(first, "a", "both")
        _put(second, "b", "both")
        answer = who(directory, "account:u1")
        assert [(one.subject, one.times) for one in answer.subjects] == [
            ("a", 1),
            ("b", 1),
            ("both", 2),
        ]
        with Reader.open(directory) as reader:
            assert reader.status(NOON)["writers"] == f"{os.getpid()} (gate), {os.getpid()}"
            assert reader.verify() == []
    assert who(directory, "account:u1").unobserved == []


def test_writers_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Past the bound a writer is refused with the number; a gate still finds its place."""
    monkeypatch.setattr(lock, "MOST_WRITERS", 3)
    ledgers = [Ledger.open(tmp_path / "l") for _ in range(2)]
    with pytest.raises(LedgerError, match="2 processes write this ledger beside a gate"):
        Ledger.open(tmp_path / "l")
    ledgers.append(Ledger.open(tmp_path / "l", gate=True))
    for ledger in ledgers:
        ledger.close()
    Ledger.open(tmp_path / "l").close()


def test_who_seals_takes_what_others_have_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Segments that another writer ended are sealed; the one it writes is not, until it was asked and flushes."""
    monkeypatch.setattr(writer, "_ASK_WAIT_S", 0.1)
    directory = tmp_path / "l"
    with Ledger.open(directory) as first, Ledger.open(directory) as second:
        _put(first, "a")
        _put(second, "b")
        second.seal(NOON, everything=True)
        assert (_files(directory), len(first.layout.segments())) == (1, 1)
        (late,) = second.seal_all(NOON)
        assert (late.pid, late.number) == (os.getpid(), 1)
        first.flush()
        second.seal(NOON)
        assert (_files(directory), first.layout.segments()) == (2, [])
        _put(first, "c")
        assert people(directory, "account:u1") == ["a", "b", "c"]
    with Reader.open(directory) as reader:
        assert reader.verify() == []


def test_one_seals_and_others_go_on(tmp_path: Path):
    """While somebody seals, others append, leave it to that one, and can leave; a command says whom it waits for."""
    directory = tmp_path / "l"
    with Ledger.open(directory) as first:
        second = Ledger.open(directory)
        with first.sealing_lock:
            second.sealing_lock = lock.SealerLock(second.layout, 0.1)
            _put(second, "a")
            second.seal(NOON + 5 * DAY)
            assert _files(directory) == 0
            with pytest.raises(LedgerError, match=f"process {os.getpid()} seals or expires"):
                second.seal(NOON, everything=True)
            second.flush()
        second.close()
        assert people(directory, "account:u1") == ["a"]


def test_a_stop_of_one_writer_is_noticed_by_another(tmp_path: Path):
    """Whoever seals or opens next records the gap of a writer that was killed, once, beside those that go on."""
    directory, now = tmp_path / "l", [NOON]
    gate = Ledger.open(directory, gate=True, clock=lambda: now[0])
    other = Ledger.open(directory, clock=lambda: now[0])
    gate.note_leases(2, 3)
    _put(gate, "a")
    _crash(gate)
    now[0] = NOON + 60
    other.seal(NOON + 60, everything=True)
    other.seal(NOON + 61, everything=True)
    (gap,) = who(directory, "account:u1").unobserved
    assert (gap.start, gap.end) == ("2025-06-15T11:59:59.900000Z", "2025-06-15T12:01:00Z")
    now[0] = NOON + 90
    with Ledger.open(directory, gate=True, clock=lambda: now[0]) as gate:
        assert (gate.closed_at, gate.lost_at) == (NOON + 60, None)
    other.close()
    with Reader.open(directory) as reader:
        assert [one["kind"] for one in reader.log()].count("abandoned") == 1
        assert [(one.at, one.people) for one in reader.state().lapses] == [
            ("2025-06-15T12:01:30Z", 3)
        ]
        assert reader.verify() == []


def test_other_writers_add_no_lapse_of_leases(tmp_path: Path):
    """A scan beside a gate is no restart of it: what the gate lent is as before."""
    directory = tmp_path / "l"
    with Ledger.open(directory, gate=True) as gate:
        gate.note_leases(2, 3)
        Ledger.open(directory).close()
        with Reader.open(directory) as reader:
            assert reader.state().lapses == []


def test_a_deletion_reaches_other_writers_before_their_next_row(tmp_path: Path):
    """Who is forgotten gets a new number in every writer; what else a writer remembers it remembers on."""
    directory = tmp_path / "l"
    with Ledger.open(directory) as first, Ledger.open(directory) as second:
        _put(first, "anna", "ben")
        _put(second, "anna", "ben")
        before = second.identities.find(Kind.SUBJECT, "anna")
        first.identities.forget([before])
        _put(second, "anna", "ben")
        after = second.identities.find(Kind.SUBJECT, "anna")
        assert after not in {0, before}
        remembered = second.identities.cache(Kind.SUBJECT)
        _put(first, "carl")
        second.identities.refresh()
        assert set(remembered) == {"anna", "ben"}


def test_an_identity_that_ends_while_it_comes_back_is_kept(tmp_path: Path):
    """Retention that removes an identity between a writer's look and its row leaves no row without a name."""
    directory = tmp_path / "l"
    with Ledger.open(directory) as first, Ledger.open(directory) as second:
        _put(second, "anna", at=NOON - 40 * DAY)
        refresh, done = second.identities.refresh, []

        def late() -> bool:
            stands = refresh()
            if not done:
                done.append(first.identities.remove_before(_DAY - 31, set()))
            return stands

        second.identities.refresh = late
        _put(second, "anna")
        assert done[0] > 0
        assert people(directory, "account:u1") == ["anna"]


def test_a_day_never_goes_back(tmp_path: Path):
    """Two writers, one with an older log: the last day of an identity is the later one, in any order."""
    directory = tmp_path / "l"
    with Ledger.open(directory) as first, Ledger.open(directory) as second:
        _put(first, "anna", at=NOON - 5 * DAY)
        _put(second, "anna", at=NOON)
        _put(first, "anna", at=NOON - 2 * DAY)
        assert first.identities.remove_before(_DAY, set()) == 0


def test_retention_waits_for_rows_of_other_writers(tmp_path: Path, monkeypatch):
    """While an old row is in a segment that another writes, its identity stays; later both go."""
    monkeypatch.setattr(writer, "_ASK_WAIT_S", 0.1)
    directory, now = tmp_path / "l", NOON + 40 * DAY
    with Ledger.open(directory) as first, Ledger.open(directory) as second:
        _put(first, "old", at=NOON)
        done = retention.execute(second, now, 31)
        assert (done.rows, done.identities) == (0, 0)
        assert people(directory, "account:u1") == ["old"]
        first.flush()
        done = retention.execute(second, now, 31)
        assert (done.rows, done.identities > 0) == (1, True)


def test_a_clock_that_goes_back_makes_no_wrong_gap(tmp_path: Path):
    """After a crash and a clock that went back an hour, the period is named that either clock may mean, start first."""
    directory = tmp_path / "l"
    ledger = Ledger.open(directory, clock=lambda: NOON)
    _put(ledger, "a")
    _crash(ledger)
    Ledger.open(directory, clock=lambda: NOON - 3600).close()
    (gap,) = who(directory, "account:u1").unobserved
    assert (gap.start, gap.end) == ("2025-06-15T11:00:00Z", "2025-06-15T12:00:00Z")
    with Reader.open(directory) as reader:
        assert reader.verify() == []


def test_a_clock_that_goes_back_a_day_leaves_finished_days_alone(tmp_path: Path):
    """Rows and flushes of an earlier day go into a file of their own; files of later days stay as they are."""
    directory, now = tmp_path / "l", [NOON]
    with Ledger.open(directory, clock=lambda: now[0]) as ledger:
        for number in range(9):
            _put(ledger, f"a{number}", at=NOON)
            ledger.seal(NOON, everything=True)
        before = {path: path.read_bytes() for path in directory.glob("sealed/2025-06-15-*")}
        now[0] = NOON - DAY
        _put(ledger, "b", at=now[0])
        ledger.seal(now[0])
        ledger.seal(now[0], everything=True)
        assert {path: path.read_bytes() for path in before} == before
        assert len(list(directory.glob("sealed/2025-06-14-*"))) == 1
        now[0] = NOON + DAY
        ledger.seal(now[0], everything=True)
    assert len(people(directory, "account:u1")) == 10
    with Reader.open(directory) as reader:
        assert reader.unobserved() == []
        assert reader.verify() == []


#: Writes a row for each line it is told, and says so when it is durable.
_TOLD = """
import sys
from pathlib import Path
from himaya.ledger import Ledger
from tests.ledger.making import NOON, disclosed
with Ledger.open(Path(sys.argv[1])) as ledger:
    print("open", flush=True)
    for line in sys.stdin:
        ledger.append(disclosed(NOON, "u1", line.strip()))
        ledger.flush()
        print("done", flush=True)
"""


@pytest.fixture(name="paused")
def _paused(tmp_path: Path, root: Path) -> Iterator[subprocess.Popen]:
    """A process that wrote one row, and was stopped with SIGSTOP."""
    command = [sys.executable, "-c", _TOLD, str(tmp_path / "l")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    ) as process:
        assert process.stdout.readline() == "open\n"
        _tell(process, "before")
        process.send_signal(signal.SIGSTOP)
        yield process
        process.kill()


def _tell(process: subprocess.Popen, name: str) -> None:
    process.stdin.write(f"{name}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "done\n"


def test_a_paused_writer_loses_nothing(tmp_path: Path, paused: subprocess.Popen, monkeypatch):
    """While a writer is stopped for long, others write, seal and leave; its rows stay, and it goes on where it was."""
    monkeypatch.setattr(writer, "_ASK_WAIT_S", 0.1)
    directory = tmp_path / "l"
    with Ledger.open(directory) as other:
        _put(other, "other")
        assert [one.pid for one in other.seal_all(time.time() + 3 * DAY)] == [paused.pid]
    assert people(directory, "account:u1") == ["before", "other"]
    with Reader.open(directory) as reader:
        assert reader.unobserved() == []
    paused.send_signal(signal.SIGCONT)
    _tell(paused, "after")
    paused.stdin.close()
    assert paused.wait(60) == 0
    Ledger.open(directory).close()
    assert people(directory, "account:u1") == ["after", "before", "other"]
    with Reader.open(directory) as reader:
        assert [row.subject for row in reader.rows() if row.subject].count("before") == 1
        assert (reader.unobserved(), reader.verify()) == ([], [])


def test_damage_in_a_segment_of_another_is_named(tmp_path: Path):
    """A segment that another ended, and whose end was damaged since, is sealed with an unobserved period for it."""
    directory = tmp_path / "l"
    with Ledger.open(directory) as first, Ledger.open(directory) as second:
        _put(first, "a")
        _put(first, "b")
        first._own.end()
        ((_, path),) = first.layout.segments()
        path.write_bytes(path.read_bytes()[:-40])
        second.seal(NOON, everything=True)
        answer = who(directory, "account:u1")
        assert [one.subject for one in answer.subjects] == ["a"]
        assert [gap.why for gap in answer.unobserved] == ["rows in the ledger were damaged"]


def test_many_make_one_ledger(tmp_path: Path, root: Path):
    """Processes that find no ledger and make it at the same time make one, with one key."""
    command = [sys.executable, "-c", _TOLD, str(tmp_path / "l")]
    made = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
        )
        for _ in range(3)
    ]
    for number, process in enumerate(made):
        out, _ = process.communicate(f"p{number}\n", timeout=120)
        assert (process.returncode, out) == (0, "open\ndone\n")
    assert people(tmp_path / "l", "account:u1") == ["p0", "p1", "p2"]


def test_many_full_segments_are_sealed_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Full segments do not wait for the hour of sealing, and are not all in memory together."""
    monkeypatch.setattr(own, "SEGMENT_ROWS", 2)
    directory = tmp_path / "l"
    with Ledger.open(directory) as ledger:
        assert not ledger.is_behind
        for number in range(9):
            _put(ledger, f"a{number}", f"b{number}")
        assert ledger.is_behind
        ledger.seal(NOON)
        assert (_files(directory), ledger.is_behind) == (3, False)
    assert len(people(directory, "account:u1")) == 18
