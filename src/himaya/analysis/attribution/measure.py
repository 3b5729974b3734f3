"""How many people of a file each actor and case was shown, in strata of people who are shown about equally often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from himaya.analysis.attribution import overlap as o
from himaya.analysis.attribution.chance import Stratum
from himaya.analysis.attribution.overlap import UNSEEN
from himaya.analysis.attribution.viewers import estimates
from himaya.ledger.reader import Reader

#: Actors that are looked at closely, those with most rows about people of the file.
MOST = 1000
#: Standard deviations above the rate of all actors from which on an actor leans towards the file.
_LEANS = 4.0


class Overlap(msgspec.Struct):
    """What one candidate was shown. `alone`: nobody else was shown these people of the file; for one actor only.

    `first` and `last` are times (microseconds) of its rows about people of the file.
    """

    name: int | str
    members: tuple[int, ...]
    strata: list[Stratum] = []
    people: int = 0
    overlap: int = 0
    alone: int = 0
    first: int = 0
    last: int = 0


class Measured(msgspec.Struct, frozen=True):
    """All overlaps that can matter. `tested`: actors and cases with any row; `beyond`: actors left out by `MOST`.

    `everybody` and `shown`: distinct people in the rows, and those of them who are in the file.
    """

    overlaps: list[Overlap]
    tested: int
    beyond: int
    everybody: int
    shown: int


class Outside(msgspec.Struct, frozen=True):
    """People who are in no row: how many there are beside those in the rows, and how many of them are in the file."""

    people: int = 0
    in_file: int = 0


def measure(
    reader: Reader,
    rows: ir.Table,
    file: pa.Array,
    least: int = 1,
    cases: Mapping[str, Sequence[int]] | None = None,
    by_subject: ir.Table | None = None,
) -> Measured:
    """Return the overlaps of a file with every case and with each actor that has `least` rows about its people.

    `rows` show people (`queries.people`), within `Reader.ask`; `by_subject` are the same in the order of subjects,
    where counting viewers is quicker. `file` are distinct surrogates. Raises LedgerError.
    """
    people = ibis.memtable(pa.table({"person": file}))
    touched = reader.table(o.touched(rows, people))
    leaning = _leaning(touched)
    sorted_ = rows if by_subject is None else by_subject
    crowd = _crowd(reader, sorted_, file, reader.table(o.leaned(rows, _leaners(leaning))))
    chosen, beyond = _chosen(touched, max(1, least))
    found = [Overlap(actor, (actor,)) for actor in chosen]
    found += [Overlap(name, tuple(members)) for name, members in (cases or {}).items() if members]
    _fill(reader, rows, crowd, found, frozenset(leaning.to_pylist()))
    return Measured(
        overlaps=found,
        tested=len(touched) + len(cases or {}),
        beyond=beyond,
        everybody=len(crowd),
        shown=pc.sum(crowd.column("in_file")).as_py() or 0,
    )


def _leaning(touched: pa.Table) -> pa.Array:
    """Return the actors who were shown people of the file by far more often than all actors together."""
    rows, hits = touched.column("rows"), touched.column("hits")
    rate = (pc.sum(hits).as_py() or 0) / max(1, pc.sum(rows).as_py() or 0)
    spread = pc.sqrt(pc.multiply(rows, rate * (1 - rate)))
    usual = pc.add(pc.multiply(rows, rate), pc.add(pc.multiply(spread, _LEANS), 2.0))
    return touched.filter(pc.greater(hits, usual)).column("actor").combine_chunks()


def _leaners(leaning: pa.Array) -> ir.Table:
    return ibis.memtable(pa.table({"leaner": leaning}))


def _crowd(reader: Reader, rows: ir.Table, file: pa.Array, leaners: pa.Table) -> pa.Table:
    """Return everybody in the rows, with how many saw them and whether they are in the file (1 or 0)."""
    crowd = reader.table(o.audience(rows))
    subject = crowd.column("subject").combine_chunks()
    return pa.table(
        {
            "subject": subject,
            "viewers": _viewers(reader, rows, subject, crowd.column("seen")),
            "lowest": crowd.column("lowest"),
            "highest": crowd.column("highest"),
            "leaners": _looked_up(subject, leaners, "leaners", pa.scalar(0)),
            "in_file": pc.is_in(subject, value_set=file).cast(pa.int64()),
        }
    )


def _viewers(reader: Reader, rows: ir.Table, subject: pa.Array, seen: pa.ChunkedArray) -> pa.Array:
    """Return about how many actors saw each person: by their words, and by a count where these are full."""
    few = pa.array(estimates(seen.to_numpy()))
    popular = pc.filter(subject, pc.equal(few, 0))
    if not len(popular):
        return few
    many = reader.table(o.crowded(rows, ibis.memtable(pa.table({"person": popular}))))
    return _looked_up(subject, many, "viewers", few)


def _looked_up(
    subject: pa.Array, found: pa.Table, column: str, otherwise: pa.Array | pa.Scalar
) -> pa.Array:
    """Return a column of `found` for each subject, and `otherwise` for those who are not in it."""
    at = pc.index_in(subject, value_set=found.column("subject").combine_chunks())
    values = found.column(column).combine_chunks().cast(pa.int64())
    return pc.coalesce(pc.take(values, at), otherwise)


def _chosen(touched: pa.Table, least: int) -> tuple[list[int], int]:
    """Return the actors with most hits, `least` or more of them, and how many are too many."""
    enough = touched.filter(pc.greater_equal(touched.column("hits"), least))
    ordered = enough.sort_by([("hits", "descending"), ("actor", "ascending")])
    return ordered.column("actor").slice(0, MOST).to_pylist(), max(0, len(enough) - MOST)


def _fill(
    reader: Reader,
    rows: ir.Table,
    crowd: pa.Table,
    found: list[Overlap],
    leaning: frozenset[int],
) -> None:
    """Measure the candidates."""
    if not found:
        return
    audience = ibis.memtable(crowd)
    totals = {
        row["stratum"]: (row["people"], row["in_file"])
        for row in reader.table(o.strata(audience)).to_pylist()
    }
    pairs = o.pairs(rows, members_table(found, leaning))
    parts: dict[int, list[dict[str, Any]]] = {}
    for row in reader.table(o.shares(pairs, audience)).to_pylist():
        parts.setdefault(row["candidate"], []).append(row)
    for number, one in enumerate(found):
        _take(one, parts.get(number, []), totals)


def members_table(found: Sequence[Overlap], leaning: frozenset[int] = frozenset()) -> ir.Table:
    """Return every member with the place of its candidate, as `overlap.pairs` takes them."""
    listed = [
        (member, number, int(member in leaning))
        for number, one in enumerate(found)
        for member in one.members
    ]
    columns = zip(*listed, strict=True)
    arrays = [pa.array(column, pa.int64()) for column in columns]
    return ibis.memtable(pa.table(arrays, ["member", "candidate", "leans"]))


def _take(one: Overlap, parts: list[dict[str, Any]], totals: dict[int, tuple[int, int]]) -> None:
    """Add up a candidate's people, each in the stratum of those who saw them beside the candidate."""
    people = {stratum: people for stratum, (people, _) in totals.items()}
    in_file = {stratum: count for stratum, (_, count) in totals.items()}
    shown: dict[int, int] = {}
    for part in parts:
        number, here, there = part["people"], part["stratum"], part["others"]
        ours = number * part["in_file"]
        people[here] -= number
        in_file[here] -= ours
        people[there] = people.get(there, 0) + number
        in_file[there] = in_file.get(there, 0) + ours
        shown[there] = shown.get(there, 0) + number
        one.people += number
        if ours:
            one.overlap += ours
            one.alone += part["alone"]
            one.first = min(one.first or part["first"], part["first"])
            one.last = max(one.last, part["last"])
    one.strata = [
        Stratum(people[s], in_file[s], shown[s], unseen=s == UNSEEN) for s in sorted(shown)
    ]


def with_outside(strata: list[Stratum], outside: Outside) -> list[Stratum]:
    """Return strata with the people who are in no row among those whom nobody else was shown."""
    return [
        one._replace(people=one.people + outside.people, in_file=one.in_file + outside.in_file)
        if one.unseen
        else one
        for one in strata
    ]
