"""Write-ahead segments: an Arrow IPC stream file to which whole batches are appended.

Each batch carries the CRC-32 of its content. A crash can tear only the end; reading stops before the
first batch that is not whole, and opening for writing again cuts there. A file has one writer;
readers take no lock and see a batch as soon as it is written.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from himaya.core.errors import LedgerError
from himaya.ledger.files import sync_directory, write_all
from himaya.ledger.schema import EARLIER_SCHEMAS, EMPTY_ROW, SCHEMA, UNOBSERVED, completed

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")
_CRC = b"crc32"
_DAMAGED = "rows in the ledger were damaged"


def checksum(batch: pa.RecordBatch) -> bytes:
    """Return the CRC-32 over the buffers of a batch as read from a stream, in hex."""
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
        batch = pa.ipc.read_record_batch(batch.serialize(), SCHEMA)  # buffers as a reader has them
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


@dataclass(slots=True)
class Segment:
    """What can be read of a segment.

    `batches` are whole; `end` is where the last of them ends. `torn` says what is wrong behind it, "" when nothing
    follows. `damaged` counts batches that do not read although whole ones follow: in their place stands
    an unobserved period between their neighbours.
    """

    size: int
    batches: list[pa.RecordBatch] = field(default_factory=list)
    end: int = 0
    torn: str = ""
    damaged: int = 0

    @property
    def rows(self) -> int:
        """Return the number of whole rows."""
        return sum(len(batch) for batch in self.batches)

    @property
    def first(self) -> int:
        """Return the earliest time of a row in microseconds, 0 without rows."""
        return min((pc.min(batch.column("time")).as_py() for batch in self.batches), default=0)

    @property
    def last(self) -> int:
        """Return the latest time of a row in microseconds, 0 without rows."""
        return max((pc.max(batch.column("time")).as_py() for batch in self.batches), default=0)

    def take(self, batch: pa.RecordBatch, end: int) -> None:
        """Add a whole batch; what did not read before it was damage, not a torn end."""
        if self.torn:
            start = pc.min(batch.column("time")).as_py()
            self.batches.append(gap_row(min(self.last or start, start), start, _DAMAGED))
            self.damaged += 1
            self.torn = ""
        self.batches.append(batch)
        self.end = end


def gap_row(start: int, end: int, why: str) -> pa.RecordBatch:
    """Return one unobserved period (microseconds) as a batch."""
    about = {"kind": UNOBSERVED, "time": start, "until": end, "reason": why}
    return pa.RecordBatch.from_pylist([EMPTY_ROW | about], SCHEMA)


def read_segment(path: Path) -> Segment:
    """Return what can be read of a segment. Raises FileNotFoundError and LedgerError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as problem:
        raise LedgerError(f"{path}: cannot read: {problem.strerror}") from problem
    return parse_segment(data)


def whole_batches(path: Path, rows: int | None) -> list[pa.RecordBatch]:
    """Return the batches of a segment that nobody writes any more, to be put into files.

    `rows` is how many were put into it, None where another process did: a torn end then was damaged, and becomes an
    unobserved period. Raises LedgerError when it holds fewer rows.
    """
    try:
        segment, changed = read_segment(path), int(path.stat().st_mtime * 1e6)
    except FileNotFoundError:  # without a whole batch, and removed by the next writer of its slot
        segment, changed = Segment(0), 0
    if rows is not None and segment.rows < rows:
        raise LedgerError(
            f"{path}: holds {segment.rows} rows of {rows} written; it is kept as it is; run: himaya ledger verify"
        )
    if rows is None and segment.torn:
        last = segment.last or changed
        segment.batches.append(gap_row(min(last, changed), max(last, changed), _DAMAGED))
    return segment.batches


def parse_segment(data: bytes) -> Segment:
    """Return what can be read in the bytes of a segment; never raises for damaged bytes."""
    source, segment = pa.BufferReader(data), Segment(len(data))
    try:
        stream = pa.ipc.open_stream(source)
    except (pa.ArrowException, OSError) as problem:
        segment.torn = str(problem) if data else ""
        return segment
    if stream.schema not in (SCHEMA, *EARLIER_SCHEMAS):
        segment.torn = "the columns are not those of a ledger"
        return segment
    while (at := source.tell()) < len(data):
        try:
            segment.take(_next_batch(stream), source.tell())
        except StopIteration:
            segment.torn = segment.torn or "bytes follow the end"
            break
        except (pa.ArrowException, OSError) as problem:
            segment.torn = f"at byte {at}: {problem}"
            if source.tell() <= at:
                break
    return segment


def _next_batch(stream: pa.ipc.RecordBatchStreamReader) -> pa.RecordBatch:
    batch, about = stream.read_next_batch_with_custom_metadata()
    # The number of nulls stands outside of what the checksum covers.
    if any(column.null_count and not _has_nulls(column) for column in batch.columns):
        raise pa.ArrowInvalid("a batch counts nulls that it does not hold")
    if about is None or about.get(_CRC) != checksum(batch):
        raise pa.ArrowInvalid("a batch does not fit its checksum")
    return batch if batch.schema == SCHEMA else _completed(batch)


def _has_nulls(column: pa.Array) -> bool:
    """Tell whether a column says which of its values are null."""
    validity = column.buffers()[0]
    return validity is not None and validity.size > 0


def _completed(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch of a segment that was begun before a release with more columns."""
    columns = completed(pa.Table.from_batches([batch])).columns
    return pa.record_batch([column.combine_chunks() for column in columns], schema=SCHEMA)


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
