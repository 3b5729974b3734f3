"""The lock of the one writer."""

from __future__ import annotations

import fcntl
import os
import time

from himaya.core.errors import LedgerError
from himaya.ledger.files import Layout

_TRIES, _PAUSE_S = 5, 0.05  # somebody may be looking whether the lock is free


def take_lock(layout: Layout) -> int:
    """Return the handle of the lock, held until it is closed. Raises LedgerError naming who has it."""
    try:
        handle = os.open(layout.lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise LedgerError(f"{layout.lock}: cannot write: {problem.strerror}") from problem
    if not _locked(handle):
        holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(handle)
        raise LedgerError(
            f"{layout.directory}: process {holder} writes this ledger; one process writes at a time"
        )
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, b"%d\n" % os.getpid(), 0)
    except OSError as problem:  # a full disk
        os.close(handle)
        raise LedgerError(f"{layout.lock}: cannot write: {problem.strerror}") from problem
    return handle


def _locked(handle: int) -> bool:
    for _ in range(_TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE_S)
        else:
            return True
    return False


def is_being_written(layout: Layout) -> bool:
    """Tell whether a process has this ledger open for writing."""
    try:
        handle = os.open(layout.lock, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
