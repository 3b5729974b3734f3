"""Locks between processes: a slot for each writer, and one lock for whoever makes or removes files.

All are advisory locks of the kernel, so they end with their process. The file of a slot's lock names the process and
the segment that is being written: every other segment of that slot is finished, and may be put into files by anybody.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from himaya.core.errors import LedgerError
from himaya.ledger.files import Layout, SegmentId

log = logging.getLogger(__name__)

#: Writers of one ledger at a time. Each costs readers a segment in memory.
MOST_WRITERS = 16
#: The slot of the gate that decides for the site, of which there is one.
GATE_SLOT = 0

_TRIES, _PAUSE_S = 5, 0.05  # somebody may be looking whether the lock is free
_LONG_TRIES = 200  # or records what the writer before left behind
#: Seconds after which somebody who waits is told for whom.
_TELL_S = 1.0
_FORM = b"%010d %010d\n"


@dataclass(slots=True, frozen=True)
class Holder:
    """A writer at work: its slot, its process, the number of the segment it writes (0: none), its last heartbeat."""

    slot: int
    pid: int
    number: int
    beat: float

    def words(self) -> str:
        """Return which process it is, and what it is here."""
        return f"{self.pid} (gate)" if self.slot == GATE_SLOT else str(self.pid)


class Slot:
    """A writer's slot, taken until `release`."""

    def __init__(self, layout: Layout, number: int, handle: int) -> None:
        """Made by `try_slot`."""
        self._layout, self.number, self.handle = layout, number, handle

    def name(self, segment: int) -> None:
        """Write down which process this is, and the segment that it writes from now on, 0 none. Raises LedgerError."""
        try:
            os.pwrite(self.handle, _FORM % (os.getpid(), segment), 0)
        except OSError as problem:  # a full disk
            path = self._layout.slot_lock(self.number)
            raise LedgerError(f"{path}: cannot write: {problem.strerror}") from problem

    def clear(self) -> None:
        """Name nobody: the slot is only looked after, and free again in a moment."""
        os.ftruncate(self.handle, 0)

    def release(self) -> None:
        """Let the next writer have it."""
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1


def try_slot(layout: Layout, number: int) -> Slot | None:
    """Take a slot, or return None when somebody has it. Raises LedgerError."""
    handle = _open(layout.slot_lock(number))
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return Slot(layout, number, handle)


def take_slot(layout: Layout, *, gate: bool) -> Slot:
    """Take the slot of the gate, or the first free one of the others, until it is released.

    Raises LedgerError: another gate has it, naming its process; or as many write as may.
    """
    if gate:
        return _gate_slot(layout)
    for number in range(1, MOST_WRITERS):
        slot = try_slot(layout, number)
        if slot is not None:
            return slot
    raise LedgerError(
        f"{layout.directory}: {MOST_WRITERS - 1} processes write this ledger beside a gate, and no more can;"
        " end one of them: himaya ledger status"
    )


def _gate_slot(layout: Layout) -> Slot:
    for tried in range(_LONG_TRIES):
        slot = try_slot(layout, GATE_SLOT)
        if slot is not None:
            return slot
        pid = _named(layout, GATE_SLOT)[0]
        if pid and tried >= _TRIES:
            break
        time.sleep(_PAUSE_S)
    raise LedgerError(
        f"{layout.directory}: process {pid or 'unknown'} writes this ledger as the gate of the site;"
        " one gate decides for a site"
    )


def _named(layout: Layout, slot: int) -> tuple[int, int]:
    """Return the process and the segment that the lock of a slot names; 0 where it names none."""
    try:
        with layout.slot_lock(slot).open("rb") as source:
            pid, number = source.read(len(_FORM % (0, 0))).split()
        return int(pid), int(number)
    except (OSError, ValueError):
        return 0, 0


def is_free(path: Path) -> bool:
    """Tell whether nobody holds a lock."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


def written(layout: Layout, segments: Iterable[SegmentId]) -> set[SegmentId]:
    """Return which of some segments, listed before, are being written or may be."""
    found = set(segments)
    busy = {
        slot: _named(layout, slot)[1]
        for slot in {id_.slot for id_ in found}
        if not _idle(layout, slot)
    }
    return {id_ for id_ in found if busy.get(id_.slot) == id_.number}


def _idle(layout: Layout, slot: int) -> bool:
    return is_free(layout.slot_lock(slot))


def holders(layout: Layout) -> list[Holder]:
    """Return the writers at work."""
    busy = (slot for slot in range(MOST_WRITERS) if not _idle(layout, slot))
    return [Holder(slot, *_named(layout, slot), heartbeat(layout, slot) or 0.0) for slot in busy]


def heartbeat(layout: Layout, slot: int) -> float | None:
    """Return when the writer of a slot last had nothing pending (epoch seconds), None when it never said."""
    try:
        return layout.heartbeat(slot).stat().st_mtime
    except OSError:
        return None


def is_being_written(layout: Layout) -> bool:
    """Tell whether a process has this ledger open for writing."""
    return not is_free(layout.lock) or bool(holders(layout))


class SealerLock:
    """Held while files are made or removed; rows may be appended meanwhile. One thread may take it repeatedly."""

    def __init__(self, layout: Layout, wait_s: float = 60.0) -> None:
        """Wait up to `wait_s` seconds for another process."""
        self._layout, self._wait_s = layout, wait_s
        self._own, self._depth, self._handle = threading.RLock(), 0, -1

    def attempt(self, wait_s: float = 0.0) -> bool:
        """Take it, within `wait_s` seconds, and tell whether that worked. Raises LedgerError."""
        if not self._own.acquire(timeout=wait_s):
            return False
        try:
            if not self._depth and not self._lock_out(wait_s):
                self._own.release()
                return False
        except BaseException:
            self._own.release()
            raise
        self._depth += 1
        return True

    def release(self) -> None:
        """Let others have it."""
        self._depth -= 1
        if not self._depth:
            os.close(self._handle)
        self._own.release()

    def __enter__(self) -> None:
        if not self.attempt(self._wait_s):
            raise LedgerError(
                f"{self._layout.directory}: process {_pid(self._layout.lock)} seals or expires this ledger, and"
                f" did not end within {self._wait_s:.0f} s; try again later"
            )

    def __exit__(self, *_: object) -> None:
        self.release()

    def _lock_out(self, wait_s: float) -> bool:
        """Take the lock against other processes."""
        handle = _open(self._layout.lock)
        if not _wait(handle, wait_s, self._layout.lock):
            os.close(handle)
            return False
        with suppress(OSError):  # a full disk; the name is for messages alone
            os.pwrite(handle, b"%010d\n" % os.getpid(), 0)
        self._handle = handle
        return True


def _wait(handle: int, wait_s: float, path: Path) -> bool:
    """Take a lock within so many seconds; say for whom when it takes long."""
    began, told = time.monotonic(), False
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = time.monotonic() - began
        else:
            return True
        if waited >= wait_s:
            return False
        if waited >= _TELL_S and not told:
            log.warning("%s: waiting up to %.0f s for process %s", path.parent, wait_s, _pid(path))
            told = True
        time.sleep(_PAUSE_S)


def _pid(path: Path) -> str:
    try:
        return str(int(path.read_bytes()[:11]))
    except (OSError, ValueError):
        return "unknown"


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise LedgerError(f"{path}: cannot write: {problem.strerror}") from problem
