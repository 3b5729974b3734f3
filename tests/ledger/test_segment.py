from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.errors import LedgerError
from himaya.ledger.segment import (
    SegmentWriter,
    cut_segment,
    gap_row,
    parse_segment,
    read_segment,
)


@pytest.fixture(name="segment", scope="module")
def _segment(tmp_path_factory) -> tuple[bytes, list[int]]:
    """A segment of six batches, and where each ends."""
    writer = SegmentWriter(tmp_path_factory.mktemp("segment") / "1.arrow")
    ends = []
    for number in range(6):
        writer.write(gap_row(number, number + 1, "x" * number))
        ends.append(writer.size)
    writer.close()
    return writer.path.read_bytes(), ends


@given(share=st.floats(0, 1))
def test_a_torn_segment_gives_its_whole_batches(segment, share: float):
    """Wherever a crash tears a segment, exactly the batches before the tear are read."""
    data, ends = segment
    cut = int(len(data) * share)
    found = parse_segment(data[:cut])
    assert found.rows == sum(end <= cut for end in ends)
    assert found.end == max((end for end in ends if end <= cut), default=0)


@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_changed_byte_never_makes_another_row(segment, at: float, bit: int):
    """One flipped bit anywhere loses at most rows; none is changed, none is made up."""
    data, _ = segment
    changed = bytearray(data)
    changed[int(len(data) * at)] ^= 1 << bit
    rows = [
        row
        for batch in parse_segment(bytes(changed)).batches
        for row in batch.to_pylist()
        if row["reason"] != "rows in the ledger were damaged"
    ]
    assert all(
        row["reason"] == "x" * row["time"] and row["until"] == row["time"] + 1 for row in rows
    )


def test_damage_in_the_middle_is_an_unobserved_period(segment):
    """Rows behind a damaged batch are still read, and its place is named as unobserved."""
    data, ends = segment
    changed = bytearray(data)
    changed[ends[2] - 20] ^= 0xFF
    found = parse_segment(bytes(changed))
    assert found.damaged == 1
    assert found.end == len(data)
    gaps = [
        row for batch in found.batches for row in batch.to_pylist() if "damaged" in row["reason"]
    ]
    assert [(gap["time"], gap["until"]) for gap in gaps] == [(1, 3)]


def test_no_bytes_make_the_reader_fail():
    """Bytes that are no segment at all are read as nothing."""
    noise = random.Random(5).randbytes(5000)
    assert parse_segment(noise).rows == parse_segment(b"").rows == 0
    assert parse_segment(noise).torn


def test_opening_again_cuts_the_torn_end(tmp_path: Path, segment):
    """The torn end of a segment is cut off, whole batches stay, an empty segment goes."""
    data, ends = segment
    path, empty = tmp_path / "1.arrow", tmp_path / "2.arrow"
    path.write_bytes(data[: ends[3] + 7])
    empty.write_bytes(data[:9])
    assert cut_segment(path).rows == 4
    assert path.stat().st_size == ends[3]
    assert read_segment(path).torn == ""
    cut_segment(empty)
    assert not empty.exists()


def test_a_segment_is_never_written_over(tmp_path: Path):
    """A segment file that exists is refused."""
    (tmp_path / "1.arrow").write_bytes(b"old")
    with pytest.raises(LedgerError, match="cannot write"):
        SegmentWriter(tmp_path / "1.arrow")
