"""Candidates in order, with their names, their networks and whom nobody else was shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp, log

import ibis
import ibis.expr.types as ir
import msgspec
import pyarrow as pa
from msgspec.structs import replace

from himaya.analysis.attribution import overlap as o
from himaya.analysis.attribution.measure import Overlap, members_table
from himaya.analysis.attribution.people import Gathering
from himaya.analysis.attribution.result import Candidate, Network, Version
from himaya.analysis.attribution.versions import versions_of
from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso

#: Candidates that are named.
LISTED = 20
#: Networks of a candidate that are listed, those with most people of the file first.
NETWORKS = 10
#: From so many days on, a network is a usual one of an actor.
USUAL_DAYS = 3
#: Decimal logarithm of the p-value from which on versions are evidence.
_TELLS = -3.0
_ERASED, _NOBODY = "erased", "unknown"


class Ranked(msgspec.Struct, frozen=True):
    """An overlap, what chance gives, and the natural logarithm of its p-value; `ours`: our people in the file."""

    found: Overlap
    chance: float
    log_p: float
    ours: int
    versions: list[Version] = []

    @property
    def beyond(self) -> float:
        """Return how many people of the overlap chance does not give."""
        return self.found.overlap - self.chance

    def order(self) -> tuple[float, float, int, str]:
        """Return what candidates are sorted by: the least likely by chance first, by people, then by versions."""
        told = sum(one.log10_p for one in self.versions)
        return (round(self.log_p, 6), told, -self.found.overlap, str(self.found.name))

    def like(self) -> tuple[float, float, int, int]:
        """Return what two candidates share that cannot be told apart."""
        return (*self.order()[:3], self.found.people)


def with_versions(
    reader: Reader, rows: ir.Table, file: Gathering, ranked: Sequence[Ranked]
) -> list[Ranked]:
    """Return the first candidates with what versions of rows say of them, in order. Raises LedgerError."""
    first = ranked[:LISTED]
    told = versions_of(reader, rows, file, [one.found for one in first])
    pairs = zip(first, told, strict=True)
    return sorted((replace(one, versions=found) for one, found in pairs), key=Ranked.order)


def listed(
    reader: Reader, rows: ir.Table, file: pa.Array, ranked: Sequence[Ranked]
) -> list[Candidate]:
    """Return the first candidates, complete, within `Reader.ask`. Raises LedgerError."""
    people = ibis.memtable(pa.table({"person": file}))
    names = reader.named({one.found.name for one in ranked if isinstance(one.found.name, int)})
    first = list(zip(_ranks(ranked), ranked, strict=True))[:LISTED]
    networks = _all_networks(reader, rows, [one.found for _, one in first], people)
    found = [
        replace(
            _candidate(one, rank),
            name=_name(one.found, names),
            novelty=_novelty(reader, rows, one.found, people),
            networks=_networks(reader, networks.get(number, [])),
        )
        for number, (rank, one) in enumerate(first)
    ]
    return sorted(found, key=lambda one: (one.rank, one.kind, one.name))


def _all_networks(
    reader: Reader, rows: ir.Table, found: Sequence[Overlap], people: ir.Table
) -> dict[int, list[dict[str, int]]]:
    """Return the networks of each candidate, by its place."""
    parts: dict[int, list[dict[str, int]]] = {}
    if found:
        for row in reader.table(o.networks(rows, members_table(found), people)).to_pylist():
            parts.setdefault(row["candidate"], []).append(row)
    return parts


def _ranks(ranked: Sequence[Ranked]) -> Iterator[int]:
    """Yield the rank of each; those that cannot be told apart share one."""
    rank = 0
    for place, one in enumerate(ranked):
        if not place or one.like() != ranked[place - 1].like():
            rank = place + 1
        yield rank


def _candidate(one: Ranked, rank: int) -> Candidate:
    found = one.found
    return Candidate(
        rank=rank,
        kind="actor" if isinstance(found.name, int) else "case",
        name="",
        members=len(found.members),
        people=found.people,
        overlap=found.overlap,
        expected=round(one.chance, 1),
        coverage=round(found.overlap / one.ours, 4),
        novelty=found.alone,
        p=exp(one.log_p),
        log10_p=round(one.log_p / log(10), 2),
        first=iso(found.first),
        last=iso(found.last),
        evidence=[
            "people",
            *(["versions"] if any(v.log10_p <= _TELLS for v in one.versions) else []),
        ],
        networks=[],
        versions=one.versions,
    )


def _name(found: Overlap, names: dict[int, str]) -> str:
    if isinstance(found.name, str):
        return found.name
    return names.get(found.name, f"{_ERASED} {found.name}") if found.name else _NOBODY


def _novelty(reader: Reader, rows: ir.Table, found: Overlap, people: ir.Table) -> int:
    """Return how many people of the overlap nobody else was shown."""
    if len(found.members) == 1:
        return found.alone
    others = o.seen_by_others(rows, members_table([found]), people)
    (row,) = reader.table(others).to_pylist()
    return found.overlap - int(row["people"] or 0)


def _networks(reader: Reader, rows: list[dict[str, int]]) -> list[Network]:
    first = sorted(rows, key=lambda row: (-row["overlap"], row["first"]))[:NETWORKS]
    names = reader.named({row["prefix"] for row in first} - {0})
    return [
        Network(
            network=names.get(row["prefix"], ""),
            people=row["people"],
            overlap=row["overlap"],
            days=row["days"],
            usual=row["days"] >= USUAL_DAYS,
            first=iso(row["first"]),
            last=iso(row["last"]),
        )
        for row in first
    ]
