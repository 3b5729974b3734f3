"""What the actors of a case came with: addresses, networks, providers, classes of clients, traits of their tools.

No name of an account, and nothing of anybody who was shown. An address that accounts outside of the case also used is
left out: whoever gets the list would shut them out.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir
import msgspec

from himaya.ledger import queries as q
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso
from himaya.response.actors import Actors

#: The columns that leave, and what each is called.
KINDS = {
    "address": "address",
    "prefix": "network",
    "asn": "provider",
    "fingerprint": "client class",
}


#: Indicators of each kind, those of most rows first: whoever rotates addresses could make a file without end.
MOST_EACH = 10_000


class Indicator(msgspec.Struct, frozen=True):
    """One thing to look for. `kind` is one of KINDS or `tool`; times are ISO 8601 UTC, "" for a tool."""

    kind: str
    value: str
    rows: int = 0
    first: str = ""
    last: str = ""


class Indicators(msgspec.Struct, frozen=True):
    """The indicators of a case, and how many addresses and networks were left out because others share them.

    `named` are the surrogates of the addresses and networks among them.
    """

    case: str
    practice: bool
    found: list[Indicator]
    shared: int
    named: frozenset[int]


def indicators(
    reader: Reader, actors: Actors, case: str, *, most_others: int, practice: bool = False
) -> Indicators:
    """Return what the certain actors of a case came with; places shared with more than `most_others` are left out."""

    def question(rows: ir.Table, _: object) -> dict[str, list[dict[str, Any]]]:
        rows = q.within(rows, 0, FOREVER)
        mine = q.any_of(rows, "actor", actors.certain)
        told = {column: _each(reader, mine, column) for column in KINDS}
        for column in ("address", "prefix"):
            used = [row[column] for row in told[column]]
            others = _others(reader, rows, column, used, actors)
            told[column] = [row | {"others": others.get(row[column], 0)} for row in told[column]]
        return told

    told = reader.ask(question)
    places = [row for column in ("address", "prefix") for row in told[column]]
    alone = {
        column: [row for row in found if row.get("others", 0) <= most_others]
        for column, found in told.items()
    }
    kept = sum(len(alone[column]) for column in ("address", "prefix"))
    numbers = frozenset(int(row[c]) for c in ("address", "prefix") for row in alone[c])
    names = reader.identities.names(numbers)
    made = [one for column, found in alone.items() for one in _made(column, found, names)]
    return Indicators(case, practice, [*made, *_tools(actors)], len(places) - kept, numbers)


def _each(reader: Reader, mine: ir.Table, column: str) -> list[dict[str, Any]]:
    has = mine.filter(mine[column] != ("" if column == "fingerprint" else 0))
    counted = has.group_by(column).aggregate(
        rows=has.count(), first=has.time.min(), last=has.time.max()
    )
    first = counted.order_by([ibis.desc("rows"), column]).limit(MOST_EACH)
    found: list[dict[str, Any]] = reader.table(first).to_pylist()
    return sorted(found, key=lambda row: str(row[column]))


def _others(
    reader: Reader, rows: ir.Table, column: str, used: list[int], actors: Actors
) -> dict[int, int]:
    """Return how many accounts outside of the case were at each place."""
    there = q.any_of(rows.filter(rows.account != 0), column, used)
    strangers = there.filter(~there.actor.isin(sorted(actors.everybody)))
    counted = strangers.group_by(column).aggregate(others=strangers.account.nunique())
    return {int(row[column]): int(row["others"]) for row in reader.table(counted).to_pylist()}


def _made(column: str, found: list[dict[str, Any]], names: dict[int, str]) -> list[Indicator]:
    is_place = column in {"address", "prefix"}
    return [
        Indicator(
            KINDS[column],
            names[row[column]] if is_place else str(row[column]),
            row["rows"],
            iso(row["first"]),
            iso(row["last"]),
        )
        for row in found
        if not is_place or row[column] in names
    ]


def _tools(actors: Actors) -> list[Indicator]:
    """Return what the tests of groups say their members share, in words."""
    links = dict.fromkeys(
        ground.link for group in actors.groups for ground in group.grounds if ground.link
    )
    return [Indicator("tool", link) for link in links]
