"""The yardstick: a bare server on uvloop and httptools that answers 204 and does nothing else.

Run as `python -m tools.bench.responder`; prints its port. `GET /cpu` answers the process CPU time used so
far, in nanoseconds.
"""

from __future__ import annotations

import asyncio
import time
from typing import cast

import httptools
import uvloop

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Responder(asyncio.Protocol):
    """One connection, kept alive."""

    def __init__(self) -> None:
        """Parse from the beginning of the connection."""
        self._parser = httptools.HttpRequestParser(self)
        self._wants_cpu = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._wants_cpu = url == b"/cpu"

    def on_message_complete(self) -> None:
        self._transport.write(_cpu() if self._wants_cpu else ANSWER)


def _cpu() -> bytes:
    body = str(time.process_time_ns()).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def main() -> None:
    """Serve on a free port of the loopback until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Responder, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
