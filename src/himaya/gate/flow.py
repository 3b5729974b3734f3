"""Bytes on their way, with backpressure: a body that comes in, and a door that may be full."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol


class Source(Protocol):
    """What can be asked to stop sending for a while: an asyncio read transport."""

    def pause_reading(self) -> None:
        """Stop."""

    def resume_reading(self) -> None:
        """Go on."""


class BrokenBodyError(Exception):
    """The body ended before its end, or may not go on; `status` and `why` are told to the sender."""

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


class Inflow:
    """Body bytes as they come. Past `high` bytes waiting the source is paused, so memory stays bounded.

    One reader at a time. `ended` is True once the last byte is in, read or not.
    """

    __slots__ = (
        "_chunks",
        "_paused",
        "_problem",
        "_source",
        "_waiter",
        "_waiting",
        "ended",
        "high",
    )

    def __init__(self, source: Source, high: int = 128 * 1024) -> None:
        self.ended = False
        self.high = high
        self._source = source
        self._chunks: deque[bytes] = deque()
        self._waiting = 0
        self._paused = False
        self._problem: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    def feed(self, data: bytes) -> None:
        """Take bytes from the source."""
        self._chunks.append(data)
        self._waiting += len(data)
        if self._waiting > self.high and not self._paused:
            self._paused = True
            self._source.pause_reading()
        self._wake()

    def put_back(self, data: bytes) -> None:
        """Give back what was read first: it is read again."""
        if data:
            self._chunks.appendleft(data)
            self._waiting += len(data)

    def end(self) -> None:
        """Say that all bytes are in."""
        self.ended = True
        self._wake()

    def fail(self, problem: Exception) -> None:
        """Say that the rest will not come; the reader gets `problem` after what is in."""
        if not self.ended and self._problem is None:
            self._problem = problem
            self._wake()

    async def read(self) -> bytes:
        """Return what is in, waiting for at least one byte; b"" at the end. Raises what `fail` was given."""
        while not self._chunks:
            if self._problem is not None:
                raise self._problem
            if self.ended:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self.take()

    def take(self) -> bytes:
        """Return what is in, without waiting."""
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._waiting = 0
        if self._paused:
            self._paused = False
            self._source.resume_reading()
        return data

    async def read_at_most(self, limit: int) -> tuple[bytes, bool]:
        """Return the body and True, or what came first and False once more than `limit` bytes came."""
        parts: list[bytes] = []
        size = 0
        while size <= limit:
            data = await self.read()
            if not data:
                return b"".join(parts), True
            parts.append(data)
            size += len(data)
        return b"".join(parts), False

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Outflow:
    """Whether a transport takes more bytes; `drain` waits until it does."""

    __slots__ = ("_problem", "_waiters", "full")

    def __init__(self) -> None:
        self.full = False
        self._problem: Exception | None = None
        self._waiters: list[asyncio.Future[None]] = []

    def pause(self) -> None:
        """The transport's buffer is above its high-water mark."""
        self.full = True

    def resume(self) -> None:
        """The transport's buffer has drained."""
        self.full = False
        self._release(None)

    def fail(self, problem: Exception) -> None:
        """The transport is gone."""
        self._problem = problem
        self._release(problem)

    async def drain(self) -> None:
        """Wait until more may be written. Raises what `fail` was given."""
        if self._problem is not None:
            raise self._problem
        if self.full:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def _release(self, problem: Exception | None) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if waiter.done():
                continue
            if problem is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(problem)
