"""Marks in a file: whose choices of renderings it has, actor by actor, also where each took little."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from math import exp, log
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

import ibis
import ibis.expr.types as ir
import msgspec
import pyarrow as pa

from himaya.analysis.attribution.chance import holm
from himaya.analysis.attribution.measure import MOST
from himaya.analysis.attribution.people import Gathering
from himaya.analysis.attribution.result import Marked
from himaya.core.errors import InputError
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind
from himaya.marks import Score, score

#: Marks of an actor from which on it is scored, and those that are looked at.
LEAST, ENOUGH = 20, 2000
_HEAD = ["id", "field", "first", "second"]
_CHUNK = 10_000


class Found(NamedTuple):
    """A mark that the file has: the person, the field, and which rendering."""

    person: str
    field: str
    rendering: int


class MarksWanted(msgspec.Struct, frozen=True):
    """The site's key of marks, and its list of renderings: a table with the columns id, field, first, second."""

    key: bytes
    renderings: Path


def digest_of(_subject: str, value: str) -> str:
    """Return what stands in memory for a cell of the file: a digest of its text, blanks around it left out."""
    text = normalize("NFC", value.strip())
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def marks_of(
    reader: Reader, rows: ir.Table, file: Gathering, wanted: MarksWanted, tested: int
) -> list[Marked]:
    """Return the actors of whose choices the file has more than chance gives, best first, within `Reader.ask`.

    p-values are corrected for `tested` actors; all are returned that were scored. Raises InputError and LedgerError.
    """
    found = _found(reader, file, wanted.renderings)
    if not found:
        return []
    marked = ibis.memtable(pa.table({"person": pa.array(sorted(found), pa.int64())}))
    met = rows.semi_join(marked, rows.subject == marked.person).select("actor", "subject")
    met = met.distinct()
    counted = met.group_by("actor").aggregate(marks=met.count())
    most = (
        counted.filter(counted.marks >= LEAST).order_by([ibis.desc("marks"), "actor"]).limit(MOST)
    )
    pairs = met.semi_join(most, "actor").order_by(["actor", "subject"])
    people: dict[int, list[int]] = {}
    for row in reader.table(pairs).to_pylist():
        people.setdefault(row["actor"], []).append(row["subject"])
    return _ranked(reader, wanted.key, people, found, tested)


def _ranked(
    reader: Reader,
    key: bytes,
    people: Mapping[int, list[int]],
    found: Mapping[int, list[Found]],
    tested: int,
) -> list[Marked]:
    names = reader.identities.names(people)
    scores = {
        name: score(key, name.partition(":")[2], _seen(people[actor], found))
        for actor, name in names.items()
    }
    corrected = holm([one.log_p for one in scores.values()], tested)
    made = [_marked(n, s, p) for (n, s), p in zip(scores.items(), corrected, strict=True)]
    return sorted(made, key=lambda one: (one.log10_p, one.name))


def _seen(people: Sequence[int], found: Mapping[int, list[Found]]) -> list[Found]:
    return [mark for person in people for mark in found[person]][:ENOUGH]


def _marked(name: str, told: Score, p: float) -> Marked:
    return Marked(name, told.marks, told.fits, exp(p), round(p / log(10), 2))


def _found(reader: Reader, file: Gathering, renderings: Path) -> dict[int, list[Found]]:
    """Return the marks of the file by person; a cell that is neither rendering, or could be both, is none."""
    cells: dict[tuple[int, str], set[str]] = {}
    for field in file.fields:
        table = file.values(field)
        for number, digest in zip(
            *(table.column(n).to_pylist() for n in ("person", "hash")), strict=True
        ):
            cells.setdefault((number, field), set()).add(digest)
    found: dict[int, list[Found]] = {}
    for number, (person, field, first, second) in _listed(reader, renderings):
        has = cells.get((number, field), set())
        both = (digest_of(person, first) in has, digest_of(person, second) in has)
        if both[0] != both[1]:
            found.setdefault(number, []).append(Found(person, field, int(both[1])))
    return found


def _listed(reader: Reader, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of the list of renderings with the surrogate of each person. Raises InputError."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file, strict=True)
            if next(rows, None) != _HEAD:
                raise InputError(f"expected the columns {', '.join(_HEAD)}", file=str(path), line=1)
            part: list[list[str]] = []
            for row in rows:
                if len(row) != len(_HEAD):
                    raise InputError("expected four cells", file=str(path), line=rows.line_num)
                part.append(row)
                if len(part) >= _CHUNK:
                    yield from _numbered(reader, part)
                    part = []
            yield from _numbered(reader, part)
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise InputError(f"cannot be read: {problem}", file=str(path)) from problem


def _numbered(reader: Reader, part: list[list[str]]) -> Iterator[tuple[int, list[str]]]:
    numbers = reader.identities.numbers(Kind.SUBJECT, [row[0] for row in part])
    return ((number, row) for number, row in zip(numbers, part, strict=True) if number)
