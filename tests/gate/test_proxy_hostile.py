"""The proxy under hostile or broken peers: smuggling, forged headers, limits, slow and failing sides."""

import contextlib
import socket
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gate.gate_support import Reader, Rig, Upstream, ok, read_all, wait_for

from himaya.gate.heads import RefusedRequestError, RequestHead
from himaya.gate.limits import Limits

GET = b"GET /a HTTP/1.1\r\nHost: a\r\n"


@pytest.fixture(name="site")
def _site():
    with Upstream() as upstream, Rig(upstream.port) as rig:
        rig.upstream = upstream
        yield rig


SMUGGLING = {
    "both framings": (GET + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "both framings, other order": (
        GET + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
    "two lengths": (GET + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
    "two equal lengths": (GET + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    "a list of lengths": (GET + b"Content-Length: 3, 3\r\n\r\nabc", 400),
    "a signed length": (GET + b"Content-Length: +3\r\n\r\nabc", 400),
    "an endless length": (GET + b"Content-Length: 99999999999999999999\r\n\r\n", 400),
    "folded header": (GET + b"X: a\r\n b\r\n\r\n", 400),
    "bare LF": (b"GET /a HTTP/1.1\nHost: a\n\n", 400),
    "bare LF in a header": (GET + b"X: a\nContent-Length: 5\r\n\r\n", 400),
    "bare CR in a header": (GET + b"X: a\rb\r\n\r\n", 400),
    "NUL in a header": (GET + b"X: a\x00b\r\n\r\n", 400),
    "space before colon": (GET + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
    "unknown coding": (GET + b"Transfer-Encoding: xchunked\r\n\r\n", 501),
    "coding before chunked": (GET + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "chunked twice": (
        GET + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked in HTTP/1.0": (b"POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "broken chunk size": (GET + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
    "chunk longer than said": (GET + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n", 400),
    "two hosts": (GET + b"Host: b\r\n\r\n", 400),
    "no host": (b"GET /a HTTP/1.1\r\n\r\n", 400),
    "host with a path": (b"GET /a HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    "fragment": (b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "space in the target": (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "credentials in the target": (b"GET http://x@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "other scheme": (b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "star": (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "CONNECT": (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "HTTP/2.0": (b"GET /a HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "websocket with a body": (
        GET + b"Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nabc", 400),
}  # fmt: skip


@pytest.mark.parametrize("name", SMUGGLING)
def test_ambiguous_requests_are_refused(site, name):
    """What two readers could understand differently is answered once, ends the connection, and goes nowhere."""
    data, status = SMUGGLING[name]
    raw = site.raw(data + b"GET /u/victim HTTP/1.1\r\nHost: a\r\n\r\n")
    assert raw.startswith(b"HTTP/1.1 %d " % status)
    assert raw.count(b"connection: close") == 1
    wait_for(lambda: not site.listener.connections)
    assert not any("/u/" in one.target for one in site.upstream.asked)
    assert all(not one.body for one in site.upstream.asked)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_head_or_a_refusal(data):
    """Whatever the target, method and fields are made of: a head comes out, or a refusal with a status."""
    try:
        head = RequestHead("GET", data, "1.1", [(b"host", data[:20])], keep_alive=True)
    except RefusedRequestError as refusal:
        head, status = None, refusal.status
    if head is None:
        assert status in {400, 501, 505}
    else:
        assert head.target.startswith(b"/")
        assert head.target.isascii()
        assert not set(head.target) & set(b" #\r\n\0")


def test_a_ten_megabyte_header_is_431(site):
    """A header past the bound is refused while it comes in, as one field or as many."""
    one = GET + b"X: " + b"a" * 10_000_000 + b"\r\n\r\n"
    many = GET + b"".join(b"X-%d: a\r\n" % n for n in range(1000)) + b"\r\n"
    target = b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    for data in (one, many, target):
        with site.connect() as sock:
            sender = threading.Thread(target=_send_quietly, args=(sock, data))
            sender.start()
            assert Reader(sock).answer().status == 431
            sender.join(10)
    assert site.upstream.asked == []


def _send_quietly(sock, data):
    with contextlib.suppress(OSError):
        sock.sendall(data)


def test_names_of_others_are_removed(site):
    """Nobody outside can speak for himaya, the front door or the application's server."""
    site.get(
        "/", "Himaya-Account: admin", "HIMAYA-Subjects: 1", "X-Himaya-Secret: x", "himaya_redact: x",
        "X-Forwarded-For: 198.51.100.7", "X-Forwarded-Host: evil", "X-Real-IP: 198.51.100.7",
        "x_forwarded_for: 198.51.100.7", "Forwarded: for=198.51.100.7", "Content_Length: 9",
        "X-Forwarded-Proto: https", "Proxy: http://evil", "Keep_Me: yes",
    )  # fmt: skip
    (asked,) = site.upstream.asked
    assert asked.headers == {
        "host": "www.example.org",
        "keep_me": "yes",
        "x-forwarded-proto": "http",
        "x-forwarded-for": "127.0.0.1",
        "x-real-ip": "127.0.0.1",
    }


def test_hop_by_hop_fields_stay_on_their_hop(site):
    """Fields of one connection go no further, in both directions, also those that Connection names."""
    site.upstream.answer = lambda asked, sock: ok(
        b"x", "Connection: X-Mine", "X-Mine: 1", "Keep-Alive: timeout=5", "Himaya-Account: u1",
        "Proxy-Authenticate: Basic", "X-Kept: 2", "Set-Cookie: a=1", "Set-Cookie: b=2",
    )  # fmt: skip
    answer = site.get(
        "/", "Connection: close, X-Private, Host, Cookie", "X-Private: 1", "Cookie: c=1",
        "TE: trailers", "Proxy-Authorization: Basic x", "Keep-Alive: 1",
    )  # fmt: skip
    (asked,) = site.upstream.asked
    assert not {"x-private", "te", "proxy-authorization", "keep-alive", "connection"} & set(
        asked.headers
    )
    assert asked.headers["cookie"] == "c=1"
    assert not {"x-mine", "keep-alive", "proxy-authenticate", "himaya-account"} & set(
        answer.headers
    )
    assert answer.headers["x-kept"] == "2"
    assert [value for name, value in answer.fields if name == "set-cookie"] == ["a=1", "b=2"]


def test_forwarded_addresses_are_believed_from_trusted_proxies_only(site):
    """From a trusted front door the chain goes on, extended, and the actor is the rightmost stranger in it."""
    trusted = 'trusted_proxies = ["127.0.0.0/8", "10.0.0.0/8"]'
    with Rig(site.upstream.port, actor=trusted) as rig:
        rig.get(
            "/u/1",
            "X-Forwarded-For: 198.51.100.7, 203.0.113.9, 10.1.2.3",
            "X-Forwarded-Proto: https",
        )
        assert rig.rows[0].actor.address == "203.0.113.9"
    asked = site.upstream.asked[-1]
    assert asked.headers["x-forwarded-for"] == "198.51.100.7, 203.0.113.9, 10.1.2.3, 127.0.0.1"
    assert asked.headers["x-real-ip"] == "203.0.113.9"
    assert asked.headers["x-forwarded-proto"] == "https"
    site.get("/u/1", "X-Forwarded-For: 198.51.100.7")
    assert site.rows[0].actor.address == "127.0.0.1"


def test_application_that_is_down_is_502():
    """No application: 502, and the gate answers again once it is there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Rig(port) as rig:
        assert rig.get("/u/1").status == 502
        assert rig.get("/x").status == 502
        assert rig.rows == []


def test_application_that_is_slow_is_504(site):
    """An application that says nothing in time: 504, nobody counted, the gate alive."""
    site.upstream.answer = lambda asked, sock: time.sleep(1) or ok(b"late")
    with Rig(site.upstream.port, limits=Limits(answer_s=0.2)) as rig:
        assert rig.get("/u/1").status == 504
        assert rig.rows == []
        site.upstream.answer = lambda asked, sock: ok(b"now")
        assert rig.get("/u/1").body == b"now"


@pytest.mark.parametrize(
    "answer",
    [b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
     b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx", None,
     b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1_000_000],
    ids=["no HTTP", "two lengths", "two framings", "unknown coding", "nothing", "endless head"],
)  # fmt: skip
def test_broken_answers_are_502(site, answer):
    """An answer that is no HTTP, or ambiguous, is 502, and the gate stays alive."""
    site.upstream.answer = lambda asked, sock: answer
    assert site.get("/").status == 502
    site.upstream.answer = lambda asked, sock: ok(b"fine")
    assert site.get("/").body == b"fine"


def test_two_answers_to_one_request_are_not_mixed_up(site):
    """Bytes the application sends unasked never become the answer to somebody else's request."""
    site.upstream.answer = lambda asked, sock: ok(b"mine") + ok(b"somebody else's")
    for _ in range(3):
        assert site.get("/").body == b"mine"


def test_closed_idle_connections_are_noticed(site):
    """A kept connection that the application closed costs nobody an error."""
    for number in range(5):
        assert site.get("/").status == 200
        site.upstream.drop_connections()
        if number % 2:
            time.sleep(0.02)


def test_repeatable_requests_are_sent_again_and_others_are_not(site):
    """A kept connection that dies unanswered: GET goes out once more on a fresh one, POST is 502."""
    site.get("/")
    calls = []

    def dies_once(asked, sock):
        calls.append(asked.method)
        return None if len(calls) == 1 else ok(b"again")

    site.upstream.answer = dies_once
    assert site.get("/").body == b"again"
    calls.clear()
    assert site.get("/", method="POST", body=b"x").status == 502
    assert calls == ["POST"]


def test_slow_head_is_408_and_an_idle_connection_is_closed(site):
    """A head that does not end, and a connection that asks nothing, each have their time."""
    with Rig(site.upstream.port, limits=Limits(head_s=0.2, idle_s=0.1)) as rig:
        assert rig.raw(b"GET / HTTP/1.1\r\nHo").startswith(b"HTTP/1.1 408 ")
        assert rig.raw(b"") == b""
        assert rig.raw(GET + b"\r\n").endswith(b"hello")


def test_dripping_head_has_no_more_time_than_a_silent_one(site):
    """Sending a head byte by byte does not lengthen its time."""
    with Rig(site.upstream.port, limits=Limits(head_s=0.3)) as rig, rig.connect() as sock:
        begin = time.monotonic()
        try:
            for byte in b"GET / HTTP/1.1\r\nX: " + b"a" * 1000:
                sock.sendall(bytes([byte]))
                time.sleep(0.01)
        except OSError:
            pass
        assert time.monotonic() - begin < 3


def test_body_that_stops_coming_ends(site):
    """A body whose sender stops is given up; the application is not left waiting."""
    with Rig(site.upstream.port, limits=Limits(body_s=0.2)) as rig, rig.connect() as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
        assert read_all(sock) == b""
        wait_for(lambda: not rig.pool.connections)


def test_reader_that_does_not_read_ends(site):
    """A reader that takes nothing is dropped after its time, and little was held for it."""
    site.upstream.answer = lambda asked, sock: ok(b"x" * 30_000_000)
    with Rig(site.upstream.port, limits=Limits(send_s=0.3)) as rig, rig.connect() as sock:
        sock.sendall(GET + b"\r\n")
        wait_for(lambda: rig.listener.connections)
        wait_for(lambda: not rig.listener.connections, timeout=10)


def test_too_many_connections_are_503(site):
    """Past the bound of connections a further one is told 503; the others go on."""
    with Rig(site.upstream.port, limits=Limits(connections=3)) as rig:
        first = [rig.connect() for _ in range(3)]
        wait_for(lambda: len(rig.listener.connections) == 3)
        assert rig.raw(b"").startswith(b"HTTP/1.1 503 ")
        for sock in first:
            sock.sendall(GET + b"\r\n")
            assert Reader(sock).answer().status == 200
            sock.close()
        wait_for(lambda: not rig.listener.connections)
        assert rig.get("/").status == 200


def test_a_failing_handler_is_500_and_the_gate_alive(site, monkeypatch, caplog):
    """A fault of the gate itself is a 500 with a log entry, not the end of the process."""
    monkeypatch.setattr(site.door, "identify", lambda *a, **k: 1 / 0)
    assert site.get("/").status == 500
    assert "a request could not be answered" in caplog.text
    monkeypatch.undo()
    assert site.get("/").status == 200
