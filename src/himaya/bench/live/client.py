"""A small real HTTP client: one keep-alive connection, cookies, one simulated network address.

Everything in bench and demo runs on this machine, and a client connects to 127.0.0.1 only; so the address a request
comes from is told in `X-Forwarded-For`, as a load balancer in front of the site would. The gate believes it
because its configuration names 127.0.0.1 as a trusted proxy; from anywhere else it would not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlencode

import httptools
import msgspec

_TIMEOUT_S = 20.0
_FORM = "application/x-www-form-urlencoded"


class Reply(msgspec.Struct):
    """A response, read to its end. Header names are lower case; status 0 means the line broke."""

    status: int
    headers: dict[str, str]
    body: bytes


BROKEN = Reply(0, {}, b"")


class _Line(asyncio.Protocol):
    """One connection; carries one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Reply] | None = None
        self._start()

    def _start(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []

    async def send(self, wire: bytes) -> Reply:
        """Send a request and return the response, or `BROKEN`."""
        if self.transport is None:
            return BROKEN
        self._waiting = asyncio.get_running_loop().create_future()
        self.transport.write(wire)
        return await self._waiting

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._answer(BROKEN)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()
            self.transport = None
        self._answer(BROKEN)

    def _answer(self, reply: Reply) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(reply)

    # called by the parser

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        keep = self._parser.should_keep_alive()
        reply = Reply(self._parser.get_status_code(), _joined(self._headers), b"".join(self._body))
        self._start()
        if not keep and self.transport is not None:
            self.transport.close()
            self.transport = None
        self._answer(reply)


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Return headers by name; cookies that are set stand one per line."""
    found: dict[str, str] = {}
    for name, value in pairs:
        mark = "\n" if name == "set-cookie" else ", "
        found[name] = f"{found[name]}{mark}{value}" if name in found else value
    return found


class Client:
    """Somebody with a browser or a script: sends one request after another to one site."""

    def __init__(
        self,
        port: int,
        address: str,
        agent: str,
        *,
        key: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Speak to 127.0.0.1:`port`, seen as coming from `address`.

        `key` is sent as an API key, `headers` as they are: what a front door would add.
        """
        self.port = port
        self.address = address
        self.agent = agent
        self.cookies: dict[str, str] = {}
        sent = {**(headers or {}), **({"X-Api-Key": key} if key else {})}
        self._more = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        self._line: _Line | None = None

    async def get(self, target: str) -> Reply:
        """Return the response to a GET."""
        return await self._send("GET", target, b"")

    async def post(self, target: str, form: dict[str, str]) -> Reply:
        """Return the response to a form that is sent."""
        return await self._send("POST", target, urlencode(form).encode(), _FORM)

    async def post_json(self, target: str, document: object) -> Reply:
        """Return the response to a JSON document that is sent."""
        return await self._send("POST", target, msgspec.json.encode(document), "application/json")

    async def _send(self, method: str, target: str, body: bytes, kind: str = "") -> Reply:
        wire = self._wire(method, target, body, kind)
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                reply = await (await self._connected()).send(wire)
        except (OSError, TimeoutError):
            self.close()
            return BROKEN
        self._remember(reply.headers.get("set-cookie", ""))
        return reply

    async def _connected(self) -> _Line:
        if self._line is None or self._line.transport is None:
            loop = asyncio.get_running_loop()
            _, self._line = await loop.create_connection(_Line, "127.0.0.1", self.port)
        return self._line

    def _wire(self, method: str, target: str, body: bytes, kind: str) -> bytes:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        cookie = f"Cookie: {cookies}\r\n" if cookies else ""
        form = (
            f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n" if method == "POST" else ""
        )
        return (
            f"{method} {target} HTTP/1.1\r\nHost: site.example\r\nUser-Agent: {self.agent}\r\n"
            f"X-Forwarded-For: {self.address}\r\nAccept: */*\r\n{self._more}{cookie}{form}\r\n"
        ).encode() + body

    def _remember(self, lines: str) -> None:
        for line in lines.split("\n") if lines else ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name.strip()] = value.strip()

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None


def is_challenge(reply: Reply) -> bool:
    """Tell whether the gate asked for a proof instead of showing the page."""
    if not is_refusal(reply):
        return False
    return b'"action": "challenge"' in reply.body or b"/.himaya/clear" in reply.body


def is_refusal(reply: Reply) -> bool:
    """Tell whether the gate answered in place of the site: every refusal carries a reference."""
    return "himaya-reference" in reply.headers


async def sign_in(client: Client, handle: str, password: str) -> bool:
    """Sign in by the form, as a person would; tell whether it worked."""
    reply = await client.post("/login", {"handle": handle, "password": password})
    return reply.status == 303
