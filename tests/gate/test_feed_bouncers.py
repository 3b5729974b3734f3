"""Debian's unmodified bouncers enforce what himaya publishes, and let go when it ends."""

from __future__ import annotations

import json
import subprocess

import pytest
from tests.gate.bouncer_rig import ENVIRONMENT, bouncer, network, page, run
from tests.gate.feed_support import FeedGate, until

from himaya.config import loads

pytestmark = pytest.mark.system

SCRIPT = """#!/bin/sh
printf '%s\\n' "$*" >> "$(dirname "$0")/calls"
"""


def test_the_page_switches_the_feed_on():
    """The lines of docs/feed.md are a configuration with a feed."""
    assert loads(page("himaya.toml")).feed.listen == "127.0.0.1:8392"


def test_the_custom_bouncer_calls_its_script(tmp_path):
    """Its script is called with add and the seconds left, then with del when the block ran out or was lifted."""
    script, calls = tmp_path / "on-block", tmp_path / "calls"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    calls.touch()

    def called(*words: str) -> list[str]:
        return [one for one in calls.read_text().splitlines() if one.startswith(" ".join(words))]

    with FeedGate(tmp_path) as gate:
        gate.block("192.0.2.1")
        api = {"api_url": f"http://127.0.0.1:{gate.port}/", "api_key": gate.key}
        with bouncer(tmp_path, "crowdsec-custom-bouncer", **api, bin_path=str(script)):
            until(lambda: called("add", "192.0.2.1"))
            gate.block("203.0.113.7", 4.0)
            until(lambda: called("del", "203.0.113.7"))
            gate.block("2001:db8::1")
            until(lambda: called("add", "2001:db8::1"))
            gate.lift("192.0.2.1")
            until(lambda: called("del", "192.0.2.1"))
            assert {one.agent.partition("/")[0] for one in gate.told().bouncers} == {
                "crowdsec-custom-bouncer"
            }
    (added, *_) = called("add", "203.0.113.7")
    _, address, seconds, reason, told = added.split(" ", 4)
    assert (address, reason) == ("203.0.113.7", "himaya/operator")
    assert 1 <= int(seconds) <= 4
    assert json.loads(told)["type"] == "ban"
    assert not called("del", "2001:db8::1")


HONEST, COLLECTOR, NEIGHBOUR = "203.0.113.8", "203.0.113.7", "198.51.100.9"


def reaches(inside, gate, source: str) -> bool:
    """Tell whether packets from an address reach the gate."""
    url = f"http://127.0.0.1:{gate.door}/nothing"
    words = ["curl", "-s", "-m", "3", "-o", "/dev/null", "--interface", source, url]
    return not subprocess.run([*inside, *words], env=ENVIRONMENT, check=False).returncode


def test_the_firewall_bouncer_drops_packets(tmp_path):
    """Packets of a blocked address are dropped until its end and others pass; a challenge drops nobody."""
    with network(HONEST, COLLECTOR, NEIGHBOUR) as inside, FeedGate(tmp_path, inside=inside) as gate:
        api = {"api_url": f"http://127.0.0.1:{gate.port}/", "api_key": gate.key}

        def listed() -> str:
            return run(inside, "nft", "list", "set", "ip", "crowdsec", "crowdsec-blacklists")

        with bouncer(tmp_path, "crowdsec-firewall-bouncer", inside, **api, pid_dir=str(tmp_path)):
            assert reaches(inside, gate, COLLECTOR)
            gate.block(COLLECTOR)
            until(lambda: COLLECTOR in listed())
            assert not reaches(inside, gate, COLLECTOR)
            assert reaches(inside, gate, HONEST)
            gate.lift(COLLECTOR)
            until(lambda: COLLECTOR not in listed())
            assert reaches(inside, gate, COLLECTOR)
            gate.himaya("block", HONEST, "--challenge", "--why", "a test")
            # A network is its first address to this bouncer, as docs/feed.md says.
            gate.block("198.51.100.0/24")
            gate.block(COLLECTOR, 8.0)
            until(lambda: COLLECTOR in listed() and "198.51.100.0 " in listed())
            assert reaches(inside, gate, HONEST)
            assert reaches(inside, gate, NEIGHBOUR)
            until(lambda: COLLECTOR not in listed())
            assert reaches(inside, gate, COLLECTOR)
