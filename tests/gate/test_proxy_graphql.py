"""GraphQL through the reverse proxy, over real HTTP: whoever is shown is counted, whatever the request looks like."""

import hashlib
import json
import socket

import pytest
from tests.gate.gate_support import ok, read_all
from tests.gate.graphql_support import answer, ask, gate, get, post, shown, unnamed

from himaya.exchanges import Decided, ExchangeWriter, read_events, replay_exchanges
from himaya.gate.authority import Exchanges

PERSON = "query Person($id: ID!) { person(id: $id) { id name email } }"


def test_an_operation_is_counted_by_what_it_selects():
    """One person with the fields that were asked for, on the surface of the operation."""
    with gate() as rig:
        told = ask(rig, PERSON, variables={"id": "p1"})
        assert json.loads(told.body)["data"]["person"]["name"] == "Person 1"
        ask(rig, '{ person(id: "p2") { id name } }')
        assert shown(rig) == [
            ("person", "p1", ("name", "email")),
            ("person", "p2", ("name",)),
        ]
        assert unnamed(rig) == []


def test_aliases_hide_nobody():
    """Renamed root fields, ids and fields: every person is counted, by the fields of the schema."""
    with gate() as rig:
        ask(
            rig,
            """{ a: person(id: "p1") { id: name uid: id e: email }
                 b: person(id: "p2") { name: id } x: people(first: 2) { l: edges { n: node { i: id } } } }""",
        )
        assert shown(rig) == [
            ("person", "p1", ("name", "email")),
            ("person", "p2", ("name", "email")),
            ("people", "p0", ("name", "email")),
            ("people", "p1", ("name", "email")),
        ]


def test_fragments_are_looked_into():
    """Named and inline fragments, and one field asked for in two places."""
    with gate() as rig:
        ask(
            rig,
            """query Q { ...Roots } fragment Roots on Query { person(id: "p1") { ... on Person { id } ...P } }
               fragment P on Person { friends(first: 2) { id email } }""",
        )
        assert shown(rig) == [
            ("person", "p1", ("name", "email")),
            ("friends", "p2", ("email",)),
            ("friends", "p3", ("email",)),
        ]


def test_the_name_of_an_operation_is_not_believed():
    """A harmless name on another query changes nothing; of several operations the chosen one counts."""
    with gate() as rig:
        both = "query Theme { settings { theme } } query All { people(first: 3) { edges { node { id } } } }"
        ask(
            rig,
            "query Theme { people(first: 2) { edges { node { id name } } } }",
            operationName="Theme",
        )
        assert [one for _, one, _ in shown(rig)] == ["p0", "p1"]
        ask(rig, both, operationName="Theme")
        assert [one for _, one, _ in shown(rig)] == ["p0", "p1"]
        ask(rig, both, operationName="All")
        assert [one for _, one, _ in shown(rig)][2:] == ["p0", "p1", "p2"]
        # Nobody chose: the server answers with an error, and an error shows nobody.
        assert b"errors" in ask(rig, both).body
        assert unnamed(rig) == []


def test_a_get_is_read_like_a_post():
    """The query in the target, with variables."""
    with gate() as rig:
        assert get(rig, PERSON, variables='{"id": "p7"}').status == 200
        assert shown(rig) == [("person", "p7", ("name", "email"))]


def test_a_batch_is_charged_for_all_of_its_operations():
    """An array of requests: each has people of its own, and the budget sees all of them together."""
    with gate(budget=8) as rig:  # an e-mail address weighs 2
        four = [{"query": PERSON, "variables": {"id": f"p{n}"}} for n in range(4)]
        assert post(rig, four).status == 200
        assert [one for _, one, _ in shown(rig)] == ["p0", "p1", "p2", "p3"]
        assert ask(rig, PERSON, variables={"id": "p4"}).status == 429


def test_a_batch_over_the_budget_is_refused_whole():
    """Five operations with room for four people: nobody of them is shown, and nothing stays reserved."""
    with gate(budget=9) as rig:
        five = [{"query": PERSON, "variables": {"id": f"p{n}"}} for n in range(5)]
        refused = post(rig, five)
        assert refused.status == 429
        assert b"p1@" not in refused.body
        assert shown(rig) == []
        assert post(rig, five[:4]).status == 200
        assert len(shown(rig)) == 4


def test_one_query_of_many_aliases_is_no_cheaper_than_many_queries():
    """Aliases of one root field are reserved and debited one by one."""
    with gate(budget=9) as rig:
        five = " ".join(f'a{n}: person(id: "p{n}") {{ id email }}' for n in range(5))
        assert ask(rig, "{" + five + "}").status == 429
        assert shown(rig) == []


def test_rows_over_the_budget_are_taken_out():
    """A listing with json_rows loses whoever does not fit, under whatever alias; totals stay."""
    with gate(budget=3) as rig:
        told = ask(rig, "{ x: people(first: 5) { total l: edges { n: node { i: id m: name } } } }")
        assert told.status == 200
        left = json.loads(told.body)["data"]["x"]
        assert [edge["n"]["i"] for edge in left["l"]] == ["p0", "p1", "p2"]
        assert left["total"] == 1000
        assert [one for _, one, _ in shown(rig)] == ["p0", "p1", "p2"]


def test_what_is_asked_for_without_an_id_is_counted_without_a_name():
    """Whoever leaves the ids out, or skips them, is charged for all who are there, and at least what is declared."""
    with gate() as rig:
        ask(rig, "{ people(first: 3) { edges { node { name } } } }")
        ask(rig, 'query($no: Boolean = false) { person(id: "p1") { id @include(if: $no) email } }')
        assert shown(rig) == []
        assert unnamed(rig) == [("people", 10), ("person", 1)]


def test_an_undeclared_field_is_charged_to_the_rest():
    """A selection that nobody declared, at the root or inside, costs max_people of the endpoint's surface."""
    with gate() as rig:
        ask(rig, 'mutation { follow(id: "p1") { ok person { id name } } }')
        assert unnamed(rig) == [("graphql", 10)]
        ask(rig, 'mutation { follow(id: "p1") { ok } }')
        assert unnamed(rig) == [("graphql", 10)]
        ask(rig, '{ person(id: "p1") { id friends { id friends { id email } } } }')
        assert unnamed(rig) == [("graphql", 10), ("graphql", 10)]
        assert [surface for surface, _, _ in shown(rig)] == ["person", *["friends"] * 3]


def test_an_answer_without_anybody_costs_nothing():
    """Settings, introspection, somebody who does not exist, and an error show nobody."""
    with gate(budget=2) as rig:
        for text in (
            "{ settings { theme } __typename }",
            "{ __schema { types { name fields { name } } } }",
            '{ person(id: "p404") { id name } }',
            "{ people(first: 0) { edges { node { id } } pageInfo { hasNextPage } } }",
            "{ nonsense { id } }",
            "{ broken",
        ):
            assert ask(rig, text).status == 200, text
        assert rig.rows == []


def test_persisted_queries_are_learnt_from_their_registration():
    """The hash of a text that was seen names it; an unknown hash that is answered costs the strictest."""
    name = hashlib.sha256(PERSON.encode()).hexdigest()
    told = {
        "variables": {"id": "p1"},
        "extensions": {"persistedQuery": {"version": 1, "sha256Hash": name}},
    }
    with gate() as rig:
        assert b"PersistedQueryNotFound" in post(rig, told).body
        assert rig.rows == []  # an error shows nobody
        post(rig, {**told, "query": PERSON})
        post(rig, {**told, "variables": {"id": "p2"}})
        assert [one for _, one, _ in shown(rig)] == ["p1", "p2"]
    with gate() as forgetful:
        post(forgetful, told)  # the application knows it still
        assert unnamed(forgetful) == [("graphql", 10)]


def test_a_text_under_a_false_hash_is_not_believed():
    """A harmless text cannot be registered under the hash of another one."""
    name = hashlib.sha256(b"{ people { edges { node { id } } } }").hexdigest()
    told = {
        "query": "{ settings { theme } }",
        "extensions": {"persistedQuery": {"sha256Hash": name}},
    }
    with gate() as rig:
        post(rig, told)
        assert unnamed(rig) == [("graphql", 10)]


def test_declared_persisted_queries_need_no_registration():
    """An id of the file stands for its text, aliases and all."""
    with gate(persisted={"person-card": PERSON.replace("id name", "uid: id name")}) as rig:

        def serve(asked, sock):
            asked.body = json.dumps(
                {"query": PERSON.replace("id name", "uid: id name"), "variables": {"id": "p5"}}
            ).encode()
            return answer(asked, sock)

        rig.upstream.answer = serve
        post(rig, {"documentId": "person-card", "variables": {"id": "p5"}})
        assert shown(rig) == [("person", "p5", ("name", "email"))]


@pytest.mark.parametrize(
    ("body", "kind", "target"),
    [
        (b'{"query":"{settings{theme}}","query":"{people{edges{node{id}}}}"}', "application/json", "/graphql"),
        (b'{"query":"{settings{theme}}","Query":"{people{edges{node{id}}}}"}', "application/json", "/graphql"),
        (b'{"query":"{settings{theme}}","id":"a-persisted-one"}', "application/json", "/graphql"),
        (b'{"query":"{settings{theme}}"}', "application/json", "/graphql?query={people{edges{node{id}}}}"),
        (b'{"query":"{settings{theme}}"}', "text/plain", "/graphql"),
        (b"query={settings{theme}}", "application/x-www-form-urlencoded", "/graphql"),
        (b"subscription { people { edges { node { id } } } }", "application/graphql", "/graphql"),
        (b"[[1]]", "application/json", "/graphql"),
        (b"\xff", "application/json", "/graphql"),
    ],
)  # fmt: skip
def test_what_two_servers_could_read_differently_is_charged_to_the_rest(body, kind, target):
    """Keys twice or in another case, two queries, other media types: nobody can tell, so all counts."""
    with gate(lambda *_: ok(b'{"data": {"x": {"y": 1}}}', kind="application/json")) as rig:
        assert post(rig, body, kind=kind, target=target).status == 200
        assert shown(rig) == []
        assert unnamed(rig) == [("graphql", 10)]


BOUNDS = "\n[operations]\nmax_bytes = 1024\nmax_operations = 3\nmax_tokens = 60\nmax_depth = 4\n"
OVER = {
    "bytes": "{ settings { theme } }" + " " * 1100,
    "operations": "{" + " ".join(f"a{n}: people {{ edges {{ node {{ id }} }} }}" for n in range(4)) + "}",
    "tokens": "{" + "settings { theme } " * 20 + "}",
    "fields": "{...A} fragment A on Q{a{...B} b{...B} c{...B} d{...B}} fragment B on Q{a{...C} b{...C} c{...C} d{...C}}"
    " fragment C on Q{a b c d}",
    "levels": "{ a { b { c { d { e } } } } }",
}  # fmt: skip


@pytest.mark.parametrize("bound", OVER)
def test_a_request_past_a_bound_is_refused(bound):
    """Too long, too many operations, tokens, fields by fragments, or levels: refused unread, whatever the budget."""
    with gate(extra=BOUNDS) as rig:
        refused = ask(rig, OVER[bound])
        assert refused.status == 403
        assert rig.upstream.asked == []
        assert rig.rows == []
        assert ask(rig, "{ settings { theme } }").status == 200


@pytest.mark.parametrize("bound", OVER)
def test_in_shadow_mode_a_request_past_a_bound_passes_and_is_charged(bound):
    """Shadow mode refuses nobody: the request goes on as it came, and counts as the rest of the endpoint."""
    data = ok(b'{"data": {"x": {"y": 1}}}', kind="application/json")
    with gate(lambda *_: data, extra=BOUNDS, mode="shadow") as rig:
        asked = {"query": OVER[bound]}
        assert post(rig, asked).status == 200
        assert json.loads(rig.upstream.asked[0].body) == asked
        assert unnamed(rig) == [("graphql", 10)]


def test_a_long_batch_is_refused():
    """An array of more operations than are read is past a bound, however small each is."""
    with gate(extra=BOUNDS) as rig:
        assert post(rig, [{"query": "{ a }"}] * 4).status == 403
        assert post(rig, [{"query": "{ __typename }"}] * 3).status == 200


def test_an_answer_that_nobody_read_is_charged_whole():
    """Too large, in pieces, or no JSON: every part costs what its surface declares, and no alias makes it cheaper."""
    two = "{ a: people { edges { node { id } } } b: people { edges { node { id } } } }"
    for body, kind in (
        (b'{"data": {"a": "' + b"x" * 30_000 + b'"}}', "application/json"),
        (b"--x\r\n\r\n{}", "multipart/mixed"),
        (b"<html>", "text/html"),
    ):
        with gate(lambda *_, b=body, k=kind: ok(b, kind=k)) as rig:
            assert ask(rig, two).status == 200
            assert unnamed(rig) == [("people", 10), ("people", 10)]


def test_the_body_reaches_the_application_unchanged():
    """Read for its operations, chunked or with 100-continue, a body goes on byte by byte."""
    body = json.dumps({"query": PERSON, "variables": {"id": "p1"}}).encode()
    with gate() as rig:
        head = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        rig.raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
        told = rig.raw(
            head + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        assert told.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")
        assert [asked.body for asked in rig.upstream.asked] == [body, body]
        assert [one for _, one, _ in shown(rig)] == ["p1", "p1"]


def test_what_the_application_says_of_its_answer_counts():
    """A Himaya-Subjects header names the people, also of an operation that nobody declared."""

    def serve(asked, sock):
        return ok(
            b'{"data": {"x": {"y": 1}}}',
            "Himaya-Subjects: p8;fields=name, p9",
            kind="application/json",
        )

    with gate(serve) as rig:
        ask(rig, "{ unknown { y } }")
        assert shown(rig) == [("graphql", "p8", ("name",)), ("graphql", "p9", ("name", "email"))]


@pytest.mark.parametrize("paths", [("users?ids=p2", "/u/p1"), ("/u/p1", "users?ids=p2")])
def test_the_order_of_what_is_asked_makes_nobody_cheaper(paths):
    """People whom the application names itself count with the heaviest fields that the request asks for."""

    def serve(asked, sock):
        return ok(b'{"responses": []}', "Himaya-Subjects: p8, p9", kind="application/json")

    with gate(serve) as rig:
        asked = {"requests": [{"path": path} for path in paths]}
        assert post(rig, asked, target="/batch").status == 200
        assert shown(rig) == [("profile", one, ("name", "email")) for one in ("p8", "p9")]


def test_a_switched_off_gate_reads_nothing():
    """Off means that requests pass unseen, GraphQL too."""
    with gate(budget=1) as rig:
        rig.authority.turn_off("a test", 1.0)
        assert ask(rig, "{ people { edges { node { id email } } } }").status == 200
        rig.authority.turn_on()
        assert rig.rows == []


def test_a_batch_of_paths_is_matched_path_by_path():
    """Every request inside a body counts on its own surface; a batch over the budget is refused whole."""
    asked = {
        "requests": [
            {"path": "/u/p1"},
            {"method": "GET", "path": "users?ids=p2,p3"},
            {"path": "/about"},
        ]
    }

    with gate(budget=5) as rig:
        told = post(rig, asked, target="/batch")
        assert told.status == 200
        assert [(s, one) for s, one, _ in shown(rig)] == [
            ("profile", "p1"),
            ("users", "p2"),
            ("users", "p3"),
        ]
        assert post(rig, {"requests": [{"path": "/u/p4"}]}, target="/batch").status == 429
        assert post(rig, {"requests": [{"path": "/u/p1"}]}, target="/batch").status == 200


def test_a_batch_that_nobody_can_read_is_charged_whole():
    """A body of another shape, or an endpoint inside a batch: what the batch's surface declares."""
    with gate(lambda *_: ok(b"{}", kind="application/json")) as rig:
        post(rig, {"others": []}, target="/batch")
        post(rig, {"requests": [{"path": "/graphql", "method": "POST"}]}, target="/batch")
        assert unnamed(rig) == [("batch", 20), ("batch", 20)]


def test_a_list_of_ids_is_counted_id_by_id():
    """?ids=1,2,3 asks for three people; the fourth over the budget is refused before the application is asked."""
    with gate(budget=3) as rig:
        assert rig.get("/users?ids=p1,p2&ids=p3").status == 200
        assert [one for _, one, _ in shown(rig)] == ["p1", "p2", "p3"]
        assert rig.get("/users?ids=p1,p4").status == 429
        assert rig.get("/users?ids=p3").status == 200


def test_a_reshaped_answer_is_charged_whole():
    """An answer with keys that nobody asked for was changed by some directive: its people count without names."""
    body = b'{"data": {"everybody": [{"id": "p1", "email": "p1@people.example"}]}}'
    with gate(lambda *_: ok(body, kind="application/json")) as rig:
        ask(rig, "{ people @flatten { edges { node { id email } } } }")
        assert unnamed(rig) == [("people", 10)]


def test_a_body_that_breaks_off_is_answered(caplog):
    """A sender who ends in the middle of a body gets a 400; nothing is asked, reserved or logged as a fault."""
    with gate() as rig, rig.connect() as sock:
        head = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        sock.sendall(head + b"Content-Length: 100\r\n\r\n{")
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock).startswith(b"HTTP/1.1 400")
        assert rig.upstream.asked == []
        assert rig.engine.stats()["open"] == 0
    assert caplog.records == []


def test_the_exchanges_of_a_bundle_are_decided_again_the_same(tmp_path):
    """What is written of every part, refused and past a bound, gives the same decisions and rows in a replay."""
    with gate(budget=6) as rig:
        rig.authority.writer = Exchanges(ExchangeWriter(tmp_path / "x"))
        rig.authority._write_start(rig.authority.writer)
        ask(
            rig,
            '{ a: person(id: "p1") { e: email id } people(first: 9) { edges { node { name id } } } }',
        )
        ask(
            rig,
            '{ a: person(id: "p1") { id } b: person(id: "p2") { id } c: person(id: "p3") { id } }',
        )
        ask(rig, "{" + "settings { theme } " * 600 + "}")
        ask(rig, "{ people(first: 2) { edges { node { name } } } }")
        assert rig.rows
        rig.authority.writer.close()
    with (tmp_path / "x").open("rb") as lines:
        replayed = list(replay_exchanges(read_events(lines)))
    assert all(one.same for one in replayed)
    actions = [one.decision.action.value for one in replayed if isinstance(one.event, Decided)]
    assert actions.count("block") == 2
