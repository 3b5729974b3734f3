"""Where things stand in a ledger directory, and writing files so that a power cut leaves them whole."""

from __future__ import annotations

import os
from pathlib import Path

from himaya.core.errors import LedgerError


class Layout:
    """The paths of one ledger.

    chain.jsonl  everything that was done to the ledger, each entry chained to the one before
    chain.head   how far the chain reached, so that a cut end is noticed
    identities.sqlite  surrogate to sealed identity
    live/        write-ahead segments, numbered
    sealed/      Parquet files by day
    by_subject/  their twins, of the same names: the same rows, sorted by subject
    lock         held by the one writer, names its process
    heartbeat    its time of change is the last moment at which nothing was pending
    """

    def __init__(self, directory: Path) -> None:
        """Name the paths below `directory`; nothing is read or written."""
        self.directory = directory
        self.chain = directory / "chain.jsonl"
        self.head = directory / "chain.head"
        self.identities = directory / "identities.sqlite"
        self.live = directory / "live"
        self.sealed = directory / "sealed"
        self.twins = directory / "by_subject"
        self.lock = directory / "lock"
        self.heartbeat = directory / "heartbeat"

    def exists(self) -> bool:
        """Tell whether a ledger is here."""
        return self.chain.exists()

    def create(self) -> None:
        """Make the directories, for the owner alone. Raises LedgerError."""
        try:
            if self._holds_other_files():
                raise LedgerError(
                    f"{self.directory}: this directory holds other files and is no ledger;"
                    " name an empty or a new directory"
                )
            for path in (self.directory, self.live, self.sealed, self.twins):
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as problem:
            raise LedgerError(
                f"{self.directory}: cannot make the ledger: {problem.strerror}"
            ) from problem

    def _holds_other_files(self) -> bool:
        if not self.directory.is_dir() or self.exists():
            return False
        ours = ("live", "sealed", "by_subject", "lock", "heartbeat", "identities.sqlite")
        return any(not path.name.startswith(ours) for path in self.directory.iterdir())

    def must_exist(self) -> None:
        """Raise LedgerError when no ledger is here."""
        if not self.exists():
            raise LedgerError(f"{self.directory}: no ledger here")

    def segment(self, number: int) -> Path:
        """Return the path of a write-ahead segment."""
        return self.live / f"{number:08d}.arrow"

    def segments(self, after: int = 0) -> list[tuple[int, Path]]:
        """Return number and path of the segments numbered above `after`, oldest first."""
        found = ((int(p.stem), p) for p in self.live.glob("*.arrow") if p.stem.isdigit())
        return sorted((number, path) for number, path in found if number > after)


def sync_directory(path: Path) -> None:
    """Make created, renamed and removed names in a directory durable. Raises LedgerError."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as problem:
        raise LedgerError(f"{path}: cannot write: {problem.strerror}") from problem


def replace_file(path: Path, data: bytes) -> None:
    """Write a file so that after a crash its old or its new content is there, never a part."""
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        write_all(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh.replace(path)


def create_secret(path: Path, data: bytes) -> None:
    """Write a new file for its owner alone, whole or not at all. Raises OSError when it exists."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        write_all(handle, data)
        os.fsync(handle)
        os.link(fresh, path)
    finally:
        os.close(handle)
        fresh.unlink()
    sync_directory(path.parent)


def write_all(handle: int, data: bytes) -> None:
    """Write every byte. Raises OSError when the disk is full."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]
