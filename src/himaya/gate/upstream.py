"""The application behind the gate: connections to it, kept and used again.

A kept connection may have been closed by the other side at any moment. A request that can be repeated without harm
is then sent once more on a fresh connection; every other one takes a kept connection only when that was used a moment
ago.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import httptools

from himaya.core.errors import ConfigError
from himaya.gate.flow import Inflow, Outflow
from himaya.gate.heads import Fields, ResponseHead
from himaya.gate.limits import Limits

#: Application servers keep idle connections for two seconds and more.
_FRESH_S = 1.0

#: Methods that may be sent twice (RFC 9110 section 9.2.2), without those that usually carry a body.
REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS"})

_NO_BODY = frozenset({204, 304})


class UpstreamError(Exception):
    """The application could not be asked, or broke off; `status` is 502 or 504."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class Target(NamedTuple):
    """Where the application listens."""

    host: str = ""
    port: int = 80
    path: str = ""
    tls: bool = False

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read `http://host:port`, `https://host:port` or `unix:/path`. Raises ConfigError."""
        if text.startswith("unix:") and text[5:]:
            return cls(path=text[5:])
        parts = urlsplit(text)
        try:
            port = parts.port
        except ValueError:
            port = -1
        known = parts.scheme in {"http", "https"} and parts.hostname and port != -1
        if not known or parts.path not in {"", "/"} or parts.query:
            raise ConfigError(
                f"expected http://host:port or unix:/path, got {text!r}", key="gate.upstream"
            )
        tls = parts.scheme == "https"
        return cls(host=parts.hostname or "", port=port or (443 if tls else 80), tls=tls)


class UpstreamConnection(asyncio.Protocol):
    """One connection: a request is written, its response heads and body are read."""

    def __init__(self, pool: UpstreamPool) -> None:
        self.out = Outflow()
        self.body: Inflow
        self.deadline = 0.0
        self.idle_since = 0.0
        self.answered = False
        self.uses = 0
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._parser = httptools.HttpResponseParser(self)
        self._heads: deque[ResponseHead] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._problem: UpstreamError | None = None
        self._method = ""
        self._status = b""
        self._fields: Fields = []
        self._head_bytes = 0
        self._in_head = False
        self._busy = False
        self._raw = False
        self._until_close = False
        self._keep = True
        self._gone = False

    # -- using it -------------------------------------------------------------------------------

    def begin(self, method: str) -> None:
        """Make ready for the response to a request of this method."""
        self._parser = httptools.HttpResponseParser(self)
        self.body = Inflow(self)
        self._method = method
        self._heads.clear()
        self._head_bytes = 0
        self._busy = True
        self._until_close = False
        self.answered = False
        self.uses += 1
        self.touch()

    def write(self, data: bytes) -> None:
        """Send request bytes; `out.drain()` waits while the buffer is full."""
        if not self._gone:
            self._transport.write(data)
            self.touch()

    async def head(self) -> ResponseHead:
        """Return the next response head; interim ones (1xx) come first. Raises UpstreamError."""
        while not self._heads:
            if self._problem is not None:
                raise self._problem
            self._waiter = self._loop.create_future()
            await self._waiter
        return self._heads.popleft()

    def finish(self, *, reusable: bool) -> None:
        """Give the connection back after an exchange; it is kept only when nothing is left over."""
        self.deadline = 0.0
        if reusable and not self._busy and self._keep and not self._raw and not self._gone:
            self.idle_since = self._loop.time()
            self._pool.keep(self)
        else:
            self.abort()

    def abort(self) -> None:
        """Close now."""
        self._pool.forget(self)
        if not self._gone:
            self._transport.abort()

    def close(self) -> None:
        """Close once everything written has left."""
        if not self._gone:
            self._transport.close()

    @property
    def is_open(self) -> bool:
        """Tell whether the connection can still be written to."""
        return not self._gone and not self._transport.is_closing()

    def touch(self) -> None:
        """Move the deadline: bytes went or came."""
        self.deadline = self._loop.time() + self._pool.limits.answer_s

    def time_out(self, now: float) -> None:
        """Called now and then: give up on an application that says nothing."""
        if self.deadline and now >= self.deadline:
            # A body that its reader does not take is not the application's fault.
            if self._busy and self._paused:
                self.touch()
            else:
                self._fail(UpstreamError(504, "the application did not answer in time"))
                self.abort()

    @property
    def _paused(self) -> bool:
        return self._transport.is_closing() or not self._transport.is_reading()

    # -- the transport -----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._pool.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone = True
        self._pool.forget(self)
        if self._raw or (self._busy and self._until_close and exc is None):
            self._complete()
        self._fail(UpstreamError(502, "the application closed the connection"))

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        self.out.pause()

    def resume_writing(self) -> None:
        self.out.resume()
        self.touch()

    def pause_reading(self) -> None:
        if self.is_open:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self.is_open:
            self._transport.resume_reading()
            self.touch()

    def data_received(self, data: bytes) -> None:
        if self._raw:
            self.touch()
            self.body.feed(data)
            return
        if not self._busy:
            self.abort()  # bytes nobody asked for: this connection cannot be trusted any more
            return
        self.touch()
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        continues_head = self._in_head
        try:
            self._parser.feed_data(data)
            if continues_head and self._in_head:
                self._count(len(data))
        except httptools.HttpParserUpgrade as upgrade:
            self._raw = True
            rest = data[upgrade.args[0] :]
            if rest:
                self.body.feed(rest)
        except (httptools.HttpParserError, UpstreamError) as problem:
            if self._busy:
                self._break(f"the application's answer is not HTTP/1.1: {problem}")
            else:
                self._keep = False

    def _break(self, why: str) -> None:
        self._fail(UpstreamError(502, why))
        self.abort()

    # httptools calls these while `feed_data` runs.

    def on_message_begin(self) -> None:
        if not self._busy:
            self._keep = False  # a second answer to one request
        self._status = b""
        self._fields = []
        self._head_bytes = 0
        self._in_head = True

    def on_status(self, status: bytes) -> None:
        self._status += status

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            self._fields.append((name.lower(), value))
            self._count(len(name) + len(value))

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > 4 * self._pool.limits.header_bytes:
            raise UpstreamError(502, "the header is too large")

    def on_headers_complete(self) -> None:
        self._in_head = False
        if not self._busy:
            return
        parser = self._parser
        status = parser.get_status_code()
        head = ResponseHead(
            status,
            self._status,
            parser.get_http_version(),
            self._fields,
            keep_alive=parser.should_keep_alive(),
        )
        self._heads.append(head)
        self.answered = True
        if status >= 200:
            self._final(head)
        self._wake()

    def _final(self, head: ResponseHead) -> None:
        self._keep = head.keep_alive
        if self._method == "HEAD" or head.status in _NO_BODY:
            self._complete()
        elif not head.get(b"transfer-encoding") and not head.get(b"content-length"):
            self._until_close = True
            self._keep = False

    def on_body(self, data: bytes) -> None:
        if self._busy:
            self.body.feed(data)
        else:
            self._keep = False

    def on_message_complete(self) -> None:
        if self._busy and self.answered and not self._heads_are_interim:
            self._complete()

    @property
    def _heads_are_interim(self) -> bool:
        return self._parser.get_status_code() < 200

    def _complete(self) -> None:
        self._busy = False
        self.deadline = 0.0
        self.body.end()

    def _fail(self, problem: UpstreamError) -> None:
        if self._problem is None:
            self._problem = problem
        self.out.fail(problem)
        if self._busy:
            self.body.fail(problem)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class UpstreamPool:
    """Kept connections to one target, the one used last first; at most `most` of them idle."""

    def __init__(
        self, target: Target, limits: Limits, *, most: int = 128, idle_s: float = 30.0
    ) -> None:
        self.target = target
        self.limits = limits
        self.connections: set[UpstreamConnection] = set()
        self._most = most
        self._idle_s = idle_s
        self._idle: deque[UpstreamConnection] = deque()
        self._tls = ssl.create_default_context() if target.tls else None

    async def connect(self, method: str, *, fresh: bool = False) -> UpstreamConnection:
        """Return a connection ready for a request. Raises UpstreamError 502 or 504."""
        kept = None if fresh else self._kept(method)
        connection = kept or await self._open()
        connection.begin(method)
        return connection

    def keep(self, connection: UpstreamConnection) -> None:
        """Take back an idle connection."""
        if len(self._idle) >= self._most:
            connection.abort()
        else:
            self._idle.append(connection)

    def forget(self, connection: UpstreamConnection) -> None:
        """Drop a connection that is closed."""
        self.connections.discard(connection)
        if connection.idle_since and connection in self._idle:
            self._idle.remove(connection)

    def sweep(self, now: float) -> None:
        """Close connections idle for too long, and give up on those past their deadline."""
        while self._idle and now - self._idle[0].idle_since > self._idle_s:
            self._idle.popleft().abort()
        for connection in list(self.connections):
            connection.time_out(now)

    def close(self) -> None:
        """Close everything."""
        for connection in list(self.connections):
            connection.abort()

    def _kept(self, method: str) -> UpstreamConnection | None:
        oldest = asyncio.get_running_loop().time() - _FRESH_S
        while self._idle:
            connection = self._idle[-1]
            if method not in REPEATABLE and connection.idle_since < oldest:
                return None
            self._idle.pop()
            if connection.is_open:
                return connection
        return None

    async def _open(self) -> UpstreamConnection:
        loop = asyncio.get_running_loop()
        target = self.target
        try:
            async with asyncio.timeout(self.limits.connect_s):
                if target.path:
                    _, opened = await loop.create_unix_connection(
                        lambda: UpstreamConnection(self), target.path
                    )
                else:
                    _, opened = await loop.create_connection(
                        lambda: UpstreamConnection(self), target.host, target.port, ssl=self._tls
                    )
        except TimeoutError:
            raise UpstreamError(504, "the application does not take connections") from None
        except OSError as problem:
            raise UpstreamError(502, f"the application is not there: {problem.strerror}") from None
        return opened
