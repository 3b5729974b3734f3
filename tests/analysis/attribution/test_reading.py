from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from himaya.analysis.attribution import FileRows, Wanted, form_of, reading
from himaya.core.errors import InputError


def read(path: Path, *keys: str, pattern: str = "", columns: tuple[str, ...] = (), form="csv"):
    """Return the ids of each row, the further columns, and how many rows are unusable."""
    chunks = list(FileRows(path, Wanted(keys or ("id",), columns, pattern), form).chunks())
    ids = [row for chunk in chunks for row in zip(*chunk.keys, strict=True)]
    more = [row for chunk in chunks for row in zip(*chunk.columns, strict=True)]
    return ids, more, sum(chunk.unusable for chunk in chunks)


def write(path: Path, data: bytes, name: str = "found.csv") -> Path:
    (path / name).write_bytes(data)
    return path / name


def test_every_row_is_counted_once(tmp_path):
    """Rows with an id are read, rows without one, of another width or no text are unusable; blank lines are none."""
    data = b'\xef\xbb\xbfid,city\np1,Oslo\n,Rome\np2\n\np\xff,x\n p3 ,"a\n b"\n'
    ids, more, unusable = read(write(tmp_path, data), columns=("city",))
    assert (ids, more, unusable) == ([("p1",), ("p3",)], [("Oslo",), ("a\n b",)], 3)


def test_a_quote_that_never_ends_loses_no_count(tmp_path):
    """What stands behind an open quote cannot be read; each of its lines is unusable, none is guessed."""
    ids, _, unusable = read(write(tmp_path, b'id,b\np1,x\np2,"y\np3,z\np4,z\n'))
    assert (ids, unusable) == ([("p1",)], 3)


def test_a_line_without_end_is_one_unusable_row(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """A line longer than the bound is never held in memory."""
    monkeypatch.setattr(reading, "MAX_LINE", 64)
    ids, _, unusable = read(write(tmp_path, b"id\np1\n" + b"x" * 1000 + b"\np2\n"))
    assert (ids, unusable) == ([("p1",), ("p2",)], 1)


def test_an_id_is_taken_out_of_an_address(tmp_path):
    """With a pattern the id ends where the segment does, and escapes are undone; other addresses are unusable."""
    data = b"id\nhttps://a.example/u/anna%20b?x=1\n/u/p2/photos\n/about\n"
    ids, _, unusable = read(write(tmp_path, data), pattern="/u/{subject}")
    assert (ids, unusable) == ([("anna b",), ("p2",)], 1)


def test_lines_of_json_are_read(tmp_path):
    """Ids are texts or whole numbers; anything else, and what is no object, is unusable."""
    data = b'{"id": 7}\n{"id": "p1", "x": 1}\n{"id": true}\n[1]\n{"id"\n\n{"x": 2}\n'
    ids, _, unusable = read(write(tmp_path, data, "f.jsonl"), form="jsonl")
    assert (ids, unusable) == ([("7",), ("p1",)], 4)


def test_several_key_columns_stand_side_by_side(tmp_path):
    """A row is usable when any of its key columns holds an id."""
    data = b"id\tother\np1\t\n\tp2\n\t\n"
    ids, _, unusable = read(write(tmp_path, data), "id", "other", form="tsv")
    assert (ids, unusable) == ([("p1", ""), ("", "p2")], 1)


@pytest.mark.parametrize(
    ("head", "told"), [(b"a,b\n", "is not in its first line"), (b"id,id\n", "twice")]
)
def test_a_column_that_is_not_there_is_named(tmp_path, head, told):
    """A key column that is missing, or stands there twice, is an error with file and line."""
    with pytest.raises(InputError, match=rf"found\.csv:1: column 'id' .*{told}"):
        read(write(tmp_path, head + b"1,2\n"))


def test_the_name_says_the_form(tmp_path):
    """An ending that says nothing is an error that names the option."""
    assert form_of(Path("x.TSV")) == "tsv"
    with pytest.raises(InputError, match="--format"):
        form_of(Path("dump.sql"))
    with pytest.raises(InputError, match="--key-pattern"):
        read(write(tmp_path, b"id\n1\n"), pattern="/u/")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(data=st.binary(max_size=400), form=st.sampled_from(["csv", "tsv", "jsonl"]))
def test_no_bytes_are_too_strange(tmp_path, data, form):
    """Whatever a file holds, reading ends with counts or with an error that names the file."""
    path = write(tmp_path, b"id\n" + data)
    ids, _, unusable = read(path, form=form)
    assert len(ids) + unusable <= data.count(b"\n") + data.count(b"\r") + 2
