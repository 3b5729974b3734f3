"""Which lines must have left a row."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from tests.ledger.making import NOON, disclosed, shown
from tests.watch.reconcile.making import ADDRESS, view

from himaya import cli
from himaya.config import Config
from himaya.core.actor import Actor
from himaya.core.disclosure import Disclosures
from himaya.core.exchange import Exchange, Request
from himaya.core.facts import Facts
from himaya.core.surface import Surface
from himaya.watch.loglines import Placed
from himaya.watch.reconcile.asked import Asked, Skip


@pytest.mark.parametrize("status", [304, 302, 403, 404, 429, 500])
def test_answers_that_showed_nobody_need_no_row(case, status):
    """Refused, redirected, unchanged and failed answers are counted and skipped."""
    case.write()
    said = case.compare(view(NOON, "/u/anna", status=status))
    assert said["skipped"]["nothing"] == 1
    assert said["sums"]["compared"] == 0


def test_head_needs_no_row_but_of_a_lookup(case):
    """HEAD shows no page, but a look-up's head says that somebody is there."""
    case.write()
    head = {"method": "HEAD"}
    said = case.compare(view(NOON, "/u/anna", **head), view(NOON, "/find?phone=1", **head), code=1)
    assert [one["surface"] for one in said["missing"]] == ["find"]
    assert said["skipped"]["nothing"] == 1


def test_a_lookup_in_vain_needs_a_row(case):
    """A look-up answered 404 is a miss, and a miss is a row."""
    miss = disclosed(NOON, "u1", surface="find", kind="lookup", miss=True, status=404)
    case.write(miss)
    asked = view(NOON, "/find?phone=1", status=404)
    assert case.compare(asked)["sums"]["matched"] == 1
    assert case.compare(asked, asked, code=1)["sums"]["missing"] == 1


def test_ones_own_profile_needs_no_row(case):
    """The profile of the account that asks is skipped, also where the application told whose it is."""
    case.write()
    said = case.compare(view(NOON, "/u/u1"), view(NOON, "/u/anna", status=404))
    assert said["skipped"]["own"] == 1


def test_what_the_log_itself_says_of_people_decides(case):
    """`Himaya-Subjects` in the log: nobody shown needs no row, somebody else shown must have one."""
    case.write(disclosed(NOON, "u1", "ben"))

    def told(target: str, subjects: str) -> str:
        entry = {"at": NOON, "address": ADDRESS, "himaya_account": "u1", "method": "GET"}
        return json.dumps({**entry, "target": target, "status": 200, "subjects": subjects}) + "\n"

    said = case.compare(told("/search", "u1"), told("/u/anna", "ben"))
    assert (said["skipped"]["nobody"], said["sums"]["matched"]) == (1, 1)
    assert case.compare(told("/search", "anna, ben"), code=1)["sums"]["missing"] == 1


def test_facts_tell_whose_profile_it_is(case):
    """One's own profile under another name is one's own where the application told so."""
    case.write()
    facts = case.path / "facts.jsonl"
    facts.write_text('{"account": "u1", "subject": "anna"}\n')
    words = ["facts", "import", str(facts), "--ledger", str(case.ledger)]
    done = CliRunner().invoke(cli.group, words)
    assert done.exit_code == 0, done.output
    assert case.compare(view(NOON, "/u/anna"))["skipped"]["own"] == 1


def test_an_api_key_is_an_actor(case):
    """Rows of an API key fit lines that name the key."""
    key = Disclosures(NOON, "profile", "profile", Actor(ADDRESS, key="k1"), "key", 200, shown("a"))
    case.write(key)
    entry = {"at": NOON, "address": "198.51.100.7", "key": "k1", "method": "GET", "target": "/u/a"}
    assert case.compare(json.dumps({**entry, "status": 200}) + "\n")["holds"]


def test_a_route_of_many_operations_is_left_out():
    """A log does not say which operation was asked for, so such a line proves nothing."""
    endpoint = {"route": "/graphql", "methods": ("GET", "POST"), "max_people": 9}
    surfaces = (
        Surface("rest", kind="listing", **endpoint),
        Surface(
            "one", "/graphql", operation="person", people=("json",), json_subject="data.person.id"
        ),
    )
    asked = Asked(Config(surfaces=surfaces), Facts(), None)
    exchange = Exchange(Request("", Actor(), "/graphql", "POST"), 200)
    assert asked.line(Placed(NOON, exchange, "log", 1)) is None
    assert asked.skipped == {Skip.OPENED: 1}
