"""The command itself: words, files, and the record of its use."""

from __future__ import annotations

from tests.ledger.making import NOON, disclosed
from tests.watch.reconcile.making import view

from himaya.ledger.reader import Reader


def test_words_say_it_all(case):
    """The table in words has the sums, the missing lines, and what was not compared."""
    case.write(disclosed(NOON, "u1", "anna"))
    case.log.write_text(view(NOON, "/u/anna") + view(NOON, "/u/b\x1b[2J"))
    told = case.run("--pending-s", "0", code=1)
    assert "MISSING: 1 of 2 lines" in told
    assert "Of 2 lines none were left out." in told
    assert f"{case.log}:2" in told
    assert "\x1b" not in told
    case.log.write_text(view(NOON, "/u/anna"))
    assert "No line is missing of 1" in case.run("--pending-s", "0")


def test_missing_files_are_named(case):
    """A log, configuration or ledger that is not there is named."""
    case.write()
    assert "a.log" in case.run(code=2)
    case.log.write_text(view(NOON, "/u/anna"))
    case.ledger = case.path / "nowhere"
    assert "nowhere" in case.run(code=2)


def test_every_use_is_on_record(case):
    """The ledger's chain says that somebody compared, and why, before the answer."""
    case.write()
    case.compare(view(NOON, "/u/a"), code=1)
    with Reader.open(case.ledger) as reader:
        entries = [one for one in reader.log() if one.get("command") == "reconcile"]
    assert entries[0]["why"] == "a test"
