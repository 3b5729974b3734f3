"""What lies beside a ledger, in its copies: small SQLite files, and the attached files. Whoever asks names the files.

A copy keeps them in `beside/`: `NAME.cases` becomes `beside/cases`. They are taken after the chain, which names what
was durable in them before, so none is older than the chain of the copy.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

from himaya.core.errors import InputError, LedgerError
from himaya.ledger.attachments import Attachments
from himaya.ledger.chain import Chain
from himaya.ledger.files import Layout, sync_directory
from himaya.ledger.keys import Keys
from himaya.ledger.state import read_state

_PLACE = "beside"
_FOUND = "found"


def copy_beside(source: Layout, copy: Layout, keys: Keys, files: Collection[Path]) -> list[str]:
    """Copy the files (of those that are there) and the attached files; return how they are called in the copy.

    Raises LedgerError when a file is no SQLite file, OSError for the disk.
    """
    taken = []
    for path in files:
        if path.exists():
            name = _short(source.directory, path)
            _copy_sqlite(path, _made(copy.directory / _PLACE) / name)
            taken.append(name)
    if _copy_found(source, copy, keys):
        taken.append(_FOUND)
    if taken:
        sync_directory(copy.directory / _PLACE)
    return taken


def _short(directory: Path, path: Path) -> str:
    return path.name.removeprefix(f"{directory.name}.")


def _made(place: Path) -> Path:
    place.mkdir(mode=0o700, exist_ok=True)
    return place


def _copy_sqlite(path: Path, to: Path) -> None:
    """Copy a file by SQLite's own backup: whole, while others write."""
    try:
        with closing(sqlite3.connect(path, timeout=30)) as old, closing(sqlite3.connect(to)) as new:
            old.backup(new)
    except sqlite3.Error as problem:
        raise LedgerError(f"{path}: cannot be copied: {problem}") from problem
    to.chmod(0o600)


def _copy_found(source: Layout, copy: Layout, keys: Keys) -> bool:
    """Copy the attached files that the chain of the copy names; one whose time was over meanwhile is gone."""
    named = read_state(Chain(copy, keys)).attachments
    place = Attachments(source, Chain(source, keys), keys).directory
    there = [path for path in (place / f"{name}.sealed" for name in named) if path.exists()]
    if there:
        to = _made(_made(copy.directory / _PLACE) / _FOUND)
        for path in there:
            shutil.copy2(path, to / path.name)
        sync_directory(to)
    return bool(there)


# -- back -------------------------------------------------------------------------------------------


def must_be_free(to: Path, files: Collection[Path]) -> None:
    """Raise InputError when a file lies already where one is to be brought back to."""
    for path in (*files, to.with_name(f"{to.name}.{_FOUND}")):
        if path.exists():
            raise InputError("is there already, and is not overwritten", file=str(path))


def problems_beside(fresh: Layout, keys: Keys, files: Collection[Path], to: Path) -> Iterator[str]:
    """Yield what is damaged of what lies beside in a copy."""
    place = fresh.directory / _PLACE
    for path in (place / _short(to, file) for file in files):
        if path.exists():
            yield from _damage(path)
    for name, entry in read_state(Chain(fresh, keys)).attachments.items():
        path = place / _FOUND / f"{name}.sealed"
        if path.exists() and _digest(path) != entry.sha256:
            yield f"{path}: was changed: its hash is not the one in the chain"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _damage(path: Path) -> Iterator[str]:
    try:
        with closing(sqlite3.connect(path)) as db:
            said = str(db.execute("PRAGMA integrity_check").fetchone()[0])
    except sqlite3.Error as problem:
        said = str(problem)
    if said != "ok":
        yield f"{path}: is damaged: {said.splitlines()[0]}"


def bring_back(fresh: Layout, to: Path, files: Collection[Path]) -> None:
    """Put what lies beside in a copy where it belongs: beside the ledger `to`. Raises OSError."""
    place = fresh.directory / _PLACE
    for path in (*files, to.with_name(f"{to.name}.{_FOUND}")):
        kept = place / _short(to, path)
        if kept.exists():
            kept.rename(path)
    shutil.rmtree(place, ignore_errors=True)
