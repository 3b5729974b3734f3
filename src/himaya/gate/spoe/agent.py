"""One connection of HAProxy to the agent: a handshake, questions and answers in any order, and an end.

What a visitor can make HAProxy send never ends a connection, because other visitors' questions would fail with it:
such a question gets the strictest verdict. Only frames that no HAProxy sends end it, with the status SPOP has for them.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol, cast

from himaya.gate.door import Asker
from himaya.gate.limits import Limits
from himaya.gate.spoe.frames import (
    Frame,
    Hello,
    Kind,
    Splitter,
    read_hello,
    read_messages,
    read_pairs,
    write_ack,
    write_disconnect,
    write_hello,
)
from himaya.gate.spoe.question import asker_of, variables_of
from himaya.gate.spoe.values import BrokenFrameError, Status
from himaya.gate.verdicts import REFUSED, Verdict, Verdicts

log = logging.getLogger(__name__)

#: Seconds for the handshake, and for what is left of a frame that has begun.
HELLO_S = 5.0

#: Seconds in which HAProxy has to take an answer.
_SEND_S = 5.0


class House(Protocol):
    """What connections share: bounds, verdicts, who is connected, and what is counted."""

    limits: Limits
    verdicts: Verdicts
    connections: set[Agent]
    stopping: bool

    def count(self, what: str, status: Status = Status.NORMAL) -> None:
        """Count something that happened; a status other than normal is a broken connection."""

    def lets_in(self, peer: str) -> bool:
        """Tell whether a peer ("" on a Unix socket) may ask."""


class Agent(asyncio.Protocol):
    """The agent's side of one connection. `deadline` is when a sweep may end it, 0 for never."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.deadline = 0.0
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._splitter = Splitter()
        self._hello: Hello | None = None
        self._waiting: set[asyncio.Task[None]] = set()
        self._full = False
        self._ended = False

    # -- the transport -----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        address = transport.get_extra_info("peername")
        peer = str(address[0]) if isinstance(address, tuple) else ""
        self.house.connections.add(self)
        self._touch(HELLO_S)
        if not self.house.lets_in(peer):
            self._end(Status.UNKNOWN, "this address may not ask here")
        elif len(self.house.connections) > self.house.limits.connections:
            self._end(Status.NO_ROOM, "too many connections")

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self.house.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        self._splitter.feed(data)
        try:
            self._read()
        except BrokenFrameError as broken:
            self._end(broken.status, str(broken))
        except Exception:  # the gate stays alive; the log has the trace
            log.exception("a question of HAProxy could not be answered")
            self._end(Status.UNKNOWN, "the agent failed")
        if not self._ended:
            self._rearm()

    def pause_writing(self) -> None:
        """HAProxy does not take its answers: nothing more is read until it does."""
        self._full = True
        self._transport.pause_reading()
        self._touch(_SEND_S)

    def resume_writing(self) -> None:
        self._full = False
        if not self._transport.is_closing():
            self._transport.resume_reading()
            self._rearm()

    # -- frames ------------------------------------------------------------------------------------

    def _read(self) -> None:
        while not self._ended and (frame := self._splitter.next()) is not None:
            if self._hello is None:
                self._greet(frame)
            elif frame.kind == Kind.NOTIFY:
                self._notified(frame)
            elif frame.kind == Kind.HAPROXY_DISCONNECT:
                read_pairs(frame.payload)
                self._end(Status.NORMAL, "goodbye")
            elif frame.kind == Kind.HAPROXY_HELLO:
                raise BrokenFrameError(Status.INVALID, "a second HELLO")
            # Unknown frames may be skipped (SPOE.txt, section 3.2.2).

    def _greet(self, frame: Frame) -> None:
        self._hello = read_hello(frame)
        self._splitter.max_frame = self._hello.max_frame
        self._transport.write(write_hello(self._hello))
        if self._hello.healthcheck:
            self.house.count("checks")
            self._close()
        else:
            self.house.count("connections")

    def _notified(self, frame: Frame) -> None:
        asker = asker_of(read_messages(frame.payload), self.house.verdicts.door)
        self.house.count("questions")
        if asker is None:
            self.house.count("unclear")
            self._acknowledge(frame, REFUSED)
            return
        verdict = self.house.verdicts.begin(asker, "spoe")
        if verdict.waits:
            task = self._loop.create_task(self._slow_down(frame, asker, verdict))
            self._waiting.add(task)
            task.add_done_callback(self._waited)
        else:
            self._acknowledge(frame, verdict)

    async def _slow_down(self, frame: Frame, asker: Asker, verdict: Verdict) -> None:
        """Hold the answer back. It goes on when HAProxy has left: whether its visitor passed, only the log can tell."""
        self._acknowledge(frame, await self.house.verdicts.slow_down(asker, verdict))

    def _waited(self, task: asyncio.Task[None]) -> None:
        self._waiting.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            log.error("a held question of HAProxy could not be answered", exc_info=problem)
            self._end(Status.UNKNOWN, "the agent failed")
        if self.house.stopping and not self._waiting:
            self.stop()

    def _acknowledge(self, frame: Frame, verdict: Verdict) -> None:
        if not self._ended:
            self._transport.write(write_ack(frame, variables_of(verdict)))

    # -- time and ends -----------------------------------------------------------------------------

    def _touch(self, seconds: float) -> None:
        self.deadline = self._loop.time() + seconds

    def _rearm(self) -> None:
        """Set the deadline by what is being waited for."""
        if self._full:
            self._touch(_SEND_S)
        elif self._hello is None:
            pass  # one deadline for the whole handshake
        elif self._splitter.in_frame:
            self._touch(HELLO_S)
        else:
            self._touch(self.house.limits.idle_s)

    def time_out(self, now: float) -> None:
        """Called now and then: end the connection when its deadline is over."""
        if not self.deadline or now < self.deadline or self._waiting:
            return
        if self._full or self._ended:
            self.abort()
        elif self._hello is None or self._splitter.in_frame:
            self._end(Status.TIMEOUT, "a frame took too long")
        else:
            self.house.count("idle")
            self._say(Status.TIMEOUT, "nothing was asked for a while")

    def stop(self) -> None:
        """Say goodbye when nothing waits; otherwise after the last answer."""
        if not self._waiting and not self._ended:
            self._say(Status.NORMAL, "the gate stops")

    def abort(self) -> None:
        """Close now."""
        self._ended = True
        for task in self._waiting:
            task.cancel()
        self._transport.abort()

    def _end(self, status: Status, why: str) -> None:
        """End the connection, and count it when it was not to end."""
        if status is not Status.NORMAL:
            self.house.count("broken", status)
        self._say(status, why)

    def _say(self, status: Status, why: str) -> None:
        if not self._transport.is_closing():
            self._transport.write(write_disconnect(status, why))
        self._close()

    def _close(self) -> None:
        self._ended = True
        self._touch(_SEND_S)
        self._transport.close()
