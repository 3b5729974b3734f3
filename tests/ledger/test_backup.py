"""Copies of a ledger: consistent while a gate writes, verified when they come back, and nobody erased comes back."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest
from tests.ledger.crew import crew, run
from tests.ledger.making import DAY, NOON, disclosed, who, write

from himaya.core.errors import InputError, LedgerError
from himaya.ledger import Ledger, backup, erasure
from himaya.ledger.erasures import erasures
from himaya.ledger.keys import read_key_file
from himaya.ledger.reader import Reader
from himaya.ledger.recovery import HANDOVER_S
from himaya.ledger.schema import iso, micros


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Path:
    write(tmp_path / "l", disclosed(NOON, "u1", "anna"), disclosed(NOON, "u2", "ben"))
    return tmp_path / "l"


def _copy(ledger: Path, to: Path, now: float = NOON) -> None:
    with Reader.open(ledger) as reader:
        backup.make(reader, to, keep_days=30, by="dana", now=now)


def _restore(ledger: Path, copy: Path, to: Path, newer: Path | None = None):
    shutil.copy2(f"{ledger}.key", f"{to}.key")
    keys = read_key_file(Path(f"{to}.key"))
    return backup.restore(copy, to, keys, newer=newer, by="dana", now=NOON + DAY)


def _forget(ledger: Path, subject: str) -> None:
    with Reader.open(ledger) as reader:
        assert erasure.forget(reader, subject=subject, why="t", by="d", now=NOON)


def test_a_copy_comes_back(tmp_path, ledger):
    """A copy holds chain, rows and map and no key; restored it answers as the ledger did, and goes on."""
    _copy(ledger, tmp_path / "b")
    assert not list(tmp_path.glob("b/**/*.key"))
    _restore(ledger, tmp_path / "b", tmp_path / "r")
    with Reader.open(tmp_path / "r") as reader:
        assert reader.verify() == []
        assert [entry["kind"] for entry in reader.log()][-2:] == ["backup", "restored"]
    assert who(tmp_path / "r", "subject:anna").actors == who(ledger, "subject:anna").actors
    write(tmp_path / "r", disclosed(NOON + DAY, "u3", "anna"))
    assert who(tmp_path / "r", "subject:anna").count == 2


def test_who_was_erased_since_is_erased_again(tmp_path, ledger):
    """With the newer chain an erasure after the copy holds in what is restored; its entry is there, too."""
    _copy(ledger, tmp_path / "b")
    _forget(ledger, "anna")
    done = _restore(ledger, tmp_path / "b", tmp_path / "r", ledger)
    assert done.erased == 1
    assert who(tmp_path / "r", "subject:anna").actors == []
    assert who(tmp_path / "r", "account:u1").erased == 1
    with Reader.open(tmp_path / "r") as reader:
        assert reader.verify() == []
    _restore(ledger, tmp_path / "b", tmp_path / "r2", ledger / "chain.jsonl")
    assert who(tmp_path / "r2", "subject:anna").actors == []


def test_an_erasure_is_pending_until_the_copies_from_before_it_end(tmp_path, ledger):
    """A copy that is kept longer than `backup_days` promises keeps an erasure after it pending, one since does not."""
    with Reader.open(ledger) as reader:
        backup.make(reader, tmp_path / "b", keep_days=90, by="t", now=NOON)
        done = erasure.forget(reader, subject="anna", why="t", by="t", now=NOON + DAY)
        backup.make(reader, tmp_path / "c", keep_days=365, by="t", now=NOON + 2 * DAY)
        assert done.backups_until == iso(micros(NOON + 90 * DAY))
        (told,) = erasures(reader, (), NOON + 89 * DAY)
        assert told.pending == f"pending in backups until {done.backups_until}"
        (told,) = erasures(reader, (), NOON + 91 * DAY)
        assert told.state == "complete"


def test_nothing_is_overwritten(tmp_path, ledger):
    """A copy goes into a new directory, and is restored as a new ledger; anything else is refused."""
    (tmp_path / "b").mkdir()
    with pytest.raises(InputError, match="is there already"):
        _copy(ledger, tmp_path / "b")
    _copy(ledger, tmp_path / "c")
    with pytest.raises(InputError, match="is not overwritten"):
        _restore(ledger, tmp_path / "c", tmp_path / "b")


def test_a_damaged_copy_is_not_restored(tmp_path, ledger):
    """One changed byte, or a directory that is no copy, restores nothing and leaves no ledger there."""
    _copy(ledger, tmp_path / "b")
    (file,) = (tmp_path / "b" / "sealed").iterdir()
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(LedgerError, match="nothing was restored"):
        _restore(ledger, tmp_path / "b", tmp_path / "r")
    assert not (tmp_path / "r").exists()
    write(ledger, disclosed(NOON, "u1", "cleo"))
    with pytest.raises(LedgerError, match="no copy that"):
        _restore(ledger, ledger, tmp_path / "r3")


def test_another_chain_is_not_believed(tmp_path, ledger):
    """A newer chain that does not go on from the copy's is refused."""
    _copy(ledger, tmp_path / "b")
    write(tmp_path / "other", disclosed(NOON, "u1", "anna"))
    with pytest.raises(LedgerError, match="does not go on from"):
        _restore(ledger, tmp_path / "b", tmp_path / "r", tmp_path / "other")


def test_a_copy_while_a_gate_writes_is_whole(tmp_path):
    """While rows are written, sealed and people erased, every copy verifies, and has all rows of its moment."""
    with Ledger.open(tmp_path / "l", clock=lambda: NOON) as opened:
        stop, failed = threading.Event(), []
        opened.append(disclosed(NOON, "u", "p0"))
        opened.flush()

        def work() -> None:
            number = 0
            try:
                while not stop.is_set():
                    number += 1
                    opened.append(disclosed(NOON + number, "u", f"p{number}"))
                    opened.flush()
                    if number % 5 == 0:
                        opened.seal(NOON, everything=True)
                    if number % 7 == 0:
                        _forget(tmp_path / "l", f"p{number}")
            except BaseException as problem:  # noqa: BLE001  (told below)
                failed.append(problem)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            for copy in ("b0", "b1"):
                _copy(tmp_path / "l", tmp_path / copy)
        finally:
            stop.set()
            thread.join(60)
        assert failed == []
    for number, copy in enumerate(("b0", "b1")):
        _restore(tmp_path / "l", tmp_path / copy, tmp_path / f"r{number}")
        with Reader.open(tmp_path / f"r{number}") as reader:
            assert reader.verify() == []
            said = reader.who_actor("account:u")
        assert said.people - said.erased == len(said.subjects)
        assert said.erased == len(read_erased(tmp_path / f"r{number}"))


def read_erased(ledger: Path) -> set[int]:
    with Reader.open(ledger) as reader:
        return reader.state().erased


def test_an_owner_copies_by_command(tmp_path, ledger):
    """`backup` and `restore` are for owners, and say until when the copy knows who is erased."""
    team = crew(tmp_path, ledger, "owner", "dpo")
    words = ("ledger", "backup", "--ledger", ledger, "--to", tmp_path / "b", "--keep-days", 30)
    assert "is for the role owner" in run(*words, "--as", team.a_pass("dpo"), code=2)
    assert "Delete it by" in run(*words, "--as", team.a_pass("owner"))
    shutil.copy2(f"{ledger}.key", tmp_path / "r.key")
    back = ("ledger", "restore", "--ledger", tmp_path / "r", "--from", tmp_path / "b")
    assert "has a name again" in run(*back, "--as", team.a_pass("owner"))
    with Reader.open(tmp_path / "r") as reader:
        assert reader.state().operators.named.keys() == {"owner", "dpo"}


def test_rows_that_came_while_it_was_copied_are_a_named_gap(tmp_path, monkeypatch):
    """Rows acknowledged after a copy of their segment was taken are not in it, and their time is unobserved there."""
    clock = [NOON]
    with Ledger.open(tmp_path / "l", clock=lambda: clock[0]) as opened:
        opened.append(disclosed(NOON, "u1", "anna"))
        opened.flush()
        real = backup._copy_map

        def slowly(*paths) -> None:
            real(*paths)
            clock[0] = NOON + 600
            opened.append(disclosed(NOON + 300, "u1", "ben"))
            opened.flush()

        monkeypatch.setattr(backup, "_copy_map", slowly)
        _copy(tmp_path / "l", tmp_path / "b")
    _restore(tmp_path / "l", tmp_path / "b", tmp_path / "r")
    Ledger.open(tmp_path / "r", clock=lambda: NOON + 900).close()
    with Reader.open(tmp_path / "r") as reader:
        (gap,) = reader.gaps()
        assert [row.subject for row in reader.rows() if row.subject] == ["anna"]
    assert gap.start <= NOON + 300
    assert gap.end == NOON + 900


def test_a_batch_in_the_middle_of_being_written_does_not_spoil_a_copy(tmp_path):
    """A copy taken while a writer is in the middle of a batch has the whole batches, and can be restored."""
    with Ledger.open(tmp_path / "l", clock=lambda: NOON) as opened:
        opened.append(disclosed(NOON, "u1", "anna"))
        opened.flush()
        (path,) = opened.layout.live.glob("*.arrow")
        whole = path.read_bytes()
        opened.append(disclosed(NOON, "u1", "ben"))
        opened.flush()
        more = path.read_bytes()
        path.write_bytes(more[: (len(whole) + len(more)) // 2])
        _copy(tmp_path / "l", tmp_path / "b")
        path.write_bytes(more)
    _restore(tmp_path / "l", tmp_path / "b", tmp_path / "r")
    assert who(tmp_path / "r", "subject:anna").count == 1


def test_a_writer_that_came_or_went_meanwhile_is_copied_again(tmp_path, monkeypatch):
    """When a writer begins or ends while the copy is taken, its rows so far are all in the copy, or a gap is."""
    real, began = backup._copy_map, []

    def slowly(*paths) -> None:
        real(*paths)
        if not began:
            began.append(write(tmp_path / "l", disclosed(NOON, "u2", "ben"), close=False))

    write(tmp_path / "l", disclosed(NOON, "u1", "anna"))
    monkeypatch.setattr(backup, "_copy_map", slowly)
    _copy(tmp_path / "l", tmp_path / "b")
    _restore(tmp_path / "l", tmp_path / "b", tmp_path / "r")
    assert who(tmp_path / "r", "subject:ben").count == 1
    began[0].close()


def test_what_a_killed_writer_left_is_copied_and_restored(tmp_path):
    """A copy of a ledger whose writer was killed in the middle of a batch comes back, with the gap that it left."""
    killed = write(tmp_path / "l", disclosed(NOON, "u1", "anna"), close=False, clock=lambda: NOON)
    (path,) = killed.layout.live.glob("*.arrow")
    path.write_bytes(path.read_bytes() + b"\xff\xff\xff\xff\x10\x01")
    os.close(killed.slot.handle)
    os.utime(killed.layout.heartbeat(killed.slot.number), (NOON + 60, NOON + 60))
    _copy(tmp_path / "l", tmp_path / "b")
    _restore(tmp_path / "l", tmp_path / "b", tmp_path / "r")
    Ledger.open(tmp_path / "r", clock=lambda: NOON + 900).close()
    with Reader.open(tmp_path / "r") as reader:
        assert [(gap.start, gap.end) for gap in reader.gaps()] == [(NOON - HANDOVER_S, NOON + 900)]
        assert [row.subject for row in reader.rows() if row.subject] == ["anna"]
