"""MUSA-C2: one tool behind 500 home addresses is one group, and the homes around it are not in it."""

from __future__ import annotations

import random

from tests.acceptance.crew import BROWSER, LIBRARY, TWIN_S, WAIT_S, cases, searching
from tests.acceptance.gate import Gate
from tests.acceptance.promise import broken, require
from tests.acceptance.site import POPULATION

HOMES, EACH, PROVIDERS = 500, 3, 25

#: The front door tells whose network an address is in.
PROVIDER = {"asn_header": "X-Asn"}


def neighbours(gate: Gate) -> None:
    """Let 50 homes at the same providers read a few of the people everybody knows, each with a browser."""
    chance = random.Random(20)
    for number in range(50):
        provider = str(64_500 + number % PROVIDERS)
        with gate.visitor(**BROWSER, X_Asn=provider) as home:
            for person in chance.sample(range(60), 6):
                assert home.get(f"/u/p{person}").status == 200


def homes_are_one_group(gate: Gate, wait_s: float) -> None:
    """A tool asks for three people from each of 500 homes at 25 providers; no network is used by two of them."""
    neighbours(gate)
    people = random.Random(21).sample(range(POPULATION), HOMES * EACH)
    for number in range(HOMES):
        provider = str(64_500 + number % PROVIDERS)
        with gate.visitor(**LIBRARY, X_Asn=provider) as home:
            for person in people[number * EACH : (number + 1) * EACH]:
                assert home.get(f"/u/p{person}").people == {person}
    found = cases(gate, wait_s, lambda told: bool(told) and told[0]["people"] >= len(people))
    require(len(found) == 1, "one tool on 500 home addresses is one group")
    require(found[0]["members"] == HOMES, "with every home it came from, and no other")
    require(found[0]["people"] == len(people), "and everybody it saw")


def test_musa_c2_homes_are_one_group(gate):
    """500 home addresses with three people each, in 500 networks of 25 providers, are one case."""
    with searching(gate, actor=PROVIDER):
        homes_are_one_group(gate, WAIT_S)


def test_musa_c2_twin_homes_are_one_group(gate):
    """Where groups are not looked for, 500 homes are 500 visitors."""
    with (
        searching(gate, every_s=0, actor=PROVIDER),
        broken("one tool on 500 home addresses is one group"),
    ):
        homes_are_one_group(gate, TWIN_S)
