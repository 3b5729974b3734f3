"""A directory as a place: a mounted share that cannot be overwritten, or one that the owner here cannot change."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from himaya.anchoring.deposit import MAX_BYTES, Deposit
from himaya.anchoring.place import Found, failure
from himaya.core.errors import HimayaError, ServiceError
from himaya.ledger.files import sync_directory, write_all


class Directory:
    """Writes each deposit once, as a file that nobody may write any more."""

    is_readable = True

    def __init__(self, name: str, path: Path) -> None:
        self.name, self._path = name, path

    def put(self, deposit: Deposit, now: float) -> bytes:
        """Write the file; one that is there already stays as it is. The receipt is what then stands in it."""
        data = deposit.encoded()
        write_once(self._path, deposit.file_name, data)
        return data

    def found(self) -> Iterator[Found]:
        """Yield the deposits of the directory."""
        for path in files_of(self._path, ".json"):
            yield Found(str(path), read_bounded(path))


def write_once(directory: Path, name: str, data: bytes, most: int = MAX_BYTES) -> None:
    """Make a file that was not there, durable. Raises ServiceError, also when it is there with another content."""
    path = directory / name
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
    except FileExistsError:
        if read_bounded(path, most) != data:
            raise ServiceError(f"{path}: is there already, with another content") from None
        return
    except OSError as problem:
        raise failure(str(path), problem) from None
    try:
        write_all(handle, data)
        os.fsync(handle)
        sync_directory(directory)
    except (OSError, HimayaError) as problem:
        path.unlink(missing_ok=True)
        raise failure(str(path), problem) from None
    finally:
        os.close(handle)


def files_of(directory: Path, ending: str) -> list[Path]:
    """Return the files of a directory with this ending, in order. Raises ServiceError when it cannot be read."""
    try:
        return sorted(path for path in directory.iterdir() if path.name.endswith(ending))
    except OSError as problem:
        raise failure(str(directory), problem) from None


def read_bounded(path: Path, most: int = MAX_BYTES) -> bytes:
    """Return what a file begins with, one byte more than `most` at most. Raises ServiceError."""
    try:
        with path.open("rb") as source:
            return source.read(most + 1)
    except OSError as problem:
        raise failure(str(path), problem) from None
