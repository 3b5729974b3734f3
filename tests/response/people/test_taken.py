"""What a person is told who deletes something: confirmed cases, fields, days, demands; and that copies live on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.ledger.making import NOON
from tests.response.people.world import World, run, small

from himaya.analysis.cases import CaseStore, State, cases_path
from himaya.ledger.schema import micros
from himaya.response.people.taken import COPIES, demands_of


@pytest.fixture(name="world")
def _world(tmp_path: Path) -> World:
    world = small(tmp_path)
    world.act("c1", "confirmed", why="one customer, two accounts")
    return world


def deleted(world: World, subject: str, *words: str) -> dict:
    """Return what a person is told."""
    return world.told("deleted", "--subject", subject, "--why", "t", *words)


def test_a_confirmed_case_is_named_with_fields_and_days(world):
    """The person is told the case, its state, the fields and days, and that copies may live on; it is kept."""
    told = deleted(world, "ben")
    (case,) = told["cases"]
    assert (case["case"], case["status"]) == ("c1", "confirmed")
    assert (case["fields"], case["first"], case["times"]) == (["email", "name"], "2025-06-15", 2)
    assert COPIES in told["cannot"]
    act = world.read("c1").last("told")
    assert act.data["field"] == ""
    assert "ben" not in json.dumps(act.data)


def test_only_the_field_that_is_deleted_is_told_of(world):
    """With --field, cases that did not obtain that field are not named."""
    assert [one["fields"] for one in deleted(world, "ben", "--field", "email")["cases"]] == [
        ["email"]
    ]
    assert deleted(world, "anna", "--field", "email")["cases"] == []
    text = world.case("deleted", "--subject", "anna", "--field", "email", "--why", "t")
    assert "the field email of this person. That is no proof that nothing was taken." in text


def test_others_and_strangers_are_told_that_nothing_is_known(world):
    """Whom no confirmed collector had, and whom the ledger does not know, are told so without a promise."""
    for name in ("dora", "nobody"):
        assert deleted(world, name)["cases"] == []
    assert world.read("c1").last("told") is None


def test_suspicion_is_no_ground(tmp_path):
    """A case that nobody confirmed is not told of, nor one that is a drill."""
    world = small(tmp_path)
    assert deleted(world, "ben")["cases"] == []
    world.act("d1", "opened", groups=["g-1"], practice=True)
    world.act("d1", "confirmed", why="drill")
    assert deleted(world, "ben")["cases"] == []


def test_the_period_of_a_case_bounds_what_it_took(world):
    """A view outside the case's period is not of that case."""
    world.act("c2", "opened", groups=["g-1"], start=micros(NOON + 30))
    world.act("c2", "confirmed", why="w")
    cases = {one["case"]: one["times"] for one in deleted(world, "ben")["cases"]}
    assert cases == {"c1": 2, "c2": 1}


def test_demands_stand_as_the_letters_do(world):
    """Letters to the scraper are open until a deletion is confirmed; notices to others are no demands."""
    world.act("c1", "drafted", id="n1", what="notice", party="authority")
    world.act("c1", "drafted", id="l1", what="letter", party="scraper")
    world.act("c1", "drafted", id="l2", what="letter", party="host")
    assert [one.state for one in demands_of(world.read("c1"))] == ["drafted", "drafted"]
    world.act("c1", "sent", id="l1", party="scraper")
    world.act("c1", "silent", id="l1")
    world.act("c1", "withdrawn", id="l2", why="another host")
    (one,) = demands_of(world.read("c1"))
    assert (one.id, one.state, one.is_open) == ("l1", "silent", True)
    text = world.case("deleted", "--subject", "ben", "--why", "t")
    assert "A demand to delete it (scraper) was not answered by 2025-06-16." in text
    world.act("c1", "reply", id="l1", answer="confirmed", why="signed")
    (one,) = demands_of(world.read("c1"))
    assert not one.is_open


def test_a_letter_that_asks_to_stop_is_no_demand_to_delete(world):
    """Nobody is told that a deletion was demanded when the scraper was asked to stop, or got a form to sign."""
    for form in ("stop", "confirmation", "deletion"):
        world.act("c1", "drafted", id=f"l-{form}", what="letter", form=form, party="scraper")
    assert [one.id for one in demands_of(world.read("c1"))] == ["l-deletion"]


def test_a_confirmed_group_without_a_case_is_told_of_too(tmp_path):
    """A group that somebody confirmed counts, and its log keeps that the person was told."""
    world = small(tmp_path)
    with CaseStore(cases_path(world.ledger)) as store:
        store.move("g-1", State.CONFIRMED, why="w", by="dana", at=NOON)
    assert [one["case"] for one in deleted(world, "ben")["cases"]] == ["g-1"]
    with CaseStore(cases_path(world.ledger)) as store:
        assert store.get("g-1").log[-1].what == "told"


def test_telling_makes_no_register(tmp_path):
    """Where no case was ever opened, a deletion makes no file of cases."""
    world = World(tmp_path)
    world.write(*())
    run("forget", "--ledger", world.ledger, "--subject", "anna", "--why", "t")
    assert not Path(f"{world.ledger}.register").exists()
    assert not Path(f"{world.ledger}.cases").exists()


def test_forget_tells_before_it_erases(world):
    """`himaya forget` says what was taken, though the name is gone when it ends."""
    where = ("--ledger", world.ledger, "--config", world.config)
    told = json.loads(run("forget", *where, "--subject", "ben", "--why", "t", "--json"))
    assert told["collected"]["cases"][0]["case"] == "c1"
    assert deleted(world, "ben")["cases"] == []
    text = run("forget", *where, "--subject", "anna", "--why", "t")
    assert "case c1, which is confirmed" in text
    assert "collected" not in json.loads(
        run("forget", *where, "--actor", "account:honest", "--why", "t", "--json")
    )


def test_an_unreachable_register_erases_nobody(world):
    """When the person cannot be told, nothing is erased, and the error says what is missing."""
    world.configure('database = "sqlite:////nowhere/at/all/x.db"')
    where = ("--ledger", world.ledger, "--config", world.config)
    assert "cannot be used" in run("forget", *where, "--subject", "ben", "--why", "t", code=2)
    world.configure("")
    assert deleted(world, "ben")["cases"]


def test_a_lost_file_of_groups_keeps_nobody_from_being_told(world):
    """Without the file of groups the case's own actors are asked for, and the answer names what could not be read.

    What the open case needs of the person waits for it.
    """
    world.act("c2", "opened", actors=[world.number("account:m1")])
    world.act("c2", "confirmed", why="w")
    cases_path(world.ledger).unlink()
    where = ("--ledger", world.ledger, "--config", world.config)
    told = json.loads(run("forget", *where, "--subject", "ben", "--why", "t", "--json", code=1))
    assert [one["needs"] for one in told["kept"]] == ["case c2"]
    assert [one["case"] for one in told["collected"]["cases"]] == ["c2"]
    assert "case c1 could not be read" in told["collected"]["cannot"][-1]
