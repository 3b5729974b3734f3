"""Questions about sets: people of many actors, actors of many people, groups, surfaces and days.

Actors are named as reports name them (`account:u777`); a name the ledger does not know was shown nobody. Times are
microseconds, `start` included, `end` not. Canaries are no people. All raise LedgerError.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from himaya.ledger import answers as a
from himaya.ledger import queries as q
from himaya.ledger.moment import Moment
from himaya.ledger.schema import Kind, day_name, day_of

if TYPE_CHECKING:
    from himaya.ledger.reader import Reader


def exposed_by(reader: Reader, actors: Iterable[str], start: int, end: int) -> a.ExposedBy:
    """Return whose data any of these actors was shown, with fields, first and last time."""
    asked = reader.identities.find_all(Kind.ACTOR, actors)
    known = reader.canaries()

    def question(moment: Moment) -> a.ExposedBy:
        rows = q.within(moment.rows("actor", start, end), start, end)
        mine = q.people(q.any_of(rows, "actor", asked), known)
        people, subjects = reader.exposure(mine, "subject", a.Exposed)
        return a.ExposedBy(
            actors=len(asked),
            people=people,
            subjects=sorted(subjects, key=lambda one: (one.first, one.subject)),
            erased=people - len(subjects),
            unobserved=reader.holes(moment, start, end),
            period=reader.period_of(moment),
            retention=moment.state.retention,
        )

    return reader.at_once(question)


def seen_by(reader: Reader, subjects: Iterable[str], start: int, end: int) -> a.SeenBy:
    """Return to whom the data of any of these people was shown."""
    asked = reader.identities.find_all(Kind.SUBJECT, subjects)

    def question(moment: Moment) -> a.SeenBy:
        rows = q.within(moment.rows("subject", start, end), start, end)
        count, actors = reader.exposure(q.any_of(rows, "subject", asked), "actor", a.Recipient)
        return a.SeenBy(
            subjects=len(asked),
            count=count,
            actors=sorted(actors, key=lambda one: (one.first, one.actor)),
            erased=count - len(actors),
            unobserved=reader.holes(moment, start, end),
            period=reader.period_of(moment),
            retention=moment.state.retention,
        )

    return reader.at_once(question)


def people_of_groups(
    reader: Reader, groups: Mapping[str, Iterable[str]], start: int, end: int
) -> dict[str, int]:
    """Return how many distinct people the actors of each group were shown together; an actor may be in several."""
    members = [
        (number, name)
        for name, actors in groups.items()
        for number in reader.identities.find_all(Kind.ACTOR, actors)
    ]
    known = reader.canaries()

    def question(moment: Moment) -> dict[str, int]:
        rows = q.within(moment.rows("actor", start, end), start, end)
        union = q.union_by_group(q.without(rows, known), q.members(members), len(groups))
        return {one["name"]: one["people"] for one in _fetch(reader, union)}

    counted = reader.at_once(question) if members else {}
    return {name: counted.get(name, 0) for name in groups}


def people_per_surface_per_day(reader: Reader, start: int, end: int) -> list[a.Shown]:
    """Return how many distinct people each surface showed on each UTC day; a day at a time is counted."""
    known = reader.canaries()

    def question(moment: Moment) -> list[a.Shown]:
        found = []
        for first, last in moment.days(start, end):
            rows = q.within(moment.rows("subject", first, last), first, last)
            counted = _fetch(reader, q.people_per_surface(q.people(rows, known)))
            found += [a.Shown(day=day_name(day_of(first)), **one) for one in counted]
        return found

    return reader.at_once(question)


def _fetch(reader: Reader, expression: ir.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = reader.table(expression).to_pylist()
    return found
