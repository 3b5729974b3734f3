"""The small server and the small client, over real connections."""

from __future__ import annotations

import asyncio

from himaya.bench.live.client import Client, sign_in
from himaya.bench.live.http import Answer, listen
from himaya.demo.people import PASSWORD
from himaya.demo.site import Site


def serve(respond, talk):
    """Run `talk(port)` against a server that answers with `respond`."""

    async def both():
        server = await listen(respond, "127.0.0.1", 0)
        try:
            return await talk(server.sockets[0].getsockname()[1])
        finally:
            server.close()

    return asyncio.run(both())


async def raw(port, data):
    """Send bytes, return all that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    async with asyncio.timeout(5):
        back = await reader.read(-1)
    writer.close()
    return back


def echo(request):
    return Answer(200, f"{request.method} {request.path} {request.body.decode()}".encode())


def test_pipelined_requests_are_answered_in_order():
    """Two requests in one packet get two answers, in order, on one connection."""
    two = (
        b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    back = serve(echo, lambda port: raw(port, two))
    assert back.index(b"GET /a") < back.index(b"GET /b")


def test_head_has_no_body():
    """HEAD is answered with the length and no body."""
    asked = b"HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    back = serve(echo, lambda port: raw(port, asked))
    assert b"Content-Length: 8" in back
    assert back.endswith(b"\r\n\r\n")


def test_nonsense_is_400():
    """Bytes that are no HTTP are answered with 400 and the line is closed."""
    assert b" 400 " in serve(echo, lambda port: raw(port, b"\x00\x01\x02 nonsense\r\n\r\n"))


def test_large_heads_and_bodies_are_refused():
    """Header fields past 32 KiB and bodies past 64 KiB are answered with 413."""
    head = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 40_000 + b"\r\n\r\n"
    assert b" 413 " in serve(echo, lambda port: raw(port, head))
    body = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n" + b"y" * 70_000
    assert b" 413 " in serve(echo, lambda port: raw(port, body))


def test_upgrade_is_refused():
    """Nothing but HTTP/1.1 is spoken here."""
    asked = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    assert b" 501 " in serve(echo, lambda port: raw(port, asked))


def test_an_offer_of_http_2_is_ignored():
    """Whoever only offers HTTP/2 is answered in HTTP/1.1, this request and the next on the line."""
    asked = (
        b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMAAABk\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    back = serve(echo, lambda port: raw(port, asked))
    assert back.count(b" 200 OK") == 2
    assert b"GET /b" in back


def test_client_signs_in_and_keeps_its_session(members):
    """The client signs in by the form, keeps the cookie, and sees its friends."""

    async def talk(port):
        client = Client(port, "203.0.113.9", "test")
        assert await sign_in(client, members[0].handle, PASSWORD)
        home = await client.get("/")
        client.close()
        return home

    home = serve(Site(members), talk)
    assert home.status == 200
    assert home.headers["himaya-account"] == members[0].handle


def test_client_tells_its_address():
    """A request carries the simulated address as a load balancer would tell it."""

    async def talk(port):
        client = Client(port, "203.0.113.9", "test", key="k1")
        reply = await client.get("/")
        client.close()
        return reply

    def respond(request):
        return Answer(
            200, f"{request.headers['x-forwarded-for']} {request.headers['x-api-key']}".encode()
        )

    assert serve(respond, talk).body == b"203.0.113.9 k1"


def test_client_survives_a_broken_line():
    """A server that hangs up gives a broken reply; the next request opens a new connection."""

    async def talk(port):
        client = Client(port, "203.0.113.9", "test")
        first = await client.get("/")
        client._line.close()
        second = await client.get("/")
        client.close()
        lost = await Client(1, "203.0.113.9", "test").get("/")
        return first.status, second.status, lost.status

    assert serve(echo, talk) == (200, 200, 0)
