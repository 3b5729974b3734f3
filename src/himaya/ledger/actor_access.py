"""What a viewer is told who asks what is held about them: kinds, counts and days. Nobody whom they saw is named."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import ibis
import ibis.expr.types as ir
import msgspec

from himaya.ledger import answers as a
from himaya.ledger import entries as e
from himaya.ledger import queries as q
from himaya.ledger.access import Asked, Head, asked, by, cannot, fetch
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.schema import CLEARANCE, DAY_S, MISS, day_name, iso, split_fields
from himaya.ledger.state import State

_MICROS = DAY_S * 1_000_000

#: What is held of a viewer beside the views: columns of the row, in words.
_HELD = {
    "account": "accounts",
    "session": "sessions",
    "key": "API keys",
    "address": "addresses",
    "prefix": "networks",
    "asn": "network operators",
    "fingerprint": "classes of client",
    "tier": "tiers",
    "terms": "versions of the terms",
    "batch": "sign-up batches",
}


#: All columns that the answer is made of.
_COLUMNS = ("time", "kind", "surface", "actor", "subject", "fields", "decision", *_HELD)


class Day(msgspec.Struct, frozen=True):
    """A UTC day: views of people, and different people seen."""

    day: str
    views: int
    people: int


class Place(msgspec.Struct, frozen=True):
    """A surface: views, different people, and which fields of theirs."""

    surface: str
    views: int
    people: int
    fields: list[str]


class Decided(msgspec.Struct, frozen=True):
    """What was decided about requests that are on record: how often, from day to day."""

    decision: str
    times: int
    first: str
    last: str


class ActorAccess(msgspec.Struct, frozen=True):
    """What is held of one viewer. `held`: how many different values of each kind. `people` are counted, never named.

    `misses` are look-ups that found nobody, `challenges` those that were solved. `blocks`: how many of the places that
    the viewer came from were ever blocked by hand. `matters`: in how many matters their use was looked at, alone or
    with others.
    """

    actor: str
    asked: Asked
    held: dict[str, int]
    views: int
    people: int
    misses: int
    challenges: int
    days: list[Day]
    surfaces: list[Place]
    decisions: list[Decided]
    blocks: int
    matters: int
    unobserved: list[a.Unobserved]
    period: a.Period
    retention: str
    note: str
    cannot: list[str]
    chain: Head


#: In how many matters any of these (surrogates of the viewer) was looked at.
Matters = Callable[[Collection[int]], int]


def actor_access(
    reader: Reader, name: str, matters: Matters, start: int = 0, end: int = FOREVER
) -> ActorAccess:
    """Return what a viewer is told, of [start, end) in microseconds. Raises InputError, LedgerError."""
    column, surrogate = reader.facet(name)
    known, gaps, blocked = reader.canaries(), reader.unobserved(start, end), _blocked(reader)

    def question(rows: ir.Table, state: State) -> ActorAccess:
        theirs = q.without(q.within(q.facet(rows, column, surrogate or -1), start, end), known)
        # Read once, asked often. In Arrow: a cache of ibis may be of another engine, which spills.
        mine = ibis.memtable(reader.table(theirs.select(*_COLUMNS)))
        total, period = fetch(reader, _totals(mine))[0], reader.period(rows, state)
        shown = fetch(reader, _shown(mine))
        numbers = {row["actor"] for row in fetch(reader, mine.select("actor").distinct())}
        return ActorAccess(
            actor=name,
            asked=asked(start, end),
            held={words: total[key] for key, words in _HELD.items() if total[key]},
            views=total["views"],
            people=total["people"],
            misses=total["misses"],
            challenges=total["challenges"],
            days=[
                Day(day_name(one["day"]), one["views"], one["people"])
                for one in _days(reader, mine)
            ],
            surfaces=_places(shown, reader, mine),
            decisions=_decisions(fetch(reader, _decided(mine))),
            blocks=len(blocked & _came_from(reader, mine)),
            matters=matters((numbers | {surrogate}) - {0}),
            unobserved=gaps,
            period=period,
            retention=state.retention,
            note=a.note(total["rows"], name, period, len(gaps), state),
            cannot=cannot(state, period),
            chain=Head(state.seq, state.hash),
        )

    return reader.ask(question)


def _totals(rows: ir.Table) -> ir.Table:
    """Return one row: how many different values of each kind, views, people, misses, solved challenges."""
    held = {
        key: rows[key].nunique(where=rows[key] != (0 if rows[key].type().is_integer() else ""))
        for key in _HELD
    }
    named = rows.subject != 0
    return rows.aggregate(
        rows=rows.count(),
        views=rows.count(where=named),
        people=rows.subject.nunique(where=named),
        misses=rows.count(where=rows.kind == MISS),
        challenges=rows.count(where=rows.kind == CLEARANCE),
        **held,
    )


def _days(reader: Reader, rows: ir.Table) -> list[dict[str, Any]]:
    seen = q.shown(rows).mutate(day=rows.time // _MICROS)
    return fetch(reader, _counted(seen, ["day"]).order_by("day"))


def _counted(rows: ir.Table, keys: list[str]) -> ir.Table:
    return rows.group_by(keys).aggregate(views=rows.count(), people=rows.subject.nunique())


def _shown(rows: ir.Table) -> ir.Table:
    return q.shown(rows).select("surface", "fields").distinct()


def _places(shown: list[dict[str, Any]], reader: Reader, rows: ir.Table) -> list[Place]:
    fields = {
        surface: sorted({name for one in each for name in split_fields(one["fields"])})
        for surface, each in by(shown, "surface").items()
    }
    counted = fetch(reader, _counted(q.shown(rows), ["surface"]).order_by("surface"))
    return [
        Place(one["surface"], one["views"], one["people"], fields[one["surface"]])
        for one in counted
    ]


def _decided(rows: ir.Table) -> ir.Table:
    made = rows.filter(rows.decision != "")
    return (
        made.group_by("decision")
        .aggregate(times=made.count(), first=made.time.min(), last=made.time.max())
        .order_by("decision")
    )


def _decisions(found: list[dict[str, Any]]) -> list[Decided]:
    return [
        Decided(one["decision"], one["times"], iso(one["first"])[:10], iso(one["last"])[:10])
        for one in found
    ]


def _blocked(reader: Reader) -> set[tuple[str, int]]:
    """Return the places that were ever blocked by hand: column and surrogate."""
    entries = (entry for _, entry in reader.chain.lines() if isinstance(entry, e.Blocked))
    return {(place.column, place.surrogate) for entry in entries for place in entry.places}


def _came_from(reader: Reader, rows: ir.Table) -> set[tuple[str, int]]:
    """Return the addresses and networks of rows: column and surrogate."""
    found = fetch(reader, rows.select("address", "prefix").distinct())
    return {(column, row[column]) for row in found for column in ("address", "prefix")}
