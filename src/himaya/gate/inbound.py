"""One connection from the outside: requests come in, one after the other they are answered.

Requests that a sender pipelines wait in a short queue. A request that waits for nothing is answered at once, every
other in a task of its own; the next begins when it is over. What breaks the rules of HTTP is answered once and ends the
connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, cast

from himaya.gate.clients import Clients
from himaya.gate.flow import Inflow, Outflow
from himaya.gate.heads import RefusedRequestError, RequestHead
from himaya.gate.limits import Limits
from himaya.gate.reply import plain_reply
from himaya.gate.request_reader import Incoming, RequestReader

log = logging.getLogger(__name__)

#: Bytes and time spent reading what a refused sender still sends, so that it can read our answer.
_LINGER_BYTES = 1024 * 1024
_LINGER_S = 2.0


class GoneError(Exception):
    """The other end has closed or broken the connection."""


#: Answers one request through the connection that carries it; what is returned is still to be awaited.
Handler = Callable[[Incoming, "Inbound"], Coroutine[Any, Any, None] | None]


#: Makes the answer to what is no request, or one past a bound: status and reason to bytes.
Refusal = Callable[[int, str], bytes]


class House(Protocol):
    """What connections share: bounds, the handler, who is connected, how one is refused, and how often one was."""

    limits: Limits
    handle: Handler
    refusal: Refusal
    connections: set[Inbound]
    clients: Clients
    taken: int
    ended: Counter[str]
    stopping: bool


class Inbound(asyncio.Protocol):
    """The listening side's protocol. `peer` is an address, or "" on a Unix socket.

    `deadline` is when a sweep may end the connection (`time_out`); it moves with every sign of life.
    """

    def __init__(self, house: House) -> None:
        self.house = house
        self.limits = house.limits
        self.out = Outflow()
        self.peer = ""
        self.on_unix = False
        self.sent = 0
        self.tunnel: Inflow | None = None
        self.deadline = 0.0
        self.keep_alive = True
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._reader = RequestReader(self, self.limits)
        self._waiting: deque[Incoming] = deque()
        self._current: Incoming | None = None
        self._begun = True
        self._task: asyncio.Task[None] | None = None
        self._waits: Coroutine[Any, Any, None] | None = None
        self._refusal: RefusedRequestError | None = None
        self._lingering = -1
        self._piece = 0
        self._client = ""
        self._ended = False
        self._holds = 0
        self._gone = False

    # -- the transport ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        address = transport.get_extra_info("peername")
        self.on_unix = not isinstance(address, tuple)
        self.peer = "" if self.on_unix else str(address[0])
        self.house.connections.add(self)
        self.house.taken += 1
        self._client = self.house.clients.enter(self.peer)
        self.touch(self.limits.head_s)
        self._check_room()

    def _check_room(self) -> None:
        """Refuse past the bounds, and cut without a word what comes even then."""
        excess = self.house.clients.excess(self._client) if self._client else 0
        if len(self.house.connections) > 2 * self.limits.connections or excess > 1:
            self._cut("flood")
        elif len(self.house.connections) > self.limits.connections:
            self._refuse(RefusedRequestError(503, "too many connections"))
        elif excess:
            self._refuse(RefusedRequestError(429, "too many connections of one client"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone = True
        self.house.connections.discard(self)
        if self._client:
            self.house.clients.leave(self._client)
        self.out.fail(GoneError("the other end is gone"))
        self._reader.fail("the other end is gone")
        if self.tunnel is not None:
            self.tunnel.end()
        elif self._task is not None:
            self._task.cancel()
            if self._waits is not None:  # the task has not begun, and never will
                self._waits.close()

    def pause_writing(self) -> None:
        self.out.pause()
        self.touch(self.limits.send_s)

    def resume_writing(self) -> None:
        self.out.resume()
        self._rearm()

    def eof_received(self) -> bool:
        """Keep the writing side: a sender may close its own and still wait for the answer."""
        if self.tunnel is not None:
            self.tunnel.end()
            return True
        self._reader.fail("the request ended before its body")
        self._ended = True
        return self._current is not None

    def data_received(self, data: bytes) -> None:
        if self.tunnel is not None:
            self.touch(self.limits.tunnel_idle_s)
            self.tunnel.feed(data)
        elif self._lingering >= 0:
            self._lingering += len(data)
            if self._lingering > _LINGER_BYTES:
                self._transport.abort()
        elif self._refusal is None:
            self._parse(data)

    # -- reading requests ---------------------------------------------------------------------

    def _parse(self, data: bytes) -> None:
        reader = self._reader
        was_in_head, was_in_body = reader.in_head, reader.body is not None
        try:
            reader.feed(data)
        except RefusedRequestError as refusal:
            self._refuse(refusal)
        else:
            if reader.body is not None:
                self._see_piece(len(data))
            elif was_in_body and self._current is not None:
                self._rearm()  # the body is complete: its time does not run against the answer
            elif reader.in_head and not was_in_head and self._current is None:
                self.touch(self.limits.head_s)
        if not self._begun:
            self._begin()

    def _see_piece(self, size: int) -> None:
        """Give a body more time for every piece of it, not for every byte: it may not drip."""
        self._piece += size
        if not self.deadline or self._piece >= self.limits.body_piece:
            self._piece = 0
            self._rearm()

    def request_came(self, head: RequestHead) -> Inflow:
        if len(self._waiting) >= self.limits.pipelined:
            raise RefusedRequestError(503, "too many requests at once")
        request = Incoming(head, Inflow(self))
        if self._current is None:
            self._start(request)
        else:
            self._waiting.append(request)
            if len(self._waiting) == 1:
                self.pause_reading()
        return request.body

    # Several parties may hold up reading: a body nobody reads, a queue of requests.

    def pause_reading(self) -> None:
        self._holds += 1
        if self._holds == 1 and self.is_open:
            self._transport.pause_reading()
            self._rearm()

    def resume_reading(self) -> None:
        self._holds -= 1
        if self._holds == 0 and self.is_open:
            self._transport.resume_reading()
            self._rearm()

    # -- answering -------------------------------------------------------------------------------

    def _start(self, request: Incoming) -> None:
        self._current = request
        self.keep_alive = request.head.keep_alive and not self.house.stopping
        self.sent = 0
        self.deadline = 0.0
        self._begun = False

    def _begin(self) -> None:
        """Answer the request whose turn it is, and those behind it, as far as nothing has to be waited for."""
        while not self._begun and self._current is not None:
            self._begun, request = True, self._current
            try:
                self._waits = self.house.handle(request, self)
            except Exception:  # the gate stays alive; the log has the trace, the sender a plain 500
                log.exception("a request could not be answered")
                self._answer_failed()
            if self._waits is not None:
                self._task = self._loop.create_task(self._answer(request, self._waits))
                return
            self._finish(request)

    async def _answer(self, request: Incoming, waits: Coroutine[Any, Any, None]) -> None:
        self._waits = None
        try:
            await waits
        except (GoneError, asyncio.CancelledError):
            self._transport.abort()
            return
        except Exception:  # as in `_begin`: whatever a handler does, the gate stays alive
            log.exception("a request could not be answered")
            self._answer_failed()
        self._finish(request)
        self._begin()

    def _answer_failed(self) -> None:
        self.keep_alive = False
        if self.sent == 0:
            self.write(plain_reply(500, "the gate could not answer this request"))

    def _finish(self, request: Incoming) -> None:
        self._task = None
        self._current = None
        if self._gone or self.tunnel is not None:
            return
        if not self.keep_alive or not request.body.ended or request.head.upgrade:
            self._linger()
        elif self._waiting:
            following = self._waiting.popleft()
            if not self._waiting:
                self.resume_reading()
            self._start(following)
        elif self._refusal is not None:
            self._say(self._refusal)
        elif self.house.stopping or self._ended:
            self._transport.close()
        else:
            self.touch(self.limits.head_s if self._reader.in_head else self.limits.idle_s)

    # -- for handlers ------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Tell whether bytes can still be sent."""
        return not self._gone and not self._transport.is_closing()

    @property
    def stays_open(self) -> bool:
        """Tell whether a further request can come after the current one is answered."""
        current = self._current
        more = not self._ended or bool(self._waiting)
        return self.keep_alive and current is not None and current.body.ended and more

    @property
    def unsent(self) -> int:
        """Return how many written bytes have not left yet."""
        return 0 if self._gone else self._transport.get_write_buffer_size()

    def write(self, data: bytes) -> None:
        """Send bytes; `out.drain()` waits while the buffer is full."""
        if not self._gone:
            self.sent += len(data)
            self._transport.write(data)

    def open_tunnel(self) -> Inflow:
        """Stop speaking HTTP: return the raw bytes that come in from now on."""
        self.tunnel = Inflow(self)
        self.touch(self.limits.tunnel_idle_s)
        if self._reader.rest:
            self.tunnel.feed(self._reader.rest)
        return self.tunnel

    def close(self) -> None:
        """Close once everything written has left."""
        if not self._gone:
            self._transport.close()

    def abort(self) -> None:
        """Close now, so that the reader sees that the answer is not complete."""
        if not self._gone:
            self._transport.abort()

    # -- time and ends -----------------------------------------------------------------------------

    def touch(self, seconds: float) -> None:
        """Move the deadline: the connection showed a sign of life."""
        self.deadline = self._loop.time() + seconds

    def _rearm(self) -> None:
        """Set the deadline by what is being waited for: a slow reader, a slow sender, or nobody."""
        if self.out.full:
            self.touch(self.limits.send_s)
        elif self._reader.body is not None and not self._holds:
            self.touch(self.limits.body_s)
        else:
            self.deadline = 0.0

    def time_out(self, now: float) -> None:
        """Called now and then: end the connection when its deadline is over."""
        if not self.deadline or now < self.deadline:
            return
        if self._current is not None or self._lingering >= 0 or self.tunnel is not None:
            self._cut("reader" if self.unsent else "body" if self._reader.body else "idle")
        elif self.unsent:
            self._cut("reader")  # nothing is asked any more, and the last answer is not taken
        elif self._reader.in_head:
            self._refuse(RefusedRequestError(408, "the request took too long"))
        else:
            self._transport.close()

    def stop(self) -> None:
        """Close after the current request; when idle, after a moment.

        A request may be on its way already: closing at once would reset it, and nobody could tell the sender.
        """
        if self._current is None and self.tunnel is None and self._lingering < 0:
            self.touch(self.limits.stop_idle_s)
        else:
            self.keep_alive = False

    def _refuse(self, refusal: RefusedRequestError) -> None:
        """Answer a broken request once the requests before it are answered, and end."""
        if self._refusal is not None:
            return
        self._refusal = refusal
        self.house.ended[str(refusal.status)] += 1
        self._reader.fail(refusal.why, refusal.status)
        if self._current is None:
            self._say(refusal)

    def _cut(self, why: str) -> None:
        """Close at once, and count why."""
        self.house.ended[why] += 1
        self._transport.abort()

    def _say(self, refusal: RefusedRequestError) -> None:
        self.write(self.house.refusal(refusal.status, refusal.why))
        self._linger()

    def _linger(self) -> None:
        """Close our side, then read and drop a little.

        Unread bytes would reset the connection before the answer is read (RFC 9112 section 9.6).
        """
        if not self.is_open:
            return
        self._lingering = 0
        self.touch(self.limits.send_s if self.unsent else _LINGER_S)
        if self._transport.can_write_eof():
            self._transport.write_eof()
        if self._holds:
            self._holds = 0
            self._transport.resume_reading()
