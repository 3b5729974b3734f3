"""Everybody whom several actors were shown together, and apart from it what not everybody may see.

The actors are those of a case, of a list, or whoever's rows were charged to one group. A field shown on a surface whose
`scope` is not public was *restricted*: the site's own rules let only some see it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import reduce
from operator import or_
from typing import Any

import ibis
import ibis.expr.types as ir
import msgspec

from himaya.core.errors import InputError
from himaya.ledger import answers as a
from himaya.ledger import queries as q
from himaya.ledger.moment import Moment
from himaya.ledger.names import FOREVER, parse_actor
from himaya.ledger.reader import Reader
from himaya.ledger.schema import FACETS, iso

#: What everybody may see, and rows of which nobody knows who may: neither is restricted.
_OPEN = ("public", "")

#: Actors of one list; more are two questions.
MOST_ACTORS = 1_000_000


class Asked(msgspec.Struct, frozen=True):
    """Whose people are asked for: surrogates by column of the row, or a `group` whose budget rows were charged to.

    `about` says it in words. `actors` were named, `unknown` of them are in no map of this ledger.
    """

    about: str
    columns: dict[str, list[int]] = {}
    group: str = ""
    actors: int = 0
    unknown: int = 0


class ByScope(msgspec.Struct, frozen=True):
    """What was shown of one visibility scope: fields, distinct people, and rows (`times`)."""

    scope: str
    fields: list[str]
    people: int
    times: int
    first: str
    last: str


class Affected(msgspec.Struct, frozen=True):
    """Whom the actors were shown. `people` = named `subjects` + `erased` ones.

    `restricted` are those of them of whom restricted fields were shown, with these fields alone. `scopes` has every
    scope. `canaries` are subjects who do not exist; they are in no other figure.
    """

    about: str
    actors: int
    unknown: int
    people: int
    subjects: list[a.Exposed]
    scopes: list[ByScope]
    restricted: list[a.Exposed]
    unobserved: list[a.Unobserved]
    unattributed: int
    misses: int
    erased: int
    period: a.Period
    retention: str
    note: str
    canaries: list[a.Exposed] = []


def named(reader: Reader, names: Iterable[str], about: str) -> Asked:
    """Return what is asked for by names of actors such as `account:u777`. Raises InputError."""
    asked: dict[str, set[str]] = {}
    for name in names:
        column, text = parse_actor(name)
        asked.setdefault(column, set()).add(text)
    count = sum(map(len, asked.values()))
    if count > MOST_ACTORS:
        raise InputError(f"{about}: more than {MOST_ACTORS:,} actors; ask in parts")
    find = reader.identities.find_all
    columns = {column: list(find(FACETS[column], texts)) for column, texts in asked.items()}
    known = sum(map(len, columns.values()))
    return Asked(about, columns, actors=count, unknown=count - known)


def members(actors: Collection[int], about: str) -> Asked:
    """Return what is asked for by surrogates of actors."""
    return Asked(about, {"actor": list(actors)}, actors=len(actors))


def affected(reader: Reader, asked: Asked, start: int = 0, end: int = FOREVER) -> Affected:
    """Return everybody whom the actors were shown in [start, end), microseconds. Raises LedgerError."""
    return affected_numbers(reader, asked, start, end)[0]


def affected_numbers(
    reader: Reader, asked: Asked, start: int = 0, end: int = FOREVER
) -> tuple[Affected, list[int]]:
    """Return the same, and of the same moment the surrogates of all these people in order, erased ones too."""
    known = reader.canaries()

    def question(moment: Moment) -> tuple[Affected, list[int]]:
        mine = q.within(_theirs(moment.rows("actor", start, end), asked), start, end)
        gaps, state = reader.holes(moment, start, end), moment.state
        grouped = _fetch(reader, _by_scope(q.people(mine, known)))
        met = _fetch(reader, _by_scope(q.canaries(mine, known))) if known else []
        tally, period = _fetch(reader, q.tallies(mine))[0], reader.period_of(moment)
        told = a.summarise(grouped, "subject")
        kept = a.summarise((row for row in grouped if row["scope"] not in _OPEN), "subject")
        names = reader.named([*told, *{row["subject"] for row in met}])
        subjects = _exposed(told, names)
        answer = Affected(
            about=asked.about,
            actors=asked.actors,
            unknown=asked.unknown,
            people=len(told),
            subjects=subjects,
            scopes=_scopes(grouped),
            restricted=_exposed(kept, names),
            unobserved=gaps,
            unattributed=int(tally["unattributed"]),
            misses=int(tally["misses"]),
            erased=len(told) - len(subjects),
            period=period,
            retention=state.retention,
            note=a.note(len(told), asked.about, period, len(gaps), state),
            canaries=_exposed(a.summarise(met, "subject"), names),
        )
        return answer, sorted(told)

    return reader.at_once(question)


def _theirs(rows: ir.Table, asked: Asked) -> ir.Table:
    """Return the rows of the actors; a row that two of them share is one row."""
    if asked.group:
        return rows.filter(rows.group == asked.group)
    found = [
        rows[column].isin(ibis.memtable({"member": numbers}).member)
        for column, numbers in asked.columns.items()
        if numbers
    ]
    return rows.filter(reduce(or_, found) if found else ibis.literal(value=False))


def _by_scope(rows: ir.Table) -> ir.Table:
    """Return, per person, fields, scope and certainty: first, last, times."""
    return rows.group_by(["subject", "fields", "scope", "certainty"]).aggregate(
        first=rows.time.min(), last=rows.time.max(), times=rows.count()
    )


def _fetch(reader: Reader, expression: ir.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = reader.table(expression).to_pylist()
    return found


def _exposed(found: Mapping[int, a.Summary], names: Mapping[int, str]) -> list[a.Exposed]:
    """Return those who still have a name, the first who was shown first."""
    told = [
        a.Exposed(names[number], **one.words()) for number, one in found.items() if number in names
    ]
    return sorted(told, key=lambda one: (one.first, one.subject))


def _scopes(grouped: Collection[Mapping[str, Any]]) -> list[ByScope]:
    """Return what was shown of each scope, in the order of their names."""
    people: dict[str, set[int]] = {}
    for row in grouped:
        people.setdefault(row["scope"], set()).add(row["subject"])
    return [
        ByScope(
            scope=str(scope),
            fields=sorted(one.fields),
            people=len(people[str(scope)]),
            times=one.times,
            first=iso(one.first),
            last=iso(one.last),
        )
        for scope, one in sorted(a.summarise(grouped, "scope").items())
    ]
