"""Turns bytes into requests: httptools parses, this keeps its bounds and its corner cases."""

from __future__ import annotations

from typing import Protocol

import httptools

from himaya.gate.flow import BrokenBodyError, Inflow
from himaya.gate.heads import Fields, RefusedRequestError, RequestHead
from himaya.gate.limits import Limits


class Incoming:
    """A request being answered: its head, and its body as it comes."""

    __slots__ = ("body", "head")

    def __init__(self, head: RequestHead, body: Inflow) -> None:
        self.head = head
        self.body = body


class Receiver(Protocol):
    """Whoever requests are read for; also what a body asks to pause."""

    def request_came(self, head: RequestHead) -> Inflow:
        """A head is complete; return where its body goes. May raise RefusedRequestError."""


class RequestReader:
    """Reads the requests of one connection.

    `in_head` is True between the first byte of a request and the end of its head. `rest` are bytes
    that follow a websocket request. `body` is where body bytes go now, None between bodies.
    """

    def __init__(self, receiver: Receiver, limits: Limits) -> None:
        self.in_head = False
        self.rest = b""
        self.body: Inflow | None = None
        self._receiver = receiver
        self._limits = limits
        self._header_bytes, self._header_count = limits.header_bytes, limits.header_count
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._fields: Fields = []
        self._head_bytes = 0
        self._body_bytes = 0
        self._is_last = False
        self._is_upgrade = False
        self._declined: RequestHead | None = None
        self._repeats_head = False

    def feed(self, data: bytes) -> None:
        """Parse bytes. Raises RefusedRequestError for what is no request; nothing may be fed after."""
        if self._is_upgrade:
            self._hold(data)
            return
        continues_head = self.in_head
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._after_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError as problem:
            raise _cause_of(problem) from None
        except httptools.HttpParserError as problem:
            if not (self._is_last and self.body is None and not self.in_head):
                raise RefusedRequestError(400, f"not HTTP/1.1: {problem}") from None
        if self.in_head and continues_head:
            self._count(len(data))

    def fail(self, why: str, status: int = 400) -> None:
        """Tell a body that its rest will not come."""
        if self.body is not None:
            self.body.fail(BrokenBodyError(why, status))
            self.body = None

    def _after_upgrade(self, rest: bytes) -> None:
        """Go on after a request that asks for another protocol.

        A websocket's bytes are held until the application agrees. Every other protocol is declined by reading on
        as HTTP/1.1 (RFC 9110 section 7.8): a fresh parser is told the framing of the body once more.
        """
        head, self._declined = self._declined, None
        if head is None:
            self._is_upgrade = True
            self._hold(rest)
            return
        framing = (
            b"transfer-encoding: chunked"
            if head.chunked
            else b"content-length: %d" % max(head.length, 0)
        )
        self._parser = httptools.HttpRequestParser(self)
        self._repeats_head = True
        self._parser.feed_data(b"POST / HTTP/1.1\r\nhost: x\r\n" + framing + b"\r\n\r\n")
        if rest:
            self.feed(rest)

    def _hold(self, data: bytes) -> None:
        self.rest += data
        if len(self.rest) > self._limits.header_bytes:
            raise RefusedRequestError(400, "too much was sent before the protocol was agreed")

    # httptools calls these while `feed_data` runs.

    def on_message_begin(self) -> None:
        if self._repeats_head:
            return
        self._target = b""
        self._fields = []
        self._head_bytes = 0
        self.in_head = True

    def on_url(self, url: bytes) -> None:
        self._target += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.in_head:
            return  # a trailer, or a repeated head: trailers are dropped, as RFC 9110 section 6.5.1 allows
        fields = self._fields
        fields.append((name.lower(), value))
        self._head_bytes += len(name) + len(
            value
        )  # as `_count`, which would be a call for each field
        if self._head_bytes > self._header_bytes:
            raise RefusedRequestError(431, "the header is too large")
        if len(fields) > self._header_count:
            raise RefusedRequestError(431, "too many header fields")

    def on_headers_complete(self) -> None:
        if self._repeats_head:
            self._repeats_head = False
            return
        self.in_head = False
        parser = self._parser
        upgrades = parser.should_upgrade()
        head = RequestHead(
            parser.get_method().decode("ascii"),
            self._target,
            parser.get_http_version(),
            self._fields,
            keep_alive=parser.should_keep_alive(),
            upgrades=upgrades,
        )
        if upgrades and not head.upgrade:
            self._declined = head
        self._is_last = not head.keep_alive
        self._body_bytes = 0
        if 0 < self._limits.body_bytes < head.length:
            raise RefusedRequestError(413, "the body is too large")
        self.body = self._receiver.request_came(head)

    def on_body(self, data: bytes) -> None:
        if self.body is None:
            return
        self._body_bytes += len(data)
        if 0 < self._limits.body_bytes < self._body_bytes:
            raise RefusedRequestError(413, "the body is too large")
        self.body.feed(data)

    def on_message_complete(self) -> None:
        if self.body is not None and self._declined is None:
            self.body.end()
            self.body = None

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._limits.header_bytes:
            raise RefusedRequestError(431, "the header is too large")


def _cause_of(problem: BaseException) -> BaseException:
    """Return what a callback raised: httptools wraps it."""
    return problem.__context__ or problem
