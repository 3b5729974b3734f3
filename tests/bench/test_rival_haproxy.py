"""The model of HAProxy's stick tables against its rule and against HAProxy."""

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bench.rival_support import Program, ask, bursts, client, free_port, play

from himaya.bench.defences.haproxy_stick import StickLimit, StickTable
from himaya.bench.defences.limits import PEOPLE_ROUTES

CONFIG = """
global
    maxconn 200
    nbthread 1
{user}
defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 10s
backend by_address
    stick-table type ipv6 size 100k expire {expire} store http_req_rate({period})
backend by_session
    stick-table type string len 64 size 100k expire {expire} store http_req_rate({period})
frontend site
    bind 127.0.0.1:{port}
    acl people path_reg ^/(u|photo|preview|search|suggest|api|lookup|lookup-mail|import|relatives)(/|$)
    http-request set-src hdr(X-Forwarded-For)
    http-request track-sc0 src table by_address if people
    http-request track-sc1 req.cook(sid) table by_session if people {{ req.cook(sid) -m found }}
    http-request set-var(txn.now) date(0,ms)
    http-request return status 429 {says} if people {{ sc_http_req_rate(0) gt {limit} }}
    http-request return status 429 {says} if people {{ sc_http_req_rate(1) gt {limit} }}
    http-request return status 200 {says}
"""
#: `return 429` stands for `deny deny_status 429`, so that the rates travel in the answer of refused requests too.
SAYS = 'hdr X-Now "%[var(txn.now)]" hdr X-Rates "%[sc_http_req_rate(0)] %[sc_http_req_rate(1)]"'


def haproxy(folder, limit, period_s):
    """Return a HAProxy with one limit."""
    port = free_port()
    user = "    user root\n    group root" if os.geteuid() == 0 else ""
    text = CONFIG.format(
        port=port,
        limit=limit,
        period=f"{period_s}s",
        expire=f"{2 * period_s}s",
        says=SAYS,
        user=user,
    )
    (folder / "haproxy.cfg").write_text(text)
    return Program(["haproxy", "-db", "-f", folder / "haproxy.cfg"], port, folder)


def asked(folder, limit, period_s, plan):
    """Return (address, session, ms, status, rate by address, rate by session) of every request of a plan."""
    rows = []

    def answered(visitor, response):
        rates = [int(rate or 0) for rate in response.headers["X-Rates"].split(" ")]
        now = int(response.headers["X-Now"])
        rows.append((*_who(visitor), now, response.status, *rates))

    with haproxy(folder, limit, period_s) as server:
        play(server.port, plan, _headers, answered)
    return rows


def _who(visitor):
    """Return address and session: sessions hop over addresses, and every third visitor has none."""
    return f"198.18.0.{visitor}", f"s{visitor // 2}" if visitor % 3 else ""


def _headers(visitor):
    address, session = _who(visitor)
    cookie = {"Cookie": f"sid={session}"} if session else {}
    return {"X-Forwarded-For": address} | cookie


@pytest.mark.system
@pytest.mark.parametrize(("limit", "period_s"), [(60, 60), (25, 1), (40, 2), (12, 3)])
def test_haproxy_reads_the_same_rates(tmp_path, limit, period_s):
    """Real HAProxy and the model read the same rates (99 % to the request, all within 1) and give the same verdicts."""
    rows = asked(tmp_path, limit, period_s, bursts(seed=limit, seconds=5, visitors=8))
    rule, off, verdicts = StickLimit(limit, period_s), [], 0
    for address, session, now, status, *rates in rows:
        model = [
            rule.by_address.track(address, now),
            rule.by_session.track(session, now) if session else 0,
        ]
        off += [abs(a - b) for a, b in zip(rates, model, strict=True) if a != b]
        verdicts += (max(model) > limit) != (status == 429)
    assert {row[3] for row in rows} == {200, 429}, "the sequence must meet both verdicts"
    print(
        f"{limit} in {period_s} s: {len(rows)} requests, {len(off)} rates and {verdicts} verdicts differ"
    )
    assert len(off) <= len(rows) // 50
    assert max(off, default=0) <= 1
    assert verdicts <= len(rows) // 100


GAPS = st.lists(st.integers(0, 4000), min_size=1, max_size=150)


@given(GAPS, st.integers(100, 5000))
def test_the_rate_stays_between_period_and_two(gaps, period_ms):
    """The rate is at least the requests of the running period and at most those of the last two periods."""
    table, at, times = StickTable(period_ms), 1_000_000, []
    for gap in gaps:
        at += gap
        times.append(at)
        rate = table.track("a", at)
        assert 1 <= rate <= sum(at - 2 * period_ms - 1 <= t for t in times)


@given(GAPS, st.integers(5, 40))
def test_more_room_never_refuses_more(gaps, limit):
    """What passes a limit passes every larger limit: counting does not depend on the verdict."""
    tight, wide, at = StickLimit(limit, 3), StickLimit(limit + 7, 3), 1_000_000
    for gap in gaps:
        at += gap
        passes = tight.limit("a", "", at).passes
        assert wide.limit("a", "", at).passes >= passes


def test_a_session_is_counted_over_its_addresses():
    """A session that hops over addresses is refused by its own count, and a stranger at its last address is not."""
    rule = StickLimit(3, 60)
    verdicts = [
        rule.verdict(client(f"203.0.113.{n}", "s"), ask(), 1000.0 + n).passes for n in range(5)
    ]
    assert verdicts == [True, True, True, False, False]
    assert rule.verdict(client("203.0.113.4"), ask(), 1006.0).passes
    assert rule.verdict(client("203.0.113.5", "s"), ask("/settings"), 1006.0).passes


def test_hammering_stays_refused_and_waiting_helps():
    """Refused requests count, so who goes on stays refused; after two periods without a request all is forgotten."""
    rule = StickLimit(60, 60)
    verdicts = [rule.limit("a", "", 1_000_000 + n * 500).passes for n in range(2000)]
    assert verdicts.index(False) == 60
    assert not any(verdicts[60:])
    assert rule.limit("a", "", 2_000_000 + 120_000).passes


def test_tables_are_bounded():
    """A table never holds more than its size, and keys without a rate go when a new one comes."""
    table = StickTable(1000, size=512)
    for number in range(3000):
        table.track(f"a{number}", 1_000_000)
        assert len(table) <= 512
    table.track("b", 1_010_000)
    assert len(table) == 1


def test_the_route_of_the_configuration_is_the_route_of_the_model():
    """The acl in HAProxy's configuration names the people routes of the model, all and no more."""
    assert re.search(r"\^/\((.*?)\)", CONFIG)[1].split("|") == list(PEOPLE_ROUTES)
