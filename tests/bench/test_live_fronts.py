"""The defences of the live bench are really in force, each on the address it is told, and gone when stopped."""

import http.client
import time
import tomllib

import pytest
from tests.bench.live_support import Walker, left_running, running, running_site

from himaya.bench.defences.rivals import RIVALS
from himaya.bench.live.fronts.crowdsec import CrowdSec
from himaya.bench.live.fronts.every import chosen, rivals
from himaya.bench.live.fronts.fail2ban import Fail2ban
from himaya.bench.live.fronts.front import Front
from himaya.bench.live.fronts.gate import HimayaGate, toml
from himaya.bench.live.fronts.haproxy import HAProxy
from himaya.bench.live.fronts.nginx import LimitReq
from himaya.config import load
from himaya.core.errors import ConfigError, InputError, ServiceError

FAST, HONEST = "198.18.3.4", "10.1.2.3"


def test_rivals_are_those_that_are_modelled():
    """Live and modelled rivals have the same names, families and settings, so their rows can be put side by side."""
    live = [(front.name, front.family, front.setting) for front in rivals()]
    assert live == [(rival.name, rival.family, rival.setting) for rival in RIVALS]


def test_defences_are_chosen_by_name_or_family():
    """`none` and `himaya` are always there; an unknown name is an error that lists the known ones."""
    names = [front.name for front in chosen(["fail2ban", "nginx limit_req 5 r/s"], 600, None)]
    assert names[:3] == ["none", "himaya", "nginx limit_req 5 r/s"]
    assert len(names) == 6
    assert chosen(["fail2ban 100 in 60 s"], 600, None)[2].name == "fail2ban 100 in 60 s, 60 min"
    with pytest.raises(InputError, match="no live defence 'wall'; there are none, himaya, nginx"):
        chosen(["wall"], 600, None)


def test_a_missing_program_is_named(monkeypatch):
    """A defence says which programs it does not find; none and himaya need nothing."""
    monkeypatch.setattr("himaya.bench.live.fronts.front.PATH", "/nowhere")
    assert LimitReq(5).missing() == ["nginx"]
    assert Fail2ban(1, 1, 1).missing() == ["nginx", "fail2ban-server", "fail2ban-client"]
    assert "crowdsec" in CrowdSec("stock", 40, 0.5).missing()
    assert Front().missing() == HimayaGate(600).missing() == []


def test_the_gates_configuration_is_the_shipped_one(tmp_path):
    """What is written down for the gate reads back as the configuration of the bench, for this many people."""
    file = tmp_path / "himaya.toml"
    file.write_text(toml(HimayaGate(600)._tables))
    shipped, told = HimayaGate(20_000)._tables, load(file)
    assert (told.mode, told.site.population) == ("enforce", 600)
    assert [surface.id for surface in told.surfaces] == [s["id"] for s in shipped["surface"]]
    assert told.actor.trusted_proxies == ("127.0.0.1/32",)


def test_a_sites_own_policy_keeps_its_budgets(tmp_path):
    """With a site's own himaya.toml its budgets hold, and surfaces and actors are those of the bench."""
    own = tmp_path / "own.toml"
    own.write_text(
        'mode = "shadow"\n[site]\nname = "Mine"\n[owner]\nname = "Me"\ncontact = "me@example.org"\n'
        '[budgets]\naddress = { hour = 7 }\n[[surface]]\nid = "x"\nroute = "/x/{subject}"\n'
    )
    written = tmp_path / "written.toml"
    written.write_text(toml(HimayaGate(600, own)._tables))
    told = load(written)
    assert told.mode == "enforce"
    assert told.budgets.address.hour == 7
    assert "x" not in {surface.id for surface in told.surfaces}
    with pytest.raises(ConfigError, match="nosuch"):
        HimayaGate(600, tmp_path / "nosuch.toml")


def test_tables_survive_being_written_down():
    """Text with quotes and line breaks, nested tables, lists of tables, numbers and booleans read back as they were."""
    tables = {
        "a b": 'x"y\n\\z é',
        "t": {"l": [{"k": 1}, {"k": 2.5}], "empty": {}, "on": True},
        "n": [],
    }
    assert tomllib.loads(toml(tables)) == tables
    with pytest.raises(ConfigError, match="cannot be written down"):
        toml({"d": object()})


@pytest.mark.system
@pytest.mark.slow
@pytest.mark.parametrize("front", [LimitReq(1), HAProxy(60, 60)], ids=lambda front: front.name)
def test_a_rate_limit_is_in_force(front, tmp_path):
    """A fast walk is refused with 429 at some point, other addresses and other routes are not."""
    with running_site(tmp_path) as site, running(front, site, tmp_path):
        walker = Walker(front.port, FAST)
        statuses = walker.walk(100)
        assert set(statuses) == {200, 429}
        assert 20 <= statuses.index(429) <= 61
        assert walker.status("/settings") == 200
        assert Walker(front.port, HONEST).walk(10) == [200] * 10
    assert not left_running(str(tmp_path))


@pytest.mark.system
@pytest.mark.slow
@pytest.mark.parametrize(
    "front", [Fail2ban(30, 300, 600), CrowdSec("stock", 40, 0.5)], ids=lambda front: front.family
)
def test_a_blocker_is_in_force(front, tmp_path):
    """After a fast walk the address is refused everywhere with 403, within seconds; other addresses are not."""
    with running_site(tmp_path) as site, running(front, site, tmp_path):
        walker = Walker(front.port, FAST)
        statuses, deadline = walker.walk(150), time.monotonic() + 15
        while walker.status("/settings") != 403 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert 200 in statuses
        # nginx hands over to workers with the new deny file within `worker_shutdown_timeout`.
        time.sleep(1.5)
        assert walker.status("/settings") == 403
        assert walker.walk(3) == [403] * 3
        assert Walker(front.port, HONEST).walk(10) == [200] * 10
    assert not left_running(str(tmp_path))


@pytest.mark.system
def test_an_address_from_elsewhere_cannot_be_claimed(tmp_path):
    """The front door believes X-Forwarded-For from 127.0.0.1 alone: from 127.0.0.2 the header changes nothing."""
    front = LimitReq(1)
    with running_site(tmp_path) as site, running(front, site, tmp_path):
        statuses = []
        for n in range(40):
            connection = http.client.HTTPConnection(
                "127.0.0.1", front.port, timeout=10, source_address=("127.0.0.2", 0)
            )
            connection.request("GET", "/u/1", headers={"X-Forwarded-For": f"10.0.0.{n}"})
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
            connection.close()
        assert 429 in statuses


@pytest.mark.system
def test_a_defence_that_does_not_start_says_why(tmp_path):
    """A program that ends at once is an error with what it said, and nothing is left running."""
    front = LimitReq(5)
    front.limit = "no_such_directive on;"
    with pytest.raises(ServiceError, match="no_such_directive"), running(front, 1, tmp_path):
        pytest.fail("it started")
    assert not left_running(str(tmp_path))
