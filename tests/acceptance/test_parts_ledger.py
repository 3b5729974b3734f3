"""What the ledger answers, where an acceptance line asks for more. docs/acceptance.md says what is missing."""

from __future__ import annotations

import time
from datetime import datetime

from tests.acceptance.gate import SURFACES, Gate, Table
from tests.acceptance.promise import broken, require
from tests.acceptance.site import phone


def seconds(told: str) -> float:
    """Return an ISO 8601 time as epoch seconds."""
    return datetime.fromisoformat(told).timestamp()


def a_strangers_view_is_kept(gate: Gate, route: str) -> None:
    """Somebody without an account looks at one public profile."""
    with gate.visitor() as stranger:
        asked = time.time()
        assert stranger.get(f"{route}/p17").people == {17}
        answer = gate.who(actor=f"address:{stranger.address}")
        require([one["subject"] for one in answer["subjects"]] == ["p17"], "who was shown")
        entry = answer["subjects"][0]
        require(entry["fields"] == ["email", "name"], "which fields")
        require(abs(seconds(entry["first"]) - asked) < 5, "when")


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


def the_ledger_has_the_takers_file(gate: Gate, account: str) -> None:
    """Somebody collects over every kind of route until the cap; their file is compared with the answer."""
    with gate.visitor(account) as taker:
        for step in range(12):
            taker.get(f"/search?page={step % 3}")
            taker.get(f"/api/people?page={10 + step}")
            taker.get(f"/lookup?phone={phone(7000 + step)}")
            taker.get(f"/lookup?phone={1 + int(phone(7000 + step))}")
            taker.get(f"/photo/p{8000 + step}")
            taker.get(f"/u/p{9000 + step}")
        assert len(taker.obtained) > 80
        answer = gate.who(actor=f"account:{account}")
        told = {one["subject"] for one in answer["subjects"]}
        require(told == {f"p{n}" for n in taker.obtained}, "the answer is the taker's own file")


def test_a_strangers_view_is_kept(gate):
    """An anonymous view of a public profile is a ledger entry: actor, person, fields, time."""
    a_strangers_view_is_kept(gate, "/u")


def test_twin_a_strangers_view_is_kept(gate):
    """The same person on a route that is not declared leaves no entry."""
    with broken("who was shown"):
        a_strangers_view_is_kept(gate, "/about")


def test_a_person_gets_an_answer(gate, name):
    """Who saw a person is answered with fields, times, certainty and the periods nobody can speak for."""
    a_persons_answer(gate, name, "/u", 18_001)


def test_twin_a_person_gets_an_answer(gate, name):
    """Views on a route that is not declared are in no answer."""
    with broken("the answer names who saw them"):
        a_persons_answer(gate, name, "/about", 18_002)


def test_the_ledger_has_the_takers_file(gate, name):
    """Whom a collector obtained, by every kind of route, is exactly whom the ledger names."""
    the_ledger_has_the_takers_file(gate, name)


def test_twin_the_ledger_has_the_takers_file(gate, name):
    """With photos undeclared the collector's file holds people whom the ledger does not name."""
    gate.configure(surface=[one for one in SURFACES if one["id"] != "photo"])
    with broken("the answer is the taker's own file"):
        the_ledger_has_the_takers_file(gate, name)
