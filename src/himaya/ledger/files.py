"""Where things stand in a ledger directory, and writing files so that a power cut leaves them whole."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from himaya.core.errors import LedgerError

#: The format that this release writes. 1: one writer, segments without a slot. 2: several writers, each in its slot.
#: 3: secrets of the map beside it.
FORMAT = 3


class SegmentId(NamedTuple):
    """Which write-ahead segment: the slot of its writer, and its number there from 1."""

    slot: int
    number: int


#: Where sealed files lie, and their twins.
SEALED, TWINS = "sealed", "by_subject"


class Layout:
    """The paths of one ledger.

    chain.jsonl  everything that was done to the ledger, each entry chained to the one before
    chain.head   how far the chain reached, so that a cut end is noticed
    format       the version of the format, so that an older release leaves a newer ledger alone
    identities.sqlite  surrogate to sealed identity
    identities.slots  secrets that its rows are sealed with, too; overwriting one shreds them
    live/        write-ahead segments, numbered for each writer; its lock, and its heartbeat, whose time of change
                 is the last moment at which nothing was pending; `request` asks writers to begin new segments
    sealed/      Parquet files by day
    by_subject/  their twins, of the same names: the same rows, sorted by subject
    lock         held by whoever makes or removes files, names its process
    """

    def __init__(self, directory: Path) -> None:
        """Name the paths below `directory`; nothing is read or written."""
        self.directory = directory
        self.chain = directory / "chain.jsonl"
        self.head = directory / "chain.head"
        self.identities = directory / "identities.sqlite"
        self.live = directory / "live"
        self.sealed = directory / SEALED
        self.twins = directory / TWINS
        self.lock = directory / "lock"
        self.format = directory / "format"
        self.request = self.live / "request"

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
        ours = ("live", "sealed", "by_subject", "lock", "format", "heartbeat", "identities.")
        return any(not path.name.startswith(ours) for path in self.directory.iterdir())

    def must_exist(self) -> None:
        """Raise LedgerError when no ledger is here, or one of a newer format than this release knows."""
        if not self.exists():
            raise LedgerError(f"{self.directory}: no ledger here")
        self.check_format(self.format_version())

    def format_version(self) -> int:
        """Return the version that the file `format` names, 1 without it. Raises LedgerError."""
        try:
            return int(self.format.read_bytes()[:20])
        except FileNotFoundError:
            return 1
        except (OSError, ValueError) as problem:
            raise LedgerError(f"{self.format}: names no version of the format") from problem

    def check_format(self, version: int) -> None:
        """Raise LedgerError when a version is newer than this release knows."""
        if version > FORMAT:
            raise LedgerError(
                f"{self.directory}: the ledger has format {version}, and this release of himaya knows"
                f" format {FORMAT} and older; use the release that wrote it, or a newer one"
            )

    def segment(self, slot: int, number: int) -> Path:
        """Return the path of a write-ahead segment."""
        return self.live / f"{slot:02d}-{number:08d}.arrow"

    def segments(self, after: Mapping[int, int] | None = None) -> list[tuple[SegmentId, Path]]:
        """Return the segments with their paths, those of one writer together, oldest first.

        `after`: for each slot the number up to which they are in files; these are left out.
        """
        named = ((_segment_id(path.stem), path) for path in self.live.glob("*.arrow"))
        ends = after or {}
        return sorted(
            (id_, path) for id_, path in named if id_ and id_.number > ends.get(id_.slot, 0)
        )

    def slot_lock(self, slot: int) -> Path:
        """Return the path of the lock of one writer; it names the process and the segment it writes."""
        return self.live / f"{slot:02d}.lock"

    def heartbeat(self, slot: int) -> Path:
        """Return the path of the heartbeat of one writer."""
        return self.live / f"{slot:02d}.heartbeat"


def _segment_id(stem: str) -> SegmentId | None:
    """Return which segment a name means; a number alone is one of format 1, whose writer had the first slot."""
    slot, dash, number = stem.rpartition("-")
    if not number.isdigit() or (dash and not slot.isdigit()):
        return None
    return SegmentId(int(slot or 0), int(number))


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


def set_time(path: Path, now: float) -> None:
    """Give a file, made when it is missing, this time of change (epoch seconds). Raises LedgerError."""
    try:
        path.touch(mode=0o600)
        os.utime(path, (now, now))
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
