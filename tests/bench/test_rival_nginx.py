"""The model of nginx's limit_req against its rule and against nginx."""

import os
import re
import socket
import time
from contextlib import ExitStack
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bench.rival_support import Program, ask, bursts, client, free_port, play

from himaya.bench.defences.nginx_limit_req import LimitReq

CONFIG = """
{user} daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log notice;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;
    log_format times '$remote_addr $status $msec $request_time';
    access_log {folder}/access.log times;
    limit_req_zone $binary_remote_addr zone=people:10m rate={rate}r/s;
    server {{
        listen 127.0.0.1:{port};
        keepalive_requests 100000;
        root {folder};
        location ~ ^/(u|photo|preview|search|suggest|api|lookup|lookup-mail|import|relatives)(/|$) {{
            limit_req zone=people burst=20{nodelay};
            limit_req_status 429;
            try_files /page.txt =404;
        }}
        location / {{ try_files /page.txt =404; }}
    }}
}}
"""


def nginx(folder, rate, *, nodelay):
    """Return an nginx with one limit."""
    port = free_port()
    words = " nodelay" if nodelay else ""
    # Workers of a master that runs as root would not be let into pytest's directories.
    user = "user root;" if os.geteuid() == 0 else ""
    text = CONFIG.format(folder=folder, port=port, rate=rate, nodelay=words, user=user)
    (folder / "nginx.conf").write_text(text)
    (folder / "page.txt").write_text("somebody")
    return Program(["nginx", "-p", folder, "-c", folder / "nginx.conf"], port, folder)


def log_of(folder):
    """Return (arrival in ms, address, status, ms it was held) of every request, in order of arrival.

    Lines are written when an answer ends. Within one millisecond the bucket only fills: who passed came
    before who was refused, and who waited less before who waited longer.
    """
    rows = []
    for line in (folder / "access.log").read_text().splitlines():
        address, status, ended, took = line.split()
        held = round(float(took) * 1000)
        rows.append((round(float(ended) * 1000) - held, address, int(status), held))
    return sorted(rows, key=lambda row: (row[0], row[2], row[3]))


def differing(rows, rule, tolerance_ms):
    """Return the rows in which nginx and the model differ in verdict, or in delay by more than the tolerance."""
    found = []
    for at_ms, address, status, held in rows:
        verdict = rule.limit(address, at_ms)
        same = verdict.passes == (status == 200)
        if not same or (verdict.passes and abs(verdict.delay_s * 1000 - held) > tolerance_ms):
            found.append((at_ms, address, status, held, verdict))
    return found


@pytest.mark.system
@pytest.mark.parametrize("rate", [1, 5, 20])
def test_nginx_gives_the_same_verdicts_without_delay(tmp_path, rate):
    """Real nginx and the model agree on at least 99 % of single verdicts; the rest is a millisecond at a boundary."""
    plan = bursts(seed=rate, seconds=4, visitors=6)
    with nginx(tmp_path, rate, nodelay=True) as server:
        play(server.port, plan, lambda v: {"X-Forwarded-For": f"198.18.0.{v}"}, lambda *_: None)
    rows = log_of(tmp_path)
    assert len(rows) == len(plan)
    assert len({row[2] for row in rows}) == 2, "the sequence must meet both verdicts"
    odd = differing(rows, LimitReq(rate), tolerance_ms=1000)
    print(f"{rate} r/s: {len(rows)} requests, {len(odd)} verdicts differ")
    assert len(odd) <= len(rows) // 100, odd


@pytest.mark.system
def test_nginx_delays_by_the_same_time(tmp_path):
    """Where nginx delays, the model delays by the same time, to what the event loop adds (20 ms); refusals agree."""
    plan = bursts(seed=3, seconds=3, visitors=3)
    with nginx(tmp_path, 20, nodelay=False) as server:
        _send_without_waiting(server.port, plan)
    rows = log_of(tmp_path)
    assert len(rows) == len(plan)
    assert {row[2] for row in rows} == {200, 429}
    assert any(row[3] > 500 for row in rows)
    odd = differing(rows, LimitReq(20, nodelay=False), tolerance_ms=20)
    print(f"delaying: {len(rows)} requests, {len(odd)} differ")
    assert len(odd) <= len(rows) // 50, odd


def _send_without_waiting(port, plan):
    """Send each request of a plan at its time over a connection of its own; read the answers at the end."""
    with ExitStack() as stack:
        start, waiting = time.monotonic(), []
        for at, visitor in plan:
            time.sleep(max(0.0, start + at - time.monotonic()))
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            words = f"GET /u/7 HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.18.1.{visitor}\r\n"
            one.sendall(f"{words}Connection: close\r\n\r\n".encode())
            waiting.append(one)
        for one in waiting:
            while one.recv(4096):
                pass


GAPS = st.lists(st.integers(0, 5000), min_size=1, max_size=120)


@given(GAPS, st.sampled_from([1, 5, 20]), st.integers(0, 30))
def test_never_more_than_rate_and_burst(gaps, rate, burst):
    """In t seconds an address gets at most rate x t + burst + 1 requests through, whatever their times."""
    rule, at, passed = LimitReq(rate, burst), 1_000_000, []
    for gap in gaps:
        at += gap
        if rule.limit("a", at).passes:
            passed.append(at)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            seconds = (passed[last] - passed[first]) / 1000
            # Each step rounds away under a thousandth of a request.
            assert last - first + 1 <= rate * seconds + burst + 1 + (last - first) / 1000


@given(GAPS, st.sampled_from([1, 5, 20]))
def test_delay_spaces_requests_to_the_rate(gaps, rate):
    """A delaying limit lets requests out no faster than its rate, to the rounding of a millisecond each."""
    rule, at, released = LimitReq(rate, nodelay=False), 1_000_000, []
    for gap in gaps:
        at += gap
        verdict = rule.limit("a", at)
        if verdict.passes:
            released.append(at + verdict.delay_s * 1000)
            assert (verdict.action == "throttle") == (verdict.delay_s > 0)
    assert all(b - a >= 1000 / rate - 2 for a, b in pairwise(released))


def test_other_routes_and_addresses_are_free():
    """The start page, the settings and other addresses are not touched by what one address does."""
    rule = LimitReq(1, burst=0)
    assert rule.verdict(client(), ask(), 1000.0).passes
    assert not rule.verdict(client(), ask(), 1000.1).passes
    assert rule.verdict(client("203.0.113.10"), ask(), 1000.1).passes
    for target in ("/", "/settings"):
        assert rule.verdict(client(), ask(target), 1000.1).passes


def test_zone_is_bounded_and_forgets_the_idle():
    """The zone never holds more than its states, and two idle addresses go for each new one."""
    rule = LimitReq(1, states=50)
    for number in range(500):
        rule.limit(f"a{number}", 1_000_000 + number)
        assert len(rule) <= 50
    for number in range(100):
        rule.limit(f"b{number}", 2_000_000 + number * 61_000)
    assert len(rule) <= 2


def test_the_route_of_the_configuration_is_the_route_of_the_model():
    """The location in nginx's configuration names the people routes of the model, all and no more."""
    from himaya.bench.defences.limits import PEOPLE_ROUTES
    from himaya.bench.policy import shipped

    written = re.search(r"\^/\((.*?)\)", CONFIG)
    assert written[1].split("|") == list(PEOPLE_ROUTES)
    heads = {s.route[1:].split("/")[0] for s in shipped().surfaces}
    assert heads - {""} == set(PEOPLE_ROUTES)
