"""Where a follower stands in a log, kept so that kill -9 neither loses nor doubles a line.

The rows of a batch of lines become durable in the ledger first, the bookmark after. A kill between
the two leaves rows that the bookmark does not know of; because the same lines give the same rows in
the same order, the follower counts them and leaves out as many when it reads those lines again.
"""

from __future__ import annotations

import fcntl
import os
from hashlib import blake2b
from pathlib import Path

import msgspec

from himaya.core.errors import ServiceError

#: Bytes at the beginning of a log by which it is known again under another name.
HEAD = 512


class FileMark(msgspec.Struct, frozen=True):
    """A place in one file: the file by inode and by the hash of its first `head_bytes`, then the place.

    `offset` counts unpacked bytes, `line` whole lines before it.
    """

    inode: int = 0
    head: str = ""
    head_bytes: int = 0
    offset: int = 0
    line: int = 0


class Sent(msgspec.Struct, frozen=True):
    """Lines up to `mark` were about to be sent to an authority at `at` (epoch seconds)."""

    mark: FileMark
    at: float


class Bookmark(msgspec.Struct, frozen=True):
    """Everything before `mark` is durable.

    `since` is the time of the latest row written by then and `rows` how many rows of the log the ledger holds
    from that time on. `last_at` is the time of the latest line. `sent` is set while an
    authority may have taken lines that were not confirmed.
    """

    mark: FileMark = FileMark()
    since: float = 0.0
    rows: int = 0
    last_at: float = 0.0
    sent: Sent | None = None


def is_followed(path: Path) -> bool:
    """Tell whether a process has the bookmark at `path`: a follower runs."""
    try:
        handle = os.open(path.with_name(path.name + ".lock"), os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


class BookmarkFile:
    """Keeps the bookmark in a small file, replaced as a whole, and lets one follower have it.

    Raises ServiceError when another follower has it, or it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock beside `path`."""
        self.path = path
        lock = path.with_name(path.name + ".lock")
        try:
            self._lock = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise ServiceError(f"another himaya follow writes to this ledger ({lock})") from None
        except OSError as problem:
            raise ServiceError(f"{lock}: cannot write: {problem.strerror}") from None

    def load(self) -> Bookmark | None:
        """Return the bookmark, None when there is none yet."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Bookmark)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as problem:
            raise ServiceError(
                f"{self.path}: cannot read the bookmark: {problem}. Without it himaya cannot know which"
                " lines the ledger has; remove it to begin at the start of the log again"
            ) from None

    def save(self, bookmark: Bookmark) -> None:
        """Write the bookmark, durable on return."""
        fresh = self.path.with_name(self.path.name + ".new")
        try:
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(bookmark))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
            sync_directory(self.path.parent)
        except OSError as problem:
            raise ServiceError(f"{self.path}: cannot write: {problem.strerror}") from None

    def close(self) -> None:
        """Let another follower have it."""
        os.close(self._lock)


def sync_directory(path: Path) -> None:
    """Make a rename in a directory durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def head_hash(head: bytes) -> str:
    """Return the hash by which a beginning is known again."""
    return blake2b(head, digest_size=12).hexdigest()
