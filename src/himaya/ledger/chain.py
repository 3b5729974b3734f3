"""The chain: JSON lines, each carrying the SHA-256 over its entry and the line before it.

Any process may append, under a lock held only for that moment. The hashes need no key, so anybody can check
them. Beside it `chain.head` says, signed with the key of the ledger, how far the chain reached: a cut end is noticed.
Whoever holds both the files and the key could write another history; a copy of the head kept elsewhere
(`himaya ledger status` prints it) shows that.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from himaya.core.errors import LedgerError
from himaya.ledger.entries import AnyEntry, Repaired
from himaya.ledger.files import Layout, replace_file, sync_directory, write_all
from himaya.ledger.keys import Keys

_START = "0" * 64
_TAIL = 1 << 16


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: its number from 1, the hash of the line before, its own hash, the entry as written."""

    seq: int
    prev: str
    hash: str
    entry: msgspec.Raw


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far the chain reached, and the keyed digest that says so."""

    seq: int
    hash: str
    mac: str


_line = msgspec.json.Decoder(Line)
_entry = msgspec.json.Decoder(AnyEntry)
_encode = msgspec.json.encode


def link(seq: int, prev: str, entry: bytes) -> str:
    """Return the hash of a line: SHA-256 over number, hash before, and the entry's bytes."""
    return hashlib.sha256(b"%d:%s:%s" % (seq, prev.encode(), entry)).hexdigest()


def parse_line(raw: bytes, before: Line | None) -> tuple[Line, AnyEntry]:
    """Return a line and its entry. Raises ValueError saying what is wrong with it."""
    try:
        line = _line.decode(raw)
        entry = _entry.decode(line.entry)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise ValueError(f"is not an entry ({problem})") from problem
    seq, prev = (before.seq + 1, before.hash) if before else (1, _START)
    if (line.seq, line.prev) != (seq, prev):
        raise ValueError("does not follow the line before it")
    if line.hash != link(seq, prev, bytes(line.entry)) or _encode(line) != raw:
        raise ValueError("was changed: its hash does not fit")
    return line, entry


class Pen:
    """Appends to the chain while its lock is held; made by `Chain.locked`."""

    def __init__(self, layout: Layout, keys: Keys, handle: int) -> None:
        self._layout, self._keys, self._handle = layout, keys, handle
        self._last, torn = self._tail()
        self._torn = torn

    def _tail(self) -> tuple[Line | None, int]:
        """Return the last whole line and how many bytes of a torn one follow it."""
        size, step = os.fstat(self._handle).st_size, _TAIL
        data = os.pread(self._handle, step, max(size - step, 0))
        while data.rstrip(b"\n").count(b"\n") < 1 + (not data.endswith(b"\n")) and len(data) < size:
            step *= 2
            data = os.pread(self._handle, step, max(size - step, 0))
        whole, _, torn = data.rpartition(b"\n")
        last = whole.rpartition(b"\n")[2]
        if not last:
            return None, len(torn)
        try:
            return _line.decode(last), len(torn)
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise LedgerError(
                f"{self._layout.chain}: the last entry is damaged; run: himaya ledger verify"
            ) from problem

    def append(self, entry: AnyEntry) -> Line:
        """Write one entry durably and return its line. Raises LedgerError; then nothing is written."""
        if self._torn:
            size = os.fstat(self._handle).st_size
            os.ftruncate(self._handle, size - self._torn)
            cut, self._torn = self._torn, 0
            self._write(Repaired(at=entry.at, cut=cut))
        return self._write(entry)

    def _write(self, entry: AnyEntry) -> Line:
        raw = _encode(entry)
        seq, prev = (self._last.seq + 1, self._last.hash) if self._last else (1, _START)
        line = Line(seq, prev, link(seq, prev, raw), msgspec.Raw(raw))
        end = os.fstat(self._handle).st_size
        data = _encode(line) + b"\n"
        try:
            os.lseek(self._handle, end, os.SEEK_SET)
            write_all(self._handle, data)
            os.fsync(self._handle)
        except OSError as problem:
            os.ftruncate(self._handle, end)
            raise LedgerError(
                f"{self._layout.chain}: cannot write: {problem.strerror}"
            ) from problem
        self._last = line
        self._write_head(line)
        return line

    def _write_head(self, line: Line) -> None:
        mac = head_mac(self._keys, line.seq, line.hash)
        try:
            replace_file(self._layout.head, _encode(Head(line.seq, line.hash, mac)))
        except OSError as problem:
            raise LedgerError(f"{self._layout.head}: cannot write: {problem.strerror}") from problem


def head_mac(keys: Keys, seq: int, hash_: str) -> str:
    """Return the keyed digest of a head."""
    return keys.mac(b"head:%d:%s" % (seq, hash_.encode())).hex()


class Chain:
    """The chain of one ledger."""

    def __init__(self, layout: Layout, keys: Keys) -> None:
        """Name the files; nothing is read yet."""
        self._layout, self._keys = layout, keys

    def create(self) -> None:
        """Make an empty chain."""
        handle = self._open(os.O_CREAT)
        os.close(handle)
        sync_directory(self._layout.directory)

    def _open(self, flags: int = 0) -> int:
        try:
            return os.open(self._layout.chain, os.O_RDWR | flags, 0o600)
        except OSError as problem:
            raise LedgerError(
                f"{self._layout.chain}: cannot open for writing: {problem.strerror};"
                " every use of the ledger is recorded in it"
            ) from problem

    @contextmanager
    def locked(self) -> Iterator[Pen]:
        """Hold the chain against other processes and hand out the pen. Keep it short."""
        handle = self._open()
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield Pen(self._layout, self._keys, handle)
        finally:
            os.close(handle)

    def append(self, entry: AnyEntry) -> Line:
        """Write one entry durably. Raises LedgerError."""
        with self.locked() as pen:
            return pen.append(entry)

    def lines(self) -> Iterator[tuple[Line, AnyEntry]]:
        """Yield every whole line, checked. Raises LedgerError naming the first damaged one.

        A last line without its end is still being written, or was torn by a crash: left out.
        """
        before: Line | None = None
        for number, raw in enumerate(self._raw(), 1):
            if not raw.endswith(b"\n"):
                return
            try:
                before, entry = parse_line(raw[:-1], before)
            except ValueError as problem:
                raise LedgerError(f"{self._layout.chain}: line {number} {problem}") from problem
            yield before, entry

    def mark(self) -> tuple[int, int, int]:
        """Return what differs once the chain was written to: file, size, time of change. Raises LedgerError."""
        try:
            about = self._layout.chain.stat()
        except OSError as problem:
            raise LedgerError(f"{self._layout.chain}: cannot read: {problem.strerror}") from problem
        return about.st_ino, about.st_size, about.st_mtime_ns

    def _raw(self) -> Iterator[bytes]:
        try:
            with self._layout.chain.open("rb") as source:
                yield from source
        except OSError as problem:
            raise LedgerError(f"{self._layout.chain}: cannot read: {problem.strerror}") from problem

    def head(self) -> Head | None:
        """Return the head, or None when there is none yet. Raises LedgerError when it is damaged."""
        try:
            return msgspec.json.decode(self._layout.head.read_bytes(), type=Head)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise LedgerError(f"{self._layout.head}: is damaged ({problem})") from problem
