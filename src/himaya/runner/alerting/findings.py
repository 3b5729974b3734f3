"""The findings file: every finding as a JSON line, with names, for this machine only. Off unless it is named.

Mode 0600; two files of bounded size are kept, the older one is replaced by the newer.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from pathlib import Path

import msgspec

from himaya.core.finding import Finding

log = logging.getLogger(__name__)


class FindingsFile:
    """Takes findings at once, writes them with `flush`; at most `max_waiting` wait, more are counted in `dropped`."""

    def __init__(
        self, path: Path, *, max_bytes: int = 64 * 1024 * 1024, max_waiting: int = 10_000
    ) -> None:
        self.path = path
        self.dropped = 0
        self._max_bytes = max_bytes
        self._max_waiting = max_waiting
        self._waiting: deque[Finding] = deque()

    def note(self, finding: Finding) -> None:
        """Take one finding."""
        if len(self._waiting) >= self._max_waiting:
            self.dropped += 1
        else:
            self._waiting.append(finding)

    def flush(self) -> None:
        """Write what waits. A disk that refuses is logged, and costs only these lines."""
        lines = [msgspec.json.encode(self._waiting.popleft()) for _ in range(len(self._waiting))]
        if not lines:
            return
        try:
            if self.path.exists() and self.path.stat().st_size >= self._max_bytes:
                self.path.replace(self.path.with_name(self.path.name + ".1"))
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "ab") as file:
                file.write(b"\n".join(lines) + b"\n")
        except OSError as problem:
            log.warning("%d findings could not be written down: %s", len(lines), problem.strerror)
