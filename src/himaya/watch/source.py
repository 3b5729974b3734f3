"""Where lines come from: files, plain or packed, and standard input, as chunks of whole lines.

Chunks are cut at the same places however they are read later, so one process and many see the
same chunks. A file that breaks off (a cut-off gzip) gives what could be read, and says so.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import msgspec
import zstandard

from himaya.core.errors import InputError

#: Bytes read at once, after unpacking.
BLOCK = 1 << 20

#: A longer line is malformed: no server writes it, and it must not fill the memory.
MAX_LINE = 1 << 20

#: Bytes kept of a line that is too long.
_SHOWN = 400

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
)
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"%PDF", "a PDF file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"\x7fELF", "a program"),
    (b"\x89PNG", "a picture"),
)
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_TORN = (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError, lzma.LZMAError)


class Readable(Protocol):
    """A file of packed bytes."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes."""
        ...


class Stream(Protocol):
    """Unpacked bytes."""

    def read1(self, size: int, /) -> bytes:
        """Return at most `size` bytes, b"" at the end."""
        ...

    def close(self) -> None:
        """Close."""
        ...


class Chunk(msgspec.Struct, array_like=True):
    """Whole lines, without the last newline. `first_line` is the number of the first of them.

    `oversize` is the beginning of a line that was too long to be kept; then it is alone.
    """

    data: bytes
    first_line: int
    oversize: bool = False


class Source:
    """One input. `torn` says why it broke off, "" when it ended as it should."""

    def __init__(self, name: str, stream: Stream, packing: str, size: int = 0) -> None:
        """Take an unpacked stream of bytes; use `open_source`."""
        self.name = name
        self.packing = packing
        self.size = size
        self.torn = ""
        self.raw: BinaryIO | None = None
        self._stream = stream
        self._held: list[Chunk] = []
        self._chunks = self._cut()
        self._lines = 0

    @property
    def label(self) -> str:
        """Return the name as messages show it."""
        return "standard input" if self.name == "-" else self.name

    def peek(self) -> Chunk | None:
        """Return the next chunk and keep it, so that `chunks` begins with all peeked ones."""
        chunk = next(self._chunks, None)
        if chunk is not None:
            self._held.append(chunk)
        return chunk

    def held(self) -> list[Chunk]:
        """Return the chunks that were peeked so far."""
        return list(self._held)

    def chunks(self) -> Iterator[Chunk]:
        """Yield every chunk, once."""
        while self._held:
            yield self._held.pop(0)
        yield from self._chunks

    def read_some(self, size: int) -> bytes:
        """Return at most `size` unpacked bytes as they stand, for whoever cuts lines by itself."""
        try:
            return self._stream.read1(size)
        except (*_TORN, OSError) as problem:
            self.torn = str(problem)
            return b""

    def position(self) -> int:
        """Return how many bytes of the file were read, for a progress bar."""
        try:
            return self.raw.tell() if self.raw is not None else 0
        except (OSError, ValueError):
            return 0

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        if self.raw is not None and self.name != "-":
            self.raw.close()

    def _blocks(self) -> Iterator[bytes]:
        """Yield bytes as UTF-8 without a byte order mark; a broken file ends early."""
        decoder: codecs.IncrementalDecoder | None = None
        first = True
        while block := self._read():
            if first:
                encoding = _UTF16.get(block[:2])
                decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
                block = block[2:] if encoding else block.removeprefix(codecs.BOM_UTF8)
                first = False
            yield decoder.decode(block).encode() if decoder else block

    def _read(self) -> bytes:
        """Return the next block, shorter only at the end; what stands before a damage is kept."""
        pieces: list[bytes] = []
        missing = BLOCK
        try:
            while missing and not self.torn and (piece := self._stream.read1(missing)):
                pieces.append(piece)
                missing -= len(piece)
        except _TORN as problem:
            self.torn = f"the {self.packing} data is cut off or damaged ({problem})"
        except OSError as problem:
            self.torn = f"reading failed: {problem.strerror or problem}"
        return b"".join(pieces)

    def _cut(self) -> Iterator[Chunk]:
        carry = b""
        skipping = False
        for block in self._blocks():
            buffer = carry + block
            if skipping:
                _, newline, buffer = buffer.partition(b"\n")
                skipping = not newline
                if skipping:
                    carry = b""
                    continue
            end = buffer.find(b"\n")
            if end < 0 and len(buffer) > MAX_LINE:
                yield self._oversize(buffer)
                carry, skipping = b"", True
                continue
            if end > MAX_LINE:
                yield self._oversize(buffer)
                buffer = buffer[end + 1 :]
            whole, newline, carry = buffer.rpartition(b"\n")
            if newline:
                yield self._chunk(whole)
        if carry:
            yield self._chunk(carry)

    def _chunk(self, data: bytes) -> Chunk:
        chunk = Chunk(data, self._lines + 1)
        self._lines += data.count(b"\n") + 1
        return chunk

    def _oversize(self, data: bytes) -> Chunk:
        self._lines += 1
        return Chunk(data[:_SHOWN], self._lines, oversize=True)


def open_source(name: str) -> Source:
    """Open a log by path, or standard input for `-`; raises InputError when it cannot be read."""
    if name == "-":
        return _source(name, cast("BinaryIO", sys.stdin.buffer), 0)
    path = Path(name)
    if path.is_dir():
        raise InputError("this is a directory; name the log files in it", file=name)
    try:
        return _source(name, path.open("rb"), path.stat().st_size)
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror or problem}", file=name) from None


def _source(name: str, raw: BinaryIO, size: int) -> Source:
    peekable = cast("io.BufferedReader", raw)
    head = peekable.peek(16)[:16]
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raw.close()
            raise InputError(f"this is {what}, not an access log", file=name)
    packing = next((kind for magic, kind in _MAGIC if head.startswith(magic)), "")
    source = Source(name, _unpacked(peekable, packing), packing, size)
    source.raw = peekable
    return source


def _unpacked(raw: io.BufferedReader, packing: str) -> Stream:
    if packing == "gzip":
        return gzip.GzipFile(fileobj=raw)
    if packing == "zstd":
        return ZstdReader(raw)
    if packing == "bzip2":
        return bz2.BZ2File(raw)
    return lzma.LZMAFile(raw) if packing == "xz" else raw


class ZstdReader:
    """Unpacks zstd frames, one after the other, and raises EOFError when the last is cut off.

    The library's own stream reader takes a cut-off file for a whole one.
    """

    _STEP = 4096

    def __init__(self, raw: Readable) -> None:
        """Read packed bytes from `raw`."""
        self._raw = raw
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._begun = False
        self._ready = b""

    def read1(self, size: int) -> bytes:
        """Return at most `size` unpacked bytes, b"" at the end."""
        while not self._ready:
            packed = self._raw.read(self._STEP)
            if not packed:
                if self._begun:
                    raise EOFError("the last frame has no end")
                return b""
            self._ready = self._unpack(packed)
        piece, self._ready = self._ready[:size], self._ready[size:]
        return piece

    def _unpack(self, packed: bytes) -> bytes:
        out = b""
        while packed:
            self._begun = True
            out += self._frame.decompress(packed)
            packed = b""
            if self._frame.eof:
                packed = self._frame.unused_data
                self._frame = zstandard.ZstdDecompressor().decompressobj()
                self._begun = False
        return out

    def close(self) -> None:
        """Nothing to close: the packed file belongs to the source."""
