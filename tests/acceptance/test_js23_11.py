"""JS23-11: addresses that each take a few people by one tool are reported as one, with everybody they saw."""

from __future__ import annotations

import random

from tests.acceptance.crew import BROWSER, LIBRARY, SOAK, TWIN_S, WAIT_S, cases, members, searching
from tests.acceptance.gate import Gate, Table
from tests.acceptance.promise import broken, require
from tests.acceptance.site import POPULATION

ADDRESSES, EACH = (1000, 20) if SOAK else (60, 20)

#: An address may see five times as many as each of them takes, and a network as many.
CAPS: Table = {"address": {"day": 100}, "prefix": {"day": 100}}


def strangers(gate: Gate) -> set[str]:
    """Let ten visitors with a browser read 20 of the 60 people everybody knows; return their names."""
    chance, names = random.Random(10), set()
    for _ in range(10):
        with gate.visitor(**BROWSER) as reader:
            names.add(f"address:{reader.address}")
            for person in chance.sample(range(60), 20):
                reader.get(f"/u/p{person}")
            assert len(reader.obtained) == 20
    return names


def one_tool_is_one_case(gate: Gate, wait_s: float) -> None:
    """Many addresses, each in a network of its own, share the site among them; others read beside them."""
    honest = strangers(gate)
    people = random.Random(11).sample(range(POPULATION), ADDRESSES * EACH)
    crew, everybody = set(), set()
    for number in range(ADDRESSES):
        with gate.visitor(**LIBRARY) as one:
            crew.add(f"address:{one.address}")
            for person in people[number * EACH : (number + 1) * EACH]:
                answer = one.get(f"/u/p{person}")
                assert answer.status == 200, "no cap was met"
            assert len(one.obtained) == EACH
            everybody |= one.obtained
    assert len(everybody) == ADDRESSES * EACH
    whole = len(everybody)
    found = cases(gate, wait_s, lambda told: bool(told) and told[0]["people"] >= whole)
    require(len(found) == 1, "all addresses are one case")
    require(found[0]["members"] == ADDRESSES, "every address is in it")
    require(found[0]["people"] == whole, "it counts whom all of them saw, each person once")
    named = members(gate, found[0])
    require(named <= crew and not named & honest, "nobody else is in it")
    require("the same tool" in found[0]["links"][0], "it says what links them")


def test_js23_11_one_tool_is_one_case(gate):
    """60 addresses with 20 people each, none twice, are one case with 1,200 people; the soak has 1,000 and 20,000."""
    with searching(gate, budgets=CAPS):
        one_tool_is_one_case(gate, WAIT_S)


def test_js23_11_twin_one_tool_is_one_case(gate):
    """Where groups are not looked for, each address is one that met no cap, and nothing is reported."""
    with searching(gate, every_s=0, budgets=CAPS), broken("all addresses are one case"):
        one_tool_is_one_case(gate, TWIN_S)
