"""JS23-8: how many other people one account reaches within a day, by whatever route, and over a restart."""

from __future__ import annotations

import json
import time

from tests.acceptance.gate import Gate
from tests.acceptance.promise import broken, require
from tests.acceptance.site import phone
from tests.acceptance.visitor import Answer, Visitor

REFUSALS = {403, 429}


def graphql(visitor: Visitor, page: int) -> Answer:
    """Ask the GraphQL route for one page of 20 people."""
    query = {"query": "query($page: Int) { people(page: $page) { id email } }"}
    return visitor.post("/graphql", json.dumps({**query, "variables": {"page": page}}).encode())


def one_hundred_by_a_mix(visitor: Visitor) -> None:
    """Obtain 100 different people by search, API, GraphQL, look-up, photo and profile, some of them twice."""
    visitor.get("/search?page=0")  # 20
    visitor.get("/api/people?page=0")  # the same 20 and 30 more
    graphql(visitor, 100)  # 20 more
    for person in range(10):
        visitor.get(f"/lookup?phone={phone(3000 + person)}")
        visitor.get(f"/photo/p{4000 + person}")
        visitor.get(f"/u/p{5000 + person}")
        visitor.get(f"/u/p{person}")  # seen in the search


def one_more_by_each_route(visitor: Visitor) -> list[Answer]:
    """Ask every route for people who were not obtained yet."""
    asked = (f"/u/p{9000}", "/photo/p9001", f"/lookup?phone={phone(9002)}", "/search?page=460",
             "/api/people?page=190", "/followers/p1?page=48")  # fmt: skip
    return [*(visitor.get(target) for target in asked), graphql(visitor, 470)]


def the_cap_holds_for_any_mix(gate: Gate, account: str) -> None:
    """The 100th person arrives; the 101st does not, whichever route is asked."""
    with gate.visitor(account) as visitor:
        one_hundred_by_a_mix(visitor)
        require(len(visitor.obtained) == 100, "the 100th person is obtained")
        answers = one_more_by_each_route(visitor)
        require(len(visitor.obtained) == 100, "no 101st person is obtained")
        require({one.status for one in answers} <= REFUSALS, "the 101st person is refused")


def repeats_count_once(gate: Gate, account: str) -> None:
    """A thousand views of one profile leave room for 99 other people, and for no more."""
    with gate.visitor(account) as visitor:
        views = [visitor.get("/u/p1").people for _ in range(1000)]
        assert views == [frozenset({1})] * 1000
        for person in range(2, 150):
            visitor.get(f"/u/p{person}")
        require(len(visitor.obtained) >= 100, "1,000 views of one person use up one")
        require(len(visitor.obtained) == 100, "the cap holds after the repeats")


def takes(visitors: list[Visitor], people: range) -> None:
    """Have several sessions of one account take turns."""
    for turn, person in enumerate(people):
        visitors[turn % len(visitors)].get(f"/u/p{person}")


def a_restart_gives_nothing_back(gate: Gate, account: str, *, forget: bool = False) -> None:
    """60 people, a restart, then a try for 60 more with the same sessions."""
    with gate.visitor(account) as first, gate.visitor(account) as second:
        takes([first, second], range(60))
        assert len(first.obtained | second.obtained) == 60
        gate.restart(forget=forget)
        takes([first.reconnect(), second.reconnect()], range(100, 160))
        require(len(first.obtained | second.obtained) <= 100, "no more than the cap over a restart")


def a_kill_gives_a_second_back(gate: Gate, account: str, *, forget: bool = False) -> None:
    """Whatever was shown more than a second before kill -9 is counted afterwards."""
    with gate.visitor(account) as visitor:
        takes([visitor], range(60))
        time.sleep(1.2)  # rows are durable within one second
        takes([visitor], range(60, 65))
        assert len(visitor.obtained) == 65
        gate.restart(kill=True, forget=forget)
        takes([visitor.reconnect()], range(100, 160))
        bound = 100 + 5
        require(len(visitor.obtained) <= bound, "the cap and the last second, over a kill")


def test_js23_8_any_mix_of_routes(gate, name):
    """Of a cap of 100 a day the 100th person is served and the 101st refused, whatever mix of routes is used."""
    the_cap_holds_for_any_mix(gate, name)


def test_js23_8_twin_any_mix_of_routes(gate, name):
    """In shadow mode, where nothing is refused, the 101st person is obtained."""
    gate.configure(mode="shadow")
    with broken("no 101st person is obtained"):
        the_cap_holds_for_any_mix(gate, name)


def test_js23_8_one_person_a_thousand_times(gate, name):
    """Viewing one profile 1,000 times uses 1 of 100."""
    repeats_count_once(gate, name)


def test_js23_8_twin_one_person_a_thousand_times(gate, name):
    """Without a budget for accounts nothing is used up, and nothing held."""
    gate.configure(budgets={"account": {}})
    with broken("the cap holds after the repeats"):
        repeats_count_once(gate, name)


def test_js23_8_over_a_restart(gate, name):
    """Stopping and starting the gate gives an account nobody more than its cap."""
    a_restart_gives_nothing_back(gate, name)


def test_js23_8_twin_over_a_restart(gate, name):
    """Started with an empty ledger, the gate would give the account a fresh budget."""
    with broken("no more than the cap over a restart"):
        a_restart_gives_nothing_back(gate, name, forget=True)


def test_js23_8_over_a_kill(gate, name):
    """After kill -9 an account obtains at most its cap and what it was shown in the last second."""
    a_kill_gives_a_second_back(gate, name)


def test_js23_8_twin_over_a_kill(gate, name):
    """Killed and started with an empty ledger, the gate would give the account a fresh budget."""
    with broken("the cap and the last second, over a kill"):
        a_kill_gives_a_second_back(gate, name, forget=True)
