"""Trimming: rows and fields leave a JSON body, everything else stays."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.exchange import Person
from himaya.core.surface import Surface
from himaya.gate.people import read
from himaya.gate.trim import can_trim, trim

SURFACE = Surface(
    id="search",
    route="/search",
    kind="listing",
    fields=("name", "email"),
    json_subject="results[].id",
    json_rows="results",
    redact=("email",),
)
BODY = {
    "total": 3,
    "results": [
        {"id": 1, "name": "A", "email": "a@x"},
        {"id": 2, "name": "B", "contact": {"email": "b@x", "city": "Rabat"}},
        {"id": 3, "name": "C"},
    ],
    "next": "/search?p=2",
}


def cut(document, withheld=(), redact=(), surface=SURFACE, kind="application/json", coding=""):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    out = trim(surface, body, kind, coding, [Person(one) for one in withheld], redact)
    return None if out is None else json.loads(out)


def test_rows_of_withheld_people_leave_and_the_rest_stays():
    """Withheld people are gone; totals, order and the other rows are as they were."""
    assert cut(BODY, withheld=["2"]) == {
        **BODY,
        "results": [BODY["results"][0], BODY["results"][2]],
    }


def test_redacted_fields_leave_every_row_wherever_they_stand():
    """A redacted field leaves all rows, nested too, and nothing outside them."""
    document = {**BODY, "email": "site@x"}
    expected = [{"id": 1, "name": "A"}, {"id": 2, "name": "B", "contact": {"city": "Rabat"}}]
    assert cut(document, redact=["email"]) == {
        **document,
        "results": [*expected, BODY["results"][2]],
    }


def test_a_profile_loses_its_fields():
    """Where no rows are declared, the whole document is the person's row."""
    surface = Surface(id="p", route="/api/{subject}", redact=("email",))
    assert cut({"id": 1, "email": "x"}, redact=["email"], surface=surface) == {"id": 1}


@pytest.mark.parametrize(
    ("rows", "subject", "document", "expected"),
    [
        ("", "[].id", [{"id": 1}, {"id": 2}], None),
        ("[]", "[].id", [{"id": 1}, {"id": 2}], [{"id": 1}]),
        ("results[]", "results[].id", {"results": [{"id": "2"}]}, {"results": []}),
        ("g[].p", "g[].p[].id", {"g": [{"p": [{"id": 1}, {"id": 2}]}, {}, {"p": None}]},
         {"g": [{"p": [{"id": 1}]}, {}, {"p": None}]}),
        ("g", "g[].p[].id", {"g": [{"p": [{"id": 1}, {"id": 2}]}, {"p": [{"id": 1}]}]},
         {"g": [{"p": [{"id": 1}]}]}),
        ("other", "results[].id", {"results": [{"id": 2}], "other": []}, None),
        ("results", "results[].id", {"results": {"id": 2}}, None),
    ],
)  # fmt: skip
def test_rows_are_found_by_the_declared_paths(rows, subject, document, expected):
    """Rows at the root, nested rows, shared rows; a body of another shape cannot be trimmed."""
    surface = Surface(id="s", route="/s", kind="listing", json_rows=rows, json_subject=subject)
    assert cut(document, withheld=["2"], surface=surface) == expected


def test_what_cannot_be_trimmed_is_refused():
    """HTML, broken JSON, unknown codings and numbers that do not survive give None."""
    assert cut(b"<p>", withheld=["2"], kind="text/html") is None
    assert cut(b"{", withheld=["2"]) is None
    assert cut(BODY, withheld=["2"], coding="sdch") is None
    assert cut(b'{"results":[],"x":1e999}', withheld=["2"]) is None
    assert not can_trim(SURFACE, "text/html")
    assert can_trim(SURFACE, "application/vnd.api+json")


def test_a_compressed_body_is_trimmed_and_leaves_uncompressed():
    """The coding is undone; the caller drops its header."""
    body = gzip.compress(json.dumps(BODY).encode())
    assert cut(body, withheld=["1", "2"], coding="gzip")["results"] == [BODY["results"][2]]


def test_text_survives_whatever_its_script():
    """Names in any script, lone surrogates and large ids are the same after trimming."""
    document = {"results": [{"id": 2}, {"id": 12345678901234567890123, "name": "نورة \ud800"}]}
    assert cut(document, withheld=["2"])["results"] == document["results"][1:]


@given(st.lists(st.integers(0, 9)), st.sets(st.integers(0, 9)))
def test_after_trimming_nobody_withheld_is_left_and_nobody_else_is_missing(rows, withheld):
    """For any rows and any withheld people the body shows exactly the others."""
    names = [Person(str(one)) for one in withheld]
    body = json.dumps({"results": [{"id": one} for one in rows]}).encode()
    out = trim(SURFACE, body, "application/json", "", names, ())
    left = read(SURFACE, "", (), out, "application/json", "")
    assert [one.subject for one in left] == [
        str(one) for one in dict.fromkeys(rows) if one not in withheld
    ]


@given(st.binary(max_size=200), st.sampled_from(["application/json", "text/html", ""]))
def test_no_bytes_make_trimming_fail(body, kind):
    """Whatever the body holds, the answer is bytes or None."""
    out = trim(SURFACE, body, kind, "", [Person("1")], ["email"])
    assert out is None or isinstance(out, bytes)
