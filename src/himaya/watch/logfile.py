"""One file of a followed log: the live one, or a rotated one that may be packed."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Protocol

from himaya.core.errors import InputError
from himaya.watch.bookmark import HEAD, FileMark, head_hash
from himaya.watch.source import open_source


class LogFile(Protocol):
    """A file read from some offset on. `live` files may still grow."""

    path: Path
    inode: int
    live: bool

    def read(self, offset: int, size: int) -> bytes:
        """Return at most `size` unpacked bytes at `offset`, b"" at the end."""
        ...

    def head(self, size: int) -> bytes:
        """Return at most the first `size` unpacked bytes."""
        ...

    def changed(self) -> int:
        """Return when it was last written, in nanoseconds."""
        ...

    def close(self) -> None:
        """Close."""
        ...


class PlainFile:
    """A file that is not packed, held open, so that its inode stays its own."""

    def __init__(self, path: Path, *, live: bool) -> None:
        """Open; raises OSError."""
        self.path = path
        self.live = live
        self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.inode = os.fstat(self._handle).st_ino

    def read(self, offset: int, size: int) -> bytes:
        """Return bytes at `offset`."""
        return os.pread(self._handle, size, offset)

    def head(self, size: int) -> bytes:
        """Return the first bytes."""
        return os.pread(self._handle, size, 0)

    def size(self) -> int:
        """Return how long the file is now."""
        return os.fstat(self._handle).st_size

    def changed(self) -> int:
        """Return when it was last written, in nanoseconds."""
        return os.fstat(self._handle).st_mtime_ns

    def age(self) -> float:
        """Return for how many seconds it was not written."""
        return time.time() - self.changed() / 1e9

    def close(self) -> None:
        """Close."""
        os.close(self._handle)


class PackedFile:
    """A rotated file that was packed. Reads forward only."""

    live = False

    def __init__(self, path: Path) -> None:
        """Open; raises InputError or OSError."""
        self.path = path
        stat = path.stat()
        self.inode, self._changed = stat.st_ino, stat.st_mtime_ns
        self._source = open_source(str(path))
        self._start = 0
        self._buffer = b""
        # Read at once: the file may be renamed or removed while it is read.
        self._head = self.read(0, HEAD)

    def read(self, offset: int, size: int) -> bytes:
        """Return bytes at `offset`, which is never before that of the last call."""
        while len(self._buffer) < offset - self._start + size:
            more = self._source.read_some(1 << 20)
            if not more:
                break
            skip = min(len(self._buffer), offset - self._start)
            self._buffer = self._buffer[skip:] + more
            self._start += skip
        begin = offset - self._start
        return self._buffer[begin : begin + size]

    def head(self, size: int) -> bytes:
        """Return the first bytes."""
        return self._head[:size]

    def changed(self) -> int:
        """Return when it was last written; packing keeps that."""
        return self._changed

    def close(self) -> None:
        """Close."""
        self._source.close()


def open_log(path: Path, *, live: bool = False) -> PlainFile | PackedFile | None:
    """Open a file of a log, packed or not; None when it is not there or no log."""
    try:
        with path.open("rb") as file:
            packed = file.read(4)[:2] in {b"\x1f\x8b", b"\x28\xb5", b"BZ", b"\xfd7"}
        return PackedFile(path) if packed and not live else PlainFile(path, live=live)
    except (OSError, InputError):
        return None


def is_marked(file: LogFile, mark: FileMark) -> bool:
    """Tell whether a file is the one of a mark, under whatever name.

    A file of which nothing was read is known by its inode alone.
    """
    if not mark.head_bytes:
        return file.inode == mark.inode
    head = file.head(mark.head_bytes)
    return len(head) == mark.head_bytes and head_hash(head) == mark.head


def mark_of(file: LogFile, offset: int, line: int) -> FileMark:
    """Return the mark of a place in a file."""
    head = file.head(min(HEAD, offset))
    return FileMark(file.inode, head_hash(head), len(head), offset, line)


def siblings(path: Path) -> list[Path]:
    """Return the rotated files of a log, the oldest first (by the time of their last change)."""
    found = []
    for each in path.parent.glob(path.name.replace("[", "[[]") + "[.-]*"):
        try:
            if each.is_file():
                found.append((each.stat().st_mtime_ns, each))
        except OSError:
            continue
    return [each for _, each in sorted(found)]
