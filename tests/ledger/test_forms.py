"""A row is the same row in every form that the ledger has or had: each question has one answer, which a list gives."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.making import DAY, NOON, write

from himaya.ledger import archive, sealing, segment
from himaya.ledger import entries as e
from himaya.ledger import queries as q
from himaya.ledger.reader import Reader
from himaya.ledger.schema import (
    EARLIER_SCHEMAS,
    EMPTY_ROW,
    HIT,
    LATER,
    MISS,
    SCHEMA,
    UNATTRIBUTED,
    UNOBSERVED,
    day_of,
    micros,
)

Rows = list[dict]
_NUMBERS = st.integers(1, 3)
#: What rows of a form lack: they were written before these columns.
LACK = {"first": LATER, "second": ("version",), "first live": LATER, "second live": ("version",)}
FORMS = ("live", "twin", "plain", "archive", *LACK)
_SPAN = (micros(NOON - 2 * DAY), micros(NOON + DAY))
_KNOWN = [3]


def _fix(row: dict) -> dict:
    """Make a drawn row one that a writer could have written."""
    if row["kind"] == UNOBSERVED:
        about = {"until": row["time"] + row["count"] * 60_000_000, "reason": row["reason"]}
        return EMPTY_ROW | {"time": row["time"], "kind": UNOBSERVED} | about
    named = 0 if row["kind"] in {MISS, UNATTRIBUTED} else row["subject"]
    return EMPTY_ROW | row | {"subject": named, "reason": ""}


_row = st.fixed_dictionaries(
    {
        "time": st.sampled_from([micros(NOON + n * DAY / 3) for n in range(-6, 4)]),
        "kind": st.sampled_from(["profile", "listing", HIT, MISS, UNATTRIBUTED, UNOBSERVED]),
        "surface": st.sampled_from(["profile", "lookup"]),
        "actor": _NUMBERS,
        "account": st.integers(0, 2),
        "address": _NUMBERS,
        "prefix": st.integers(0, 2),
        "tier": st.sampled_from(["", "gold"]),
        "account_age_s": st.sampled_from([-1, 50, 9000]),
        "access": st.sampled_from(["anonymous", "account", "key"]),
        "subject": _NUMBERS,
        "fields": st.sampled_from(["name", "email,name"]),
        "certainty": st.sampled_from(["served", "partial"]),
        "policy": st.sampled_from(["", "a" * 16, "b" * 16]),
        "count": st.integers(0, 4),
        "reason": st.sampled_from(["silent", "full"]),
        "group": st.sampled_from(["", "g"]),
        "batch": st.sampled_from(["", "b"]),
        "version": st.sampled_from(["", "v"]),
    }
).map(_fix)


# -- a list that is counted -----------------------------------------------------------------------


def _times(rows: Rows) -> dict:
    times = [row["time"] for row in rows]
    return {"first": min(times), "last": max(times), "times": len(times)}


def _by(rows: Rows, *columns: str) -> Iterator[tuple[dict, Rows]]:
    for key in sorted({tuple(row[name] for name in columns) for row in rows}):
        about = dict(zip(columns, key, strict=True))
        yield about, [row for row in rows if about.items() <= row.items()]


def _exposure(rows: Rows, by: str) -> Rows:
    return [about | _times(some) for about, some in _by(rows, by, "fields", "certainty")]


def _people(rows: Rows) -> Rows:
    return [row for row in rows if row["subject"] not in {0, *_KNOWN}]


def _distinct(rows: Rows, column: str = "subject") -> int:
    return len({row[column] for row in rows} - {0})


def _inside(rows: Rows) -> Rows:
    return [row for row in rows if _SPAN[0] <= row["time"] < _SPAN[1]]


def _of(rows: Rows, **about: object) -> Rows:
    return [row for row in rows if about.items() <= row.items()]


def _tallies(rows: Rows) -> Rows:
    unnamed = sum(row["count"] for row in _of(rows, kind=UNATTRIBUTED))
    return [{"unattributed": unnamed, "misses": len(_of(rows, kind=MISS))}]


def _unobserved(rows: Rows) -> Rows:
    names = ("time", "until", "reason", "surface", "source")
    gaps = [row for row in _of(rows, kind=UNOBSERVED) if row["until"] > 0]
    return [{name: row[name] for name in names} for row in gaps]


def _span(rows: Rows) -> Rows:
    seen = [row["time"] for row in rows if row["kind"] != UNOBSERVED]
    first, last = min(seen, default=None), max(seen, default=None)
    return [{"rows": len(rows), "first": first, "last": last}]


def _extent(rows: Rows) -> Rows:
    last = max(max(row["time"], row["until"]) for row in rows)
    return [{"first": min(row["time"] for row in rows), "last": last}]


def _per(rows: Rows, column: str) -> Rows:
    return [about | {"people": _distinct(some)} for about, some in _by(rows, column)]


def _surfaces(rows: Rows) -> Rows:
    found = _by(_people(rows), "surface")
    return [about | {"people": _distinct(some), "rows": len(some)} for about, some in found]


def _union(rows: Rows) -> Rows:
    mine = [row for row in rows if row["actor"] in {1, 2} and row["subject"]]
    return [{"name": "g", "people": _distinct(mine)}] if mine else []


def _members() -> ibis.Table:
    return q.members([(1, "g"), (2, "g")])


#: Question -> the order it reads, its expression, the same counted.
QUESTIONS: dict[str, tuple[str, Callable, Callable[[Rows], Rows]]] = {
    "who an actor saw": (
        "actor",
        lambda t: q.exposure(q.people(q.within(q.facet(t, "actor", 1), *_SPAN), _KNOWN), "subject"),
        lambda rows: _exposure(_people(_of(_inside(rows), actor=1)), "subject"),
    ),
    "who saw a person": (
        "subject",
        lambda t: q.exposure(q.facet(t, "subject", 2), "actor"),
        lambda rows: _exposure(_of(rows, subject=2), "actor"),
    ),
    "who saw some people": (
        "subject",
        lambda t: q.exposure(q.any_of(t, "subject", [1, 2]), "actor"),
        lambda rows: _exposure([row for row in rows if row["subject"] in {1, 2}], "actor"),
    ),
    "a person by actor order": (
        "actor",
        lambda t: q.exposure(q.facet(t, "subject", 2), "actor"),
        lambda rows: _exposure(_of(rows, subject=2), "actor"),
    ),
    "surfaces": ("subject", lambda t: q.people_per_surface(q.people(t, _KNOWN)), _surfaces),
    "canaries": (
        "actor",
        lambda t: q.exposure(q.canaries(t, _KNOWN), "actor"),
        lambda rows: _exposure(_of(rows, subject=3), "actor"),
    ),
    "per actor": (
        "actor",
        lambda t: q.people_per_actor(t, _KNOWN),
        lambda rows: _per(_people(rows), "actor"),
    ),
    "places": (
        "actor",
        q.places,
        lambda rows: [a | _times(some) for a, some in _by(rows, "prefix") if a["prefix"]],
    ),
    "tallies": ("actor", q.tallies, _tallies),
    "unobserved": ("actor", lambda t: q.unobserved(t, 0, 2**62), _unobserved),
    "policies": (
        "actor",
        lambda t: q.policies(t, 0, 2**62),
        lambda rows: [a for a, _ in _by(rows, "policy") if a["policy"]],
    ),
    "grouped": (
        "actor",
        q.grouped,
        lambda rows: [a for a, _ in _by(rows, "actor", "group") if a["group"]],
    ),
    "groups": ("actor", lambda t: q.union_by_group(t, _members(), 9), _union),
    "extent": ("actor", q.extent, _extent),
    "span": ("actor", q.span, _span),
    "days": (
        "actor",
        q.days,
        lambda rows: [{"day": day} for day in {day_of(row["time"]) for row in rows}],
    ),
    "all rows": ("actor", lambda t: t, lambda rows: rows),
}
#: Asked of rows in files and of the same rows in a segment.
ALIKE = {
    "union by week": lambda t: q.union_by_week(q.cohorts(t, {"a" * 16: 100}, 60)),
    "newly by week": lambda t: q.newly_by_week(q.cohorts(t, {}, 60), _SPAN[0]),
    "look-ups by week": lambda t: q.lookups_by_week(q.cohorts(t, {}, 60), ["lookup"]),
    "accounts at": lambda t: q.accounts_at(t, "address", [1], _SPAN[0]),
    "addresses of": lambda t: q.addresses_of(t, [1, 2], 0, 5),
    "beside": lambda t: q.beside(t, "account", 1, [1, 2]),
    "held": lambda t: q.held(t, "subject", 1, *_SPAN),
}


# -- every form -----------------------------------------------------------------------------------


@pytest.fixture(name="empty", scope="module")
def _empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger without rows, with a sealing key beside it."""
    place = tmp_path_factory.mktemp("forms") / "empty"
    write(place / "l")
    archive.create_sealing_key(place / "sealing.key")
    return place


@contextmanager
def _ledger(empty: Path, parts: dict[str, Rows]) -> Iterator[Reader]:
    """Open a ledger that holds rows of each form."""
    place = empty.with_name("now")
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(empty, place)
    private = archive.read_sealing_key(place / "sealing.key")
    with Reader.open(place / "l", sealing_key=private) as reader:
        number, files = 0, []
        for form, rows in parts.items():
            table = pa.Table.from_pylist(rows, SCHEMA).drop_columns([*LACK.get(form, ())])
            if form.endswith("live"):
                number += 1
                _live(reader.layout.segment(5, number), table)
            else:
                files += [_file(reader, form, rows) for rows in _days(table)]
        reader.chain.append(e.Sealed(at="2025-06-15T12:00:00Z", add=tuple(files)))
        yield reader


def _days(table: pa.Table) -> list[pa.Table]:
    rows = table.to_pylist()
    days = sorted({day_of(row["time"]) for row in rows})
    parts = [[row for row in rows if day_of(row["time"]) == day] for day in days]
    return [pa.Table.from_pylist(part, table.schema) for part in parts]


def _live(path: Path, table: pa.Table) -> None:
    with patch.object(segment, "SCHEMA", table.schema):
        assert table.schema in {SCHEMA, *EARLIER_SCHEMAS}
        writer = segment.SegmentWriter(path)
        for batch in table.combine_chunks().to_batches():
            writer.write(batch)
        writer.close()


def _file(reader: Reader, form: str, table: pa.Table) -> e.File:
    day, data = day_of(table.column("time")[0].as_py()), sealing.encode(table)
    if form == "archive":
        public = archive.X25519PrivateKey.from_private_bytes(_private(reader)).public_key()
        data = archive.encrypt(data, public.public_bytes_raw())
        return sealing.put_file(reader.layout, day, table, data, archive=True)
    if form == "twin":
        return sealing.put_file(reader.layout, day, table, data)
    with patch.object(sealing, "_put_twin", lambda *_: None):
        return sealing.put_file(reader.layout, day, table, data)


def _private(reader: Reader) -> bytes:
    return archive.read_sealing_key(reader.layout.directory.with_name("sealing.key"))


def _told(rows: Rows) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def _asked(reader: Reader) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the answers to both kinds of questions, all of one moment."""

    def answers(moment):
        first = {
            name: _told(reader.table(ask(moment.rows(order))).to_pylist())
            for name, (order, ask, _) in QUESTIONS.items()
        }
        alike = {n: _told(reader.table(a(moment.rows())).to_pylist()) for n, a in ALIKE.items()}
        return first, alike

    return reader.at_once(answers)


@pytest.mark.timeout(900)
@settings(max_examples=max(6, settings().max_examples // 16), deadline=None)
@given(st.lists(st.tuples(_row, st.sampled_from(FORMS)), min_size=1, max_size=14))
def test_a_row_is_the_same_in_every_form(empty: Path, drawn: list[tuple[dict, str]]):
    """Live rows, files with and without a twin, of older columns, opened archives, mixed: answers are the counts."""
    parts: dict[str, Rows] = {}
    for row, form in drawn:
        parts.setdefault(form, []).append(row | dict.fromkeys(LACK.get(form, ()), ""))
    rows = [row for some in parts.values() for row in some]
    with _ledger(empty, parts) as reader:
        assert reader.verify() == []
        mixed, alike = _asked(reader)
    for name, (_, _, count) in QUESTIONS.items():
        assert mixed[name] == _told(count(rows)), name
    with _ledger(empty, {"live": rows}) as reader:
        assert _asked(reader) == (mixed, alike)
