"""A websocket, once both sides agreed: raw bytes both ways, with backpressure, until one side ends."""

from __future__ import annotations

import asyncio
import contextlib

from himaya.gate.inbound import GoneError, Inbound
from himaya.gate.upstream import UpstreamConnection, UpstreamError


async def tunnel(out: Inbound, connection: UpstreamConnection) -> None:
    """Carry bytes until either side closes; then close both."""
    outside = out.open_tunnel()
    connection.deadline = 0.0

    async def inwards() -> None:
        while data := await outside.read():
            connection.write(data)
            connection.deadline = 0.0
            await connection.out.drain()

    async def outwards() -> None:
        while data := await connection.body.read():
            out.write(data)
            connection.deadline = 0.0
            out.touch(out.limits.tunnel_idle_s)
            await out.out.drain()

    ways = [asyncio.create_task(inwards()), asyncio.create_task(outwards())]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
            with contextlib.suppress(GoneError, UpstreamError, asyncio.CancelledError):
                await way
        connection.close()
        out.close()
