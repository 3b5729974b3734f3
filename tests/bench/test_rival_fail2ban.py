"""The model of fail2ban against its rule and against fail2ban's own code."""

import json
import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bench.rival_support import ask, client

from himaya.bench.defences.fail2ban import Jail

DRIVER = Path(__file__).with_name("fail2ban_driver.py")
SETTINGS = [(300, 300, 600), (100, 60, 3600), (1000, 3600, 86400)]
START = 1_767_571_200


def visits(setting, seed):
    """Return (seconds, address) of visitors around the limit, with pauses, before and after blocks."""
    maxretry, findtime, bantime = setting
    found, end = [], START + 20 * findtime + 1.3 * bantime
    for number, pace in enumerate([0.5, 0.97, 1.03, 1.2, 1.6, 4.0]):
        rng = random.Random(seed * 100 + number)
        at = START + rng.random() * findtime
        while at < end:
            at += rng.expovariate(pace * maxretry / findtime)
            if rng.random() < 1 / maxretry:
                at += rng.choice([0.5, 0.9, 1.0, 1.1, 2.0]) * findtime
            found.append((round(at, 3), f"198.18.0.{number}"))
    return sorted(found)


def modelled(setting, events):
    """Return what the model makes of the same visits."""
    jail, blocks, refused = Jail(*setting), [], 0
    for at, address in events:
        if jail.blocked(address, at):
            refused += 1
        elif jail.failure(address, int(at)):
            blocks.append([address, int(at), int(at) + setting[2]])
    return blocks, refused


@pytest.mark.system
@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS)
def test_fail2ban_blocks_the_same_addresses_at_the_same_times(setting):
    """fail2ban's own code and the model give the same blocks, to the second, and refuse the same number of requests."""
    events = visits(setting, seed=7)
    order = json.dumps({"setting": setting, "events": events})
    done = subprocess.run(
        ["/usr/bin/python3", "-W", "ignore", DRIVER], input=order, capture_output=True, text=True,
        check=False, env={"TZ": "UTC", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    real = json.loads(done.stdout)
    blocks, refused = modelled(setting, events)
    print(
        f"{setting}: {len(events)} requests, {len(real['blocks'])} blocks, {real['refused']} refused"
    )
    assert len(real["blocks"]) >= 5
    assert blocks == real["blocks"]
    assert refused == real["refused"]


GAPS = st.lists(st.integers(0, 400), min_size=1, max_size=200)


@given(GAPS, st.integers(2, 20), st.integers(10, 600))
def test_nobody_is_blocked_before_the_limit(gaps, most, findtime):
    """A block needs at least `maxretry` pages since the last block, the last of them at the moment of the block."""
    jail, at, since = Jail(most, findtime, 100), START, 0
    for gap in gaps:
        at += gap
        if jail.blocked("a", at):
            continue
        since += 1
        if jail.failure("a", at):
            assert since >= most
            since = 0


@given(GAPS, st.integers(1, 500))
def test_a_block_lasts_its_time(gaps, bantime):
    """From a block on, an address is refused through the last second of the block and never after it."""
    jail, at, until = Jail(3, 600, bantime), START, -1
    for gap in gaps:
        at += gap
        assert jail.blocked("a", at) == (at <= until)
        if at > until and jail.failure("a", at):
            until = at + bantime


def test_only_pages_with_people_count_and_a_block_is_for_everything():
    """Misses, start page and settings do not count; a blocked address is refused on every route, others are not."""
    jail = Jail(3, 300, 600)
    for second in range(50):
        jail.saw(client(), ask("/"), 200, START + second)
        jail.saw(client(), ask("/settings"), 200, START + second)
        jail.saw(client(), ask("/u/7"), 404, START + second)
    assert jail.verdict(client(), ask(), START + 50).passes
    for second in range(50, 53):
        jail.saw(client(), ask("/u/7"), 200, START + second)
    assert not jail.verdict(client(), ask("/settings"), START + 53).passes
    assert jail.verdict(client("203.0.113.10"), ask(), START + 53).passes


def test_a_long_count_is_scaled_to_its_mean_rate():
    """Below the limit in the mean nobody is ever blocked, however long it goes on; above it everybody is."""
    slow, fast = Jail(300, 300, 600), Jail(300, 300, 600)
    assert not any(slow.failure("a", START + second) for second in range(0, 40_000, 2))
    assert any(fast.failure("a", START + second // 2) for second in range(1000))


def test_counts_and_blocks_are_forgotten():
    """An address that stays away is forgotten after the find time, a block after its end: memory follows the living."""
    jail = Jail(2, 60, 600)
    for number in range(5000):
        jail.failure(f"a{number}", START + number)
        jail.failure(f"b{number}", START + number)
        jail.failure(f"b{number}", START + number)
        assert len(jail) <= 60 + 5 + 600 + 3
