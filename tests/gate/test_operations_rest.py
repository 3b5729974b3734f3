"""Batches, persisted files and bodies read twice: the smaller parts of endpoints of many operations."""

import io
import json

import pytest
from tests.gate.graphql_support import config_of

from himaya.config import OperationsConfig, loads
from himaya.core.errors import ConfigError
from himaya.core.exchange import Person
from himaya.core.matching import Surfaces
from himaya.core.surface import Surface
from himaya.gate.embedded_environ import opened
from himaya.gate.operations.asked import Posted
from himaya.gate.operations.batches import Inner, read
from himaya.gate.operations.documents import TooMuchError, UnreadableError
from himaya.gate.operations.persisted import load_persisted

BATCH = Surface("batch", "/batch", "listing", ("POST",), max_people=9, batch="requests[]",
                batch_answers="responses[].body")  # fmt: skip
LIST = Surface("list", "/list", "listing", fields=("name",), people=("json",), json_subject="rows[].id",
               json_rows="rows", max_people=5)  # fmt: skip
PROFILE = Surface("profile", "/u/{subject}", fields=("name",))
SURFACES = Surfaces((BATCH, LIST, PROFILE))


def within(asked, batch=BATCH, limits=None, kind="application/json"):
    """Return the requests in a batch."""
    body = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
    posted = Posted("POST", "/batch", kind, "", body)
    return read(posted, batch, SURFACES, limits or OperationsConfig())


def test_requests_are_matched_however_they_are_written():
    """Objects, plain paths, addresses with a host, and methods in small letters."""
    asked = [
        {"path": "/u/1"},
        "u/2",
        {"path": "https://x.example/u/3?a=b"},
        {"path": "/u/4", "method": "delete"},
        {"path": "/u/5", "method": "HEAD"},
    ]
    found = within({"requests": asked})
    assert [(one.method, one.target) for one in found] == [
        ("GET", "/u/1"), ("GET", "/u/2"), ("GET", "/u/3?a=b"), ("DELETE", "/u/4"), ("GET", "/u/5"),
    ]  # fmt: skip
    assert [one.match and one.match.subject for one in found] == ["1", "2", "3", None, "5"]


@pytest.mark.parametrize(
    "asked",
    [b"no", b"[]", {"requests": 3}, {"requests": [3]}, {"requests": [{}]}, {"requests": [{"path": 1}]},
     {"requests": [{"path": "/u/1", "method": 2}]}, b'{"requests":[],"requests":["/u/1"]}',
     {"requests": [{"path": "/about", "Path": "/u/1"}]}, {"requests": [], "Requests": ["/u/1"]}],
)  # fmt: skip
def test_a_batch_of_another_shape_cannot_be_told(asked):
    """What is no list of requests, or says something twice, is nothing known."""
    with pytest.raises(UnreadableError):
        within(asked)


def test_a_batch_has_a_bound():
    """More requests than are read are past it; other media types are nothing known."""
    with pytest.raises(TooMuchError):
        within({"requests": ["/u/1"] * 21})
    with pytest.raises(UnreadableError):
        within({"requests": []}, kind="text/plain")


@pytest.mark.parametrize("as_text", [False, True])
def test_people_of_an_answer_are_found_and_taken_out_by_its_number(as_text):
    """The item of the same number holds the body, as JSON or as text of it; rows leave it."""
    asked = within({"requests": ["/u/9", "/list"]})
    rows = {"rows": [{"id": 1, "name": "A"}, {"id": 2}], "total": 2}
    body = json.dumps(rows) if as_text else rows
    document = {"responses": [{"body": {}}, {"body": body}]}
    place = Inner(asked[1], asked[1].match, BATCH, ())
    assert place.look(document).people == (Person("1", ("name",)), Person("2", ()))
    assert place.cut(document, frozenset({"1"}), frozenset())
    left = document["responses"][1]["body"]
    assert (json.loads(left) if as_text else left) == {"rows": [{"id": 2}], "total": 2}


def test_an_answer_of_another_shape_is_unread():
    """Too few answers, or none where they were declared: nobody can tell; a failed one shows nobody."""
    asked = within({"requests": ["/u/9", "/list"]})
    place = Inner(asked[0], asked[0].match, BATCH, ())
    for document in (
        {},
        {"responses": []},
        {"responses": [{"body": 1}]},
        [],
        {"responses": [1, 2]},
    ):
        assert place.look(document).people is None, document
        assert not place.cut(document, frozenset({"9"}), frozenset())
    for item in (None, {"status": 404, "body": {"x": 1}}, {"code": 500}, {"body": None}):
        assert place.look({"responses": [item, {}]}).people == (), item
    assert place.look({"responses": [{"body": {"x": 1}}, {}]}).people == (Person("9"),)


def test_an_array_can_be_the_whole_batch():
    """An array of paths as the body, an array of bodies as the answer."""
    batch = Surface("batch", "/batch", "listing", ("POST",), batch="[]", batch_answers="[]")
    asked = within(["/list"], batch)
    place = Inner(asked[0], asked[0].match, batch, ())
    document = [{"rows": [{"id": 1, "name": "A"}]}]
    assert place.look(document).people == (Person("1", ("name",)),)
    assert place.cut(document, frozenset({"1"}), frozenset())
    assert document == [{"rows": []}]


MANIFEST = {"format": "apollo-persisted-query-manifest", "version": 1,
            "operations": [{"id": "one", "name": "A", "type": "query", "body": "{ a }"}]}  # fmt: skip


@pytest.mark.parametrize("document", [{"one": "{ a }"}, MANIFEST])
def test_persisted_queries_come_from_a_file(tmp_path, document):
    """An object from id to text, or Apollo's manifest; relative to himaya.toml."""
    (tmp_path / "queries.json").write_text(json.dumps(document))
    config = loads('[operations]\npersisted_file = "queries.json"', directory=tmp_path)
    assert load_persisted(config) == {"one": "{ a }"}
    assert load_persisted(config_of()) == {}


@pytest.mark.parametrize(
    "text", ["[]", "no", '{"a": 1}', '{"operations": [{"id": "a"}]}', "[" * 100_000, None]
)
def test_a_persisted_file_that_cannot_be_used_is_named(tmp_path, text):
    """Missing, no JSON, or of another shape: an error with the key and what to do."""
    if text is not None:
        (tmp_path / "queries.json").write_text(text)
    config = loads('[operations]\npersisted_file = "queries.json"', directory=tmp_path)
    with pytest.raises(ConfigError, match=r"operations\.persisted_file.*queries\.json"):
        load_persisted(config)


class Socket(io.RawIOBase):
    """The input of a server that keeps the connection: a read past the body would wait for ever."""

    def __init__(self, body):
        self.left = body

    def read(self, size=-1):
        assert 0 <= size <= len(self.left), "read past the end of the body"
        data, self.left = self.left[:size], self.left[size:]
        return data


@pytest.mark.parametrize(
    ("size", "whole"), [(0, True), (10, True), (100, True), (101, False), (30_000, False)]
)
def test_a_body_is_read_once_more_by_the_application(size, whole):
    """Whatever was read is there again, in pieces or at once, and nothing past the end is asked for."""
    body = bytes(n % 251 for n in range(size))
    for pieces in (size or 1, 7):
        environ = {"CONTENT_LENGTH": str(size), "wsgi.input": Socket(body)}
        assert opened(environ, 100) == (body if whole else None)
        found = b""
        while len(found) < size:
            found += environ["wsgi.input"].read(min(pieces, size - len(found)))
        assert found == body


def test_a_body_without_a_length_ends_where_the_server_says():
    """Chunked bodies under servers that end them; no length and no such promise is no body."""
    environ = {"wsgi.input": io.BytesIO(b"x" * 300), "wsgi.input_terminated": True}
    assert opened(environ, 1000) == b"x" * 300
    environ = {"wsgi.input": io.BytesIO(b"x" * 300), "wsgi.input_terminated": True}
    assert opened(environ, 100) is None
    assert environ["wsgi.input"].read() == b"x" * 300
    assert opened({"wsgi.input": io.BytesIO(b"x")}, 100) == b""
    assert opened({"CONTENT_LENGTH": "x", "wsgi.input": io.BytesIO(b"x")}, 100) is None
