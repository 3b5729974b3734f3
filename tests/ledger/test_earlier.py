"""Files of an earlier release, without the columns that came later, are read beside new ones."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from tests.ledger.making import DAY, NOON, disclosed, people, write

from himaya.ledger import Ledger, segment
from himaya.ledger import entries as e
from himaya.ledger.chain import Chain
from himaya.ledger.files import Layout
from himaya.ledger.reader import Reader
from himaya.ledger.schema import EARLIER_SCHEMAS, LATER, SCHEMA, completed, iso, micros
from himaya.ledger.sealing import encode, put_file, read_rows
from himaya.ledger.segment import SegmentWriter, read_segment
from himaya.ledger.state import read_state


def _grouped(at: float, person: str, **more: str):
    return msgspec.structs.replace(disclosed(at, "u1", person), **more)


def _age(directory: Path) -> None:
    """Make all sealed files of a ledger such as an earlier release wrote."""
    with Reader.open(directory) as reader:
        keys, state = reader.keys, reader.state()
    layout = Layout(directory)
    made = []
    for file in state.files.values():
        table = read_rows(layout, file).drop_columns(list(LATER))
        made.append(put_file(layout, file.day, table, encode(table)))
    entry = e.Merged(at=iso(micros(NOON)), add=tuple(made), drop=tuple(state.files))
    Chain(layout, keys).append(entry)


def test_old_files_are_answered_for_alone_and_beside_new_ones(tmp_path):
    """Rows of an earlier release count as charged to no batch and no group; new rows beside them say theirs."""
    directory = tmp_path / "ledger"
    write(directory, _grouped(NOON, "old", batch="b", group="g"))
    _age(directory)
    assert people(directory, "account:u1") == ["old"]
    write(directory, _grouped(NOON + 60, "new", batch="b4", group="g-1"))
    assert people(directory, "account:u1") == ["new", "old"]
    with Reader.open(directory) as reader:
        told = [(row.subject, row.batch, row.group) for row in reader.rows()]
        assert reader.verify() == []
    assert told == [("old", "", ""), ("new", "b4", "g-1")]


def test_old_and_new_files_of_a_day_become_one(tmp_path):
    """Eight small files of a finished day are put together, whichever release wrote them."""
    directory = tmp_path / "ledger"
    for number in range(4):
        write(directory, disclosed(NOON + number, "u1", f"old{number}"))
    _age(directory)
    for number in range(4):
        write(directory, _grouped(NOON + 10 + number, f"new{number}", group="g-1"))
    with Ledger.open(directory, clock=lambda: NOON + 3 * DAY) as ledger:
        ledger.append(disclosed(NOON + 2 * DAY, "u1", "later"))
        ledger.seal(NOON + 3 * DAY, everything=True)
        (merged,) = [f for f in read_state(ledger.chain).files.values() if f.rows == 8]
        groups = read_rows(ledger.layout, merged).column("group").to_pylist()
    assert groups == [""] * 4 + ["g-1"] * 4
    assert len(people(directory, "account:u1")) == 9


def test_a_segment_of_an_earlier_release_is_read(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """A gate that was stopped hard before an update loses no row by it."""
    batch = pa.RecordBatch.from_pylist([{"kind": "unobserved", "time": 1}], EARLIER_SCHEMAS[0])
    with monkeypatch.context() as earlier:
        earlier.setattr(segment, "SCHEMA", EARLIER_SCHEMAS[0])
        writer = SegmentWriter(tmp_path / "1.arrow")
        writer.write(batch)
        writer.close()
    found = read_segment(writer.path)
    assert (found.rows, found.torn, found.batches[0].schema) == (1, "", SCHEMA)
    assert found.batches[0].column("group").to_pylist() == [""]


def test_rows_that_lack_nothing_stay_as_they_are():
    """Completing a table twice is completing it once."""
    table = pa.Table.from_pylist([{"time": 3, "group": "g"}, {"time": 4}], SCHEMA)
    once = completed(table)
    assert once.column("group").to_pylist() == ["g", ""]
    assert completed(once) == once
