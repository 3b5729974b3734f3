"""What the demo's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

import himaya.demo
from himaya.bench.live.http import Answer, Request
from himaya.config import load
from himaya.demo.people import PASSWORD, population
from himaya.demo.site import COOKIE, Site


class Visit:
    """Asks the site directly, signed in or not."""

    def __init__(self, site):
        self.site = site
        self.cookie = ""

    def get(self, path: str, **query: str) -> Answer:
        return self.site(Request("GET", path, query, {"cookie": self.cookie}))

    def post(self, path: str, body: str = "") -> Answer:
        return self.site(Request("POST", path, {}, {"cookie": self.cookie}, body.encode()))

    def sign_in(self, handle: str) -> Answer:
        answer = self.post("/login", f"handle={handle}&password={PASSWORD}")
        cookie = dict(answer.headers).get("Set-Cookie", "").partition(";")[0]
        self.cookie = cookie if cookie.startswith(f"{COOKIE}=") else ""
        return answer


@pytest.fixture(name="members", scope="session")
def members_fixture():
    """Four hundred members."""
    return population(400)


@pytest.fixture(name="visit")
def visit_fixture(members):
    """A visitor of a fresh site."""
    return Visit(Site(members))


@pytest.fixture(name="config", scope="session")
def config_fixture():
    """The configuration that ships with the demo."""
    return load(Path(himaya.demo.__file__).with_name("himaya.toml"))
