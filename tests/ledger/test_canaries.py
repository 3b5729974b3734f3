"""Canaries in the ledger: their rows stay, and no answer counts them as people."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from tests.analysis.ledgers import row, write

from himaya.cli import group
from himaya.core.errors import LedgerError
from himaya.ledger.canaries import canaries_path, keep, kept
from himaya.ledger.reader import Reader

ROWS = [
    row(1_790_000_000.0 + n, subject, account=account)
    for n, (account, subject) in enumerate(
        [("w", "p1"), ("w", "c1"), ("w", "c2"), ("w", "c1"), ("m", "p1"), ("m", "p2")]
    )
]


@pytest.fixture
def ledger(tmp_path):
    """Give a ledger in which one account was shown one person and two canaries, another two people."""
    write(tmp_path / "ledger", ROWS)
    keep(tmp_path / "ledger", {"c1": "gap", "c2": "sitemap", "never-shown": "api"})
    return tmp_path / "ledger"


def test_who_counts_people_and_lists_canaries_apart(ledger):
    """An actor's people are those who exist; its canaries stand beside them with times and fields."""
    with Reader.open(ledger) as reader:
        told = reader.who_actor("account:w")
        other = reader.who_actor("account:m")
    assert (told.people, [one.subject for one in told.subjects], told.erased) == (1, ["p1"], 0)
    assert [(one.subject, one.times) for one in told.canaries] == [("c1", 2), ("c2", 1)]
    assert (other.people, other.canaries) == (2, [])


def test_who_was_shown_a_canary_is_told(ledger):
    """For a canary the answer names the actors, and says that nobody real is meant."""
    with Reader.open(ledger) as reader:
        told, person = reader.who_subject("c1"), reader.who_subject("p1")
    assert [one.actor for one in told.actors] == ["account:w"]
    assert (told.canary, person.canary) == (True, False)


def test_the_command_says_it_in_words(ledger):
    """The headline counts canaries apart and a table names them; of a canary it is said that nobody real is meant."""
    words = ["who", "--ledger", str(ledger), "--why", "test"]
    told = CliRunner().invoke(group, [*words, "--actor", "account:w"]).output
    assert "known to have been shown 1 person; 2 canaries apart from them." in told
    assert told.index("canary  ") > told.index("p1")
    assert "It is a canary" in CliRunner().invoke(group, [*words, "--subject", "c1"]).output
    table = CliRunner().invoke(group, [*words, "--actor", "account:w", "--csv"]).stdout
    assert "c1" not in table


def test_totals_leave_canaries_out(ledger):
    """People per actor and the people of actors together are without canaries."""
    with Reader.open(ledger) as reader:
        assert reader.people_per_actor() == {"account:m": 2, "account:w": 1}
        assert set(reader.shown_to(["account:w", "account:m"])) == {"p1", "p2"}


def test_the_rows_stay(ledger):
    """Evidence is not touched: every row about a canary is read back."""
    with Reader.open(ledger) as reader:
        assert [one.subject for one in reader.rows()].count("c1") == 2


def test_without_canaries_everybody_counts(tmp_path):
    """The same rows without a list are people, all of them."""
    write(tmp_path / "ledger", ROWS)
    with Reader.open(tmp_path / "ledger") as reader:
        assert reader.who_actor("account:w").people == 3
        assert reader.canaries() == {}


def test_what_was_a_canary_once_stays_one(tmp_path):
    """The list beside the ledger only grows, is for its owner alone, and is not written when nothing is new."""
    directory = tmp_path / "ledger"
    keep(directory, {})
    assert not canaries_path(directory).exists()
    keep(directory, {"c1": "gap"})
    keep(directory, {"c2": "api"})
    assert kept(directory) == {"c1": "gap", "c2": "api"}
    assert canaries_path(directory).stat().st_mode & 0o777 == 0o600
    before = canaries_path(directory).stat().st_ino
    keep(directory, {"c1": "gap"})
    assert canaries_path(directory).stat().st_ino == before


def test_a_damaged_list_is_named(tmp_path):
    """What is no list beside a ledger stops the answers, with file and line: a wrong total is none."""
    canaries_path(tmp_path / "ledger").write_text("gap 1\nnothing\n")
    with pytest.raises(LedgerError, match=r"ledger.canaries:2"):
        kept(tmp_path / "ledger")
