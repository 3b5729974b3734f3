"""Asking the authority from an event loop: questions of many requests share one connection."""

from __future__ import annotations

import asyncio
from collections import deque
from pathlib import Path
from typing import NoReturn, cast

from himaya.control.messages import (
    MAX_LINE,
    Admit,
    AskStatus,
    Clear,
    Decide,
    Question,
    Record,
    Reply,
    Status,
    decode_reply,
    encode,
)
from himaya.core.actor import Actor
from himaya.core.decision import Admission, Decision
from himaya.core.errors import ServiceError
from himaya.core.exchange import Exchange, Request, Response


class AsyncControl:
    """A client of one control socket, for one event loop.

    Replies come in the order of the questions, so any number may be on the way (at most
    `max_waiting`). Every call raises ServiceError when nothing answers within `timeout_s`.
    """

    def __init__(
        self, path: Path | str, *, timeout_s: float = 2.0, max_waiting: int = 10_000
    ) -> None:
        self.path = str(path)
        self.timeout_s = timeout_s
        self.max_waiting = max_waiting
        self._line: _Line | None = None
        self._opening: asyncio.Lock = asyncio.Lock()

    async def decide(self, request: Request, at: float | None = None) -> Decision:
        """Ask whether a request may pass; opens a ticket under `request.id`."""
        decision = (await self.ask(Decide(request, at))).decision
        return decision or _lacking()

    async def admit(self, response: Response, at: float | None = None) -> Admission:
        """Ask who of a response may leave."""
        admission = (await self.ask(Admit(response, at))).admission
        return admission or _lacking()

    async def record(self, exchange: Exchange, at: float | None = None) -> None:
        """Tell that an exchange is over."""
        await self.ask(Record(exchange, at))

    async def clear(self, clearance: str, actor: Actor, at: float | None = None) -> bool:
        """Tell that a challenge was solved; False when the day's share is used up."""
        return bool((await self.ask(Clear(clearance, actor, at))).cleared)

    async def status(self) -> Status:
        """Return how the gate is."""
        return (await self.ask(AskStatus())).status or _lacking()

    async def ask(self, question: Question) -> Reply:
        """Ask one question; raises ServiceError when the reply is an error or does not come."""
        line = self._line
        if line is None or not line.is_open:
            line = await self._connected()
        reply = await line.ask(encode(question))
        if not reply.ok:
            raise ServiceError(reply.error)
        return reply

    async def close(self) -> None:
        """Close the connection; questions still waiting end in ServiceError."""
        if self._line is not None:
            self._line.close()
            self._line = None

    async def _connected(self) -> _Line:
        try:
            async with asyncio.timeout(self.timeout_s), self._opening:
                if self._line is None or not self._line.is_open:
                    self._line = await self._open()
                return self._line
        except TimeoutError:
            raise ServiceError(no_answer(self.path, self.timeout_s)) from None

    async def _open(self) -> _Line:
        loop = asyncio.get_running_loop()
        try:
            _, line = await loop.create_unix_connection(
                lambda: _Line(self.path, self.max_waiting, self.timeout_s), self.path
            )
        except OSError as problem:
            raise ServiceError(
                f"no authority at {self.path}: {problem.strerror or problem}"
            ) from None
        return line


class _Line(asyncio.Protocol):
    """One connection and the questions on their way, oldest first.

    The first question of a round of the event loop leaves at once, those that follow in it together; one timer watches
    over all of them. Both cost more than a question.
    """

    def __init__(self, path: str, max_waiting: int, timeout_s: float) -> None:
        self.path = path
        self.max_waiting = max_waiting
        self.timeout_s = timeout_s
        #: Who waits, and until when (the loop's clock).
        self.waiting: deque[tuple[asyncio.Future[Reply], float]] = deque()
        self.buffer = bytearray()
        self.transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._leaving: list[bytes] = []
        self._gathers = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        return self.transport is not None and not self.transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._fail(f"the authority at {self.path} closed the connection")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        *lines, self.buffer = self.buffer.split(b"\n")
        for line in lines:
            self._deliver(line)
        if len(self.buffer) > 2 * MAX_LINE:
            self._fail("the authority's reply has no end")
            self.close()

    def ask(self, line: bytes) -> asyncio.Future[Reply]:
        if self.transport is None or len(self.waiting) >= self.max_waiting:
            raise ServiceError(f"the authority at {self.path} does not keep up")
        future: asyncio.Future[Reply] = self._loop.create_future()
        due = self._loop.time() + self.timeout_s
        self.waiting.append((future, due))
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._expire)
        if self._gathers:
            self._leaving.append(line)
        else:
            self._gathers = True
            self._loop.call_soon(self._leave)
            self.transport.write(line)
        return future

    def _leave(self) -> None:
        """Send the questions of this round that came after the first."""
        lines, self._leaving, self._gathers = self._leaving, [], False
        if lines and self.transport is not None:
            self.transport.write(b"".join(lines))

    def _expire(self) -> None:
        """Tell those whose time is over; a reply that still comes has its place in the order."""
        self._timer, now = None, self._loop.time()
        for future, due in self.waiting:
            if due > now:
                self._timer = self._loop.call_at(due, self._expire)
                return
            if not future.done():
                future.set_exception(ServiceError(no_answer(self.path, self.timeout_s)))

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def _deliver(self, line: bytearray) -> None:
        if not self.waiting:
            self.close()
            return
        future, _ = self.waiting.popleft()
        if future.done():  # the asker gave up; its reply still has its place in the order
            return
        try:
            future.set_result(decode_reply(line))
        except ServiceError as problem:
            future.set_exception(problem)

    def _fail(self, why: str) -> None:
        while self.waiting:
            future, _ = self.waiting.popleft()
            if not future.done():
                future.set_exception(ServiceError(why))


def no_answer(path: str, timeout_s: float) -> str:
    """Return what is said when the authority does not answer in time."""
    return f"no answer from the authority at {path} within {timeout_s:g} s"


def _lacking() -> NoReturn:
    raise ServiceError("the authority's reply lacks the answer; is it of the same version?")
