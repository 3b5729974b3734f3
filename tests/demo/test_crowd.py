"""The honest crowd."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from himaya.bench.live.http import Request
from himaya.demo.crowd import OFFICE, OFFICE_ADDRESS, crowd
from himaya.demo.harvest import people_in
from himaya.demo.people import population
from himaya.demo.scrapers import network_account, patient_account
from himaya.demo.site import Site


@pytest.fixture(name="site")
def site_fixture():
    """A site of three thousand."""
    return Site(population(3000))


def people_of(site, visitor):
    """Return everybody one visitor gets to see on the site."""
    seen, cookie = set(), ""
    for step in visitor.steps:
        path, _, query = step.target.partition("?")
        body = "&".join(f"{k}={v}" for k, v in (step.form or {}).items()).encode()
        method = "POST" if step.form else "GET"
        answer = site(Request(method, path, dict(parse_qsl(query)), {"cookie": cookie}, body))
        cookie = dict(answer.headers).get("Set-Cookie", cookie).partition(";")[0]
        assert answer.status in {200, 303}, step
        seen |= {who for who, _ in people_in(path, answer.content_type, answer.body)}
    return seen


def test_same_crowd_every_time():
    """The crowd is drawn from a seed: both sides, and every run, have the same."""
    members = population(500)
    assert crowd(members, 50, frozenset()) == crowd(members, 50, frozenset())


def test_scrapers_are_not_in_the_crowd():
    """Accounts that scrapers use belong to no honest person."""
    members = population(300)
    out = frozenset({network_account(members), patient_account(members)})
    logins = {s.form["handle"] for v in crowd(members, 200, out) for s in v.steps if s.form}
    assert logins
    assert not logins & out


def test_office_shares_one_address():
    """Twelve people share an address; everybody else has a network of their own."""
    visitors = crowd(population(500), 120, frozenset())
    addresses = [visitor.address for visitor in visitors]
    assert addresses.count(OFFICE_ADDRESS) == OFFICE
    assert len(set(addresses)) == 120 - OFFICE + 1


def test_crowd_stays_within_the_budgets(site, config):
    """What honest people see in the demo fits the demo's budgets, the shared office included."""
    visitors = crowd(site.directory.members, 120, frozenset())
    seen = [people_of(site, visitor) for visitor in visitors]
    assert max(map(len, seen)) <= config.budgets.account.hour
    office = set().union(*(seen[v.number] for v in visitors if v.address == OFFICE_ADDRESS))
    assert 60 < len(office) <= config.budgets.address.hour


def test_steps_are_in_order():
    """Everybody does one thing after the other, within the time of the story."""
    for visitor in crowd(population(500), 120, frozenset()):
        times = [step.at for step in visitor.steps]
        assert times == sorted(times)
        assert 0 <= times[0] <= times[-1] <= 1
