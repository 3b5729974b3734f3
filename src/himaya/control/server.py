"""The serving side of the control socket: JSON lines in, JSON lines out, in order.

Nothing a client does costs others their turn: lines and clients are bounded, replies that a slow
client does not fetch are bounded (it is then dropped), and a question whose answer must wait holds
up the questions of its own connection only.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

from himaya.control.messages import MAX_LINE, Question, Reply, decode_question, encode
from himaya.core.errors import HimayaError, InputError, ServiceError

#: The reply that says no more than that it was done.
OK = Reply(ok=True)
_OK = encode(OK)

#: Answers one question, at once or later. A HimayaError it raises becomes the reply's `error`.
Answer = Callable[[Question], Reply | Awaitable[Reply]]

#: Replies waiting for one client, in bytes, past which the client is dropped.
MAX_UNREAD = 8 * 1024 * 1024

#: Replies of one piece that was received are sent together, up to so many bytes.
_TOGETHER = 64 * 1024

#: Most Linux systems hold 108 bytes of socket path with its end (unix(7)).
MAX_PATH = 107


class ControlServer:
    """Listens on one Unix socket and answers with `answer`."""

    def __init__(
        self,
        path: Path,
        answer: Answer,
        *,
        max_line: int = MAX_LINE,
        max_clients: int = 256,
        max_unread: int = MAX_UNREAD,
    ) -> None:
        self.path = path
        self.answer = answer
        self.max_line = max_line
        self.max_clients = max_clients
        self.max_unread = max_unread
        self.clients: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Bind the socket with mode 0600; raises ServiceError when another authority holds it."""
        sock = bind_private(self.path)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: Connection(self), sock=sock)

    async def stop(self) -> None:
        """Close the socket and every connection, and remove the file."""
        if self._server is None:
            return
        self._server.close()
        for client in list(self.clients):
            client.close()
        self._server = None
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


def bind_private(path: Path) -> socket.socket:
    """Bind a Unix socket that only its owner can reach; a stale file of a dead process is replaced.

    Raises ServiceError when a living process listens there, or the path cannot be used.
    """
    if len(os.fsencode(path)) > MAX_PATH:
        raise ServiceError(f"the socket path {path} is longer than {MAX_PATH} bytes")
    if path.exists() and _listens(path):
        raise ServiceError(f"another authority already listens at {path}; stop it first")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    fresh = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
        # Nobody can connect before listen(), which comes after the mode is set.
        sock.bind(str(fresh) if len(os.fsencode(fresh)) <= MAX_PATH else str(path))
        bound = fresh if fresh.exists() else path
        bound.chmod(0o600)
        if bound != path:
            bound.replace(path)
        sock.listen(128)
    except OSError as problem:
        sock.close()
        raise ServiceError(f"cannot listen at {path}: {problem.strerror or problem}") from None
    sock.setblocking(False)
    return sock


def _listens(path: Path) -> bool:
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    probe.settimeout(1.0)
    try:
        probe.connect(str(path))
    except OSError:
        return False
    finally:
        probe.close()
    return True


class Connection(asyncio.Protocol):
    """One client: buffers a partial line, answers whole ones in order."""

    def __init__(self, server: ControlServer) -> None:
        self.server = server
        self.transport: asyncio.Transport | None = None
        self.buffer = bytearray()
        self.waiting: asyncio.Task[None] | None = None
        self._leaving: list[bytes] = []
        self._size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        if len(self.server.clients) >= self.server.max_clients:
            self._refuse(f"more than {self.server.max_clients} clients")
            return
        self.server.clients.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.clients.discard(self)
        if self.waiting is not None:
            self.waiting.cancel()
        self.transport = None

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self._work()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def _work(self) -> None:
        """Answer whole lines until none is left or one has to wait."""
        done = 0
        while self.waiting is None and self.transport is not None:
            end = self.buffer.find(b"\n", done)
            if end < 0:
                self._check_length(len(self.buffer) - done)
                break
            if not self._check_length(end - done):
                break
            line = self.buffer[done:end]
            done = end + 1
            if line.strip():
                self._answer(line)
        del self.buffer[:done]
        self._leave()
        if len(self.buffer) > 2 * self.server.max_line and self.transport is not None:
            self.transport.pause_reading()

    def _check_length(self, length: int) -> bool:
        if length <= self.server.max_line:
            return True
        self._refuse(f"a line is longer than {self.server.max_line} bytes")
        return False

    def _answer(self, line: bytearray) -> None:
        try:
            answer = self.server.answer(decode_question(line))
        except HimayaError as problem:
            self._send(Reply(ok=False, error=str(problem)))
            return
        if isinstance(answer, Reply):
            self._send(answer)
        else:
            self.waiting = asyncio.ensure_future(self._answer_later(answer))

    async def _answer_later(self, answer: Awaitable[Reply]) -> None:
        try:
            reply = await answer
        except HimayaError as problem:
            reply = Reply(ok=False, error=str(problem))
        self._send(reply)
        self._leave()
        self.waiting = None
        if self.transport is not None:
            self.transport.resume_reading()
        self._work()

    def _send(self, reply: Reply) -> None:
        data = _OK if reply is OK else encode(reply)
        self._leaving.append(data)
        self._size += len(data)
        if self._size > _TOGETHER:
            self._leave()

    def _leave(self) -> None:
        """Send the replies that are there."""
        data, self._leaving, self._size = b"".join(self._leaving), [], 0
        if not data or self.transport is None or self.transport.is_closing():
            return
        self.transport.write(data)
        if self.transport.get_write_buffer_size() > self.server.max_unread:
            self.transport.abort()

    def _refuse(self, why: str) -> None:
        self.buffer.clear()
        self._send(Reply(ok=False, error=str(InputError(why))))
        self._leave()
        self.close()
