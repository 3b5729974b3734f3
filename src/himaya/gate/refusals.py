"""Why somebody was refused, by the reference number on the page: so that an appeal can be answered.

One JSON line per refusal, without any identity: the person who appeals brings their own. Two files of bounded
size are kept, the older one is replaced by the newer.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import msgspec

from himaya.core.decision import Admission, Decision

log = logging.getLogger(__name__)


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """One refusal: when (epoch seconds), under which reference, on which surface, what was done and why."""

    at: float
    reference: str
    action: str
    surface: str = ""
    reasons: tuple[str, ...] = ()
    policy: str = ""

    @classmethod
    def of(cls, at: float, reference: str, decision: Decision | Admission) -> Refusal:
        """Return the refusal that a decision makes."""
        reasons = tuple(reason.words() for reason in decision.reasons)
        if isinstance(decision, Admission):
            return cls(at, reference, decision.action.value, reasons=reasons)
        action = decision.action.value
        return cls(at, reference, action, decision.surface, reasons, decision.policy)


class Refusals:
    """Takes refusals at once, writes them with `flush`; at most `max_waiting` wait in between.

    Past that bound they are counted in `dropped`: a flood of refusals costs neither memory nor disk.
    """

    def __init__(
        self, path: Path, *, max_bytes: int = 8 * 1024 * 1024, max_waiting: int = 10_000
    ) -> None:
        self.path = path
        self.dropped = 0
        self._max_bytes = max_bytes
        self._max_waiting = max_waiting
        self._waiting: deque[Refusal] = deque()

    def note(self, refusal: Refusal) -> None:
        """Take one refusal."""
        if len(self._waiting) >= self._max_waiting:
            self.dropped += 1
        else:
            self._waiting.append(refusal)

    def flush(self) -> None:
        """Write what waits; may run in a thread. A disk that refuses is logged, and costs only these lines."""
        lines = [msgspec.json.encode(self._waiting.popleft()) for _ in range(len(self._waiting))]
        if not lines:
            return
        try:
            self._rotate()
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "ab") as file:
                file.write(b"\n".join(lines) + b"\n")
        except OSError as problem:
            log.warning("%d refusals could not be written down: %s", len(lines), problem)

    def _rotate(self) -> None:
        if self.path.exists() and self.path.stat().st_size >= self._max_bytes:
            self.path.replace(older(self.path))


def older(path: Path) -> Path:
    """Return where the older of the two files lies."""
    return path.with_name(path.name + ".1")


def beside(socket: Path | str) -> Path:
    """Return where the refusals of the gate at this control socket are written down."""
    return Path(f"{socket}.refusals")


def find(path: Path, reference: str) -> Iterator[Refusal]:
    """Yield the refusals under a reference number, however it is spelt: case and dashes do not count."""
    wanted = _plain(reference)
    for file in (older(path), path):
        if file.exists():
            with file.open("rb") as lines:
                for line in lines:
                    refusal = _read(line)
                    if refusal is not None and _plain(refusal.reference) == wanted:
                        yield refusal


def _read(line: bytes) -> Refusal | None:
    try:
        return msgspec.json.decode(line, type=Refusal)
    except msgspec.DecodeError:
        return None  # the torn last line of a killed gate


def _plain(reference: str) -> str:
    return reference.replace("-", "").strip().upper()
