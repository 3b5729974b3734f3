from __future__ import annotations

import random

import pytest
from tests.analysis.attribution.world import PEOPLE, crowd, ledger
from tests.ledger.making import NOON, disclosed

from himaya.analysis.attribution import FileRows, MarksWanted, Terms, Wanted, compare, gather
from himaya.analysis.attribution.marked import digest_of
from himaya.core.errors import InputError
from himaya.ledger.reader import Reader
from himaya.marks import Marks

KEY = b"m" * 32
TAKEN = [f"p{number}" for number in range(0, PEOPLE, 4)]


def renderings(person: str) -> tuple[str, str]:
    return f"Town of {person}", f"Town of {person}, Norway"


def answer(where, directory, rows: list[str]):
    file, listed = directory / "found.csv", directory / "renderings.csv"
    file.write_text("id,town\n" + "".join(rows))
    pairs = (
        f'p{n},city,{renderings(f"p{n}")[0]},"{renderings(f"p{n}")[1]}"\n' for n in range(PEOPLE)
    )
    listed.write_text("id,field,first,second\n" + "".join(pairs))
    with Reader.open(where) as reader:
        rows_ = FileRows(file, Wanted(("id",), ("town",)), "csv")
        found = gather(rows_, reader.identities, {"city": digest_of})
        return compare(reader, found, Terms(marks=MarksWanted(KEY, listed)))


def test_marks_name_each_of_a_fleet(tmp_path):
    """Of ten accounts that took a part each, every one is named by its marks, and nobody of the crowd."""
    marks = Marks(KEY, {"city": "location"})
    parts = {f"m{n}": TAKEN[n::10] for n in range(10)}
    where = ledger(
        tmp_path,
        *crowd(random.Random(1)),
        *(disclosed(NOON, who, *part) for who, part in parts.items()),
    )
    rows = [
        f'{one},"{marks.choose(who, one, "city", renderings(one))}"\n'
        for who, part in parts.items()
        for one in part
    ]
    told = answer(where, tmp_path, [*rows, "p3,Somewhere else\n", "x9,Oslo\n"])
    assert {one.name for one in told.marks} == {f"account:m{n}" for n in range(10)}
    assert {one.fits == one.marks == 100 for one in told.marks} == {True}


def test_without_marks_nobody_is_named_by_them(tmp_path):
    """A file that has the first rendering everywhere is no evidence by marks against anybody."""
    where = ledger(tmp_path, *crowd(random.Random(1)), disclosed(NOON, "taker", *TAKEN))
    told = answer(where, tmp_path, [f"{one},{renderings(one)[0]}\n" for one in TAKEN])
    assert told.marks == []
    assert [one.name for one in told.candidates] == ["account:taker"]


def test_a_list_of_renderings_that_cannot_be_read_is_named(tmp_path):
    """A list with other columns is an error with file and line."""
    where = ledger(tmp_path, disclosed(NOON, "u1", "p1"))
    (tmp_path / "r.csv").write_text("id,first\n")
    (tmp_path / "f.csv").write_text("id,town\np1,Oslo\n")
    with Reader.open(where) as reader:
        rows = FileRows(tmp_path / "f.csv", Wanted(("id",), ("town",)), "csv")
        found = gather(rows, reader.identities, {"city": digest_of})
        with pytest.raises(InputError, match=r"r\.csv:1: expected the columns"):
            compare(reader, found, Terms(marks=MarksWanted(KEY, tmp_path / "r.csv")))
