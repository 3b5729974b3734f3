"""Processes that bench and demo start: each says when it is ready, and each is gone when they are."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from himaya.core.errors import ServiceError

_READY_S = 20.0
_STOP_S = 8.0


class Child:
    """One process in a session of its own, so that Ctrl-C reaches its starter alone, which then ends it."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start a command; what it prints goes to the file `log`. Raises ServiceError when it cannot be run.

        Without `environment` it has ours.
        """
        self.name = name
        self.log = log
        try:
            with log.open("wb") as out:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    env={
                        **(os.environ if environment is None else environment),
                        "PYTHONUNBUFFERED": "1",
                    },
                )
        except OSError as problem:
            raise ServiceError(f"{name} cannot be started: {problem}") from problem

    async def ready(self, port: int) -> None:
        """Wait until the process takes connections. Raises ServiceError with what it printed."""
        await self._until(lambda: _answers(port))

    async def until(self, is_ready: Callable[[], bool]) -> None:
        """Wait until a question is answered with yes. Raises ServiceError with what the process printed."""

        async def asked() -> bool:
            return await asyncio.to_thread(is_ready)

        await self._until(asked)

    async def _until(self, is_ready: Callable[[], Awaitable[bool]]) -> None:
        deadline = asyncio.get_running_loop().time() + _READY_S
        while asyncio.get_running_loop().time() < deadline:
            if self._process.poll() is not None:
                raise ServiceError(f"{self.name} did not start:\n{self.said()}")
            if await is_ready():
                return
            await asyncio.sleep(0.05)
        raise ServiceError(f"{self.name} was not ready within {_READY_S:g} s:\n{self.said()}")

    def said(self) -> str:
        """Return the last lines the process printed."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def has_said(self, words: str) -> bool:
        """Tell whether the process has printed some words since it began."""
        return words in self.log.read_text(errors="replace")

    @property
    def failed(self) -> bool:
        """Tell whether the process ended by itself, and not well."""
        return bool(self._process.poll())

    @property
    def alive(self) -> bool:
        """Tell whether the process still runs."""
        return self._process.poll() is None

    def hang_up(self) -> None:
        """Have a server read its configuration again."""
        self._process.send_signal(signal.SIGHUP)

    async def ended(self, most_s: float) -> bool:
        """Wait until the process ends by itself, for at most so many seconds; tell whether it did."""
        try:
            await asyncio.to_thread(self._process.wait, most_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """End the process and all it started: politely first, for certain in the end."""
        if self.alive:
            self._process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_S)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
