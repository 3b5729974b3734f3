"""Undeclared fields at the doors: seen in JSON, told to the engine, and taken out where the policy says so."""

from __future__ import annotations

import json
import time

import msgspec
import pytest
import requests
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from tests.gate.embedded_support import ThreadAuthority
from tests.gate.gate_support import Rig, Upstream, ok
from tests.gate.test_asgi import Site

from himaya.core.effect import RaiseFinding
from himaya.core.policy import Detectors, Drift
from himaya.core.surface import Surface
from himaya.gate.people import read

SURFACE = Surface(
    id="list",
    route="/list",
    kind="listing",
    fields=("name",),
    people=("json",),
    json_subject="rows[].id",
    json_rows="rows",
)


def fields(rows, watched=("email", "phone")):
    body = json.dumps({"rows": rows}).encode()
    found = read(SURFACE, "", (), body, "application/json", watched=watched)
    assert found is not None
    return {person.subject: person.fields for person in found}


def test_watched_names_are_seen_beside_declared_ones():
    """A personal field nobody declared is told, nested or not; an empty one and other names are not."""
    rows = [
        {"id": 1, "name": "A", "contact": {"email": "a@x.example"}, "colour": "red"},
        {"id": 2, "name": "B", "email": ""},
    ]
    assert fields(rows) == {"1": ("name", "email"), "2": ("name",)}
    assert fields(rows, watched=()) == {"1": ("name",), "2": ("name",)}


def test_watched_names_add_to_fields_that_go_by_other_names():
    """Where no declared name stands in the body the declared fields hold, and the undeclared are added."""
    assert fields([{"id": 1, "titel": "A"}]) == {"1": None}
    assert fields([{"id": 1, "titel": "A", "phone": "1"}]) == {"1": ("name", "phone")}


def told(effects):
    return [(e.finding.detector, e.finding.actor) for e in effects if isinstance(e, RaiseFinding)]


def with_strip(engine, *, strip):
    detectors = Detectors(drift=Drift(strip=strip))
    engine.reload(msgspec.structs.replace(engine.policy, detectors=detectors))


@pytest.mark.parametrize("strip", [True, False])
def test_the_proxy_finds_and_strips(strip):
    """A mail address in a listing that declares names is found; with `strip` it does not leave, and is no row."""
    body = json.dumps({"total": 1, "rows": [{"id": 1, "name": "N", "email": "n@x.example"}]})
    with Upstream() as upstream, Rig(upstream.port) as rig:
        upstream.answer = lambda asked, sock: ok(body.encode(), kind="application/json")
        with_strip(rig.engine, strip=strip)
        answer = rig.get("/list")
        expected = json.loads(body)
        if strip:
            del expected["rows"][0]["email"]
        assert json.loads(answer.body) == expected
        (row,) = rig.rows
        assert row.shown[0].fields == (("name",) if strip else ("name", "email"))
        assert told(rig.notes.effects) == [("drift", "surface:list")]


def test_middleware_finds_and_strips(tmp_path):
    """The same in a Python application: the field is found by the authority and taken out by the middleware."""

    def search(request):
        return JSONResponse({"results": [{"id": "1", "name": "N", "phone": "123"}]})

    authority = ThreadAuthority(tmp_path, budget=100).start()
    with_strip(authority.engine, strip=True)
    site = Site(authority, Starlette(routes=[Route("/search", search)]))
    try:
        answer = requests.get(site.url + "/search", timeout=10)
        assert answer.json() == {"results": [{"id": "1", "name": "N"}]}
        end = time.monotonic() + 5
        while not told(authority.notes.effects) and time.monotonic() < end:
            time.sleep(0.01)
        assert told(authority.notes.effects) == [("drift", "surface:search")]
    finally:
        site.close()
        authority.stop()
