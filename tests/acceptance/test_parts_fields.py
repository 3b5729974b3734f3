"""Fewer fields for whoever is not signed in, as far as a budget of 0 does it."""

from __future__ import annotations

from tests.acceptance.gate import SURFACES, Gate
from tests.acceptance.promise import broken, require

#: Mail addresses are for members: strangers have no budget for them, and they may be taken out of answers.
FOR_MEMBERS = [
    {**one, "fields": ["email"], "redact": ["email"]} if one["id"] == "api" else one
    for one in SURFACES
]


def members_see_more(gate: Gate, account: str) -> None:
    """Ask for the same page without and with an account."""
    with gate.visitor() as stranger, gate.visitor(account) as member:
        less, more = stranger.get("/api/people?page=3"), member.get("/api/people?page=3")
        assert more.people == frozenset(range(150, 200))
        require(less.status == 200, "strangers get an answer")
        rows = less.json()["people"]
        require([row["id"] for row in rows] == [f"p{n}" for n in range(150, 200)], "with its rows")
        require(not less.people and b"email" not in less.body, "without the members' fields")
        hidden = stranger.get("/u/p150")
        require(not hidden.people, "a page that cannot be trimmed is not given either")


def test_fewer_fields_for_strangers(gate, name):
    """An answer to a stranger lacks the fields that are for members; a member's answer has them."""
    gate.configure(surface=FOR_MEMBERS, budgets={"anonymous": {"day": 0}}, ladder={"redact": True})
    members_see_more(gate, name)


def test_twin_fewer_fields_for_strangers(gate, name):
    """Where strangers have a budget, their answer has the same fields."""
    gate.configure(surface=FOR_MEMBERS, ladder={"redact": True})
    with broken("without the members' fields"):
        members_see_more(gate, name)
