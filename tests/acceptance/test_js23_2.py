"""JS23-2: one scraper, four ways in: without an account, with one, with an API key, and by GraphQL and lists."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from tests.acceptance.gate import SURFACES, Gate
from tests.acceptance.graph import SURFACES as GRAPH
from tests.acceptance.promise import broken, require
from tests.acceptance.visitor import Visitor

CAP = 100
LIMITED = {"address": {"day": CAP}}


def by_pages(visitor: Visitor) -> None:
    """Take pages one by one until well past the cap."""
    for person in range(CAP + 30):
        visitor.get(f"/u/p{person}")


def by_lists(visitor: Visitor) -> None:
    """Take lists of 50."""
    for page in range(6):
        visitor.get(f"/api/people?page={page}")


def asks(visitor: Visitor, query: object) -> None:
    """Send one GraphQL request, or a list of them."""
    visitor.post(
        "/graph", json.dumps(query if isinstance(query, list) else {"query": query}).encode()
    )


def plainly(visitor: Visitor) -> None:
    """Ask for page after page."""
    for page in range(8):
        asks(visitor, f"{{ people(page: {page}) {{ id email }} }}")


def by_aliases(visitor: Visitor) -> None:
    """Ask for 15 people in one query, under other names, again and again."""
    for start in range(0, 200, 15):
        named = (
            f'a{n}: person(id: "p{n}") {{ x: email id: email }}' for n in range(start, start + 15)
        )
        asks(visitor, f"{{ {' '.join(named)} }}")


def in_batches(visitor: Visitor) -> None:
    """Send four pages in one request."""
    for start in range(0, 16, 4):
        pages = range(start, start + 4)
        asks(visitor, [{"query": f"{{ people(page: {page}) {{ id email }} }}"} for page in pages])


def misnamed(visitor: Visitor) -> None:
    """Call a harvest by a harmless name, in the target of a GET, with a fragment."""
    for page in range(8):
        query = (
            f"query Shop {{ ...F }} fragment F on Query {{ people(page: {page}) {{ id email }} }}"
        )
        visitor.get(f"/graph?operationName=Shop&query={quote(query)}")


def without_ids(visitor: Visitor) -> None:
    """Leave the ids out."""
    for page in range(8):
        asks(visitor, f"{{ people(page: {page}) {{ email }} }}")


def by_friends(visitor: Visitor) -> None:
    """Walk from person to person, by a field that nobody declared."""
    for page in range(8):
        asks(visitor, f'{{ person(id: "p{page * 20}") {{ id friends {{ id email }} }} }}')


GRAPHQL = (plainly, by_aliases, in_batches, misnamed, without_ids, by_friends)


def every_way_is_stopped(gate: Gate, account: str) -> None:
    """The same scraper comes in all four ways; each time it obtains what the cap says, and no more."""
    with gate.visitor() as stranger, gate.visitor(account) as member:
        by_pages(stranger)
        by_pages(member)
        require(len(stranger.obtained) <= CAP, "without an account")
        require(len(member.obtained) <= CAP, "with an account")
    with gate.visitor(X_Api_Key=account) as program, gate.visitor(f"{account}-l") as reader:
        by_pages(program)
        by_lists(reader)
        require(len(program.obtained) <= CAP, "with an API key")
        require(len(reader.obtained) <= CAP, "by lists")
    for harvest in GRAPHQL:
        with gate.visitor(f"{account}-{harvest.__name__}") as visitor:
            harvest(visitor)
            require(len(visitor.obtained) <= CAP, "by GraphQL")
            assert visitor.obtained, harvest.__name__


def report(gate: Gate) -> dict[str, list[dict[str, Any]]]:
    """Return the limits of every class of access as `himaya report classes` has them, in the order of time."""
    told = json.loads(gate.himaya("report", "classes", "--ledger", str(gate.ledger), "--json"))
    found: dict[str, list[dict[str, Any]]] = {}
    for span in told["spans"]:
        found.setdefault(span["access"], []).append(span)
    return found


def a_missing_class_is_a_gap(spans: list[dict[str, Any]]) -> None:
    """The newest span of the class is a gap in force, begun when the limit before it ended."""
    *_, before, now = spans
    require(now["gap"], "a missing class is shown as a gap")
    assert (before["gap"], now["until"]) == ("", "")
    assert before["since"] < before["until"] == now["since"]


def test_js23_2_every_way_is_stopped(gate, name):
    """Of a cap of 100 a scraper obtains 100 at most: as a stranger, member, program, and by lists and GraphQL."""
    gate.configure(budgets=LIMITED, surface=[*SURFACES, *GRAPH])
    every_way_is_stopped(gate, name)


def test_js23_2_twin_every_way_is_stopped(gate, name):
    """Where the GraphQL endpoint is not declared, the same scraper takes whom it wants by it."""
    gate.configure(budgets=LIMITED)
    with broken("by GraphQL"):
        every_way_is_stopped(gate, name)


def test_js23_2_a_missing_class_is_a_gap(gate):
    """Each class is listed with its limit and dates; a key without a budget, and GraphQL undeclared, are gaps."""
    gate.configure(budgets=LIMITED, surface=[*SURFACES, *GRAPH])
    gate.configure(budgets={**LIMITED, "key": {}})
    told = report(gate)
    for access, limit in (
        ("without an account", "address 100 a day"),
        ("with an account", "account 100 a day; address 100 a day"),
    ):
        span = told[access][-1]
        assert (span["limit"], span["gap"], span["until"]) == (limit, "", "")
    assert told["with an API key"][-2]["limit"] == "key 100 a day; address 100 a day"
    a_missing_class_is_a_gap(told["with an API key"])
    a_missing_class_is_a_gap(told["by GraphQL operations"])


def test_js23_2_twin_a_missing_class_is_a_gap(gate):
    """Where the class has a limit again, the report shows no gap in force."""
    gate.configure(budgets={**LIMITED, "key": {}})
    gate.configure(budgets=LIMITED, surface=[*SURFACES, *GRAPH])
    with broken("a missing class is shown as a gap"):
        a_missing_class_is_a_gap(report(gate)["with an API key"])
