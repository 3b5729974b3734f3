"""Files that somebody found, attached to a ledger: encrypted with its key, beside it, until their time is over.

A file is a magic and pieces of at most 1 MiB, each with its length and sealed with its number, the last one marked. The
file is durable before its entry of the chain; one that no entry names was never finished.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from himaya.core.errors import InputError, LedgerError
from himaya.ledger import entries as e
from himaya.ledger.chain import Chain
from himaya.ledger.files import Layout, sync_directory, write_all
from himaya.ledger.keys import Keys
from himaya.ledger.schema import iso, micros
from himaya.ledger.state import read_state

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MAGIC = b"himaya-found-1\n"
_PIECE = 1 << 20
#: A file that no entry names and that is so old belongs to an `attach` that never ended.
_ORPHAN_S = 3600.0
DAY_S = 86_400.0


class Attachments:
    """The attached files of one ledger."""

    def __init__(self, layout: Layout, chain: Chain, keys: Keys) -> None:
        """Name the directory beside the ledger; nothing is read or written."""
        self._chain, self._keys = chain, keys
        self.directory = layout.directory.with_name(layout.directory.name + ".found")

    def attach(
        self, source: Path, days: int, now: float, *, why: str, by: str, case: str = ""
    ) -> str:
        """Keep an encrypted copy of a file for `days` from `now` (epoch seconds); return its id.

        Raises InputError when the file cannot be read, LedgerError when the copy cannot be written.
        """
        name = secrets.token_hex(8)
        path, digest = self._path(name), hashlib.sha256()
        try:
            self.directory.mkdir(mode=0o700, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                for part in self._sealed(name, source):
                    write_all(handle, part)
                    digest.update(part)
                os.fsync(handle)
                size = os.fstat(handle).st_size
            except BaseException:
                path.unlink()
                raise
            finally:
                os.close(handle)
        except OSError as problem:
            raise LedgerError(f"{path}: cannot write: {problem.strerror}") from problem
        sync_directory(self.directory)
        seal, until = self._keys.seal_text, micros(now + days * DAY_S)
        self._chain.append(
            e.Attached(
                at=iso(micros(now)),
                id=name,
                sha256=digest.hexdigest(),
                bytes=size,
                until=until,
                why=seal(why),
                by=seal(by),
                case=case,
            )
        )
        return name

    def _sealed(self, name: str, source: Path) -> Iterator[bytes]:
        """Yield the encrypted form of a file, piece by piece."""
        yield _MAGIC
        try:
            with source.open("rb") as file:
                number, piece = 0, file.read(_PIECE)
                while True:
                    following = file.read(_PIECE)
                    sealed = self._keys.seal(piece, _about(name, number, last=not following))
                    yield len(sealed).to_bytes(4, "big") + sealed
                    if not following:
                        return
                    number, piece = number + 1, following
        except OSError as problem:
            raise InputError(f"cannot be read: {problem.strerror}", file=str(source)) from problem

    def open(self, name: str) -> IO[bytes]:
        """Return the content of an attached file; it is opened piece by piece while it is read.

        Raises InputError when there is none of that name; reading raises LedgerError when it was changed.
        """
        if name not in read_state(self._chain).attachments:
            raise InputError(f"there is no attached file {name}; `himaya ledger log` names them")
        return io.BufferedReader(_Opened(self._pieces(name)), _PIECE)

    def _pieces(self, name: str) -> Iterator[bytes]:
        path = self._path(name)
        try:
            with path.open("rb") as file:
                if file.read(len(_MAGIC)) != _MAGIC:
                    raise LedgerError(f"{path}: this is no attached file")
                number, head = 0, file.read(4)
                while head:
                    sealed = file.read(min(int.from_bytes(head, "big"), 2 * _PIECE))
                    head = file.read(4)
                    yield self._keys.open(sealed, _about(name, number, last=not head))
                    number += 1
        except OSError as problem:
            raise LedgerError(f"{path}: cannot read: {problem.strerror}") from problem

    def expire(self, now: float) -> int:
        """Remove the files whose time is over at `now` (epoch seconds), and record it; return how many.

        Raises LedgerError.
        """
        kept = read_state(self._chain).attachments
        over = tuple(name for name, entry in kept.items() if entry.until <= micros(now))
        # The entry first: a crash then leaves files that no entry names, and no entry without its file.
        if over:
            self._chain.append(e.Detached(at=iso(micros(now)), ids=over))
        try:
            for name in over:
                self._path(name).unlink(missing_ok=True)
            self._remove_orphans({*kept} - {*over}, now)
            if over and self.directory.is_dir():
                sync_directory(self.directory)
        except OSError as problem:
            raise LedgerError(f"{self.directory}: cannot remove: {problem.strerror}") from problem
        return len(over)

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with the attached files, one sentence each. Raises LedgerError: the chain is damaged."""
        for name, entry in read_state(self._chain).attachments.items():
            path = self._path(name)
            try:
                with path.open("rb") as file:
                    found = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as problem:
                yield f"{path}: cannot read: {problem.strerror}"
                continue
            if found != entry.sha256:
                yield f"{path}: was changed: its hash is not the one in the chain"

    def _remove_orphans(self, kept: set[str], now: float) -> None:
        if self.directory.is_dir():
            for path in self.directory.glob("*.sealed"):
                if path.stem not in kept and path.stat().st_mtime < now - _ORPHAN_S:
                    path.unlink()

    def _path(self, name: str) -> Path:
        return self.directory / f"{name}.sealed"


class _Opened(io.RawIOBase):
    """Pieces as one stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._rest))
        view[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _about(name: str, number: int, *, last: bool) -> bytes:
    return f"found:{name}:{number}:{int(last)}".encode()
