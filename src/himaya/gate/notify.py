"""Tells systemd how the service is: `sd_notify(3)` in a few lines, and nothing where no systemd asks.

systemd names a datagram socket in NOTIFY_SOCKET, and in WATCHDOG_USEC after how long a silent service counts as hung.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping
from typing import Self


class Notifier:
    """Sends lines such as `READY=1` to `address` ("": to nobody). A lost message is no fault of the gate."""

    def __init__(self, address: str = "", watchdog_s: float = 0.0) -> None:
        """`watchdog_s`: a sign of life is due within so many seconds; 0: none is asked for."""
        #: An abstract socket begins with a zero byte, which is written as @.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        #: systemd's own advice: at half of the time.
        self._every_s = watchdog_s / 2
        self._due = 0.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read what systemd says; a watchdog that is meant for another process counts as none."""
        watched = environment.get("WATCHDOG_USEC", "")
        meant = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        seconds = int(watched) / 1e6 if watched.isdecimal() and meant else 0.0
        return cls(environment.get("NOTIFY_SOCKET", ""), seconds)

    def ready(self, status: str) -> None:
        """The service answers; `status` is shown by `systemctl status`."""
        self._send(f"READY=1\nSTATUS={status}")

    def reloading(self) -> None:
        """The configuration is being read again; `ready` ends it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The service takes no new request."""
        self._send("STOPPING=1\nSTATUS=stopping: requests in progress are finished")

    def alive(self, now: float) -> None:
        """Give a sign of life when one is due; `now` is any clock that never goes back, in seconds."""
        if self._every_s and now >= self._due:
            self._due = now + self._every_s
            self._send("WATCHDOG=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), _datagram() as sock:
            sock.sendto(message.encode(), self._address)


def _datagram() -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    sock.setblocking(False)
    return sock
