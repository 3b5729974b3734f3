"""Processes the demo starts: each says when it is ready, and each is gone when the demo is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from himaya.core.errors import ServiceError

_READY_S = 20.0
_STOP_S = 8.0


class Child:
    """One process in a session of its own, so that Ctrl-C reaches the demo alone, which then ends it."""

    def __init__(self, name: str, arguments: Sequence[str], log: Path) -> None:
        """Start `python ARGUMENTS`; what it prints goes to the file `log`."""
        self.name = name
        self.log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )

    async def ready(self, port: int) -> None:
        """Wait until the process takes connections. Raises ServiceError with what it printed."""
        deadline = asyncio.get_running_loop().time() + _READY_S
        while asyncio.get_running_loop().time() < deadline:
            if self._process.poll() is not None:
                raise ServiceError(f"the demo's {self.name} did not start:\n{self.said()}")
            if await _answers(port):
                return
            await asyncio.sleep(0.05)
        raise ServiceError(
            f"the demo's {self.name} was not ready within {_READY_S:g} s:\n{self.said()}"
        )

    def said(self) -> str:
        """Return the last lines the process printed."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    @property
    def alive(self) -> bool:
        """Tell whether the process still runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process: politely first, for certain in the end."""
        if self.alive:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
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
