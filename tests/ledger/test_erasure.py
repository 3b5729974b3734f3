from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.making import DAY, NOON, disclosed, people, who, write

from himaya.core.errors import InputError, LedgerError
from himaya.ledger import erasure, holds
from himaya.ledger.reader import Reader
from himaya.ledger.schema import micros


def _forget(directory: Path, now: float = NOON, **whom) -> int:
    with Reader.open(directory) as reader:
        return erasure.forget(reader, why="art. 17", by="Dana", now=now, **whom)


def test_a_forgotten_person_is_a_number(tmp_path: Path):
    """After forgetting, nobody finds the person; answers count one erased; the chain says when."""
    directory = tmp_path / "l"
    write(directory, disclosed(NOON, "u1", "anna", "ben"))
    assert _forget(directory, subject="anna") == 1
    answer = who(directory, "account:u1")
    assert (answer.people, answer.erased) == (2, 1)
    assert [one.subject for one in answer.subjects] == ["ben"]
    assert who(directory, "subject:anna").count == 0
    with Reader.open(directory) as reader:
        (entry,) = [entry for entry in reader.log() if entry["kind"] == "forgotten"]
        assert entry["why"] == "art. 17"
        assert reader.verify() == []
    stored = (directory / "chain.jsonl").read_bytes()
    assert b"anna" not in stored
    assert b"art. 17" not in stored


def test_forgetting_works_while_a_writer_runs(tmp_path: Path):
    """A running writer gives a forgotten person a new number at the next view."""
    directory = tmp_path / "l"
    ledger = write(directory, disclosed(NOON, "u1", "anna"), close=False)
    _forget(directory, subject="anna")
    ledger.append(disclosed(NOON + 5, "u1", "anna"))
    ledger.flush()
    answer = who(directory, "account:u1")
    assert (answer.people, answer.erased, [one.times for one in answer.subjects]) == (2, 1, [1])
    assert people(directory, "account:u1") == ["anna"]
    ledger.close()


def test_an_account_is_forgotten_with_its_name(tmp_path: Path):
    """A forgotten account is known neither as account nor as actor; its rows count as erased."""
    directory = tmp_path / "l"
    write(directory, disclosed(NOON, "u1", "anna"), disclosed(NOON, "u2", "anna"))
    assert _forget(directory, account="u1") == 2
    assert who(directory, "account:u1").people == 0
    answer = who(directory, "subject:anna")
    assert (answer.count, answer.erased, [o.actor for o in answer.actors]) == (2, 1, ["account:u2"])


def test_who_nobody_knows_is_forgotten_already(tmp_path: Path):
    """Forgetting an unknown name does nothing and leaves no trace of the name."""
    directory = tmp_path / "l"
    write(directory, disclosed(NOON, "u1", "anna"))
    assert _forget(directory, subject="nobody") == 0
    with Reader.open(directory) as reader:
        assert [entry for entry in reader.log() if entry["kind"] == "forgotten"] == []
    with pytest.raises(InputError):
        _forget(directory)


@pytest.mark.parametrize("held", ["account:u1", "anna"])
@pytest.mark.parametrize("whom", [{"subject": "anna"}, {"account": "u1"}])
def test_a_hold_stops_forgetting(tmp_path: Path, held: str, whom: dict):
    """Nobody in held rows is forgotten, with basis and end named, until the hold ends."""
    directory = tmp_path / "l"
    write(directory, disclosed(NOON, "u1", "anna"), disclosed(NOON, "u2", "ben"))
    with Reader.open(directory) as reader:
        about = reader.facet(held) if ":" in held else reader.subject(held)
        until = micros(NOON + DAY)
        holds.place(reader, about, basis="case 12", by="Dana", until=until, now=NOON)
    with pytest.raises(LedgerError, match=r"case 12.*until 2025-06-16T12:00:00Z"):
        _forget(directory, **whom)
    assert _forget(directory, subject="ben") == 1
    assert _forget(directory, now=NOON + 2 * DAY, **whom) >= 1


def test_a_half_done_forgetting_is_found(tmp_path: Path):
    """When a crash left the name although the chain says forgotten, verification names it."""
    directory = tmp_path / "l"
    write(directory, disclosed(NOON, "u1", "anna"))
    with Reader.open(directory) as reader:
        real, reader.identities.forget = reader.identities.forget, lambda numbers: 0
        erasure.forget(reader, subject="anna", why="x", by="y", now=NOON)
        assert any("still has a name" in problem for problem in reader.verify())
        reader.identities.forget = real
        assert erasure.forget(reader, subject="anna", why="x", by="y", now=NOON) == 1
        assert reader.verify() == []
