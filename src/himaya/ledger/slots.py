"""Secrets beside the map, each in its place in one file: overwriting one shreds what is encrypted with it.

The map is SQLite, which leaves copies of rows behind where pages were rearranged. A secret here stands in one place for
ever, so overwriting it leaves nothing. A secret belongs to a *place*: one of `PLACES` parts of all look-ups, or of all
numbers. Two people of one place share it until one of them is erased; then the other's rows are written anew under a
new secret (`shredding`).

Each place has two halves. The first holds the secret; the second takes the next one, until the map counts rows under
it and the first is overwritten. So whatever moment a process ends at, the map and this file fit: the map lists the
places whose second half counts.
"""

from __future__ import annotations

import os
import secrets
import struct
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from himaya.core.errors import LedgerError
from himaya.ledger.files import create_secret, sync_directory

#: Parts of all look-ups, and as many of all numbers. Erasing one of a million people writes about 120 rows of each
#: anew.
PLACES = 8192

SECRET = 16
_MAGIC = b"himaya-slots-1:\n"
_ID = 16
_START = len(_MAGIC) + _ID
_HALF = struct.Struct(f"<{SECRET}sI")  # the secret, and CRC-32 of its number and itself
_SLOT = 2 * _HALF.size
_SLOTS = 2 * PLACES
_SIZE = _START + _SLOTS * _SLOT


class Slots:
    """An open file of secrets. Slots below `PLACES` belong to look-ups, the others to numbers."""

    def __init__(self, handle: int, path: Path) -> None:
        """Made by `open_slots` and `passing_slots`."""
        self._handle, self._path = handle, path
        try:
            head, size = os.pread(handle, _START, 0), os.fstat(handle).st_size
        except OSError as problem:
            self.close()
            raise LedgerError(f"{path}: cannot read: {problem.strerror}") from problem
        if not head.startswith(_MAGIC) or size != _SIZE:
            self.close()
            raise LedgerError(f"{path}: this is no file of the map's secrets, or not a whole one")
        #: Which file this is; the map names the one it goes with.
        self.id = head[len(_MAGIC) :]

    def close(self) -> None:
        """Close the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def secret(self, slot: int, *, second: bool = False) -> bytes:
        """Return the secret of a slot. Raises LedgerError when it was damaged."""
        try:
            data = os.pread(self._handle, _HALF.size, _offset(slot, second=second))
        except OSError as problem:
            raise LedgerError(f"{self._path}: cannot read: {problem.strerror}") from problem
        secret = _checked(slot, data)
        if secret is None:
            raise LedgerError(f"{self._path}: the secret in slot {slot} is damaged")
        return secret

    def prepare(self, slots: Iterable[int]) -> None:
        """Put a new secret into the second half of each slot, durably. Raises LedgerError."""
        self._put({slot: secrets.token_bytes(SECRET) for slot in slots}, second=True)

    def settle(self, slots: Iterable[int]) -> None:
        """Overwrite the first half of each slot with the second, durably. Raises LedgerError."""
        self._put({slot: self.secret(slot, second=True) for slot in slots}, second=False)

    def _put(self, new: dict[int, bytes], *, second: bool) -> None:
        try:
            for slot, secret in new.items():
                os.pwrite(self._handle, _half(slot, secret), _offset(slot, second=second))
            os.fdatasync(self._handle)
        except OSError as problem:
            raise LedgerError(f"{self._path}: cannot write: {problem.strerror}") from problem

    def damaged(self, second: Iterable[int]) -> list[int]:
        """Return the slots whose secret was damaged; `second`: whose second half counts. Raises LedgerError."""
        counts = set(second)
        try:
            data = os.pread(self._handle, _SIZE, 0)
        except OSError as problem:
            raise LedgerError(f"{self._path}: cannot read: {problem.strerror}") from problem
        starts = ((slot, _offset(slot, second=slot in counts)) for slot in range(_SLOTS))
        return [slot for slot, at in starts if _checked(slot, data[at : at + _HALF.size]) is None]


def open_slots(path: Path) -> Slots:
    """Open the file of a map. Raises LedgerError."""
    try:
        return Slots(os.open(path, os.O_RDWR), path)
    except FileNotFoundError as problem:
        raise LedgerError(
            f"{path}: the secrets of the map are missing; without them no name in it can be read."
            " Restore the whole ledger from your backup"
        ) from problem
    except OSError as problem:
        raise LedgerError(f"{path}: cannot read: {problem.strerror}") from problem


def create_slots(path: Path) -> None:
    """Make the file with random secrets, unless it is there. Raises LedgerError."""
    try:
        with suppress(FileExistsError):
            create_secret(path, _fresh())
    except OSError as problem:
        raise LedgerError(f"{path}: cannot write: {problem.strerror}") from problem


def next_path(path: Path) -> Path:
    """Return where the file stands that takes the place of another when the map names it."""
    return path.with_name(path.name + ".next")


def end_swap(path: Path, named: bytes) -> None:
    """Put the next file in the place of this one, which is overwritten, when the map names it. Raises LedgerError."""
    try:
        waiting = open_slots(next_path(path)) if next_path(path).exists() else None
        if waiting is None:
            return
        waiting.close()
        handle = os.open(path, os.O_RDWR)
        try:
            # Another process may have swapped them: then this is the file that the map names.
            if waiting.id == named != os.pread(handle, _START, 0)[len(_MAGIC) :]:
                os.pwrite(handle, secrets.token_bytes(_SIZE), 0)
                os.fdatasync(handle)
                next_path(path).replace(path)
                sync_directory(path.parent)
        finally:
            os.close(handle)
    except FileNotFoundError:
        return  # another process was first
    except OSError as problem:
        raise LedgerError(f"{path}: cannot write: {problem.strerror}") from problem


def passing_slots(path: Path) -> Slots:
    """Return secrets that are in memory alone, for a copy of a map that is; `path` is for messages."""
    handle = os.memfd_create("himaya-slots")
    os.write(handle, _fresh())
    return Slots(handle, path)


def _fresh() -> bytes:
    drawn = secrets.token_bytes(_SLOTS * SECRET)
    halves = (_half(slot, drawn[slot * SECRET : (slot + 1) * SECRET]) * 2 for slot in range(_SLOTS))
    return _MAGIC + secrets.token_bytes(_ID) + b"".join(halves)


def _offset(slot: int, *, second: bool) -> int:
    return _START + slot * _SLOT + (_HALF.size if second else 0)


def _half(slot: int, secret: bytes) -> bytes:
    return _HALF.pack(secret, _sum(slot, secret))


def _sum(slot: int, secret: bytes) -> int:
    return zlib.crc32(secret, slot + 1)


def _checked(slot: int, data: bytes) -> bytes | None:
    """Return the secret of a half whose checksum fits."""
    if len(data) != _HALF.size:
        return None
    secret, told = _HALF.unpack(data)
    return secret if told == _sum(slot, secret) else None
