"""JS23-10: fresh accounts that take people at once are held to the budget of new accounts, and become one case."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack

from tests.acceptance.crew import (
    BROWSER,
    SOAK,
    TWIN_S,
    WAIT_S,
    cases,
    members,
    searching,
    signed_up,
    this_hour,
)
from tests.acceptance.gate import Gate, Table
from tests.acceptance.promise import broken, require
from tests.acceptance.site import POPULATION
from tests.acceptance.visitor import Visitor

ACCOUNTS, WANTED = (200, 300) if SOAK else (60, 40)

#: What one new account may see in an hour; the base lets an old one see 100.
NEW: Table = {"tier": {"new": {"account": {"hour": 20}}}}


def readers(gate: Gate, stack: ExitStack, name: str, many: int) -> list[Visitor]:
    """Let accounts of last year, with the same browser, read 30 of the 60 people everybody knows."""
    names = [f"{name}.reader{number}" for number in range(many)]
    signed_up(gate, names, time.time() - 400 * 86400)
    found = [stack.enter_context(gate.visitor(one, **BROWSER)) for one in names]
    chance = random.Random(10)
    for reader in found:
        for person in chance.sample(range(60), 30):
            reader.get(f"/u/p{person}")
    return found


def newcomers(gate: Gate, stack: ExitStack, name: str) -> list[Visitor]:
    """Let accounts sign in that were made this hour."""
    names = [f"{name}.new{number}" for number in range(ACCOUNTS)]
    signed_up(gate, names, this_hour())
    return [stack.enter_context(gate.visitor(one, **BROWSER)) for one in names]


def take(new: list[Visitor]) -> float:
    """Let each take its own part of the site, all at the same time; return when the last of them was refused."""
    people = random.Random(11).sample(range(POPULATION), POPULATION)
    part, began = POPULATION // ACCOUNTS, time.monotonic()
    refused = [float("inf")] * len(new)
    for step in range(WANTED):
        for number, visitor in enumerate(new):
            person = people[(number * part + step) % POPULATION]
            if visitor.get(f"/u/p{person}").status != 200:
                refused[number] = min(refused[number], time.monotonic() - began)
    return max(refused)


def new_accounts_are_held(gate: Gate, name: str) -> None:
    """Accounts of this hour want many people each; an old one reads on."""
    with ExitStack() as stack:
        (old,) = readers(gate, stack, name, 1)
        new = newcomers(gate, stack, name)
        refused_after = take(new)
        require(
            all(len(one.obtained) <= 20 for one in new),
            "each new account is held to the budget of new accounts",
        )
        require(refused_after < 120, "within minutes")
        require(len(old.obtained) == 30, "the old account is not")


def they_are_one_case(gate: Gate, name: str, wait_s: float) -> None:
    """Accounts of this hour take what they get; old accounts with the same browser read."""
    with ExitStack() as stack:
        readers(gate, stack, name, ACCOUNTS // 3)
        new = newcomers(gate, stack, name)
        take(new)
        whole = len(set().union(*(one.obtained for one in new)))
    found = cases(gate, wait_s, lambda told: bool(told) and told[0]["people"] >= whole)
    require(len(found) == 1, "the new accounts are one case")
    require(found[0]["members"] == ACCOUNTS, "with every one of them")
    require(found[0]["people"] == whole, "and whom they saw")
    ours = {f"account:{name}.new{number}" for number in range(ACCOUNTS)}
    require(members(gate, found[0]) <= ours, "and nobody else")


def newcomers_share_a_budget(gate: Gate, name: str) -> None:
    """20 accounts of this minute take 30 people each."""
    with ExitStack() as stack:
        new = [f"{name}.{number}" for number in range(20)]
        signed_up(gate, new, time.time())
        visitors = [stack.enter_context(gate.visitor(one)) for one in new]
        for number, visitor in enumerate(visitors):
            for person in range(30):
                visitor.get(f"/u/p{30 * number + person}")
        taken = set().union(*(visitor.obtained for visitor in visitors))
        require(len(taken) <= 100, "all new accounts together are held")


def test_js23_10_new_accounts_are_held(gate, name):
    """60 accounts of this hour want 40 people each and get 20 each; in the soak 200 want 300 each."""
    gate.configure(budgets=NEW)
    new_accounts_are_held(gate, name)


def test_js23_10_twin_new_accounts_are_held(gate, name):
    """Without a budget of their own new accounts get what old ones may."""
    with broken("each new account is held to the budget of new accounts"):
        new_accounts_are_held(gate, name)


def test_js23_10_they_are_one_case(gate, name):
    """60 accounts of this hour, 200 in the soak, become one case while they are held to 20 people each."""
    with searching(gate, budgets=NEW):
        they_are_one_case(gate, name, WAIT_S)


def test_js23_10_twin_they_are_one_case(gate, name):
    """Where groups are not looked for, no case is opened."""
    with searching(gate, every_s=0, budgets=NEW), broken("the new accounts are one case"):
        they_are_one_case(gate, name, TWIN_S)


def test_js23_10_newcomers_share_a_budget(gate, name):
    """20 accounts of this minute obtain 100 people together, not 600."""
    gate.configure(budgets={"new_account": {"hour": 100}})
    newcomers_share_a_budget(gate, name)


def test_js23_10_twin_newcomers_share_a_budget(gate, name):
    """Without a budget for new accounts together each takes what an old one may."""
    with broken("all new accounts together are held"):
        newcomers_share_a_budget(gate, name)
