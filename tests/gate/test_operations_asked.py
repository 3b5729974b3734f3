"""HTTP requests as the operations they ask for."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.config import OperationsConfig
from himaya.gate.operations.asked import Posted, read
from himaya.gate.operations.documents import Documents, TooMuchError, digest_of

JSON = "application/json; charset=utf-8"


def asked(body, target="/graphql", kind=JSON, coding="", method="POST", limits=None):
    """Return the root fields of each operation, None where nobody can tell."""
    documents = Documents(limits or OperationsConfig())
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = read(Posted(method, target, kind, coding, data), documents)
    return [one.operation and [field.name for field in one.operation.fields] for one in found]


def test_the_ways_to_ask():
    """JSON, plain text, a list of requests, and a target: each names its fields."""
    assert asked({"query": "{ a b }"}) == [["a", "b"]]
    assert asked(b"{ a }", kind="application/graphql") == [["a"]]
    assert asked([{"query": "{ a }"}, {"query": "{ b }"}, 7]) == [["a"], ["b"], None]
    target = f"/graphql?query={quote('{ a }')}&variables=%7B%7D"
    assert asked(b"", target=target, method="GET", kind="") == [["a"]]
    assert asked(b"", target=target, method="get", kind="") == [["a"]]


def test_the_page_at_the_address_asks_for_nothing():
    """A GET without a query asks for nobody; a websocket may ask for anybody later."""
    documents = Documents(OperationsConfig())
    assert read(Posted("GET", "/graphql"), documents) == ()
    (later,) = read(Posted("GET", "/graphql", upgrades=True), documents)
    assert later.operation is None


def test_a_name_chooses_among_several_only():
    """Of several operations the named one; one alone is run whatever it is called."""
    two = "query A { a } query B { b }"
    assert asked({"query": two, "operationName": "B"}) == [["b"]]
    assert asked({"query": two, "operationName": "C"}) == [None]
    assert asked({"query": two}) == [None]
    assert asked({"query": "query A { a }", "operationName": "Other"}) == [["a"]]


@pytest.mark.parametrize(
    "posted",
    [
        {"body": {"query": "{ a }", "QUERY": "{ b }"}},
        {"body": {"query": "{ a }", "operation_name": "b"}},
        {"body": {"query": "{ a }", "id": "x"}},
        {"body": {"query": ["{ a }"]}},
        {"body": {"query": "{ a }", "extensions": {"persistedQuery": {"sha256Hash": 3}}}},
        {"body": {"query": "{ a }", "extensions": {"persistedQuery": 3}}},
        {"body": {}},
        {"body": b'{"query":"{ a }","query":"{ b }"}'},
        {"body": b'{"query":"{ a }"}', "target": "/graphql?Query=%7Bb%7D"},
        {"body": b'{"query":"{ a }"}', "kind": "multipart/form-data"},
        {"body": b'{"query":"{ a }"}', "kind": ""},
        {"body": b'{"query":"{ a }"}', "coding": "gzip"},
        {"body": b"[" * 100_000},
        {"body": b"1"},
        {"body": b"{}", "target": "/graphql?query=%7Ba%7D", "method": "GET"},
        {"body": b"", "target": "/graphql?query=%7Ba%7D&query=%7Bb%7D", "method": "GET"},
        {"body": b"", "target": "/graphql?query=%7Ba%7D;query=%7Bb%7D", "method": "GET"},
        {"body": b"", "target": "/graphql?query[]=%7Ba%7D", "method": "GET"},
        {"body": b"", "target": "/graphql?" + "&".join("a" * 150), "method": "GET"},
        {"body": b"", "target": "/graphql?gql=%7Ba%7D", "method": "GET"},
    ],
)  # fmt: skip
def test_what_servers_could_take_differently_is_nothing_known(posted):
    """Keys twice, in another case or list form, two places for one query, unknown media types, broken codings."""
    limits = OperationsConfig(max_bytes=1 << 20)
    assert asked(**posted, limits=limits) == [None]


def test_all_texts_of_a_request_share_its_tokens():
    """Ten texts of 60 tokens are past a bound of 300, also when each was seen before."""
    text = "{" + " a { b }" * 16 + "}"
    limits = OperationsConfig(max_tokens=300)
    documents = Documents(limits)
    for many in (4, 5):
        body = json.dumps([{"query": text}] * many).encode()
        posted = Posted("POST", "/graphql", JSON, "", body)
        if many == 4:
            assert len(read(posted, documents)) == 4
        else:
            with pytest.raises(TooMuchError):
                read(posted, documents)


def test_a_persisted_query_is_its_text():
    """By extension in a body or a target, after its text was seen once."""
    documents = Documents(OperationsConfig())
    told = {"persistedQuery": {"version": 1, "sha256Hash": digest_of("{ a }")}}
    plain = json.dumps({"extensions": told}).encode()
    unknown = read(Posted("POST", "/g", JSON, "", plain), documents)
    assert unknown[0].operation is None
    documents.read("{ a }", 100)
    assert read(Posted("POST", "/g", JSON, "", plain), documents)[0].operation is not None
    target = f"/g?extensions={quote(json.dumps(told))}"
    assert read(Posted("GET", target), documents)[0].operation is not None


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("{ a }"),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["query", "extensions", "persistedQuery", "sha256Hash", "id", "x"]), inner),
    max_leaves=10,
)  # fmt: skip


@given(values, st.sampled_from([JSON, "application/graphql", "text/plain"]))
def test_any_body_is_read_or_nothing_known(value, kind):
    """No request raises anything but that it passes a bound."""
    try:
        assert asked(value, kind=kind) is not None
    except TooMuchError:
        return


@given(st.binary(max_size=60), st.text(alphabet="?&=;[]%2{}aquery", max_size=40))
def test_any_bytes_are_read_or_nothing_known(body, target):
    """The same for bytes and targets."""
    for method in ("GET", "POST"):
        asked(body, target=target, method=method)
