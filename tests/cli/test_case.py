"""`himaya case`: found, listed, shown, confirmed and closed from the command line, with reasons on record."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from tests.analysis.crowds import NOON
from tests.analysis.ledgers import crew_rows, write

from himaya.analysis.cases import CaseStore, State, cases_path
from himaya.cli import group
from himaya.core.errors import HimayaError
from himaya.ledger.reader import Reader

CONFIG = """
[site]
population = 5000
[[surface]]
id = "profile"
route = "/u/{subject}"
"""


@pytest.fixture
def run(tmp_path):
    """Give a runner of commands over a ledger with one crew; it returns what was printed."""
    write(tmp_path / "ledger", crew_rows(800))
    (tmp_path / "himaya.toml").write_text(CONFIG)

    def command(*words: str, fails: str = "") -> str:
        where = ["--ledger", str(tmp_path / "ledger")]
        result = CliRunner().invoke(group, ["case", words[0], *where, *words[1:]])
        if fails:
            assert isinstance(result.exception, HimayaError), result.output
            assert fails in str(result.exception)
            return ""
        assert result.exit_code == 0, result.output
        return result.output

    command.config = str(tmp_path / "himaya.toml")
    command.ledger = tmp_path / "ledger"
    return command


def found(run) -> str:
    """Look for groups and return the id of the one there is."""
    told = json.loads(run("find", "--config", run.config, "--json"))
    (case,) = told["cases"]
    return case["id"]


def test_a_search_by_hand_opens_a_case(run):
    """Find looks through all that is retained, opens a case, and a second time finds the same one."""
    first = json.loads(run("find", "--config", run.config, "--json"))["cases"]
    again = json.loads(run("find", "--config", run.config, "--json"))["cases"]
    assert [(case["state"], case["members"], case["people"]) for case in first] == [
        ("suspected", 30, 800)
    ]
    assert 0 < first[0]["proven"] <= first[0]["members"]
    assert first[0]["new"]
    assert not again[0]["new"]
    assert again[0]["id"] == first[0]["id"]


def test_a_search_of_a_quiet_period_says_so(run):
    """A period without a crew has no group, in words and in JSON."""
    quiet = ("--to", "2020-01-01")
    assert "No group was found" in run("find", "--config", run.config, *quiet)
    assert json.loads(run("find", "--config", run.config, *quiet, "--json")) == {"cases": []}


def test_cases_are_listed(run):
    """List prints a line per case, or that there is none."""
    assert "There is no case" in run("list")
    name = found(run)
    assert name in run("list")
    assert json.loads(run("list", "--json"))["cases"][0]["links"] == [
        "the same tool (library), accounts that are not new"
    ]


def test_a_case_is_shown_with_grounds_and_log_and_without_names(run):
    """Show tells what was measured and what was done, and nobody's name unless asked with a reason."""
    name = found(run)
    text = run("show", name)
    assert "odds against chance" in text
    assert "opened" in text
    assert "account:c1" not in text
    run("show", name, "--names", fails="--why is empty")


def test_names_are_shown_for_a_reason_that_stays_in_the_chain(run):
    """Each name that is shown is an entry in the ledger's access log, with the reason."""
    told = json.loads(run("show", found(run), "--names", "--why", "customer 17 asks", "--json"))
    assert sorted(told["names"]) == sorted(f"account:c{n}" for n in range(30))
    with Reader.open(run.ledger) as reader:
        asked = [entry for entry in reader.log() if entry.get("command") == "case show"]
    assert len(asked) == 30
    assert "customer 17 asks" in json.dumps(asked[0])


def test_whoever_was_forgotten_has_no_name_in_a_case(run):
    """Erasure reaches cases, too: they hold numbers, and the number names nobody any more."""
    name = found(run)
    with Reader.open(run.ledger) as reader:
        _, number = reader.facet("account:c1")
        actor = reader.identities.find(7, "account:c1")
        reader.identities.forget([number, actor])
    told = json.loads(run("show", name, "--names", "--why", "audit", "--json"))
    assert "erased" in told["names"]
    assert "account:c1" not in told["names"]


def log(run, name: str) -> list[tuple[str, str]]:
    """Return what was done in a case by persons, with the reasons."""
    told = json.loads(run("show", name, "--json"))["log"]
    assert all(entry["by"] for entry in told)
    return [(one["what"], one["why"]) for one in told if one["by"] != "himaya"]


def test_a_case_is_confirmed_with_a_reason_and_closed_when_all_is_done(run):
    """Confirming needs a reason and keeps it with who said it; closing then asks for what was not done yet."""
    name = found(run)
    run("confirm", name, "--why", " ", fails="--why is empty")
    assert "is confirmed" in run("confirm", name, "--why", "same invoices")
    run("close", name, "--why", "they stopped", fails="its people were not counted")
    run("confirm", name, "--why", "again", fails="is confirmed")
    assert log(run, name) == [("confirmed", "same invoices")]


def test_a_suspected_case_is_closed_as_an_error_and_taken_up_again(run):
    """Closing ends the budget of the group for the gate, too; reopening brings it back; both stand in the log."""
    name = found(run)
    assert json.loads(run("close", name, "--why", "our partner", "--json"))["state"] == "closed"
    assert states(run) == {name: State.CLOSED}
    run("confirm", name, "--why", "again", fails="is closed")
    assert json.loads(run("reopen", name, "--why", "no partner", "--json"))["state"] == "confirmed"
    assert states(run) == {name: State.CONFIRMED}
    assert log(run, name) == [("closed", "our partner"), ("reopened", "no partner")]


def states(run) -> dict[str, State]:
    """Return what the gate goes by."""
    with CaseStore(cases_path(run.ledger)) as store:
        return store.states()


def test_mistakes_are_named(run, tmp_path):
    """An unknown case and a directory without a ledger are errors with a way on, and make no file."""
    run("show", "g-unknown", fails="there is no case g-unknown")
    result = CliRunner().invoke(group, ["case", "list", "--ledger", str(tmp_path / "none")])
    assert isinstance(result.exception, HimayaError)
    assert not (tmp_path / "none.cases").exists()


def test_the_crew_is_the_one_that_was_written(run):
    """The first sighting in a case is the first row of the crew."""
    told = json.loads(run("show", found(run), "--json"))
    assert told["first"].startswith("2025-10-")
    assert NOON > 0
