"""Who may read the feed: names and SHA-512 hashes of keys, one per line of a file that is read again when it changes.

A key is 256 random bits, so a plain hash keeps it: nothing that short of guessing all of them finds it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from himaya.core.errors import InputError, ServiceError

log = logging.getLogger(__name__)

#: Keys in one file, and bytes of it.
MOST = 1000
_MOST_BYTES = 512 * 1024

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LINE = re.compile(r"([A-Za-z0-9_.-]{1,64}) ([0-9a-f]{128}) (\S{1,40})")


class Key(msgspec.Struct, frozen=True):
    """One key: its name, its hash in hex, and when it was made (ISO 8601)."""

    name: str
    digest: str
    made: str


def digest_of(key: str) -> str:
    """Return the SHA-512 of a key in hex."""
    return hashlib.sha512(key.encode("utf-8", "surrogateescape")).hexdigest()


def read_keys(path: Path) -> list[Key]:
    """Return the keys of a file, none where there is no file. Raises InputError naming a bad line, ServiceError."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise ServiceError(f"{path}: cannot be read: {problem.strerror}") from None
    lines = data.decode("utf-8", "replace").splitlines()
    if len(data) > _MOST_BYTES or len(lines) > 2 * MOST:
        raise InputError("is too large for a file of keys", file=str(path))
    keys = [_read_line(line, path, at) for at, line in enumerate(lines, 1) if _says(line)]
    if len(keys) > MOST:
        raise InputError(f"holds more than {MOST} keys", file=str(path))
    return keys


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _read_line(line: str, path: Path, at: int) -> Key:
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise InputError(
            "expected NAME, the SHA-512 of a key in hex, and a date", file=str(path), line=at
        )
    return Key(*found.groups())


def add_key(path: Path, name: str, now: float) -> str:
    """Make a key, keep its hash under a name, and return it; nobody can read it again.

    Raises InputError (bad name, name taken, too many), ServiceError.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is no name for a key; use up to 64 letters, digits, '.', '_', '-'"
        )
    keys = read_keys(path)
    if any(key.name == name for key in keys):
        raise InputError(f"there is a key named {name} already; remove it first, or take another")
    if len(keys) >= MOST:
        raise InputError(f"{path} holds {MOST} keys already; remove one")
    key = secrets.token_urlsafe(32)
    made = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    _write(path, [*keys, Key(name, digest_of(key), made)])
    return key


def remove_key(path: Path, name: str) -> None:
    """Let a key open nothing any more. Raises InputError when there is none of that name, ServiceError."""
    keys = read_keys(path)
    left = [key for key in keys if key.name != name]
    if len(left) == len(keys):
        raise InputError(f"there is no key named {name} in {path}")
    _write(path, left)


def _write(path: Path, keys: list[Key]) -> None:
    """Replace the file as a whole, readable by its owner only."""
    fresh = path.with_name(path.name + ".new")
    text = "".join(f"{key.name} {key.digest} {key.made}\n" for key in keys)
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():  # whoever could read it still can: the gate may run under another account
            before = path.stat()
            os.chown(fresh, before.st_uid, before.st_gid)
            fresh.chmod(before.st_mode & 0o777)
        fresh.replace(path)
    except OSError as problem:
        raise ServiceError(f"{path}: cannot be written: {problem.strerror}") from None


class KeyRing:
    """The keys of a running feed. The file is looked at again at each question; a damaged one lets nobody in."""

    def __init__(self, path: Path) -> None:
        """Name the file; it need not be there yet."""
        self.path = path
        self._mark: tuple[int, int, int] | None = None
        self._names: dict[str, str] = {}

    def name_of(self, key: str) -> str:
        """Return whose key this is, "" when it is nobody's."""
        self._refresh()
        return self._names.get(digest_of(key), "") if key else ""

    @property
    def count(self) -> int:
        """Return how many keys there are."""
        self._refresh()
        return len(self._names)

    def _refresh(self) -> None:
        try:
            stat = self.path.stat()
            mark = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
        except OSError:
            mark = (0, 0, 0)
        if mark == self._mark:
            return
        self._mark = mark
        try:
            self._names = {key.digest: key.name for key in read_keys(self.path)}
        except (InputError, ServiceError) as problem:
            self._names = {}
            log.warning("nobody may read the decision feed: %s", problem)
