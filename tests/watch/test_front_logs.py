"""Log lines of Caddy, Traefik and Envoy as the printed configurations write them: what settles a request."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.watch.caddy import unpacked
from himaya.watch.detect import detect_format
from himaya.watch.formats import read_chunk
from himaya.watch.keep import KeepAll
from himaya.watch.source import Chunk

CADDY = {
    "level": "info", "ts": 1795686500.375, "logger": "http.log.access.log0", "msg": "handled request",
    "request": {"remote_ip": "203.0.113.9", "method": "GET", "host": "people.example", "uri": "/u/1?x=1",
                "headers": {"User-Agent": ["a browser"], "X-Request-Id": ["chosen-by-a-visitor"]}},
    "user_id": "himaya\nabc-1\nup\nu1, u2;fields=name|email\nme", "size": 5, "status": 200,
    "resp_headers": {"Content-Type": ["text/html"]},
}  # fmt: skip

#: As doc.traefik.io lists the fields; header names in Go's spelling.
TRAEFIK = {
    "ClientHost": "203.0.113.9", "DownstreamContentSize": 5, "DownstreamStatus": 200, "RequestHost": "people.example",
    "RequestMethod": "GET", "RequestPath": "/u/1?x=1", "StartUTC": "2026-11-26T09:48:20.375Z",
    "request_User-Agent": "a browser", "request_X-Request-Id": "abc-1", "origin_Himaya-Account": "me",
    "origin_Himaya-Subjects": "u1, u2;fields=name|email",
}  # fmt: skip

ENVOY = {
    "at": "1795686500.375", "id": "abc-1", "address": "203.0.113.9", "method": "GET", "host": "people.example",
    "target": "/u/1?x=1", "status": 200, "sent": 5, "agent": "a browser", "type": "text/html",
    "subjects": "u1, u2;fields=name|email", "himaya_account": "me", "gate": None,
}  # fmt: skip


#: What docs/traefik.md and docs/envoy.md put into [log] fields: the first lines of a log may lack these keys.
FIELDS = {
    "traefik": {"id": "request_X-Request-Id", "subjects": "origin_Himaya-Subjects",
                "himaya_account": "origin_Himaya-Account"},
    "envoy": {"subjects": "subjects", "himaya_account": "himaya_account", "gate": "gate"},
}  # fmt: skip


def entries(*lines, fields=None):
    """Return the entries of a log whose format was found by its first line."""
    texts = [json.dumps(line) for line in lines]
    form = detect_format(texts[:1], fields=fields)
    assert form is not None
    return read_chunk(form, Chunk("\n".join(texts).encode(), 1), KeepAll()).entries


@pytest.mark.parametrize("line", [CADDY, TRAEFIK, ENVOY], ids=["caddy", "traefik", "envoy"])
def test_a_line_says_what_settles_a_request(line):
    """Id, time, address, target, status, people and account are read from each door's own line."""
    (found,) = entries(line)
    assert (found.id, found.address, found.target) == ("abc-1", "203.0.113.9", "/u/1?x=1")
    assert (found.status, found.sent, found.agent) == (200, 5, "a browser")
    assert (found.subjects, found.himaya_account) == ("u1, u2;fields=name|email", "me")
    assert found.at == pytest.approx(1795686500.375)
    assert found.account == ""


@pytest.mark.parametrize(("told", "subjects"), [("", None), ("-", ","), ("u1", "u1")])
def test_caddys_packed_field_tells_nobody_from_not_said(told, subjects):
    """The field is unpacked: people not said, nobody, somebody; and it never passes for an account."""
    packed = f"himaya\nabc-2\ndown\n{told}\n"
    first, found = entries(CADDY, CADDY | {"user_id": packed})
    assert (found.id, found.gate, found.subjects, found.account) == ("abc-2", "down", subjects, "")
    assert first.gate == "up"


@given(
    st.lists(st.text(st.characters(exclude_characters="\n"), max_size=20), min_size=4, max_size=4)
)
def test_no_value_passes_for_another(values):
    """Whatever the application's headers hold, each value of the packed field comes out where it was put in."""
    said = unpacked({"user_id": "\n".join(["himaya", *values])})["himaya"]
    assert (said["id"], said["gate"], said["account"]) == (values[0], values[1], values[3])
    assert said["subjects"] == {"": "-", "-": ","}.get(values[2], values[2])


@pytest.mark.parametrize("other", ["", "anna", "himaya", "himaya\na", 7, None])
def test_other_lines_of_caddy_stay(other):
    """A user of basicauth, or a field that was not packed, is left alone."""
    assert unpacked({"user_id": other}) == {"user_id": other}


def test_keys_that_come_late_are_read():
    """With the documented field maps, people are read although the first line names nobody, and a gap is seen."""
    bare = {key: value for key, value in TRAEFIK.items() if not key.startswith("origin_")}
    assert (
        entries(bare, TRAEFIK, fields=FIELDS["traefik"])[1].subjects
        == TRAEFIK["origin_Himaya-Subjects"]
    )
    quiet = ENVOY | {"subjects": None, "himaya_account": None}
    down = ENVOY | {"gate": "true"}
    first, second, third = entries(quiet, ENVOY, down, fields=FIELDS["envoy"])
    assert (first.subjects, second.subjects, third.gate) == (None, ENVOY["subjects"], "true")
    assert (first.gate, second.himaya_account) == ("", "me")
