"""The state file that turns a gate off and on when nobody can ask it over its socket.

It stands beside the control socket (`himaya.sock.state`), is replaced as a whole, and survives a
restart: a gate that was switched off starts switched off.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from himaya.core.errors import ServiceError


class SwitchState(msgspec.Struct, frozen=True, omit_defaults=True):
    """`off` since epoch seconds `since`, and why, in the operator's words."""

    off: bool = False
    since: float = 0.0
    why: str = ""


class Switch:
    """Reads and writes the state file; a missing file means on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None
        self._state = SwitchState()

    @classmethod
    def beside(cls, socket: Path | str) -> Switch:
        """Return the switch that belongs to a control socket."""
        path = Path(socket)
        return cls(path.with_name(path.name + ".state"))

    def read(self) -> SwitchState:
        """Return the state; the file is read again only when it changed.

        Raises ServiceError for a file that cannot be read: guessing could open or close the gate.
        """
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            self._seen, self._state = None, SwitchState()
            return self._state
        mark = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
        if mark != self._seen:
            self._state, self._seen = self._load(), mark
        return self._state

    def write(self, state: SwitchState) -> None:
        """Replace the state, durably; raises ServiceError when that fails."""
        fresh = self.path.with_name(self.path.name + ".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(state) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
        except OSError as problem:
            raise ServiceError(f"cannot write {self.path}: {problem.strerror or problem}") from None

    def _load(self) -> SwitchState:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=SwitchState)
        except FileNotFoundError:
            return SwitchState()
        except (OSError, msgspec.DecodeError) as problem:
            raise ServiceError(f"cannot read the state file {self.path}: {problem}") from None
