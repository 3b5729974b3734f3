"""Drive the bare responder over kept-alive loopback connections and ask what its process spent."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

import uvloop

ROOT = Path(__file__).resolve().parents[2]
CONNECTIONS = 32
ASK = (
    b"GET /u/p4711 HTTP/1.1\r\nHost: site.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
    b"Accept: text/html\r\nCookie: session=0123456789abcdef\r\n\r\n"
)
ASK_CPU = b"GET /cpu HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\n\r\n"


class BareResponder:
    """The responder in a process of its own."""

    def __enter__(self) -> Self:
        """Start it and wait until it listens."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.bench.responder"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._port = int(cast("IO[str]", self._process.stdout).readline())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def cpu_us(self, requests: int) -> float:
        """Return the server's process CPU microseconds per request over `requests` requests."""
        before = self._spent_ns()
        uvloop.run(_drive(self._port, requests))
        return (self._spent_ns() - before) / requests / 1000

    def _spent_ns(self) -> int:
        with socket.create_connection(("127.0.0.1", self._port), timeout=10) as asked:
            asked.sendall(ASK_CPU)
            return int(asked.recv(4096).rpartition(b"\r\n")[2])


class _Asker(asyncio.Protocol):
    """One connection that sends the next request when the answer is there."""

    def __init__(self, requests: int) -> None:
        self.left = requests
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(ASK)

    def data_received(self, data: bytes) -> None:
        self.left -= 1
        if self.left:
            self._transport.write(ASK)
        else:
            self._transport.close()
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the responder closed a connection"))


async def _drive(port: int, requests: int) -> None:
    loop = asyncio.get_running_loop()
    share = requests // CONNECTIONS
    askers = [_Asker(share) for _ in range(CONNECTIONS - 1)]
    askers.append(_Asker(requests - share * (CONNECTIONS - 1)))
    for asker in askers:
        await loop.create_connection(lambda asker=asker: asker, "127.0.0.1", port)  # type: ignore[misc]  # a default binds it
    await asyncio.gather(*(asker.done for asker in askers))
