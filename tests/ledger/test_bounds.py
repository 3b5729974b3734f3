"""The first and last day that a ledger can hold, a leap day, and clocks that jump between days."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.crew import crew
from tests.ledger.making import DAY, NOON, disclosed, people, who, write

from himaya.core.errors import LedgerError
from himaya.ledger import Ledger, archive, retention
from himaya.ledger.operators.periods import seal_periods
from himaya.ledger.reader import Reader
from himaya.ledger.schema import micros

LAST = 253_402_300_799.0  # 9999-12-31T23:59:59Z
LEAP = 1_709_164_800.0 + 43_200  # 2024-02-29, noon
TIMES = {"first": 0.0, "leap": LEAP, "last": LAST}


@pytest.mark.parametrize("name", TIMES)
def test_the_ends_of_time_have_a_whole_life(tmp_path: Path, name: str):
    """Rows of 1970, of a leap day and of 9999 are sealed, asked for, sealed away, removed, and named in answers."""
    at, ledger = TIMES[name], tmp_path / "l"
    rows = [disclosed(at, "u1", "anna"), disclosed(max(0.0, at - 1), "u1", "ben")]
    write(ledger, *rows, clock=lambda: min(at + 60, LAST))
    assert people(ledger, "account:u1") == ["anna", "ben"]
    crew(tmp_path, ledger, "owner", "legal")
    with Ledger.open(ledger, clock=lambda: LAST) as opened, Reader.open(ledger) as reader:
        opened.set_retention(10_000_000, "delete", LAST)
        assert seal_periods(opened, LAST, -1).rows == 2
        answer = reader.who_actor("account:u1")
        assert answer.people == 0
        assert any("sealed to operators" in gap.why for gap in answer.unobserved)
        opened.set_retention(1, "delete", LAST)
        retention.execute(opened, LAST, 1)
        assert reader.verify() == []
        assert list(reader.log())
        assert who(ledger, "subject:anna").unobserved


@pytest.mark.parametrize("name", TIMES)
def test_the_ends_of_time_are_archived(tmp_path: Path, name: str):
    """Rows of 1970, of a leap day and of 9999 go to a sealing key, and come back with it; a lost file is named."""
    at, ledger = TIMES[name], tmp_path / "l"
    write(ledger, disclosed(at, "u1", "anna"), clock=lambda: min(at + 60, LAST))
    public = archive.create_sealing_key(tmp_path / "s.key")
    with Ledger.open(ledger, clock=lambda: LAST) as opened, Reader.open(ledger) as reader:
        reader.use_sealing_key(public, LAST)
        assert retention.execute(opened, LAST, -1, "seal").rows == 1
        assert reader.who_subject("anna").unobserved
    with Reader.open(ledger, sealing_key=archive.read_sealing_key(tmp_path / "s.key")) as reader:
        assert reader.who_subject("anna").count == 1
        assert [row.subject for row in reader.rows()] == ["anna"]
        (sealed,) = ledger.glob("sealed/*.sealed")
        sealed.unlink()
        with pytest.raises(LedgerError, match=f"{sealed.name}: is missing"):
            reader.who_subject("anna")


def test_a_clock_that_jumps_back_over_midnight_while_two_write(tmp_path: Path):
    """Two writers, one with a clock a day behind, seal in turn: every row is there once, in the file of its own day."""
    clock = [NOON + DAY]
    one = Ledger.open(tmp_path / "l", clock=lambda: clock[0])
    two = Ledger.open(tmp_path / "l", clock=lambda: NOON)
    for number in range(6):
        clock[0] += DAY if number % 2 else -DAY
        for ledger, at in ((one, clock[0]), (two, NOON)):
            ledger.append(disclosed(at, "u1", f"p{number}-{ledger.slot.number}"))
            ledger.flush()
            ledger.seal(at, everything=True)
            retention.execute(ledger, at, 31)
    two.close()
    one.close()
    with Reader.open(tmp_path / "l") as reader:
        assert reader.verify() == []
        assert sorted(row.subject for row in reader.rows()) == sorted(
            f"p{n}-{slot}" for n in range(6) for slot in (1, 2)
        )
        for file in reader.state().files.values():
            assert micros(file.day * DAY) <= file.first <= file.last < micros((file.day + 1) * DAY)
