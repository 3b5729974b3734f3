"""Debian's HAProxy with the printed files, asking a real gate: what visitors get, what log and ledger say."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import altcha
import pytest
from tests.gate.gate_support import Answer, Asked, Reader, ok, read_answer
from tests.gate.haproxy_rig import HaproxyRig, free_port, wait_for

pytestmark = pytest.mark.system

_SOURCES = count(10)


@pytest.fixture(name="rig", scope="module")
def _rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HaproxyRig]:
    """Five people an hour for each address, then fields are left out or the page is refused."""
    rig = HaproxyRig(tmp_path_factory.mktemp("block"), budget=5)
    try:
        rig.start_gate()
        yield rig
    finally:
        rig.close()


@pytest.fixture(name="slow", scope="module")
def _slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HaproxyRig]:
    """Five people an hour: slower from the third on, then a challenge."""
    ladder = "throttle_at = 0.5\nthrottle_s = 0.4"
    rig = HaproxyRig(tmp_path_factory.mktemp("challenge"), budget=5, ladder=ladder)
    try:
        rig.start_gate()
        yield rig
    finally:
        rig.close()


@pytest.fixture(name="me")
def _me() -> str:
    """Return an address of loopback that nobody else has, with a budget of its own."""
    number = next(_SOURCES)
    return f"127.0.{number}.{number}"


# verdicts -----------------------------------------------------------------------------------------


def test_an_allowed_page_is_served_and_himaya_is_not_seen(rig: HaproxyRig, me: str) -> None:
    """The page arrives; what the application told himaya does not."""
    answer = rig.get("/search?q=a", source=me)
    assert (answer.status, answer.body) == (200, b"two people")
    assert not [name for name, _ in answer.fields if "himaya" in name.lower()]


def test_over_the_budget_is_the_page_of_himaya(rig: HaproxyRig, me: str) -> None:
    """The sixth person is refused with himaya's page, its reference, appeal and Retry-After; other pages go on."""
    assert [rig.get(f"/u/{n}", source=me).status for n in range(5)] == [200] * 5
    refused = rig.get("/u/99", "Accept: text/html", source=me)
    assert (refused.status, refused.headers["retry-after"]) == (429, "300")
    assert b"appeals@example.org" in refused.body
    line = rig.line_of("/u/99")
    assert (line["verdict"], line["gate"], line["status"]) == ("block", "up", 429)
    assert str(line["reference"]) in refused.body.decode()
    assert rig.get("/about", source=me).status == 200


@pytest.mark.parametrize(
    ("method", "body"), [("HEAD", b""), ("POST", b"x"), ("POST", b"x" * 90_000)]
)
def test_a_refusal_answers_every_method(rig: HaproxyRig, me: str, method: str, body: bytes) -> None:
    """HEAD gets the head of the refusal; a body that nobody wants does not get in its way."""
    for n in range(5):
        rig.get(f"/u/{n}", source=me)
    seen = len(rig.application.asked)
    target = "/search" if method == "POST" else "/find?q=1"
    answer = rig.get(target, method=method, body=body, source=me)
    assert answer.status == 429
    assert bool(answer.body) is (method == "POST")
    assert len(rig.application.asked) == seen


def test_fields_to_leave_out_reach_the_application(rig: HaproxyRig, me: str) -> None:
    """A redaction passes, and the application is told what to withhold; before it, it is told nothing."""
    for n in range(5):
        rig.get(f"/card/{n}", source=me)
        assert "himaya-redact" not in rig.application.asked[-1].headers
    assert rig.get("/card/99", source=me).status == 200
    assert rig.application.asked[-1].headers["himaya-redact"] == "name, email"
    assert rig.line_of("/card/99")["verdict"] == "redact"


def test_near_the_budget_the_page_comes_later(slow: HaproxyRig, me: str) -> None:
    """A throttled page is served after its delay, and HAProxy serves others meanwhile."""
    for n in range(2):
        slow.get(f"/u/{n}", source=me)
    begun = time.monotonic()
    assert slow.get("/u/2", source=me).status == 200
    assert time.monotonic() - begun >= 0.4
    line = slow.line_of("/u/2")
    assert (line["verdict"], line["gate"]) == ("throttle", "up")


def solve(rig: HaproxyRig, me: str) -> Answer:
    """Fetch a puzzle through HAProxy, solve it, and send the solution."""
    puzzle = altcha.Challenge.from_dict(json.loads(rig.get("/.himaya/challenge", source=me).body))
    payload = altcha.Payload(puzzle, altcha.solve_challenge(puzzle)).to_base64()
    body = json.dumps({"altcha": payload}).encode()
    headers = ("Content-Type: application/json", "Accept: application/json")
    return rig.get("/.himaya/clear", *headers, method="POST", body=body, source=me)


def test_a_solved_challenge_buys_people(slow: HaproxyRig, me: str) -> None:
    """The challenge, its script and its answer go through HAProxy; with the cookie three more people pass, not four."""
    for n in range(5):
        assert slow.get(f"/u/{n}", source=me).status == 200
    asked = slow.get("/u/5", "Accept: text/html", source=me)
    assert asked.status == 403
    assert b"/.himaya/check.js" in asked.body
    assert (
        slow.get("/.himaya/check.js", source=me)
        .headers["content-type"]
        .startswith("text/javascript")
    )
    cookie = solve(slow, me).headers["set-cookie"].partition(";")[0]
    bought = [slow.get(f"/u/{n}", f"Cookie: {cookie}", source=me).status for n in range(5, 9)]
    assert bought == [200, 200, 200, 403]


# who asks -----------------------------------------------------------------------------------------


def test_visitors_cannot_speak_for_anybody(rig: HaproxyRig, me: str) -> None:
    """Headers of himaya, of front doors and of request ids that a visitor sends reach nobody, however spelt."""
    rig.get(
        "/about/headers", "Himaya-Account: boss", "hImAyA_Subjects: u9", "X-Himaya-Secret: x", "Himaya-Redact: y",
        "X_Original_URI: /", "X-Original-Method: PUT", "X-Request-ID: mine-mine-mine", "X_Request_Id: mine",
        source=me,
    )  # fmt: skip
    got = rig.application.asked[-1].headers
    assert not [name for name in got if "himaya" in name or "original" in name or "_" in name]
    assert got["x-request-id"] == rig.line_of("/about/headers")["id"]


def test_a_forwarded_address_counts_from_a_trusted_proxy_only(rig: HaproxyRig, me: str) -> None:
    """Visitors who invent addresses share one budget; those behind a trusted proxy have one each."""
    told = [
        rig.get(f"/u/{n}", f"X-Forwarded-For: 198.51.100.{n}", source=me).status for n in range(7)
    ]
    assert told == [200] * 5 + [429] * 2
    behind = [
        rig.get(f"/u/{n}", f"X-Forwarded-For: 9.9.9.9, 198.51.100.{n}", source="127.0.0.2").status
        for n in range(7)
    ]
    assert behind == [200] * 7


@contextmanager
def variant(rig: HaproxyRig, folder: Path, **changes: Any) -> Iterator[HaproxyRig]:
    """Start one more HAProxy, differently configured, that asks the same gate."""
    other = HaproxyRig(folder, gate=rig, **changes)
    try:
        yield other
    finally:
        other.close()


def test_haproxys_own_word_for_the_account_is_believed(
    rig: HaproxyRig, tmp_path: Path, me: str
) -> None:
    """What `account` in the SPOE file holds is the account; the ledger has it."""
    edit = {"headers=req.hdrs": "headers=req.hdrs account=req.hdr(x-account)"}
    with variant(rig, tmp_path, edit=edit) as other:
        other.get("/u/told", "X-Account: u77", source=me)
        other.line_of("/u/told")
        rig.follow(other.log)
    with rig.ledger() as reader:
        told = [row.actor.account for row in reader.rows() if row.subject == "told"]
    assert told == ["u77"]


# what HAProxy lets through ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("OPTIONS * HTTP/1.1", 400), ("CONNECT a:80 HTTP/1.1", 400), ("GET http://a HTTP/1.1", 400),
        ("GET /about#x HTTP/1.1", 400), ("GET /\xe9 HTTP/1.1", 400), ("GET about HTTP/1.1", 400),
        ("GET /about?" + "x" * 8000 + " HTTP/1.1", 414),
        ("GET /about HTTP/1.1\r\nX-Forwarded-For: " + "1" * 2001, 431),
        ("GET /about HTTP/1.1\r\nX: " + "y" * 20_000, 400),
    ],
)  # fmt: skip
def test_what_is_no_path_is_not_served(rig: HaproxyRig, line: str, status: int) -> None:
    """Targets that two readers could understand differently end at HAProxy, as does what is too large."""
    seen = len(rig.application.asked)
    with rig.connect() as sock:
        sock.sendall(f"{line}\r\nHost: a\r\n\r\n".encode("latin-1"))
        assert read_answer(sock).status == status
    assert len(rig.application.asked) == seen


def test_the_application_gets_the_target_that_was_decided(rig: HaproxyRig, me: str) -> None:
    """Of an absolute form the path goes on, and it is the path that is counted and logged."""
    for n in range(5):
        rig.get(f"http://example.org/u/{n}", source=me)
        assert rig.application.asked[-1].target == f"/u/{n}"
    assert rig.get("http://example.org/u/9", source=me).status == 429
    assert rig.get("/u/9", source=me).status == 429


@pytest.mark.parametrize(
    "target",
    ["/%75/9", "//u//9", "/u/./9", "/x/../u/9", "/u%2f9", "/u/9;x", "/.himaya/../u/9", "/u/9?" + '"\\/' * 2000],
)  # fmt: skip
def test_another_way_to_write_a_path_is_no_way_around(
    rig: HaproxyRig, me: str, target: str
) -> None:
    """However the path of a sixth person is written, the application is not asked, and the log has it as it was."""
    for n in range(5):
        rig.get(f"/u/{n}", source=me)
    seen = len(rig.application.asked)
    status = rig.get(target, source=me).status
    assert status == (404 if target.startswith("/.himaya/") else 429)
    assert len(rig.application.asked) == seen
    assert rig.line_of(target)["gate"] == "up"


def test_a_visitor_cannot_make_a_question_too_large_to_be_asked(
    rig: HaproxyRig, tmp_path: Path, me: str
) -> None:
    """A question that does not fit into a frame is answered 431, never passed as if himaya were down."""
    edit = {"    timeout hello": "    max-frame-size 1024\n    timeout hello"}
    with variant(rig, tmp_path, edit=edit) as other:
        wait_for(other.asks)
        assert other.get("/u/1", f"Cookie: {'x' * 2000}", source=me).status == 431
        assert other.application.asked[-1].target == "/probe"
        assert other.get("/u/1", source=me).status == 200
        other.line_of("/u/1")
        assert {line["gate"] for line in other.lines() if line["target"] == "/u/1"} == {"up"}


def test_only_websockets_may_upgrade(rig: HaproxyRig, me: str) -> None:
    """An upgrade to h2c does not reach the application; one to a websocket does."""
    rig.get("/about", "Connection: upgrade", "Upgrade: h2c", source=me)
    assert "upgrade" not in rig.application.asked[-1].headers
    rig.get("/about", "Connection: upgrade", "Upgrade: websocket",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", source=me)  # fmt: skip
    assert rig.application.asked[-1].headers["upgrade"] == "websocket"


def test_http2_is_asked_and_logged_like_http1(rig: HaproxyRig, tmp_path: Path, me: str) -> None:
    """Over HTTP/2 the same path is decided, refused and logged."""
    port = free_port()
    edit = {"    filter spoe": f"    bind 127.0.0.1:{port} proto h2\n    filter spoe"}
    with variant(rig, tmp_path, edit=edit) as other:
        wait_for(other.asks)
        command = ["curl", "-s", "--http2-prior-knowledge", "--interface", me, "-w", "%{http_code}"]
        urls = [f"http://127.0.0.1:{port}/u/{n}?q=2" for n in range(6)]
        told = [
            subprocess.run([*command, url], capture_output=True, check=True).stdout[-3:]
            for url in urls
        ]
        line = other.line_of("/u/5?q=2")
    assert told == [b"200"] * 5 + [b"429"]
    assert (line["verdict"], line["host"]) == ("block", f"127.0.0.1:{port}")


# many questions -----------------------------------------------------------------------------------


def test_many_requests_share_a_few_connections_of_spoe(rig: HaproxyRig) -> None:
    """Hundreds of requests over twenty connections of visitors, all asked, over a few connections to the agent."""
    before = rig.status()
    done: list[int] = []

    def visit(number: int) -> None:
        with rig.connect(f"127.1.0.{number + 1}") as sock:
            reader = Reader(sock)
            for _ in range(20):
                sock.sendall(b"GET /about HTTP/1.1\r\nHost: a\r\n\r\n")
                done.append(reader.answer().status)

    visitors = [threading.Thread(target=visit, args=(number,)) for number in range(20)]
    for one in visitors:
        one.start()
    for one in visitors:
        one.join(60)
    after = rig.status()
    assert done == [200] * 400
    assert after["questions"] - before["questions"] == 400
    assert after["connections"] - before["connections"] <= 40
    assert after.get("broken", 0) == before.get("broken", 0)


# the log and the ledger ---------------------------------------------------------------------------


def test_the_log_settles_what_was_decided(rig: HaproxyRig, me: str) -> None:
    """A profile, a listing with its people, and one of nobody: rows for the first two, with the account."""
    rig.get("/u/p1", 'User-Agent: a"b\\c/\xe9', source=me)
    rig.get("/search?q=settled", source=me)
    rig.get("/nobody", source=me)
    line = rig.line_of("/search?q=settled")
    assert (line["subjects"], line["himaya_account"], line["completion"]) == ("u1, u2", "me", "--")
    assert rig.line_of("/nobody")["subjects"] == ","
    assert rig.line_of("/u/p1")["subjects"] == "-"
    rig.follow()
    with rig.ledger() as reader:
        rows = [row for row in reader.rows() if row.actor.address == me]
    assert sorted((row.subject, row.certainty, row.actor.account) for row in rows) == [
        ("p1", "inferred-from-route", "me"), ("u1", "served", "me"), ("u2", "served", "me"),
    ]  # fmt: skip


def named(asked: Asked, _: socket.socket) -> bytes:
    """Answer `/search?p=7` with two people, named in the header."""
    number = asked.target.partition("=")[2]
    return ok(b"people", *([f"Himaya-Subjects: y{number}, z{number}"] if number else []))


def visit(rig: HaproxyRig, number: int, shown: set[tuple[str, str]]) -> None:
    """Ask for a profile and a list from an address of one's own; note who was shown."""
    source = f"127.2.{number}.1"
    with rig.connect(source) as sock:
        reader = Reader(sock)
        for target, people in (
            (f"/u/x{number}", (f"x{number}",)),
            (f"/search?p={number}", (f"y{number}", f"z{number}")),
        ):
            sock.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            if reader.answer().status == 200:
                shown.update((source, one) for one in people)


def test_the_ledger_has_everybody_who_was_shown_and_nobody_else(
    rig: HaproxyRig, tmp_path: Path
) -> None:
    """200 profiles and lists, ten visitors at a time: person by person what the application showed to whom."""
    shown: set[tuple[str, str]] = set()
    with variant(rig, tmp_path, answer=named) as other:
        wait_for(other.asks)
        before = len(other.lines())
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(lambda number: visit(other, number, shown), range(100)))
        wait_for(lambda: len(other.lines()) >= before + 200)
        rig.follow(other.log)
    with rig.ledger() as reader:
        rows = [(row.actor.address, row.subject) for row in reader.rows()]
    assert len(shown) == 300
    assert sorted(row for row in rows if row[0].startswith("127.2.")) == sorted(shown)


def test_people_in_several_lines_count_as_not_said(rig: HaproxyRig, me: str) -> None:
    """A log holds one line of a header; an answer with two says nothing, rather than half."""
    rig.get("/twice", source=me)
    assert rig.line_of("/twice")["subjects"] == "-"


def test_a_transfer_that_breaks_off_is_told(rig: HaproxyRig, tmp_path: Path, me: str) -> None:
    """A visitor who leaves in the middle leaves a line that is not complete."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n"
    with variant(rig, tmp_path, answer=lambda *_: head + b"x" * 50_000_000) as other:
        with other.connect(me) as sock:
            sock.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            assert sock.recv(1000).startswith(b"HTTP/1.1 200")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        assert other.line_of("/large")["completion"] != "--"


def hammer(rig: HaproxyRig, over: threading.Event, statuses: list[int]) -> None:
    """Ask for pages of open and closed surfaces until it is over, on one connection."""
    with rig.connect() as sock:
        reader = Reader(sock)
        for number in count():
            if over.is_set():
                return
            target = f"/u/{number % 5}" if number % 2 else "/about"
            sock.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            statuses.append(reader.answer().status)
            time.sleep(0.005)


def test_a_killed_gate_opens_what_is_open_and_closes_what_is_closed(tmp_path) -> None:
    """Under load, after kill -9: open pages go on, closed ones say 503; the gap is recorded; the gate comes back."""
    rig = HaproxyRig(tmp_path, budget=1_000_000, closed=("/u/",))
    over, statuses = threading.Event(), [[] for _ in range(4)]
    try:
        rig.start_gate()
        load = [threading.Thread(target=hammer, args=(rig, over, told)) for told in statuses]
        for one in load:
            one.start()
        wait_for(lambda: all(len(told) > 50 for told in statuses), 60)
        rig.kill_gate()
        wait_for(lambda: all(503 in told for told in statuses), 60)
        time.sleep(0.5)
        over.set()
        for one in load:
            one.join(60)
        assert {code for told in statuses for code in told} == {200, 503}
        closed = ["/u/1", "/%75/1", "//u/1", "/x/../u/1", "/U/1", "/x;y/1"]
        assert [rig.get(target).status for target in closed] == [503] * 6
        assert rig.get("/about").status == 200
        assert rig.line_of("/about")["gate"] == "down"
        rig.start_gate()
        assert rig.get("/u/1").status == 200
        rig.follow()
        with rig.ledger() as reader:
            gaps = [one.why for one in reader.unobserved()]
        assert [one for one in gaps if one.startswith("the gate did not answer for ")]
        lines = rig.lines()
        down = [line for line in lines if line["gate"] == "down"]
        assert {line["status"] for line in down if str(line["target"]).startswith("/u/")} == {503}
        assert {line["status"] for line in down if line["target"] == "/about"} == {200}
    finally:
        over.set()
        rig.close()


def test_an_answer_that_is_none_is_a_refusal(rig: HaproxyRig, tmp_path: Path, me: str) -> None:
    """When the agent lets HAProxy know nothing, no page is served: what is missing is read as the strictest."""
    with variant(rig, tmp_path, edit={"var-prefix himaya": "var-prefix other"}) as other:
        wait_for(lambda: other.get("/about", source=me).status == 403)
        seen = len(other.application.asked)
        assert other.get("/about", source=me).status == 403
        assert len(other.application.asked) == seen


def test_a_gate_that_hangs_costs_a_page_three_seconds_at_most(slow: HaproxyRig, me: str) -> None:
    """A stopped process answers nobody: the page comes all the same, and the log says down; then it goes on."""
    assert slow.gate is not None
    slow.gate.send_signal(signal.SIGSTOP)
    try:
        assert slow.get("/u/hang", source=me).status == 200
        assert slow.line_of("/u/hang")["gate"] == "down"
    finally:
        slow.gate.send_signal(signal.SIGCONT)
    wait_for(slow.asks, 60)
