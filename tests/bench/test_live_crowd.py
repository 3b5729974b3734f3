"""Honest people as real clients: what they meet is counted, and nothing else is."""

import asyncio
import time

import pytest
from tests.bench.live_support import SITE, Neighbours, neighbours, serving

from himaya.bench.live import http
from himaya.bench.live.crowd import MOST_ASKS, MOST_S, Crowd

PLAN = neighbours()
CROWD = Crowd(PLAN, 1)
NOTHING = {"challenged": 0, "slowed": 0, "redacted": 0, "denied": 0}


def lived(answer, seconds=1.0):
    """Let five neighbours visit a site that answers as told; return what was counted."""
    with serving(answer) as port:
        return asyncio.run(CROWD.live(port, seconds))["neighbours"]


def as_the_site(path, headers):
    """Answer as the site does."""
    path, _, query = path.partition("?")
    pairs = dict(pair.split("=", 1) for pair in query.split("&") if pair)
    fields = {name.lower(): value for name, value in headers.items()}
    answer = SITE(http.Request("GET", path, pairs, fields))
    return answer.status, dict(answer.headers), answer.body


def test_a_site_without_defence_harms_nobody():
    """Where nothing stands before the site, nobody meets anything."""
    assert lived(as_the_site) == {"size": 5, **NOTHING}


def test_members_sign_in_and_come_from_their_own_address():
    """Each member signs in once, keeps the session, and is told with the address of the plan."""
    seen = []

    def answer(path, headers):
        seen.append((headers["X-Forwarded-For"], headers.get("Cookie", ""), path))
        return as_the_site(path, headers)

    lived(answer)
    logins = [one for one in seen if one[2].startswith("/login")]
    assert sorted(address for address, _, _ in logins) == [f"10.9.{n}.7" for n in range(5)]
    assert all(cookie for _, cookie, path in seen if path.startswith("/u/"))


@pytest.mark.parametrize("status", [403, 429, 503])
def test_a_refusal_is_denied(status):
    """A page that the site would have shown and the front door refused counts as denied, for every member."""
    refused = lived(lambda path, _: (status, {}, b"") if path.startswith("/u/") else (200, {}, b""))
    assert refused == {"size": 5, **NOTHING, "denied": 5}


def test_a_challenge_is_counted_and_ends_the_visit():
    """A challenge of the gate counts as challenged; the member goes away."""
    asked = []

    def answer(path, _):
        asked.append(path)
        return 403, {"Himaya-Reference": "K7Q2"}, b'<form action="/.himaya/clear">'

    assert lived(answer) == {"size": 5, **NOTHING, "challenged": 5}
    assert len([path for path in asked if path.startswith("/u/")]) == 5


def test_missing_fields_are_redacted():
    """A page that lacks people or fields of the site's own answer counts as redacted."""
    found = lived(lambda path, headers: (200, {}, b"<p>somebody</p>"))
    assert found == {"size": 5, **NOTHING, "redacted": 5}


def test_waiting_is_slowed():
    """A page that takes more than a second counts as slowed."""

    def answer(path, headers):
        if path.startswith("/u/"):
            time.sleep(1.1)
        return as_the_site(path, headers)

    assert lived(answer)["slowed"] == 5


def test_a_broken_line_is_denied():
    """Nobody listening is a page that the member did not get."""
    assert asyncio.run(CROWD.live(1, 0.5))["neighbours"]["denied"] == 5


def test_visits_are_bounded_and_repeat():
    """A visit is at most half an hour and sixty asks; the same seed draws the same visits; the speed is told."""
    assert all(visit.span <= MOST_S and len(visit.asks) <= MOST_ASKS for visit in CROWD.visits)
    again = Crowd(neighbours(), 1)
    assert [v.asks[0].ask for v in again.visits] == [v.asks[0].ask for v in CROWD.visits]
    assert CROWD.faster(1000) == 1.0
    assert CROWD.faster(10) == pytest.approx(8.0)
    assert isinstance(PLAN.groups[0], Neighbours)
