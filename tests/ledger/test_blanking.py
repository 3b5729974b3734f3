"""Fingerprint classes end before their rows: the class is blanked, and nothing else of a row changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.ledger.making import DAY, NOON, disclosed, people, write

from himaya import cli
from himaya.core.actor import Actor
from himaya.ledger import Ledger, blanking, holds, retention
from himaya.ledger.archive import create_sealing_key, read_sealing_key
from himaya.ledger.reader import Reader
from himaya.ledger.schema import micros

MIDNIGHT = NOON - 43_200


def _fill(directory: Path, days: int = 40) -> None:
    """One view a day by a client of one class, and one by a client of none."""
    who = Actor(account="u1", address="203.0.113.9", fingerprint="c1a55")
    items = [disclosed(NOON + n * DAY, "u1", f"p{n}", actor=who) for n in range(days)]
    items += [disclosed(NOON + n * DAY, "u2", f"q{n}") for n in range(days)]
    write(directory, *items, clock=lambda: NOON)


def _expire(directory: Path, now: float, *more) -> retention.Expired:
    with Ledger.open(directory, clock=lambda: now) as ledger:
        return retention.execute(ledger, now, *more)


def _rows(directory: Path, sealing_key=None) -> list:
    with Reader.open(directory, sealing_key=sealing_key) as reader:
        assert reader.verify() == []
        return list(reader.rows())


def _classes(directory: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in _rows(directory):
        found[row.actor.fingerprint] = found.get(row.actor.fingerprint, 0) + 1
    return found


def _blanked(directory: Path) -> list[dict]:
    with Reader.open(directory) as reader:
        return [entry for entry in reader.log() if entry["kind"] == "blanked"]


def test_a_class_is_blanked_and_its_row_stays(tmp_path):
    """With a moved clock a class lives at least 31 days and less than 32; its row is the same without it."""
    directory = tmp_path / "l"
    _fill(directory)
    before = {(row.at, row.subject): row for row in _rows(directory)}
    assert _expire(directory, MIDNIGHT + 32 * DAY - 1, 365, "delete", 31).blanked == 0
    assert _expire(directory, MIDNIGHT + 32 * DAY, 365, "delete", 31).blanked == 1
    assert _expire(directory, MIDNIGHT + 45 * DAY, 365, "delete", 31).blanked == 13
    assert _classes(directory) == {"": 40 + 14, "c1a55": 26}
    for row in _rows(directory):
        then = before.pop((row.at, row.subject))
        assert (row.actor.name, row.surface, row.policy, row.certainty, row.kind) == (
            then.actor.name, then.surface, then.policy, then.certainty, then.kind,
        )  # fmt: skip
    assert before == {}
    assert len(people(directory, "account:u1")) == 40


def test_a_day_is_written_anew_once(tmp_path):
    """What was blanked is not read or written again, and a run without anything to do leaves no entry."""
    directory = tmp_path / "l"
    _fill(directory)
    _expire(directory, MIDNIGHT + 45 * DAY, 365, "delete", 31)
    files = {path.name for path in directory.glob("sealed/*")}
    assert _expire(directory, MIDNIGHT + 45 * DAY + 60, 365, "delete", 31).blanked == 0
    assert {path.name for path in directory.glob("sealed/*")} == files
    (entry,) = _blanked(directory)
    assert entry["rows"] == 14
    assert len(entry["add"]) == len(entry["drop"]) == 14


def test_a_longer_time_leaves_classes_alone(tmp_path):
    """Where classes may be kept as long as rows nothing is written anew (the twin)."""
    directory = tmp_path / "l"
    _fill(directory)
    assert _expire(directory, MIDNIGHT + 45 * DAY, 365, "delete", 365).blanked == 0
    assert _classes(directory) == {"": 40, "c1a55": 40}
    assert _blanked(directory) == []


def test_held_rows_keep_their_class_until_the_hold_ends(tmp_path):
    """A row that a matter needs stays as it is; when the hold is over the class goes."""
    directory = tmp_path / "l"
    _fill(directory, 3)
    with Reader.open(directory) as reader:
        until = micros(NOON + 90 * DAY)
        about = reader.subject("p1")
        holds.place(reader, about, basis="case 1", by="Dana", until=until, now=NOON)
    assert _expire(directory, MIDNIGHT + 45 * DAY, 365, "delete", 31).blanked == 2
    assert _classes(directory) == {"": 5, "c1a55": 1}
    assert _expire(directory, MIDNIGHT + 91 * DAY, 365, "delete", 31).blanked == 1
    assert _classes(directory) == {"": 6}


def test_rows_in_segments_and_late_rows_are_blanked_too(tmp_path):
    """Old rows that are not in a file yet, and those that come for a day that was blanked before, lose it as well."""
    who = Actor(account="u1", fingerprint="c1a55")
    directory = tmp_path / "l"
    _fill(directory, 3)
    _expire(directory, MIDNIGHT + 45 * DAY, 365, "delete", 31)
    now = MIDNIGHT + 46 * DAY
    ledger = write(directory, disclosed(NOON, "u1", "late", actor=who), close=False)
    assert retention.execute(ledger, now, 365, "delete", 31).blanked == 1
    ledger.close()
    assert _classes(directory) == {"": 7}


def test_a_crash_before_the_entry_changes_nothing(tmp_path, monkeypatch):
    """Files that were written anew count from their entry on; without it the old ones do, and the new ones go."""
    directory = tmp_path / "l"
    _fill(directory, 3)

    def crash(*_):
        raise OSError("the machine stopped")

    with Ledger.open(directory, clock=lambda: NOON) as ledger:
        with monkeypatch.context() as broken:
            broken.setattr("himaya.ledger.blanking.sealing.swap", crash)
            with pytest.raises(OSError, match="stopped"):
                retention.blank(ledger, MIDNIGHT + 45 * DAY, 31)
        assert len(list(directory.glob("sealed/*"))) == 6
    Ledger.open(directory, clock=lambda: NOON).close()
    assert len(list(directory.glob("sealed/*"))) == 3
    assert _classes(directory) == {"": 3, "c1a55": 3}


def test_a_hold_that_comes_in_between_is_kept(tmp_path, monkeypatch):
    """A hold placed while files are written anew is seen before they count: its rows keep their class."""
    directory = tmp_path / "l"
    _fill(directory, 3)
    plain, placed = blanking._plan, []

    def plan(layout, state, before, now, standing):
        made = plain(layout, state, before, now, standing)
        if not placed:
            with Reader.open(directory) as reader:
                about, until = reader.subject("p1"), micros(NOON + 400 * DAY)
                placed.append(holds.place(reader, about, basis="b", by="d", until=until, now=now))
        return made

    monkeypatch.setattr(blanking, "_plan", plan)
    assert _expire(directory, MIDNIGHT + 45 * DAY, 365, "delete", 31).blanked == 2
    assert _classes(directory) == {"": 5, "c1a55": 1}
    assert len(list(directory.glob("sealed/*"))) == 3


def test_sealed_periods_hold_no_class(tmp_path):
    """What is encrypted for good is encrypted without the class, however young it is."""
    directory, private = tmp_path / "l", tmp_path / "private"
    _fill(directory, 3)
    with Reader.open(directory) as reader:
        reader.use_sealing_key(create_sealing_key(private), NOON)
    assert _expire(directory, MIDNIGHT + 9 * DAY, 5, "seal", 31).rows == 6
    opened = _rows(directory, read_sealing_key(private))
    assert {row.actor.fingerprint for row in opened} == {""}
    assert len(opened) == 6


def test_the_command_blanks_by_what_was_chosen(tmp_path):
    """`himaya ledger expire` takes the days from its option, else from the chain, and says in how many rows."""
    directory = tmp_path / "l"
    _fill(directory, 3)
    words = ["ledger", "expire", "--ledger", str(directory), "--days", "36600", "--json"]

    def told(*more):
        done = CliRunner().invoke(cli.group, [*words, *more])
        assert done.exit_code == 0, done.output
        return json.loads(done.output)

    _expire(directory, NOON, 36_600, "delete", 366)
    assert told()["classes_blanked"] == 3
    assert told("--fingerprint-days", "7")["classes_blanked"] == 0
    assert _classes(directory) == {"": 6}
    with Reader.open(directory) as reader:
        chosen = [one.get("class_days", 31) for one in reader.log() if one["kind"] == "retention"]
    assert chosen == [366, 7]
