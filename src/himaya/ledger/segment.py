"""Write-ahead segments: an Arrow IPC stream file to which whole batches are appended.

Each batch carries the CRC-32 of its content. A crash can tear only the end; reading stops before the
first batch that is not whole, and opening for writing again cuts there. A file has one writer;
readers take no lock and see a batch as soon as it is written.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from himaya.core.errors import LedgerError
from himaya.ledger.files import sync_directory, write_all
from himaya.ledger.schema import SCHEMA

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")
_CRC = b"crc32"


def checksum(batch: pa.RecordBatch) -> bytes:
    """Return the CRC-32 over the buffers of a batch, in hex."""
    crc = 0
    for column in batch.columns:
        for buffer in column.buffers():
            if buffer is not None:
                crc = zlib.crc32(buffer, crc)
    return b"%08x" % crc


class SegmentWriter:
    """The open segment. Not safe for several threads at once."""

    def __init__(self, path: Path) -> None:
        """Create the file. Raises LedgerError."""
        self.path, self.rows, self.size = path, 0, 0
        self._sink = BytesIO()
        self._stream = pa.ipc.new_stream(self._sink, SCHEMA, options=_OPTIONS)
        try:
            self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            sync_directory(path.parent)
        except OSError as problem:
            raise LedgerError(f"{path}: cannot write: {problem.strerror}") from problem

    def write(self, batch: pa.RecordBatch) -> None:
        """Append one batch and make it durable.

        Raises LedgerError when it is not: then the file ends as before, and this writer is to be closed.
        """
        self._stream.write_batch(batch, custom_metadata={_CRC: checksum(batch)})
        data = self._sink.getvalue()
        self._sink.seek(0)
        self._sink.truncate()
        try:
            write_all(self._handle, data)
            os.fdatasync(self._handle)
        except OSError as problem:
            os.ftruncate(self._handle, self.size)
            raise LedgerError(f"{self.path}: cannot write: {problem.strerror}") from problem
        self.size += len(data)
        self.rows += len(batch)

    def close(self) -> None:
        """Close the file; it stays a segment."""
        os.close(self._handle)


@dataclass(frozen=True, slots=True)
class Segment:
    """What can be read of a segment: its whole batches, where they end, what is wrong behind them.

    `torn` is "" when the file ends with a whole batch.
    """

    batches: list[pa.RecordBatch]
    end: int
    size: int
    torn: str = ""

    @property
    def rows(self) -> int:
        """Return the number of whole rows."""
        return sum(len(batch) for batch in self.batches)

    @property
    def first(self) -> int:
        """Return the earliest time of a row in microseconds, 0 without rows."""
        times = [pc.min(batch.column("time")).as_py() for batch in self.batches]
        return min(times, default=0)


def read_segment(path: Path) -> Segment:
    """Return the whole batches of a segment. Raises FileNotFoundError and LedgerError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as problem:
        raise LedgerError(f"{path}: cannot read: {problem.strerror}") from problem
    return parse_segment(data)


def parse_segment(data: bytes) -> Segment:
    """Return the whole batches in the bytes of a segment; never raises for damaged bytes."""
    source = pa.BufferReader(data)
    batches: list[pa.RecordBatch] = []
    end, torn = 0, ""
    try:
        stream = pa.ipc.open_stream(source)
        if stream.schema != SCHEMA:
            raise pa.ArrowInvalid("the columns are not those of a ledger")
        while True:
            batch, about = stream.read_next_batch_with_custom_metadata()
            if about is None or about.get(_CRC) != checksum(batch):
                raise pa.ArrowInvalid("a batch does not fit its checksum")
            batches.append(batch)
            end = source.tell()
    except StopIteration:
        pass
    except (pa.ArrowException, OSError) as problem:
        torn = str(problem)
    if end < len(data) and not torn:
        torn = "bytes follow the last batch"
    return Segment(batches, end, len(data), torn)


def cut_segment(path: Path) -> Segment:
    """Cut what follows the last whole batch; return what was found. Raises LedgerError.

    A segment without a whole batch is removed.
    """
    segment = read_segment(path)
    try:
        if not segment.batches:
            path.unlink()
        elif segment.end < segment.size:
            os.truncate(path, segment.end)
    except OSError as problem:
        raise LedgerError(f"{path}: cannot write: {problem.strerror}") from problem
    return segment
