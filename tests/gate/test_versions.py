"""Which values an answer showed, as keyed hashes: read from JSON, or told by the application."""

from __future__ import annotations

import json

from himaya.core.surface import Surface
from himaya.core.version import version_of
from himaya.gate.disclose import Told, disclose, telling
from himaya.gate.people import read, told_versions, without

KEY = b"k" * 32
BODY = json.dumps({"people": [
    {"id": 1, "job": {"headline": "Chief"}, "company": "ACME"}, {"id": 2, "headline": None}]}).encode()  # fmt: skip
BASE = {"id": "api", "route": "/api", "kind": "listing", "json_subject": "people[].id"}
FIELDS = ("headline", "company")


def test_values_in_json_become_a_version():
    """Of the fields under `version` the value of each person's row is hashed; a person without one has none."""
    surface = Surface(**BASE, fields=FIELDS, version=("headline",))
    one, two = read(surface, "", (), BODY, "application/json", version_key=KEY)
    assert one.version == version_of(KEY, "1", {"headline": "chief"})
    assert two.version == ""
    assert without([one], {"headline"})[0].version == ""


def test_nothing_is_hashed_unless_the_site_asks():
    """Without fields under `version`, or without a key, rows have no version."""
    asked = Surface(**BASE, fields=FIELDS, version=("headline",))
    plain = Surface(**BASE, fields=FIELDS)
    for surface, key in ((plain, KEY), (asked, b"")):
        found = read(surface, "", (), BODY, "application/json", version_key=key)
        assert {one.version for one in found} == {""}


def test_an_application_tells_values():
    """`disclose(..., values=)` keeps values for this request; withheld fields are not among them."""
    told = Told(redact=("phone",))
    with telling(told):
        disclose(7, ["headline", "phone"], values={"headline": "Chief", "phone": "5"})
    assert told.values == {"7": {"headline": "Chief"}}
    (one,) = told_versions(told.people or (), told.values, KEY)
    assert one.version == version_of(KEY, "7", {"headline": "Chief"})
