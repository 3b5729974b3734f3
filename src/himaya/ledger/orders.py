"""The two orders of a sealed file: by actor with every column, and its twin by subject with those that tell of people.

What an actor was shown stands together in the one, who was shown a person in the other, so that the smallest and
greatest value of each group of rows say where a question need not look. Columns, encodings and sizes are chosen by
measurement (`docs/ledger_files.md`).
"""

from __future__ import annotations

import hashlib
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

#: Which copy of the files a question reads.
Order = Literal["actor", "subject"]

#: Columns of the twin: what questions about people ask for. The facets beside the actor (session, address and others)
#: are as good as random in this order, and would more than double it.
TWIN_COLUMNS = (
    "time",
    "kind",
    "surface",
    "actor",
    "subject",
    "fields",
    "scope",
    "certainty",
    "decision",
)

#: Rows whose smallest and greatest values are known without reading them.
_GROUP_ROWS = 131_072
#: In a group of rows nearly every person of the actor order, and every time, is another: a dictionary only costs.
_PLAIN = {"time", "subject"}
#: In the twin people ascend, and so do the times of each: differences are smaller than the values. (DuckDB refuses
#: BYTE_STREAM_SPLIT of integers.)
_DELTA = {"subject": "DELTA_BINARY_PACKED", "time": "DELTA_BINARY_PACKED"}


def encode(table: pa.Table) -> bytes:
    """Return rows as Parquet with every column, sorted by actor, then time."""
    return _encode(table, "actor")


def encode_twin(table: pa.Table) -> bytes:
    """Return rows as Parquet with the columns of the twin, sorted by subject, then time."""
    return _encode(table.select(TWIN_COLUMNS), "subject", _DELTA)


def _encode(table: pa.Table, by: Order, encodings: dict[str, str] | None = None) -> bytes:
    order = pc.sort_indices(table, sort_keys=[(by, "ascending"), ("time", "ascending")])
    sink = pa.BufferOutputStream()
    pq.write_table(
        table.take(order).combine_chunks(),
        sink,
        compression="zstd",
        use_dictionary=[name for name in table.column_names if name not in _PLAIN],
        row_group_size=_GROUP_ROWS,
        column_encoding=encodings,
    )
    data: bytes = sink.getvalue().to_pybytes()
    return data


def digest(table: pa.Table) -> int:
    """Return a digest of the twin's columns of rows that does not depend on their order.

    Each row becomes 64 bits, and the digest is their sum modulo 2**64: files that hold the same rows have the same one,
    and others have it by chance once in 2**64. It is not keyed: what was changed on purpose is found by the hashes.
    """
    rows = np.zeros(len(table), np.uint64)
    for name in TWIN_COLUMNS:
        rows = _mixed(rows ^ _numbers(table.column(name)))
    return int(rows.sum(dtype=np.uint64)) if len(rows) else 0


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    """Return a column as 64-bit numbers: words by the numbers of their bytes."""
    if column.type != pa.string():
        return np.asarray(column.to_numpy(), np.int64).view(np.uint64)
    words = column.combine_chunks().dictionary_encode()
    if isinstance(words, pa.ChunkedArray):
        words = words.unify_dictionaries().combine_chunks()
    known = np.array([_number(word) for word in words.dictionary.to_pylist()], np.uint64)
    numbers: npt.NDArray[np.uint64] = known[words.indices.to_numpy()]
    return numbers


def _number(word: str) -> int:
    """Return the first 64 bits of the SHA-256 of a word."""
    return int.from_bytes(hashlib.sha256(word.encode()).digest()[:8])


def _mixed(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return numbers in which every bit depends on every bit: the finalizer of MurmurHash3, by Austin Appleby."""
    numbers = (numbers ^ (numbers >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    numbers = (numbers ^ (numbers >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return numbers ^ (numbers >> np.uint64(33))
