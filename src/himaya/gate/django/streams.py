"""Streaming responses of Django: held back as far as needed, recorded when the last byte is out or the reader left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import chain

from django.http.response import StreamingHttpResponse

from himaya.gate.disclose import telling
from himaya.gate.embedded import Fields, Visit
from himaya.gate.embedded_ask import AsyncDesk, Desk


class Parts:
    """The rest of a body as threads iterate over it; `close` is called by the server whatever happened."""

    def __init__(self, visit: Visit, desk: Desk, parts: Iterator[bytes]) -> None:
        self._visit = visit
        self._desk = desk
        self._parts = parts
        self._sent = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            with telling(self._visit.told):
                part = next(self._parts)
        except StopIteration:
            self._desk.run(self._visit.finish(self._sent))
            raise
        self._sent += len(part)
        return part

    def close(self) -> None:
        """Record a body that was not read to its end; nothing when it was."""
        self._desk.run(self._visit.finish(self._sent, aborted=True))


class AsyncParts:
    """The rest of a body as an event loop iterates over it. Django calls `close` in a thread."""

    def __init__(
        self, visit: Visit, desk: AsyncDesk, closing: Desk, parts: AsyncIterator[bytes]
    ) -> None:
        self._visit = visit
        self._desk = desk
        self._closing = closing
        self._parts = parts
        self._sent = 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            with telling(self._visit.told):
                part = await anext(self._parts)
        except StopAsyncIteration:
            await self._desk.run(self._visit.finish(self._sent))
            raise
        self._sent += len(part)
        return part

    def close(self) -> None:
        """Record a body that was not read to its end; nothing when it was."""
        self._closing.run(self._visit.finish(self._sent, aborted=True))


def hold(
    visit: Visit, response: StreamingHttpResponse, fields: Fields
) -> tuple[bytes | None, Iterator[bytes]]:
    """Return the whole body where it must be read and fits, else None; and the parts to send."""
    parts = iter(response.streaming_content)
    if not visit.holds(response.status_code, fields):
        return None, parts
    held: list[bytes] = []
    size = 0
    with telling(visit.told):
        for part in parts:
            held.append(part)
            size += len(part)
            if size > visit.limit:
                return None, chain(held, parts)
    return b"".join(held), iter(held)


async def hold_async(
    visit: Visit, response: StreamingHttpResponse, fields: Fields
) -> tuple[bytes | None, AsyncIterator[bytes]]:
    """Do the same for a body that is iterated over asynchronously."""
    parts = aiter(response.streaming_content)
    if not visit.holds(response.status_code, fields):
        return None, parts
    held: list[bytes] = []
    size = 0
    with telling(visit.told):
        async for part in parts:
            held.append(part)
            size += len(part)
            if size > visit.limit:
                return None, chain_async(held, parts)
    return b"".join(held), chain_async(held, None)


async def chain_async(
    held: list[bytes], parts: AsyncIterator[bytes] | None
) -> AsyncIterator[bytes]:
    """Yield what was held, then the rest."""
    for part in held:
        yield part
    if parts is not None:
        async for part in parts:
            yield part
