from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.making import DAY, NOON, disclosed, people, who, write

from himaya.core.errors import InputError, LedgerError
from himaya.ledger import Ledger, holds, retention
from himaya.ledger.archive import create_sealing_key, read_sealing_key
from himaya.ledger.reader import Reader
from himaya.ledger.schema import DAY_S, micros

MIDNIGHT = NOON - 43_200


def _fill(directory: Path) -> None:
    """One view on each of forty days."""
    items = [disclosed(NOON + n * DAY, "u1", f"p{n}") for n in range(40)]
    write(directory, *items, clock=lambda: NOON)


def _expire(directory: Path, now: float, *more) -> retention.Expired:
    with Ledger.open(directory, clock=lambda: now) as ledger:
        return retention.execute(ledger, now, *more)


def _problems(directory: Path) -> list[str]:
    with Reader.open(directory) as reader:
        return reader.verify()


def _hold(directory: Path, name: str, now: float, until: float, **more):
    with Reader.open(directory) as reader:
        about = reader.facet(name) if name.startswith("account:") else reader.subject(name)
        return holds.place(
            reader, about, basis="case 12", by="Dana", until=micros(until), now=now, **more
        )


def test_rows_end_after_their_time(tmp_path: Path):
    """With a moved clock, rows live at least 31 days and less than 32, then they are gone."""
    directory = tmp_path / "l"
    _fill(directory)
    assert _expire(directory, MIDNIGHT + 32 * DAY - 1).rows == 0
    assert _expire(directory, MIDNIGHT + 32 * DAY).rows == 1
    assert "p0" not in people(directory, "account:u1")
    assert _expire(directory, MIDNIGHT + 45 * DAY).rows == 13
    assert people(directory, "account:u1") == sorted(f"p{n}" for n in range(14, 40))
    assert len(list(directory.glob("sealed/*"))) == 26
    assert _problems(directory) == []


def test_identities_end_with_their_rows(tmp_path: Path):
    """A person of whom no row is left is in no map; those with younger rows are."""
    directory = tmp_path / "l"
    _fill(directory)
    assert _expire(directory, MIDNIGHT + 42 * DAY).identities == 11
    with Reader.open(directory) as reader:
        assert reader.subject("p0") == ("subject", 0)
        assert reader.subject("p20")[1]
        assert reader.facet("account:u1")[1]


def test_rows_not_sealed_yet_end_too(tmp_path: Path):
    """Old rows that are still in a segment, or in memory, are removed with the others."""
    ledger = write(tmp_path / "l", disclosed(NOON, "u1", "old"), close=False, clock=lambda: NOON)
    ledger.append(disclosed(NOON, "u1", "older"))
    ledger.append(disclosed(NOON + 40 * DAY, "u1", "new"))
    done = retention.execute(ledger, NOON + 40 * DAY)
    assert (done.rows, people(tmp_path / "l", "account:u1")) == (2, ["new"])
    ledger.close()


def test_a_removed_time_is_named(tmp_path: Path):
    """Answers name the time whose rows retention took, and a period asked for after it does not."""
    directory = tmp_path / "l"
    _fill(directory)
    _expire(directory, MIDNIGHT + 42 * DAY)
    (gap,) = who(directory, "account:u1").unobserved
    assert (gap.start, gap.end) == ("2025-06-15T12:00:00Z", "2025-06-26T00:00:00Z")
    assert "removed" in gap.why
    assert who(directory, "account:u1", micros(MIDNIGHT + 11 * DAY)).unobserved == []


def test_the_period_is_chosen_and_told(tmp_path: Path):
    """The chosen retention is in the chain and in every answer; changing it is recorded once."""
    directory = tmp_path / "l"
    _fill(directory)
    for _ in range(3):
        _expire(directory, NOON + DAY, 7, "delete")
    assert who(directory, "account:u1").retention == "identified rows are kept 7 days, then deleted"
    with Reader.open(directory) as reader:
        assert [one["days"] for one in reader.log() if one["kind"] == "retention"] == [7]


def test_unobserved_periods_outlive_people(tmp_path: Path):
    """A gap that reaches into the kept time stays, though the people of its first day go."""
    directory = tmp_path / "l"
    ledger = write(directory, disclosed(NOON, "u1", "p1"), close=False, clock=lambda: NOON)
    ledger.note_gap(NOON, NOON + 20 * DAY, "feed stopped")
    ledger.note_gap(NOON, NOON + 60, "short")
    ledger.close()
    assert _expire(directory, NOON + 45 * DAY).rows == 2
    assert [gap.why for gap in who(directory, "account:u1").unobserved[1:]] == ["feed stopped"]
    assert _expire(directory, NOON + 60 * DAY).rows == 1
    assert len(who(directory, "account:u1").unobserved) == 1


def test_a_hold_keeps_exactly_its_rows(tmp_path: Path):
    """Held rows outlive their retention, with names, until the hold ends; others do not."""
    directory = tmp_path / "l"
    items = [disclosed(NOON, f"u{n % 2}", f"p{n}") for n in range(6)]
    write(directory, *items, clock=lambda: NOON)
    _hold(directory, "account:u1", NOON, NOON + 50 * DAY)
    _hold(directory, "p4", NOON, NOON + 45 * DAY)
    assert _expire(directory, NOON + 40 * DAY) == retention.Expired(rows=2, held=4, identities=2)
    assert people(directory, "account:u1") == ["p1", "p3", "p5"]
    assert people(directory, "account:u0") == ["p4"]
    assert _expire(directory, NOON + 46 * DAY).rows == 1
    assert people(directory, "account:u1") == ["p1", "p3", "p5"]
    assert _expire(directory, NOON + 51 * DAY).rows == 3
    assert who(directory, "account:u1").people == 0
    assert _problems(directory) == []


def test_a_hold_can_be_for_a_period(tmp_path: Path):
    """A hold limited to a period keeps no row outside it."""
    directory = tmp_path / "l"
    items = [disclosed(NOON + n, "u1", f"p{n}") for n in range(4)]
    write(directory, *items, clock=lambda: NOON)
    _hold(
        directory, "account:u1", NOON, NOON + 99 * DAY, start=micros(NOON + 1), end=micros(NOON + 3)
    )
    _expire(directory, NOON + 40 * DAY)
    assert people(directory, "account:u1") == ["p1", "p2"]


def test_a_released_hold_holds_nothing(tmp_path: Path):
    """After a release, retention takes the rows; an unknown hold is refused."""
    directory = tmp_path / "l"
    _fill(directory)
    placed = _hold(directory, "account:u1", NOON, NOON + 999 * DAY)
    with Reader.open(directory) as reader:
        with pytest.raises(InputError, match="no hold 'nothing'"):
            holds.release(reader, "nothing", why="done", by="Dana", now=NOON)
        holds.release(reader, placed.id, why="done", by="Dana", now=NOON)
    assert _expire(directory, NOON + 99 * DAY).rows == 40


def test_nothing_is_held_for_a_name_nobody_knows(tmp_path: Path):
    """A hold on an unknown name, or one that ends in the past, is refused."""
    directory = tmp_path / "l"
    _fill(directory)
    with pytest.raises(InputError, match="nothing to hold"):
        _hold(directory, "nobody", NOON, NOON + DAY)
    with pytest.raises(InputError, match="in the past"):
        _hold(directory, "p1", NOON, NOON - DAY)


def test_a_hold_placed_during_retention_is_kept(tmp_path: Path, monkeypatch):
    """A hold that comes while retention works is seen before anything is removed."""
    directory = tmp_path / "l"
    _fill(directory)
    real = retention._plan
    placed = []

    def slow(*args):
        plan = real(*args)
        if not placed:
            placed.append(_hold(directory, "account:u1", NOON, NOON + 999 * DAY))
        return plan

    monkeypatch.setattr(retention, "_plan", slow)
    assert _expire(directory, NOON + 99 * DAY) == retention.Expired(rows=0, held=40)
    assert who(directory, "account:u1").people == 40
    assert _problems(directory) == []


def test_sealed_periods_open_with_their_key_alone(tmp_path: Path):
    """Sealed rows are unreadable without the sealing key, which answers like before."""
    directory = tmp_path / "l"
    _fill(directory)
    before = who(directory, "account:u1")
    with Reader.open(directory) as reader:
        reader.use_sealing_key(create_sealing_key(tmp_path / "sealing.key"), NOON)
    assert _expire(directory, MIDNIGHT + 42 * DAY, 31, "seal").rows == 11
    assert who(directory, "account:u1").people == 29
    (gap,) = who(directory, "account:u1").unobserved
    assert "sealed" in gap.why
    assert who(directory, "account:u1").retention.endswith("then sealed")
    private = read_sealing_key(tmp_path / "sealing.key")
    with Reader.open(directory, sealing_key=private) as reader:
        opened = reader.who_actor("account:u1")
    assert (opened.people, opened.subjects, opened.unobserved) == (40, before.subjects, [])
    assert _problems(directory) == []
    wrong = create_sealing_key(tmp_path / "wrong.key")
    with (
        Reader.open(directory, sealing_key=wrong) as reader,
        pytest.raises(LedgerError, match="open"),
    ):
        reader.who_actor("account:u1")


def test_sealed_periods_can_be_removed(tmp_path: Path):
    """Sealed periods before a day go for good, and their identities at the next retention."""
    directory = tmp_path / "l"
    _fill(directory)
    with Reader.open(directory) as reader:
        reader.use_sealing_key(create_sealing_key(tmp_path / "sealing.key"), NOON)
    now = MIDNIGHT + 42 * DAY
    _expire(directory, now, 31, "seal")
    with Ledger.open(directory, clock=lambda: now) as ledger:
        day = int(MIDNIGHT // DAY_S) + 4
        with Reader.open(directory) as reader:
            about, until = reader.facet("account:u1"), round((now + DAY) * 1e6)
            held = holds.place(reader, about, basis="c", by="d", until=until, now=now)
            assert retention.drop_archives(ledger, day, now) == 0  # a hold touches every day
            holds.release(reader, held.id, why="over", by="d", now=now)
        assert retention.drop_archives(ledger, day, now) == 4
        assert retention.execute(ledger, now, 31, "seal").identities == 4
    with Reader.open(directory, sealing_key=read_sealing_key(tmp_path / "sealing.key")) as reader:
        assert reader.who_actor("account:u1").people == 36
        assert reader.verify() == []


def test_sealing_without_a_key_is_refused(tmp_path: Path):
    """Retention "seal" without a sealing key says which command makes one; nothing is removed."""
    directory = tmp_path / "l"
    _fill(directory)
    with pytest.raises(LedgerError, match="sealing-key"):
        _expire(directory, NOON + 99 * DAY, 31, "seal")
    assert who(directory, "account:u1").people == 40
