"""People in responses: header, path, JSON, links, and what happens when nothing can be read."""

import gzip
import json
import time
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.exchange import Person
from himaya.core.subjects import MAX_CHARS, format_subjects, parse_subjects
from himaya.core.surface import Surface
from himaya.gate import bodies, people
from himaya.gate.people_links import linked_subjects

LISTING = Surface(
    id="search",
    route="/search",
    kind="listing",
    fields=("name", "email"),
    json_subject="results[].id",
    json_rows="results",
    links="/u/{subject}",
    max_people=20,
)
PROFILE = Surface(id="profile", route="/u/{subject}", fields=("name",))
JSON = "application/json"
HTML = "text/html; charset=utf-8"


def read(surface=LISTING, path="", headers=(), body=b"", kind=JSON, coding="", **more):
    return people.read(surface, path, headers, body, kind, coding, **more)


def ids(found):
    return [person.subject for person in found]


def test_a_profile_counts_the_person_of_its_path():
    """A profile needs neither body nor header: the path names the person."""
    assert read(PROFILE, "u7", body=None, kind="") == (Person("u7"),)
    assert not people.needs_body(PROFILE)


def test_the_header_is_the_answer_where_it_stands():
    """What the application says goes before JSON and links; the person of the path need not be repeated."""
    headers = [("Himaya-Subjects", "u1, u2;fields=name|email"), ("himaya-subjects", "u3")]
    body = json.dumps({"results": [{"id": 9}]}).encode()
    expected = (Person("u1"), Person("u2", ("name", "email")), Person("u3"))
    assert read(headers=headers, body=body) == expected
    assert read(PROFILE, "u7", headers=headers) == (Person("u7"), *expected)
    assert read(PROFILE, "u2", headers=headers) == expected
    assert read(PROFILE, "u7", headers={"Himaya-Subjects": ""}) == ()
    assert read(headers=[(b"HIMAYA-SUBJECTS", b"u1")]) == (Person("u1"),)
    assert read(headers={"Himaya-Subjects": "-"}, body=body) == ()


def test_calls_of_the_application_and_its_header_are_united():
    """`disclose()` and the header name people once each, with the fields of both."""
    told = [Person("u1", ("email",)), Person("u4", ("name",))]
    headers = {"Himaya-Subjects": "u1;fields=name"}
    assert read(headers=headers, told=told) == (
        Person("u1", ("name", "email")),
        Person("u4", ("name",)),
    )
    assert read(body=None, told=[]) == ()


def test_a_header_over_the_bound_is_not_read():
    """A header longer than the bound means unknown people, never a part of them."""
    assert parse_subjects("u," * (MAX_CHARS // 2) + "u") is None
    assert read(headers={"Himaya-Subjects": "x" * (MAX_CHARS + 1)}) is None


@given(
    st.lists(st.tuples(st.text(min_size=1), st.none() | st.lists(st.text(min_size=1), unique=True)))
)
def test_the_header_reads_back_what_was_written(pairs):
    """Any subjects and fields survive the header, commas, semicolons and all."""
    surrogates = [
        s for s, f in pairs if any("\ud800" <= c <= "\udfff" for c in s + "".join(f or ()))
    ]
    wanted = {
        s: Person(s, None if f is None else tuple(f)) for s, f in pairs if s not in surrogates
    }
    value = format_subjects(wanted.values())
    assert parse_subjects(value) == tuple(wanted.values())


@pytest.mark.parametrize(
    ("path", "document", "expected"),
    [
        ("results[].id", {"results": [{"id": 1}, {"id": "b"}, {"id": 1}]}, ["1", "b"]),
        ("[].id", [{"id": 1}, {"id": 2}], ["1", "2"]),
        ("[]", ["a", "b"], ["a", "b"]),
        ("data.groups[].people[].user.id", {"data": {"groups": [
            {"people": [{"user": {"id": "a"}}]}, {"people": [{"user": {"id": "b"}}, {}]}, {}]}}, ["a", "b"]),
        ("m[][].id", {"m": [[{"id": 1}], [{"id": 2}]]}, ["1", "2"]),
        ("id", {"id": "me"}, ["me"]),
        ("results[].id", {"results": []}, []),
        ("results[].id", {"results": None}, []),
        ("results[].id", {"results": [{"ad": 1}, 5, None, {"id": None}, {"id": True}]}, []),
    ],
)  # fmt: skip
def test_json_paths_find_numbers_and_strings(path, document, expected):
    """Nested arrays, arrays at the root and both kinds of ids are read; rows without an id name nobody."""
    surface = Surface(id="s", route="/s", kind="listing", json_subject=path)
    assert ids(read(surface, body=json.dumps(document).encode())) == expected


@pytest.mark.parametrize("document", [{}, {"error": "no"}, [], "x", 3, {"results": {"id": 1}}])
def test_json_of_another_shape_is_not_read(document):
    """Where the declared array is missing, the people are unknown, not none."""
    assert read(body=json.dumps(document).encode()) is None


def test_fields_are_those_present_in_the_row():
    """A person's fields are the declared names that hold a value anywhere in their row."""
    rows = [
        {"id": 1, "name": "A", "email": "a@x"},
        {"id": 2, "name": "B", "email": None},
        {"id": 3, "contact": {"email": "c@x"}},
        {"id": 4},
    ]
    assert read(body=json.dumps({"results": rows}).encode()) == (
        Person("1", ("name", "email")),
        Person("2", ("name",)),
        Person("3", ("email",)),
        Person("4", ()),
    )


def test_rows_that_name_fields_otherwise_count_as_all_declared_fields():
    """When no row has any declared name, the declared fields hold."""
    body = json.dumps({"results": [{"id": 1, "displayName": "A"}]}).encode()
    assert read(body=body) == (Person("1"),)


def test_a_profile_with_json_tells_its_fields_and_falls_back_to_its_path():
    """A JSON profile is read for its fields; unreadable, the path still names the person."""
    surface = Surface(id="p", route="/api/{subject}", fields=("name", "email"), json_subject="id")
    assert read(surface, "7", body=b'{"id": 7, "name": "A"}') == (Person("7", ("name",)),)
    for unreadable in (b"{", None, b"{}"):
        assert read(surface, "7", body=unreadable) == (Person("7"),)


def test_a_path_before_a_body_source_is_counted_beside_it():
    """A profile that lists friends counts the person and the friends, or nobody can say."""
    surface = Surface(id="p", route="/u/{subject}", people=("path", "links"), links="/u/{subject}")
    body = b'<a href="/u/2">B</a><a href="/u/1">me</a>'
    assert ids(read(surface, "1", body=body, kind=HTML)) == ["2", "1"]
    assert ids(read(surface, "9", body=body, kind=HTML)) == ["9", "2", "1"]
    assert read(surface, "1", body=None, kind=HTML) is None


def test_links_of_every_writing_are_found_once():
    """Relative, absolute, quoted in any way, entity-encoded, in capitals: a person is a person."""
    page = b"""<!doctype html><p><a href="/u/1">A</a><a href='/u/2?tab=x#y'>B</a><A HREF=/u/3>C
      <a href="https://Site.example:8443/u/4/">D</a><a href="//site.example/u/5">E</a><a href="../u/6">F</a>
      <a href="&#47;u&#x2f;7">G</a><a href=" /u/8
      ">H</a><a href="/u/1">again</a><a href="/u/a%20b">I</a><!-- <a href="/u/9"> --><img src="/u/10">
      <a href="https://elsewhere.example/u/no"><a href="mailto:u/no"><a href="javascript:/u/no"><a href="/users/no">
      <a href="/u/no/photos"><a href="//["><a href="/u/"><a data-x='/u/no'><a href="\\u\\11">"""
    found = linked_subjects(page, "/u/{subject}", hosts=("site.example",), target="/people/list")
    assert found == ["1", "2", "3", "4", "5", "6", "7", "8", "a b", "9", "10", "11"]


def test_a_base_element_moves_relative_links():
    """Relative links are resolved as the page says."""
    page = b'<base href="/u/"><a href="4">D</a><a href="/u/5">E</a>'
    assert linked_subjects(page, "/u/{subject}", target="/x") == ["4", "5"]
    far = b'<base href="https://elsewhere.example/"><a href="/u/4">D</a>'
    assert linked_subjects(far, "/u/{subject}", hosts=("site.example",)) == []


def test_links_are_read_in_time_linear_in_the_page():
    """A page made to keep a parser busy is read in well under a second."""
    for piece in (b'<a href="', b"<base ", b"href = ", b"<!--", b"href='\"", b"&#x", b"<a <a "):
        page = piece * (1_000_000 // len(piece))
        start = time.perf_counter()
        linked_subjects(page, "/u/{subject}")
        assert time.perf_counter() - start < 2


def test_html_is_read_for_links_and_json_for_ids():
    """One surface may answer in both forms; the content type decides."""
    assert ids(read(body=b'<a href="/u/3">', kind=HTML)) == ["3"]
    assert ids(read(body=b'{"results":[{"id":"3"}]}')) == ["3"]
    assert ids(read(body="<a href='/u/é'>".encode("utf-16"), kind="text/html; charset=utf-16")) == [
        "é"
    ]


@pytest.mark.parametrize(
    ("coding", "encode"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("gzip", lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:])),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body)[2:-4]),
        ("br", brotli.compress),
        ("zstd", zstandard.compress),
        ("identity", bytes),
        ("deflate, gzip", lambda body: gzip.compress(zlib.compress(body))),
    ],
)
def test_encoded_bodies_are_read_whole_or_not_at_all(coding, encode):
    """Every coding gives the same people; a truncated body gives none."""
    body = json.dumps({"results": [{"id": i, "x": str(i) * 9} for i in range(500)]}).encode()
    encoded = encode(body)
    assert ids(read(body=encoded, coding=coding)) == [str(i) for i in range(500)]
    assert read(body=encoded[:-9], coding=coding) is None


@pytest.mark.parametrize(
    ("coding", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstandard.compress), ("br", brotli.compress)],
)  # fmt: skip
def test_a_bomb_is_dropped_at_the_bound(coding, encode):
    """A small body that would decode past the bound is unreadable, quickly."""
    bomb = encode(bytes(20_000_000))
    start = time.perf_counter()
    assert bodies.decode(bomb, coding, 1_000_000) is None
    assert time.perf_counter() - start < 1
    assert bodies.decode(encode(b"x" * 1000), coding, 999) is None
    assert bodies.decode(encode(b"x" * 1000), coding, 1000) == b"x" * 1000


@pytest.mark.parametrize("coding", ["compress", "gzip, gzip, gzip", "sdch", "gzip;q=1"])
def test_unknown_codings_are_unreadable(coding):
    """A coding we do not know means unknown people."""
    assert bodies.decode(b"x", coding) is None


def test_kept_back_bodies_are_unknown_people():
    """A listing whose body was too large to keep has unknown people."""
    assert read(body=None) is None
    assert people.needs_body(LISTING)


def test_deeply_nested_json_is_unreadable_not_fatal():
    """Nesting beyond Python's stack is an unreadable body."""
    assert read(body=b'{"results":' + b"[" * 200_000) is None
    deep = b"[" * 900 + b"]" * 900
    assert read(body=b'{"results":[{"id":1,"x":' + deep + b"}]}") is not None


@given(
    body=st.binary(max_size=300) | st.just(b'{"results":[{"id":1}]}') | st.just(b'<a href="//[u/1">'),
    kind=st.sampled_from([JSON, HTML, "", "text/html;charset=x", "text/html; charset=utf-16"]),
    coding=st.sampled_from(["", "gzip", "br", "deflate", "zstd", "gzip,br"]),
    header=st.none() | st.binary(max_size=60),
    sources=st.lists(st.sampled_from(["path", "header", "json", "links", "app"]), unique=True),
)  # fmt: skip
def test_no_bytes_make_reading_fail(body, kind, coding, header, sources):
    """Whatever the response holds, the answer is people or None."""
    surface = Surface(
        id="s",
        route="/s",
        kind="listing",
        people=tuple(sources),
        json_subject="results[].id",
        links="/u/{subject}",
    )
    headers = [] if header is None else [(b"Himaya-Subjects", header)]
    found = read(surface, "p", headers, body, kind, coding)
    assert found is None or all(isinstance(person, Person) for person in found)
