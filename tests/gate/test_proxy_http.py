"""The proxy speaks HTTP/1.1 with real sockets: framing, reuse, streaming, ends."""

import socket
import threading

import pytest
from tests.gate.gate_support import Answer, Reader, Rig, Upstream, chunked, ok, read_all

from himaya.gate.limits import Limits


@pytest.fixture(name="site")
def _site():
    with Upstream() as upstream, Rig(upstream.port) as rig:
        rig.upstream = upstream
        yield rig


def test_connections_are_kept_on_both_sides(site):
    """Five requests on one connection take one connection to the application."""
    with site.connect() as sock:
        reader = Reader(sock)
        for number in range(5):
            sock.sendall(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number)
            answer = reader.answer()
            assert (answer.status, answer.body) == (200, b"hello")
    assert [one.target for one in site.upstream.asked] == ["/0", "/1", "/2", "/3", "/4"]
    assert site.upstream.connections == 1


def test_pipelined_requests_are_answered_in_order(site):
    """Requests sent without waiting are answered one by one, in their order."""
    site.upstream.answer = lambda asked, sock: ok(asked.target.encode())
    with site.connect() as sock:
        sock.sendall(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % n for n in range(20)))
        reader = Reader(sock)
        assert [reader.answer().body for _ in range(20)] == [b"/%d" % n for n in range(20)]


def test_too_many_pipelined_requests_end_the_connection(site):
    """Requests read ahead are bounded: what is queued is answered, then 503 and the end."""
    raw = site.raw(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 200)
    assert raw.count(b"HTTP/1.1 200 OK") == site.limits.pipelined + 1
    assert raw.count(b"HTTP/1.1 503") == 1


def test_head_has_the_length_and_no_body(site):
    """HEAD is passed on; its answer carries the length of the body that is not sent."""
    site.upstream.answer = lambda asked, sock: ok(b"12345")[
        : -5 if asked.method == "HEAD" else None
    ]
    with site.connect() as sock:
        reader = Reader(sock)
        sock.sendall(b"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = reader.answer("HEAD")
        assert (answer.status, answer.headers["content-length"]) == (200, "5")
        sock.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        assert reader.answer().body == b"12345"
    assert site.upstream.connections == 1


def test_chunked_answer_stays_chunked(site):
    """An answer without a length reaches HTTP/1.1 in chunks, and the connection is kept."""
    site.upstream.answer = lambda asked, sock: chunked(b"ab", b"c" * 5000, b"d")
    with site.connect() as sock:
        reader = Reader(sock)
        for _ in range(2):
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = reader.answer()
            assert answer.headers["transfer-encoding"] == "chunked"
            assert answer.body == b"ab" + b"c" * 5000 + b"d"


def test_http_10_gets_no_chunks(site):
    """An HTTP/1.0 reader gets an answer without a length up to the end of the connection."""
    site.upstream.answer = lambda asked, sock: chunked(b"ab", b"cd")
    raw = site.raw(b"GET / HTTP/1.0\r\n\r\n")
    head, _, body = raw.partition(b"\r\n\r\n")
    assert body == b"abcd"
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head


def test_http_10_may_keep_alive(site):
    """HTTP/1.0 with keep-alive gets the length, the word keep-alive, and a second answer."""
    with site.connect() as sock:
        reader = Reader(sock)
        for _ in range(2):
            sock.sendall(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert reader.answer().headers["connection"] == "keep-alive"


def test_connection_close_is_honoured(site):
    """A request that says close gets its answer, the word close, and the end."""
    raw = site.raw(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert raw.endswith(b"hello")
    assert b"connection: close" in raw


def test_uploads_pass_in_both_framings(site):
    """A body with a length and a body in chunks reach the application byte for byte."""
    body = bytes(range(256)) * 300
    site.get("/up", method="POST", body=body)
    with site.connect() as sock:
        sock.sendall(b"POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(body), 7000):
            part = body[start : start + 7000]
            sock.sendall(b"%x;note=1\r\n%b\r\n" % (len(part), part))
        sock.sendall(b"0\r\nTrailer-Field: x\r\n\r\n")
        assert Reader(sock).answer().status == 200
    first, second = site.upstream.asked
    assert first.body == second.body == body
    assert first.headers["content-length"] == str(len(body))
    assert second.headers["transfer-encoding"] == "chunked"
    assert "trailer-field" not in second.headers


def test_expect_continue_is_the_applications_to_answer(site):
    """Expect: 100-continue goes on; the application's 100 comes back before the final answer."""
    with site.connect() as sock:
        reader = Reader(sock)
        sock.sendall(
            b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        )
        assert reader.answer().status == 100
        sock.sendall(b"abc")
        assert reader.answer().status == 200
    assert site.upstream.asked[0].body == b"abc"


def test_interim_answers_reach_only_http_11(site):
    """103 is passed to HTTP/1.1 and kept from HTTP/1.0."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nHimaya-Account: u\r\n\r\n"
    site.upstream.answer = lambda asked, sock: hints + ok(b"hello")
    new = site.raw(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    old = site.raw(b"GET / HTTP/1.0\r\n\r\n")
    assert new.startswith(b"HTTP/1.1 103 ")
    assert b"link: </a.css>" in new
    assert b"himaya" not in new.lower()
    assert old.startswith(b"HTTP/1.1 200 ")


def test_bodyless_statuses_keep_the_connection(site):
    """204 and 304 (even with a length) end with their head."""
    answers = iter([b"HTTP/1.1 204 No Content\r\n\r\n",
                    b'HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\nETag: "x"\r\n\r\n',
                    ok(b"hello")])  # fmt: skip
    site.upstream.answer = lambda asked, sock: next(answers)
    with site.connect() as sock:
        reader = Reader(sock)
        seen = []
        for _ in range(3):
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            seen.append(reader.answer())
    assert [one.status for one in seen] == [204, 304, 200]
    assert seen[1].headers["etag"] == '"x"'
    assert seen[2].body == b"hello"


def test_answer_until_close_is_whole(site):
    """An answer that ends with its connection is passed on whole."""

    def answer(asked, sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000)

    site.upstream.answer = answer
    assert site.get("/").body == b"x" * 100_000


def test_truncated_answer_is_not_made_to_look_whole(site):
    """When the application breaks off, the reader's connection breaks off too, in both framings."""

    def answer(asked, sock):
        framing = b"Content-Length: 100" if asked.target == "/a" else b"Transfer-Encoding: chunked"
        sock.sendall(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n5\r\nabcde\r\n")

    site.upstream.answer = answer
    for target in ("/a", "/b"):
        with pytest.raises(ConnectionError):
            site.get(target)


def test_websocket_passes_both_ways(site):
    """An agreed websocket becomes a tunnel: bytes sent early, bytes both ways, the end of one side ends both."""

    def answer(asked, sock):
        assert asked.headers["upgrade"] == "websocket"
        assert asked.headers["connection"].lower() == "upgrade"
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     b"Connection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nwelcome")  # fmt: skip
        while data := sock.recv(65536):
            sock.sendall(data[::-1])

    site.upstream.answer = answer
    with site.connect() as sock:
        reader = Reader(sock)
        sock.sendall(b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
                     b"Sec-WebSocket-Key: k\r\n\r\n")  # fmt: skip
        answer = reader.answer()
        assert (answer.status, answer.headers["sec-websocket-accept"]) == (101, "x")
        assert reader.exactly(7) == b"welcome"
        for size in (1, 1000, 200_000):
            data = bytes(n % 251 for n in range(size))
            threading.Thread(target=sock.sendall, args=(data,)).start()
            echoed = reader.exactly(size)
            assert sorted(echoed) == sorted(data)
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock) == b""


def test_declined_websocket_is_an_ordinary_answer(site):
    """When the application declines a websocket, its answer is passed on and the connection ends."""
    site.upstream.answer = lambda asked, sock: ok(b"no", status="426 Upgrade Required")
    raw = site.raw(
        b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nGET /u/1 HTTP/1.1\r\n\r\n"
    )
    assert raw.startswith(b"HTTP/1.1 426 ")
    assert len(site.upstream.asked) == 1


def test_unasked_protocol_switch_is_refused(site):
    """An application that switches protocols unasked gets no tunnel."""
    site.upstream.answer = lambda asked, sock: (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    )
    assert site.get("/").status == 502


@pytest.mark.parametrize("body", [b"", b"abcd"], ids=["without a body", "with a body"])
def test_other_protocols_are_declined_by_going_on(site, body):
    """h2c is not forwarded, because requests inside it would pass unseen; the request itself is answered."""
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    with site.connect() as sock:
        reader = Reader(sock)
        sock.sendall(b"POST /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                     b"HTTP2-Settings: AAA\r\n" + length + b"\r\n" + body)  # fmt: skip
        assert reader.answer().status == 200
        sock.sendall(b"GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
        assert reader.answer().status == 200
    first, second = site.upstream.asked
    assert (first.target, first.body, second.target) == ("/a", body, "/b")
    assert not {"upgrade", "http2-settings", "connection"} & set(first.headers)


def test_early_answer_to_an_upload(site):
    """An application that answers before the body is there is heard; the connection then ends."""

    def answer(asked, sock):
        return None

    def read_nothing(reader):
        head = reader.until(b"\r\n\r\n")
        reader.sock.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
        raise ValueError(head)

    site.upstream._read = read_nothing
    with site.connect() as sock:
        sock.sendall(
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100_000
        )
        answer = Reader(sock).answer()
    assert (answer.status, answer.headers["connection"]) == (413, "close")


def test_half_closed_connection_still_gets_its_answer(site):
    """Whoever ends its sending side after the request still gets the answer."""
    with site.connect() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock).endswith(b"hello")


def test_absolute_form_is_served_by_its_path_and_host(site):
    """An absolute request target goes on as path and query under its own host."""
    site.get("http://people.example:81/a?b=1")
    site.get("http://people.example?c")
    first, second = site.upstream.asked
    assert (first.target, first.headers["host"]) == ("/a?b=1", "people.example:81")
    assert (second.target, second.headers["host"]) == ("/?c", "people.example")


def test_options_star_is_answered_here(site):
    """`OPTIONS *` asks about the server itself; it is answered and not forwarded."""
    assert site.get("*", method="OPTIONS").status == 200
    assert site.upstream.asked == []


def test_unix_upstream(tmp_path):
    """The application may listen on a Unix socket."""
    path = tmp_path / "app.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def serve():
            sock, _ = listening.accept()
            with sock:
                Reader(sock).until(b"\r\n\r\n")
                sock.sendall(ok(b"by path"))

        threading.Thread(target=serve, daemon=True).start()
        with Rig(f"unix:{path}") as rig:
            assert rig.get("/").body == b"by path"


def test_stop_lets_a_request_finish():
    """A stopping gate finishes the request it has begun, says close, and takes no new connection."""
    begun, go_on = threading.Event(), threading.Event()

    def slowly(asked, sock):
        begun.set()
        assert go_on.wait(5)
        return ok(b"hello")

    with Upstream(slowly) as upstream, Rig(upstream.port, limits=Limits(stop_s=5)) as rig:
        with rig.connect() as idle, rig.connect() as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert begun.wait(5)
            rig.stop()
            assert idle.recv(1) == b""
            go_on.set()
            answer = Reader(sock).answer()
            assert (answer.body, answer.headers["connection"]) == (b"hello", "close")
            rig._thread.join(5)
        with pytest.raises(ConnectionRefusedError):
            rig.connect()


def test_answer_reads_as_written():
    """The test's own reader splits a head as the gate writes it."""
    answer = Answer(b"HTTP/1.1 200 OK\r\nA: b\r\nC: d: e", b"")
    assert answer.headers == {"a": "b", "c": "d: e"}
