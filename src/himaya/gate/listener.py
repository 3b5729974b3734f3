"""A listening socket of the gate, and the connections that came in through it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from himaya.core.errors import ConfigError, ServiceError
from himaya.gate.clients import Clients
from himaya.gate.inbound import Handler, Inbound, Refusal
from himaya.gate.limits import Limits
from himaya.gate.reply import plain_reply

#: Connections the kernel holds until they are taken.
_BACKLOG = 1024


class Connection(Protocol):
    """What a listener asks of a connection."""

    def time_out(self, now: float) -> None:
        """End the connection when its time is over; `now` is the loop's clock."""

    def stop(self) -> None:
        """End the connection once what is asked is answered."""

    def abort(self) -> None:
        """End the connection now."""


_C = TypeVar("_C", bound=Connection)


class Listening(ABC, Generic[_C]):
    """Listens at `host:port` or `unix:/path`; `key` is where the configuration says so."""

    key = "gate.listen"

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.connections: set[_C] = set()
        self.stopping = False
        self.address = ""
        self._server: asyncio.Server | None = None
        self._path: Path | None = None

    @abstractmethod
    def connection(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""

    async def start(self, listen: str) -> None:
        """Begin to take connections. Raises ServiceError (port in use), ConfigError (no address)."""
        loop = asyncio.get_running_loop()
        try:
            if listen.startswith("unix:"):
                self._path = Path(listen[5:])
                sock = _bind_unix(self._path)
                self._server = await loop.create_unix_server(self.connection, sock=sock)
                self.address = listen
            else:
                sock = _bind_port(listen, self.key)
                self._server = await loop.create_server(
                    self.connection, sock=sock, backlog=_BACKLOG
                )
                self.address = _name(sock)
        except OSError as problem:
            raise ServiceError(
                f"cannot listen at {listen}: {problem.strerror or problem}"
            ) from None

    def sweep(self, now: float) -> None:
        """End connections whose time is over; `now` is the loop's clock."""
        for connection in list(self.connections):
            connection.time_out(now)

    async def stop(self) -> None:
        """Take no new connection, let requests finish for `limits.stop_s`, then close everything."""
        if self._server is None:
            return
        self.stopping = True
        self._server.close()
        if self._path is not None:
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()
        for connection in list(self.connections):
            connection.stop()
        loop = asyncio.get_running_loop()
        end = loop.time() + self.limits.stop_s
        while self.connections and loop.time() < end:
            await asyncio.sleep(0.02)
            self.sweep(loop.time())
        for connection in list(self.connections):
            connection.abort()
        await asyncio.sleep(0)


class Listener(Listening[Inbound]):
    """Listens for HTTP, answers requests with `handle`, and what is none with `refusal`.

    `exempt` tells of an address whether its connections are not held against `limits.per_client`. `taken` counts
    connections, `ended` what was refused before any handler saw it, by status (408, 413, 429, 431, 503, ...), and what
    was cut without an answer: "flood", "body", "reader", "idle".
    """

    def __init__(
        self,
        handle: Handler,
        limits: Limits,
        refusal: Refusal = plain_reply,
        *,
        exempt: Callable[[str], bool] = lambda _: False,
    ) -> None:
        super().__init__(limits)
        self.handle = handle
        self.refusal = refusal
        self.clients = Clients(limits.per_client, exempt)
        self.taken = 0
        self.ended: Counter[str] = Counter()

    def connection(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        return Inbound(self)


def _bind_port(listen: str, key: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    if not port.isdecimal() or int(port) > 65535:
        raise ConfigError(f"expected host:port or unix:/path, got {listen!r}", key=key)
    family, kind, _, _, address = socket.getaddrinfo(
        host or None, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    sock = socket.socket(family, kind)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


def _bind_unix(path: Path) -> socket.socket:
    """Bind a Unix socket that the owner and the group can reach; a stale file is replaced."""
    if path.exists() and _is_alive(path):
        raise ServiceError(f"somebody already listens at {path}")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        sock.bind(str(path))
        path.chmod(0o660)
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


def _is_alive(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _name(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
