"""The alert command: run once per new finding, off the request path, bounded in number and time."""

from __future__ import annotations

import logging
import os
import queue
import shlex
import signal
import subprocess
import threading

import msgspec

from himaya.core.errors import ConfigError
from himaya.core.finding import Finding

log = logging.getLogger(__name__)

#: How much of the command's error output goes to our log.
_SHOWN = 300


class AlertCommand:
    """Runs `command` with the finding as JSON on standard input, one at a time.

    At most `max_waiting` findings wait; further ones are counted in `dropped` (they are still in the report).
    A run is ended after `timeout_s`. No shell is used: the command is split like a shell would.
    Raises ConfigError for a command that cannot be split.
    """

    def __init__(self, command: str, *, timeout_s: float = 30.0, max_waiting: int = 100) -> None:
        try:
            self.words = shlex.split(command)
        except ValueError as problem:
            raise ConfigError(
                f"cannot be split into words: {problem}", key="alerts.command"
            ) from None
        self.timeout_s = timeout_s
        self.dropped = 0
        self.failed = 0
        self.done = 0
        self._queue: queue.Queue[Finding | None] = queue.Queue(max_waiting)
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """Return how many findings wait for the command."""
        return self._queue.qsize()

    def send(self, finding: Finding) -> None:
        """Queue one finding; never waits."""
        if not self.words:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
            self._thread.start()
        try:
            self._queue.put_nowait(finding)
        except queue.Full:
            self.dropped += 1

    def close(self, wait_s: float = 5.0) -> None:
        """Let what waits be sent, for at most `wait_s`."""
        if self._thread is None:
            return
        try:
            self._queue.put(None, timeout=wait_s)
        except queue.Full:
            return
        self._thread.join(wait_s)

    def _run(self) -> None:
        while (finding := self._queue.get()) is not None:
            self._call(finding)

    def _call(self, finding: Finding) -> None:
        try:
            process = subprocess.Popen(
                self.words,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as problem:
            self._fail(f"cannot be run: {problem.strerror or problem}")
            return
        with process:
            self._talk(process, msgspec.json.encode(finding) + b"\n")

    def _talk(self, process: subprocess.Popen[bytes], line: bytes) -> None:
        try:
            _, errors = process.communicate(line, timeout=self.timeout_s)
        except subprocess.TimeoutExpired:
            # The command may have children that hold the pipe: end its whole session.
            os.killpg(process.pid, signal.SIGKILL)
            self._fail(f"did not end within {self.timeout_s:g} s and was stopped")
            return
        if process.returncode:
            told = errors[:_SHOWN].decode("utf-8", "replace").strip()
            self._fail(f"ended with {process.returncode}: {told}")
        else:
            self.done += 1

    def _fail(self, why: str) -> None:
        self.failed += 1
        log.warning("alert command %s", why)
