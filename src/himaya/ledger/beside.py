"""Who else came from the networks of an actor: where a credential was used, and who was seen there, too.

A network is a /24 (IPv4) or /48 (IPv6). Whoever shares one with an actor shares a house, a campus or a mobile operator
with it, or a pool of addresses: a place to look, and no suspicion by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ibis.expr.types as ir

from himaya.ledger import answers as a
from himaya.ledger import queries as q
from himaya.ledger.moment import Moment
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso

#: How a network is named whose name was erased or expired.
_GONE = "erased"


def who_beside(reader: Reader, name: str, start: int = 0, end: int = FOREVER) -> a.WhoBeside:
    """Return the networks an actor came from within a period, and who else did. Raises InputError, LedgerError."""
    column, surrogate = reader.facet(name)
    gaps = reader.unobserved(start, end)

    def question(moment: Moment) -> a.WhoBeside:
        state, period = moment.state, reader.period_of(moment)
        inside = q.within(moment.rows("actor", start, end), start, end)
        mine = q.facet(inside, column, surrogate or -1)
        places = {one["prefix"]: one for one in _fetch(reader, q.places(mine))}
        there = q.beside(inside, column, surrogate, list(places))
        found = _by_actor(_fetch(reader, there) if places else [])
        names = reader.named([*places, *found])
        others = [_neighbour(names[n], each, names) for n, each in found.items() if n in names]
        return a.WhoBeside(
            actor=name,
            networks=sorted(_places(places, names), key=lambda one: (one.first, one.network)),
            count=len(found),
            others=sorted(others, key=lambda one: (-len(one.networks), one.first, one.actor)),
            unobserved=gaps,
            erased=len(found) - len(others),
            period=period,
            retention=state.retention,
            note=a.note(len(places), name, period, len(gaps), state),
        )

    return reader.at_once(question)


def _fetch(reader: Reader, expression: ir.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = reader.table(expression).to_pylist()
    return found


def _by_actor(rows: Iterable[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["actor"], []).append(row)
    return found


def _places(places: Mapping[int, dict[str, Any]], names: Mapping[int, str]) -> list[a.Place]:
    return [
        a.Place(names.get(number, _GONE), iso(one["first"]), iso(one["last"]), one["times"])
        for number, one in places.items()
    ]


def _neighbour(name: str, rows: list[dict[str, Any]], names: Mapping[int, str]) -> a.Neighbour:
    return a.Neighbour(
        actor=name,
        networks=sorted(names.get(row["prefix"], _GONE) for row in rows),
        first=iso(min(row["first"] for row in rows)),
        last=iso(max(row["last"] for row in rows)),
        times=sum(row["times"] for row in rows),
    )
