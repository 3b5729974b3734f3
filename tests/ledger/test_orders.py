from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.making import DAY, NOON, disclosed, half_sealed, who, write

from himaya.core.disclosure import Disclosures
from himaya.ledger import Ledger, orders, sealing
from himaya.ledger.files import Layout
from himaya.ledger.reader import Reader
from himaya.ledger.schema import EMPTY_ROW, SCHEMA, micros
from himaya.ledger.sealing import put_days
from himaya.ledger.state import read_state

ITEMS = [disclosed(NOON + n * 60, f"u{n % 5}", f"p{n % 7}", f"q{n}") for n in range(40)]


def _problems(directory: Path) -> list[str]:
    with Reader.open(directory) as reader:
        return reader.verify()


def _without_twins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make files as earlier releases did."""
    monkeypatch.setattr(sealing, "_put_twin", lambda *_: None)


def test_a_sealed_file_has_a_twin_sorted_by_subject(tmp_path: Path):
    """Every sealed file has a twin of the same name and rows, sorted by subject and then time."""
    write(tmp_path / "l", *ITEMS)
    layout = Layout(tmp_path / "l")
    (one,) = layout.sealed.iterdir()
    twin = pq.read_table(layout.twins / one.name)
    assert twin.column_names == list(orders.TWIN_COLUMNS)
    keys = list(zip(twin["subject"].to_pylist(), twin["time"].to_pylist(), strict=True))
    assert keys == sorted(keys)
    assert orders.digest(twin) == orders.digest(pq.read_table(one))


_rows = st.lists(
    st.fixed_dictionaries(
        {
            "time": st.integers(0, 9),
            "subject": st.integers(0, 3),
            "actor": st.integers(0, 3),
            "surface": st.sampled_from(["a", "b", ""]),
            "fields": st.sampled_from(["a", "b", "a,b"]),
        }
    ),
    max_size=6,
)


@given(one=_rows, other=_rows)
def test_a_digest_is_that_of_the_rows_in_any_order(one: list, other: list):
    """Two tables have the same digest exactly when they hold the same rows, in whatever order and chunks."""
    tables = [
        pa.concat_tables(
            [pa.Table.from_pylist([EMPTY_ROW | row], SCHEMA) for row in rows]
            or [SCHEMA.empty_table()]
        )
        for rows in (one, other, list(reversed(one)))
    ]
    digests = [orders.digest(table) for table in tables]
    same = sorted(map(repr, one)) == sorted(map(repr, other))
    assert (digests[0] == digests[1]) == same
    assert digests[0] == digests[2]


def test_a_twin_with_other_rows_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A twin that was written with other rows than its file is found, although its hash is the one in the chain."""
    real = orders.encode_twin
    monkeypatch.setattr(orders, "encode_twin", lambda table: real(table.slice(1)))
    write(tmp_path / "l", ITEMS[0], disclosed(NOON, "u1", "p1"))
    assert any("the chain says" in problem for problem in _problems(tmp_path / "l"))
    changed = pa.array([1] * 3, pa.int64())
    at = SCHEMA.names.index("actor")
    monkeypatch.setattr(
        orders, "encode_twin", lambda t: real(t.set_column(at, SCHEMA.field("actor"), changed))
    )
    write(tmp_path / "m", ITEMS[0], disclosed(NOON, "u1", "p1"))
    (problem,) = _problems(tmp_path / "m")
    assert "does not hold the same rows as" in problem
    monkeypatch.undo()
    write(tmp_path / "n", ITEMS[0], disclosed(NOON, "u1", "p1"))
    assert _problems(tmp_path / "n") == []


def test_files_without_twins_are_in_every_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Rows in files of earlier releases, in files with twins and in a live segment are all in an answer."""
    directory = tmp_path / "l"
    with monkeypatch.context() as earlier:
        _without_twins(earlier)
        write(directory, *ITEMS[:10])
    ledger = half_sealed(directory, ITEMS[10:], 20)
    with Reader.open(directory) as reader:
        twins = read_state(reader.chain).twins()
        assert 0 < len(twins) < len(read_state(reader.chain).files)
        assert reader.verify() == []
    for name in ("p3", "q5", "q15", "q35"):
        seen = {f"account:{item.actor.account}" for item in ITEMS if name in _shown(item)}
        assert {one.actor for one in who(directory, f"subject:{name}").actors} == seen
    ledger.close()


def _shown(item: Disclosures) -> set[str]:
    return {one.subject for one in item.shown}


def test_merging_makes_twins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The one file made of the many of a finished day has a twin, also when these had none; theirs go."""
    directory = tmp_path / "l"
    ledger = Ledger.open(directory, clock=lambda: NOON)
    for number, item in enumerate(ITEMS[:9]):
        with monkeypatch.context() as earlier:
            if number % 2:
                _without_twins(earlier)
            ledger.append(item)
            ledger.seal(NOON, everything=True)
    ledger.append(disclosed(NOON + DAY, "u1", "p1"))
    ledger.seal(NOON + 1.5 * DAY, everything=True)
    ledger.close()
    state, layout = read_state(ledger.chain), Layout(directory)
    assert state.twins() == set(state.files) == {path.name for path in layout.twins.iterdir()}
    assert len(state.files) == 2
    assert _problems(directory) == []


def test_files_outside_the_period_are_not_read(tmp_path: Path):
    """A question about a period reads no file of another time: there, damage does not stop it."""
    directory = tmp_path / "l"
    write(directory, *ITEMS[:5], *(disclosed(NOON + 3 * DAY, f"u{n}", "p1") for n in range(3)))
    layout = Layout(directory)
    before = who(directory, "subject:p1", 0, micros(NOON + DAY))
    for folder in (layout.sealed, layout.twins):
        max(folder.iterdir()).write_bytes(b"no rows")
    assert who(directory, "subject:p1", 0, micros(NOON + DAY)) == before
    assert len(who(directory, "account:u1", 0, micros(NOON + DAY)).subjects) == 2


def test_put_days_is_all_it_takes(tmp_path: Path):
    """Whoever writes rows through `put_days` and removes files through `remove_files` leaves no twin behind."""
    write(tmp_path / "l", *ITEMS)
    layout = Layout(tmp_path / "l")
    (one,) = layout.sealed.iterdir()
    made = put_days(layout, pq.read_table(one, schema=SCHEMA))
    assert len(list(layout.twins.iterdir())) == 2
    sealing.remove_files(layout, [file.name for file in made])
    assert [path.name for path in layout.twins.iterdir()] == [one.name]
