"""A small HTTP/1.1 server for the sites of bench and demo: keep-alive, HEAD, form bodies; nothing more.

A site answers from memory, so a request is answered as soon as it has been read, in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import cast
from urllib.parse import parse_qsl, unquote

import httptools
import msgspec

_MAX_BODY = 64 * 1024
_MAX_HEAD = 32 * 1024
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class Request(msgspec.Struct):
    """One request. `path` is decoded; header names are lower case; `body` is at most 64 KiB."""

    method: str = "GET"
    path: str = "/"
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: bytes = b""

    def cookie(self, name: str) -> str:
        """Return the value of a cookie, "" when it was not sent."""
        for pair in self.headers.get("cookie", "").split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name:
                return value
        return ""

    def form(self) -> dict[str, str]:
        """Return the fields of a URL-encoded form body."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), max_num_fields=20))


class Answer(msgspec.Struct):
    """One response; `headers` are pairs, because `Set-Cookie` may stand more than once."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    headers: list[tuple[str, str]] = []


Respond = Callable[[Request], Answer]


class _Connection(asyncio.Protocol):
    """One connection: bytes in, answers out."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._upgrade = ""
        self._fresh()

    def _fresh(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio's
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._stay(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(400)

    def _stay(self, rest: bytes) -> None:
        """Go on in HTTP/1.1 with whoever only offered HTTP/2 (RFC 9110, 7.8); refuse every other upgrade."""
        if self._upgrade != "h2c":
            self._refuse(501)
            return
        self._parser = httptools.HttpRequestParser(self)
        if rest:
            self.data_received(rest)

    def _refuse(self, status: int) -> None:
        self._write(Answer(status, b"", "text/plain"), head=False, keep=False)

    # called by the parser

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._bounded(len(url), _MAX_HEAD)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")
        self._bounded(len(name) + len(value), _MAX_HEAD)

    def on_headers_complete(self) -> None:
        self._size = 0

    def on_body(self, body: bytes) -> None:
        self._body.append(body)
        self._bounded(len(body), _MAX_BODY)

    def _bounded(self, more: int, bound: int) -> None:
        self._size += more
        if self._size > bound and self._transport is not None:
            self._refuse(413)

    def on_message_complete(self) -> None:
        method = self._parser.get_method().decode("latin-1")
        self._upgrade = self._headers.get("upgrade", "").lower()
        request = _request(method, self._url, self._headers, b"".join(self._body))
        self._fresh()
        self._write(
            self._respond(request),
            head=method == "HEAD",
            keep=self._parser.should_keep_alive(),
        )

    def _write(self, answer: Answer, *, head: bool, keep: bool) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(_wire(answer, head=head, keep=keep))
        if not keep:
            self._transport.close()


def _request(method: str, url: bytes, headers: dict[str, str], body: bytes) -> Request:
    path, _, query = url.decode("latin-1").partition("?")
    pairs = dict(parse_qsl(query, max_num_fields=50)) if query.count("&") < 50 else {}
    return Request(method, unquote(path), pairs, headers, body)


def _wire(answer: Answer, *, head: bool, keep: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status} {_PHRASES.get(answer.status, '')}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {len(answer.body)}",
        f"Connection: {'keep-alive' if keep else 'close'}",
        *(f"{name}: {value}" for name, value in answer.headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (b"" if head else answer.body)


async def listen(respond: Respond, host: str, port: int) -> asyncio.Server:
    """Start serving; port 0 takes a free one. Raises OSError when the address is taken."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _Connection(respond), host, port, backlog=512)
