"""What the ledger answers, where an acceptance line asks for more. docs/acceptance.md says what is missing."""

from __future__ import annotations

import time
from datetime import datetime

from tests.acceptance.gate import Gate, Table
from tests.acceptance.promise import broken, require


def seconds(told: str) -> float:
    """Return an ISO 8601 time as epoch seconds."""
    return datetime.fromisoformat(told).timestamp()


def a_persons_answer(gate: Gate, name: str, route: str, person: int) -> None:
    """Two views of one person, then the question who has seen them."""
    with gate.visitor(name) as viewer:
        for _ in range(2):
            assert viewer.get(f"{route}/p{person}").people == {person}
        answer = gate.who(subject=f"p{person}")
        found = [one for one in answer["actors"] if one["actor"] == f"account:{name}"]
        require(found, "the answer names who saw them")
        entry: Table = found[0]
        require(entry["fields"] == ["email", "name"] and entry["times"] == 2, "what, how often")
        require(time.time() - seconds(entry["last"]) < 60, "when")
        require(entry["certainty"] == "served", "how sure that is")
        require(isinstance(answer["unobserved"], list), "the periods nobody can speak for")


def test_a_person_gets_an_answer(gate, name):
    """Who saw a person is answered with fields, times, certainty and the periods nobody can speak for."""
    a_persons_answer(gate, name, "/u", 18_001)


def test_twin_a_person_gets_an_answer(gate, name):
    """Views on a route that is not declared are in no answer."""
    with broken("the answer names who saw them"):
        a_persons_answer(gate, name, "/about", 18_002)
