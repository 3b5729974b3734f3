"""CS24-4: agents with a browser's headers, home addresses and a reader's pace are still held to budgets of people."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from heapq import heapify, heappop, heappush

from tests.acceptance.crew import (
    BROWSER,
    SOAK,
    WAIT_S,
    cases,
    searching,
    signed_up,
    this_hour,
)
from tests.acceptance.gate import Gate, Table
from tests.acceptance.promise import broken, require
from tests.acceptance.site import POPULATION
from tests.acceptance.visitor import Visitor

AGENTS, READERS, EACH = 40, 20, 28

#: Where accounts have a budget of their own, one agent wants twice as much.
ACCOUNT: Table = {"account": {"day": 20}}
#: Accounts may see 40 people each, the agents together 60 from when they were found.
GROUP: Table = {"account": {"day": 40}, "group": {"day": 60}}

#: The median pause between two pages. Every run goes through the same pauses in an eightieth of the time.
PAUSE_S = 4.0 if SOAK else 0.05

#: All detectors that could have noticed an account, with the thresholds they come with.
DETECTORS = ("breadth", "enumeration", "evidence", "provenance", "regularity", "sharing")

#: Who looks, and whom they want to see.
Plan = tuple[Visitor, list[int]]


def look_around(plans: list[Plan], chance: random.Random) -> None:
    """Let everybody open their people as a reader does: uneven pauses, the picture too, somebody again now and then."""
    began = time.monotonic()
    due = [(chance.lognormvariate(0, 1) * PAUSE_S, number) for number in range(len(plans))]
    heapify(due)
    while due:
        at, number = heappop(due)
        time.sleep(max(0.0, began + at - time.monotonic()))
        visitor, wanted = plans[number]
        person = wanted.pop(0)
        # After a long pause the gate has closed the connection; a browser opens another one.
        visitor.reconnect()
        if visitor.get(f"/u/p{person}").people:
            visitor.get(f"/photo/p{person}")
        if chance.random() < 0.15 and visitor.obtained:
            visitor.get(f"/u/p{chance.choice(sorted(visitor.obtained))}")
        if wanted:
            heappush(due, (at + chance.lognormvariate(0, 1) * PAUSE_S, number))


def arrive(gate: Gate, stack: ExitStack, names: list[str], created: float) -> list[Visitor]:
    """Let accounts sign in, each from a home of its own, with the same current browser."""
    signed_up(gate, names, created)
    return [stack.enter_context(gate.visitor(one, **BROWSER)) for one in names]


def noticed(gate: Gate, names: list[str]) -> bool:
    """Tell whether any detector found any of these accounts."""
    gate.flush()
    return any(gate.found(each, f"account:{one}") for each in DETECTORS for one in names)


def an_agent_is_held(gate: Gate, name: str) -> None:
    """One agent opens 40 people all over the site."""
    chance = random.Random(3)
    with ExitStack() as stack:
        (agent,) = arrive(gate, stack, [name], time.time() - 400 * 86400)
        look_around([(agent, chance.sample(range(POPULATION), 40))], chance)
        assert not noticed(gate, [name]), "no detector told it from people"
        require(len(agent.obtained) <= 20, "an agent is held to the budget of an account")


def agents_are_held_together(gate: Gate, name: str, wait_s: float) -> None:
    """Accounts that were made in one hour two months ago divide the site; readers have the same browser."""
    chance = random.Random(4)
    names = [f"{name}.agent{number}" for number in range(AGENTS)]
    people = chance.sample(range(60, POPULATION), AGENTS * 40)
    share = [people[40 * number : 40 * (number + 1)] for number in range(AGENTS)]
    with ExitStack() as stack:
        agents = arrive(gate, stack, names, this_hour() - 60 * 86400)
        honest = [f"{name}.reader{number}" for number in range(READERS)]
        readers = arrive(gate, stack, honest, this_hour() - 400 * 86400)
        first = [(one, share[number][:EACH]) for number, one in enumerate(agents)]
        reading = [(one, chance.sample(range(60), 12)) for one in readers]
        look_around([*first, *reading], chance)
        assert not noticed(gate, names), "no detector told them from people"
        found = cases(gate, wait_s)
        require(len(found) == 1, "what they do together is found")
        require(gate.found("group", f"group:{found[0]['id']}", wait_s=5), "and taken over")
        # Where the pauses are long they are found, and held, before all have what they wanted first.
        before = set().union(*(one.obtained for one in agents))
        look_around([(one, share[number][EACH:]) for number, one in enumerate(agents)], chance)
        more = set().union(*(one.obtained for one in agents)) - before
        require(len(more) <= 60, "all agents are held to one budget of a group")
        read = [one.reconnect().get(f"/u/p{60 + n}").status for n, one in enumerate(readers)]
        require(set(read) == {200}, "readers with the same browser are not")


def test_cs24_4_an_agent_is_held(gate, name):
    """An agent that no detector tells from people gets 20 people a day; the soak has it pause like people."""
    gate.configure(budgets=ACCOUNT)
    an_agent_is_held(gate, name)


def test_cs24_4_twin_an_agent_is_held(gate, name):
    """Without a budget for accounts it goes on."""
    gate.configure(budgets={"account": {}})
    with broken("an agent is held to the budget of an account"):
        an_agent_is_held(gate, name)


def test_cs24_4_agents_are_held_together(gate, name):
    """40 agents whose accounts are as old as each other get 60 more people together once they are found."""
    with searching(gate, budgets=GROUP):
        agents_are_held_together(gate, name, WAIT_S)


def test_cs24_4_twin_agents_are_held_together(gate, name):
    """Without a budget for groups they are found, and each goes on to its own."""
    with (
        searching(gate, budgets={"account": {"day": 40}}),
        broken("all agents are held to one budget of a group"),
    ):
        agents_are_held_together(gate, name, WAIT_S)
