"""Whom the actors of a case would have had under other limits: equal to counting by hand, and never invented."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.making import NOON, disclosed
from tests.response.people.world import World, run, small

from himaya.analysis.groups import Group
from himaya.core.actor import Actor
from himaya.core.policy import Budget, Budgets, Policy
from himaya.ledger.canaries import keep
from himaya.ledger.rows import Row
from himaya.response.people.counterfactual import Membership, Replay
from himaya.response.people.limits import Limits, halved

NOTHING = Budgets(account=None, session=None, key=None, address=None, prefix=None)


def view(at: float, person: int, account: str = "a", **more) -> Row:
    """Return the row of one view."""
    actor = Actor(account=account, address="203.0.113.9")
    base = {
        "at": NOON + at,
        "kind": "profile",
        "surface": "profile",
        "actor": actor,
        "name": account,
        "actor_id": ord(account[0]),
        "subject": "",
        "subject_id": person,
        "fields": ("name",),
        "access": "account",
        **dict.fromkeys(("scope", "certainty", "decision", "source", "policy", "reason"), ""),
        **dict.fromkeys(("status", "count", "until"), 0),
    }
    return Row(**{**base, **more})


def policy(**budgets) -> Policy:
    """Return a policy with these budgets and no other."""
    kept = {name: getattr(NOTHING, name) for name in Budgets.__struct_fields__}
    return Policy(budgets=Budgets(**{**kept, **budgets}), sensitivity={"email": 3.0})


def under(rows: list[Row], *groups: Group, **budgets) -> set[int]:
    """Return whom the actors of these rows would have had."""
    replay = Replay(Limits(policy(**budgets)), Membership(groups))
    for row in rows:
        replay.take(row)
    return replay.people


def test_an_hourly_budget_lets_that_many_people_pass():
    """Of five people within an hour under a budget of three, the first three pass; an hour later others do."""
    first = [view(10 * n, n) for n in range(5)]
    later = [view(2 * 3600 + 10 * n, 10 + n) for n in range(5)]
    account = Budget(hour=3)
    assert under(first, account=account) == {0, 1, 2}
    assert under(first + later, account=account) == {0, 1, 2, 10, 11, 12}
    assert under(first + later, account=Budget(hour=3, day=4)) == {0, 1, 2, 10}


def test_somebody_seen_again_costs_nothing():
    """Views of whom the account has already pass under any budget that holds them."""
    rows = [view(n, n % 2) for n in range(10)]
    assert under(rows, account=Budget(hour=2)) == {0, 1}


def test_whoever_did_not_pass_may_pass_later():
    """A refused view counts nowhere, so the same person passes once there is room."""
    rows = [view(0, 1), view(10, 2), view(2 * 3600, 2)]
    assert under(rows, account=Budget(hour=1)) == {1, 2}


def test_heavier_fields_weigh_more():
    """A person whose field weighs three spends three."""
    rows = [view(n, n, fields=("email",)) for n in range(5)]
    assert under(rows, account=Budget(hour=7)) == {0, 1}


def test_each_principal_has_a_budget_of_its_own_and_all_must_have_room():
    """Two accounts have their own windows; their common address caps both together."""
    rows = [view(n, n, account="ab"[n % 2]) for n in range(10)]
    assert len(under(rows, account=Budget(hour=2))) == 4
    assert len(under(rows, account=Budget(hour=2), address=Budget(hour=3))) == 3


def test_a_group_spends_one_budget_from_when_it_was_found():
    """Members of a group share its budget after it was found; before, nobody knew."""
    rows = [view(n, n, account="ab"[n % 2]) for n in range(10)]
    group = Group("g", NOON, NOON + 4, members={ord("a"): None, ord("b"): None})
    assert under(rows, group, group=Budget(hour=2)) == {0, 1, 2, 3, 4, 5}
    assert under(rows, group=Budget(hour=2)) == set(range(10))


def test_a_row_names_the_group_it_was_charged_to():
    """What the ledger says was charged holds, whatever the file of groups says."""
    rows = [view(n, n, group="g-0") for n in range(4)]
    assert len(under(rows, group=Budget(hour=2))) == 2


def test_half_of_every_budget_is_half():
    """The default proposal halves every figure of every tier and surface, and leaves no limit no limit."""
    whole = Policy(
        budgets=Budgets(account=Budget(hour=5), group=Budget(day=8, month=9)),
        tiers={"paid": NOTHING, "x": Budgets(key=Budget(hour=1))},
        surface_budgets={"photo": Budget(day=2)},
    )
    half = halved(whole)
    assert half.budgets.account == Budget(hour=2.5)
    assert half.budgets.group == Budget(day=4, month=4.5)
    assert half.tiers["paid"].account is None
    assert half.tiers["x"].key == Budget(hour=0.5)
    assert half.surface_budgets == {"photo": Budget(day=1)}


TIMES = st.lists(st.integers(0, 3 * 86_400), min_size=1, max_size=60).map(sorted)
LIMIT = st.integers(0, 12)


@settings(deadline=None)
@given(TIMES, st.lists(st.integers(0, 8), min_size=60, max_size=60), LIMIT, LIMIT)
def test_nobody_is_had_who_was_not_had(times, people, hour, day):
    """Under whatever limits, the people are some of those whom the actors had, and all of them without a limit."""
    rows = [view(at, people[n], "ab"[n % 2]) for n, at in enumerate(times)]
    had = {row.subject_id for row in rows}
    assert under(rows, account=Budget(hour=hour, day=day), address=Budget(day=day)) <= had
    assert under(rows) == had


@settings(deadline=None)
@given(TIMES, LIMIT, LIMIT, LIMIT, LIMIT)
def test_smaller_limits_of_one_account_never_give_more(times, hour, day, less_hour, less_day):
    """Where one account sees new people of equal weight, smaller limits leave at most as many."""
    rows = [view(at, n) for n, at in enumerate(times)]
    current = under(rows, account=Budget(hour=hour, day=day))
    smaller = Budget(hour=min(hour, less_hour), day=min(day, less_day))
    assert len(under(rows, account=smaller)) <= len(current)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3600), st.integers(0, 9)), max_size=40), LIMIT)
def test_within_an_hour_it_is_the_first_people_up_to_the_limit(views, hour):
    """Counted by hand: within one hour the account has the first so many different people."""
    rows = [view(at, person) for at, person in sorted(views, key=lambda one: one[0])]
    first = list(dict.fromkeys(row.subject_id for row in rows))[:hour]
    assert under(rows, account=Budget(hour=hour)) == set(first)


# -- the command -----------------------------------------------------------------------------------


@pytest.fixture(name="world")
def _world(tmp_path) -> World:
    world = small(tmp_path)
    world.write(*(disclosed(NOON + 200 + n, "m1", f"p{n}") for n in range(20)))
    return world


def test_a_case_is_compared_and_the_comparison_is_kept(world):
    """Current, proposed and difference are printed, and stand in the case with the hashes of both policies."""
    world.configure("", more="[budgets]\naccount = { hour = 10 }\n")
    told = world.told("compare", "c1", "--why", "t")
    # m1 has anna, ben and eight more; m2 adds cy, and ben once more with what weighs three.
    assert (told["observed"], told["current"], told["proposed"], told["fewer"]) == (23, 11, 6, 5)
    kept = world.read("c1").last("compared").data
    assert kept == {name: told[name] for name in kept}
    assert kept["policy"] != kept["proposed_policy"]


def test_proposed_limits_come_from_a_file(world):
    """--proposed FILE is another configuration; a looser one shows that more would have been had."""
    world.configure("", more="[budgets]\naccount = { hour = 10 }\n")
    loose = world.directory / "loose.toml"
    loose.write_text(world.config.read_text().replace("hour = 10", "hour = 1000"))
    told = world.told("compare", "c1", "--proposed", loose, "--why", "t")
    assert (told["proposed"], told["fewer"]) == (23, -12)
    assert "12 more people" in world.case("compare", "c1", "--proposed", loose, "--why", "t")


def test_a_wrong_proposal_is_named_and_nothing_is_kept(world):
    """A proposed configuration with a mistake is an error with its file; the case keeps nothing."""
    wrong = world.directory / "wrong.toml"
    wrong.write_text("[budgets]\naccount = 3\n")
    said = world.case("compare", "c1", "--proposed", wrong, "--why", "t", code=2)
    assert "wrong.toml:2" in said
    assert world.read("c1").last("compared") is None


def test_erased_actors_and_people_count_as_before(world):
    """Who was erased since is a number: the same people are counted under the same limits."""
    world.configure("", more="[budgets]\naccount = { hour = 10 }\n")
    before = world.told("compare", "c1", "--why", "t")
    for words in (("--subject", "cy"), ("--actor", "account:m2")):
        run("forget", "--ledger", world.ledger, *words, "--why", "t")
    assert world.told("compare", "c1", "--why", "t") == before


def test_canaries_are_in_no_comparison(world):
    """A canary is no person; its row spends nothing."""
    keep(world.ledger, {"p3": "list"})
    assert world.told("compare", "c1", "--why", "t")["observed"] == 22
