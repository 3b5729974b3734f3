"""The whole comparison: logs in, the answer out."""

from __future__ import annotations

import gzip

import pytest
from tests.ledger.making import DAY, NOON, disclosed
from tests.watch.logs import line
from tests.watch.reconcile.making import view


def test_a_log_that_the_ledger_agrees_with_holds(case):
    """Every line has its row: nothing is missing, exit code 0."""
    case.write(disclosed(NOON, "u1", "anna"), disclosed(NOON + 9.7, "u1", "anna"))
    said = case.compare(view(NOON, "/u/anna"), view(NOON + 9, "/u/anna"), line(NOON, "/style.css"))
    assert said["holds"]
    assert said["sums"]["matched"] == said["sums"]["compared"] == 2
    assert said["skipped"]["elsewhere"] == 1
    assert said["missing"] == []


def test_a_line_without_a_row_is_missing(case):
    """A request that left no row is listed with file, line, time and surface; exit code 1."""
    case.write(disclosed(NOON, "u1", "anna"))
    said = case.compare(view(NOON, "/u/anna"), view(NOON + 1, "/u/ben"), code=1)
    assert not said["holds"]
    (one,) = said["missing"]
    assert (one["file"], one["line"], one["surface"]) == (str(case.log), 2, "profile")
    assert one["at"] == "2025-06-15T12:00:01Z"


def test_the_tolerance_is_the_callers(case):
    """A row that is further away counts when the tolerance says so."""
    case.write(disclosed(NOON + 20, "u1", "anna"))
    case.compare(view(NOON, "/u/anna"), code=1)
    assert case.compare(view(NOON, "/u/anna"), words=("--tolerance-s", "21"))["holds"]


def test_lines_that_could_not_be_read_are_counted(case):
    """Malformed lines are counted; lines hours behind their log are named in words; both fail with --strict."""
    case.write(disclosed(NOON + 9000, "u1", "anna"))
    filler = line(NOON + 9000, "/style.css") * 12_000  # more than is read, and sorted, at once
    lines = (view(NOON + 9000, "/u/anna"), "nonsense\n", filler, view(NOON, "/u/anna"))
    said = case.compare(*lines)
    assert (said["skipped"]["malformed"], said["skipped"]["late"]) == (1, 1)
    assert (said["sums"]["compared"], said["skipped"]["elsewhere"]) == (1, 12_000)
    assert "ten minutes behind" in " ".join(said["notices"])
    case.compare(*lines, words=("--strict",), code=1)
    case.compare(*lines[:2], words=("--strict",), code=1)
    case.compare(lines[0], words=("--strict",))


def test_a_log_that_breaks_off_is_named(case):
    """What follows a cut-off archive was not compared: said in words, and a failure with --strict."""
    case.write(disclosed(NOON, "u1", "anna"))
    whole = gzip.compress((view(NOON, "/u/anna") * 1 + line(NOON, "/x.css") * 20_000).encode())
    cut = case.path / "a.log.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    assert "breaks off" in case.run("--pending-s", "0", logs=(cut,))
    case.run("--pending-s", "0", "--strict", logs=(cut,), code=1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello\nworld\n", "a.log"),
        (line(NOON, "/about"), "check the routes under [[surface]]"),
        (line(NOON - 9 * DAY, "/u/anna"), "name a log of that period"),
    ],
)
def test_a_log_that_proves_nothing_is_refused(case, text, words):
    """A file that is no log, or has nothing to compare, is an error that names it and says what to do."""
    case.write()
    case.log.write_text(text)
    told = case.run(code=2)
    assert str(case.log) in told
    assert words in told
