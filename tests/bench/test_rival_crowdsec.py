"""The model of CrowdSec's scenarios against their rule and against the real binary."""

import random
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bench.crowdsec_rig import DATA, overflows
from tests.bench.rival_support import ask, client

from himaya.bench.defences.crowdsec import CrowdSec, Scenario, file_name, is_bad_agent

START = 1_767_571_200
SETTINGS = [(40, 0.5), (15, 0.5), (100, 10.0)]
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36"
BLACKHOLE_S = {"http-crawl-non_statics": 60, "http-probing": 300, "http-bad-user-agent": 120}


def traffic(seed):
    """Return rows of a log: crawlers of several paces, searchers, look-ups that miss, known tools, parts of pages."""
    rows = []
    for number in range(18):
        rng = random.Random(seed * 100 + number)
        pace, kind = rng.choice([0.08, 0.5, 1.5, 2.1, 4.0, 12.0]), number % 6
        at = START + rng.random() * 600
        for _ in range(220):
            at += rng.expovariate(pace)
            if rng.random() < 0.02:
                at += rng.choice([5, 20, 21, 60, 400])
            rows.append((int(at), f"198.18.{seed}.{number}", *_request(kind, rng)))
    return sorted(rows, key=lambda row: row[0])


def _request(kind, rng):
    """Return method, target, status and agent of one request."""
    person = rng.randrange(5000)
    if kind == 0:
        return "GET", f"/u/{person}", 200, BROWSER
    if kind == 1:
        return (
            "GET",
            rng.choice([f"/u/{person}", f"/photo/{person}", f"/u/{person}/friends"]),
            200,
            BROWSER,
        )
    if kind == 2:
        return "GET", f"/search?q=name:{person}&page={person % 7}", 200, BROWSER
    if kind == 3:
        return "GET", f"/lookup?phone={person}", rng.choice([404, 404, 404, 200]), BROWSER
    if kind == 4:
        agent = "Scrapy/2.19.0 (+https://scrapy.org)" if rng.random() < 0.05 else BROWSER
        return "GET", f"/u/{person % 30}", 200, agent
    return (
        *rng.choice([("GET", f"/static/{person}.js"), ("POST", "/import"), ("GET", "/")]),
        200,
        BROWSER,
    )


def modelled(rows, capacity, leakspeed):
    """Return (address, scenario, epoch seconds) of the model's overflows, nobody being refused, as in a replay."""
    rule, found, hidden = CrowdSec(capacity, leakspeed), [], {}
    for at, address, method, target, status, agent in rows:
        who = client(address, agent=agent)
        for scenario in rule.overflows(who, ask(target, method), status, float(at)):
            if at >= hidden.get((address, scenario), 0):
                found.append((address, scenario, at))
                hidden[address, scenario] = at + BLACKHOLE_S[scenario]
    return found


def firsts(found):
    """Return when each address first overflowed each scenario."""
    first = {}
    for address, scenario, at in found:
        first.setdefault((address, scenario), at)
    return first


@pytest.mark.system
@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS)
def test_crowdsec_blocks_the_same_addresses(tmp_path, setting):
    """The real binary and the model name the same addresses for the same scenarios, first at the same second."""
    rows = traffic(seed=SETTINGS.index(setting))
    real = [(address, name, at) for address, name, _, at in overflows(tmp_path, rows, *setting)]
    model = modelled(rows, *setting)
    print(
        f"{setting}: {len(rows)} lines, {len(real)} overflows, {len(model)} of the model, ", end=""
    )
    print(f"{len(set(real) ^ set(model))} differ; {len(firsts(real))} firsts")
    assert len({name for _, name, _ in real}) == 3, "the log must meet all three scenarios"
    assert firsts(real) == firsts(model)


@pytest.mark.system
def test_the_list_of_agents_is_the_hubs():
    """The list that is shipped is the one that comes with Debian's crowdsec, with its licence at the top."""
    shipped = files("himaya.bench.defences").joinpath("bad_user_agents.txt").read_text("utf-8")
    assert shipped == (DATA / "bad_user_agents.regex.txt").read_text("utf-8")
    assert shipped.startswith("# MIT License\n")


GAPS = st.lists(st.floats(0, 30), min_size=1, max_size=200)


@given(GAPS, st.integers(1, 30), st.sampled_from([0.5, 1.0, 10.0]))
def test_a_bucket_takes_capacity_and_leak(gaps, capacity, leakspeed):
    """A bucket takes at most capacity and what leaked; one that leaks faster than it fills never overflows."""
    scenario, at, first, taken = Scenario(capacity, leakspeed), float(START), None, 0
    for number, gap in enumerate(gaps):
        at += gap
        first = at if first is None else first
        if scenario.pour("a", f"n{number}", at):
            assert taken >= capacity
            first, taken = None, 0
        else:
            taken += 1
            assert taken <= capacity + (at - first) / leakspeed + 1e-3
    slow = Scenario(capacity, leakspeed)
    assert not any(
        slow.pour("a", f"n{number}", START + number * (leakspeed + 0.001)) for number in range(200)
    )


@given(st.lists(st.integers(0, 5), min_size=1, max_size=300))
def test_names_seen_before_are_not_poured(names):
    """However often few names are asked for, a bucket with room for all of them never overflows."""
    scenario = Scenario(6, 0.5)
    assert not any(scenario.pour("a", f"n{name}", START + n / 100) for n, name in enumerate(names))


def test_stock_crawl_is_blocked_for_four_hours():
    """The 41st file name at once blocks the address on every route for four hours; other addresses go on."""
    rule = CrowdSec()
    for number in range(41):
        assert rule.verdict(client(), ask(), float(START)).passes
        rule.saw(client(), ask(f"/u/{number}"), 200, float(START))
    assert not rule.verdict(client(), ask("/settings"), START + 4 * 3600 - 0.1).passes
    assert rule.verdict(client("203.0.113.10"), ask(), START + 1.0).passes
    assert rule.verdict(client(), ask(), START + 4 * 3600.0).passes


def test_what_stock_crowdsec_does_not_count():
    """Searches, pages of lists, imports and parts of pages are one name or none: they can go on for ever."""
    rule = CrowdSec()
    for number in range(2000):
        for one in (
            ask(f"/search?q=name:{number}"), ask(f"/api/people?page={number}"), ask(f"/static/{number}.JS"),
            ask("/import", "POST"),
        ):  # fmt: skip
            rule.saw(client(), one, 200, START + number / 50)
    assert rule.verdict(client(), ask(), START + 40.0).passes


def test_misses_and_known_tools_are_blocked():
    """Eleven different targets that miss, or two requests of a known tool within a minute, are an overflow."""
    rule = CrowdSec()
    for number in range(11):
        rule.saw(client("m"), ask(f"/lookup?phone={number}"), 404, float(START))
    for second in range(2):
        rule.saw(client("t", agent="Scrapy/2.19.0"), ask(), 200, float(START + second))
    assert not rule.verdict(client("m"), ask(), START + 1.5).passes
    assert not rule.verdict(client("t"), ask(), START + 1.5).passes
    assert is_bad_agent("PyCurl/7")
    assert not is_bad_agent(BROWSER)
    assert not is_bad_agent("python-requests/2.34")


def test_file_names_are_those_of_the_parser():
    """A file name is the last segment of the path, without the query."""
    assert file_name("/u/7?from=a/b") == "7"
    assert file_name("/search?q=a") == "search"
    assert not file_name("/")


def test_buckets_and_blocks_are_forgotten():
    """Buckets that nothing is poured into and blocks that have ended are forgotten: memory follows the living."""
    rule = CrowdSec()
    for number in range(20_000):
        rule.saw(client(f"a{number}"), ask(), 404, float(START + number))
    assert len(rule) <= 22 + 112 + 2
    tools = CrowdSec()
    for number in range(2000):
        for _ in range(2):
            tools.saw(
                client(f"a{number}", agent="Scrapy/2"), ask(), 200, float(START + number * 60)
            )
    assert len(tools) <= 4 * 60 + 1 + 3
