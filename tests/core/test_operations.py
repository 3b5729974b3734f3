"""Operations of one route, requests past a bound, and lists of ids: what the engine does with them."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from tests.core.test_engine import NOW, ask, engine, rows

from himaya.core.decision import Action
from himaya.core.exchange import Excess, Exchange, Person, Request, Response
from himaya.core.matching import Surfaces
from himaya.core.subjects import listed
from himaya.core.surface import Surface

REST = Surface("rest", "/graphql", "listing", ("GET", "POST"), max_people=5)
PERSON = Surface(
    "person", "/graphql", operation="person", people=("json",), json_subject="data.person.id"
)
USERS = Surface("users", "/users", "listing", people=("query",), query="ids", max_people=2)


def test_a_route_is_the_rest_unless_an_operation_is_told() -> None:
    """Without an operation, with an unknown one, or with one of another route, the rest is charged."""
    surfaces = Surfaces((PERSON, REST, USERS))
    assert surfaces.opens
    for operation, found in (
        ("", "rest"),
        ("person", "person"),
        ("nobody", "rest"),
        ("users", "rest"),
    ):
        match = surfaces.match("POST", "/graphql", operation)
        assert match is not None
        assert match.surface.id == found
    other = surfaces.match("GET", "/users", "person")
    assert other is not None
    assert other.surface.id == "users"
    assert surfaces.match("GET", "/nowhere", "person") is None
    assert not Surfaces((REST, USERS)).opens


def test_an_operation_without_the_rest_is_no_surface() -> None:
    """Where nothing stands for the rest, no request belongs to an operation."""
    assert Surfaces((PERSON,)).match("POST", "/graphql", "person") is None


def test_a_request_past_a_bound_is_refused_and_says_why() -> None:
    """While enforcing it is blocked with what was measured; nothing stays reserved."""
    site = engine(REST, PERSON)
    request = ask("/graphql", method="POST", sees_body=True, excess=Excess("tokens", 5000, 1000))
    decision = site.decide(request, NOW)
    assert (decision.action, decision.passes, decision.surface) == (Action.BLOCK, False, "rest")
    assert decision.reasons[0].words() == "this request has 5000 tokens; 1000 are read at most"
    assert site.stats()["open"] == 0
    assert site.record(Exchange(request, 403, refused=True), NOW) == []


def test_in_shadow_mode_it_passes_and_is_charged() -> None:
    """Nobody is refused, and the answer counts as the rest of the route."""
    site = engine(REST, PERSON, mode="shadow")
    request = ask("/graphql", method="POST", sees_body=True, excess=Excess("tokens", 5000, 1000))
    assert site.decide(request, NOW).passes
    site.admit(Response("1", 200, None), NOW)
    (row,) = rows(site.record(Exchange(request, 200), NOW))
    assert (row.surface, row.unattributed, row.decision) == ("rest", 5, "block")


def test_people_without_a_name_are_charged_as_many_as_were_counted() -> None:
    """More people than declared without ids do not fit into a budget of ten; fewer cost what is declared."""
    for seen, charged, passes in ((3, 5, True), (8, 8, True), (11, 11, False)):
        site = engine(REST, PERSON)
        request = ask("/graphql", method="POST", sees_body=True)
        assert site.decide(request, NOW).passes
        assert site.admit(Response("1", 200, None, unnamed=seen), NOW).passes is passes
        if passes:
            (row,) = rows(site.record(Exchange(request, 200), NOW))
            assert row.unattributed == charged
            assert site.people_of("account:anna")[0] == charged


def test_operations_of_one_route_have_rows_of_their_own() -> None:
    """The row names the operation's surface, and the ticket of one request is found again."""
    site = engine(REST, PERSON)
    request = ask("/graphql", method="POST", sees_body=True, operation="person")
    assert site.decide(request, NOW).surface == "person"
    people = (Person("7", ("name",)),)
    assert site.admit(Response("1", 200, people), NOW).people == people
    (row,) = rows(site.record(Exchange(request, 200, people), NOW))
    assert (row.surface, row.shown[0].subject) == ("person", "7")


def test_a_list_of_ids_is_counted_where_no_door_reads_the_answer() -> None:
    """Ids of the query are reserved and become rows: also from a log, and more than max_people."""
    site = engine(USERS)
    request = Request("1", ask("/").actor, "/users?ids=1,2,3&ids=4")
    assert site.decide(request, NOW).passes
    (row,) = rows(site.record(Exchange(request, 200), NOW))
    assert [one.subject for one in row.shown] == ["1", "2", "3", "4"]
    assert row.unattributed == 0
    more = Request("2", ask("/").actor, "/users?ids=" + ",".join(map(str, range(4, 12))))
    assert not site.decide(more, NOW).passes
    many = Request("4", more.actor, "/users?ids=" + ",".join(map(str, range(5000))))
    assert not site.decide(many, NOW).passes
    assert site.decide(Request("3", more.actor, "/users?ids=" + "1," * 3000 + "2"), NOW).passes
    long = listed(USERS, "/users?ids=" + "x" * 5000)
    assert [len(one.subject) for one in long] == [
        133
    ]  # what the asker made up must not fill the memory
    none = Request("5", more.actor, "/users")
    assert site.decide(none, NOW).passes  # its declared two still fit


def test_a_long_list_whose_end_nobody_saw_is_charged_whole() -> None:
    """A ticket keeps no long target: its people count without names, as many as were asked for."""
    site = engine(USERS, account=1000)
    ids = ",".join(f"person-{n:04}" for n in range(200))
    assert site.decide(Request("1", ask("/").actor, f"/users?ids={ids}"), NOW).passes
    (row,) = rows(site.expire(NOW + 301))
    assert (row.shown, row.unattributed) == ((), 200)


@given(st.lists(st.text(alphabet="ab1 %", min_size=1, max_size=4), max_size=6))
def test_ids_of_a_list_are_each_named_once(ids: list[str]) -> None:
    """However often and in whatever form ids stand in a query, each is one person."""
    parts = [quote(one) for one in ids]
    expected = {one.strip() for one in ids if one.strip()}
    for target in (
        f"/users?ids={','.join(parts)}",
        "/users?" + "&".join(f"ids={one}" for one in parts),
        "/users?" + "&".join(f"ids[]={one}" for one in parts),
    ):
        found = [person.subject for person in listed(USERS, target)]
        assert len(found) == len({*found})
        assert {*found} == expected
