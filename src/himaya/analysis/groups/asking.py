"""The question to the ledger: who was shown whom, in order, with the facets that may link. An Ibis expression.

It runs on DuckDB here, and unchanged on any engine Ibis speaks to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial

import ibis.expr.types as ir
import pyarrow as pa

from himaya.analysis.groups.group import Group, note_canaries
from himaya.analysis.groups.keys import Sighting
from himaya.analysis.groups.search import Search
from himaya.core.actor import prefix_of
from himaya.core.disclosure import Disclosures
from himaya.ledger.canaries import kept
from himaya.ledger.queries import canaries as shown_canaries
from himaya.ledger.queries import days, people, within
from himaya.ledger.reader import Reader
from himaya.ledger.schema import DAY_S, micros

#: Rows become visible up to this much after their time.
LAG_S = 2.0
#: Scopes whose listings show people their own circle: everybody's is another one, and nothing follows from that.
_OWN_CIRCLE = ("friends",)
_DAY = DAY_S * 1_000_000


def sightings(rows: ir.Table, start: int, end: int, canaries: Collection[int] = ()) -> ir.Table:
    """Return each first view of a period (microseconds): one row per actor and person, in the order of time.

    Canaries (surrogates) are nobody.
    """
    named = people(within(rows, start, end).filter(rows.actor != 0), canaries)
    open_ = named.filter(~named.scope.isin(_OWN_CIRCLE))
    first = open_.group_by(["actor", "subject"]).aggregate(
        at=open_.time.min(),
        access=open_.access.arbitrary(),
        fingerprint=open_.fingerprint.argmin(open_.time),
        asn=open_.asn.argmin(open_.time),
        tier=open_.tier.argmin(open_.time),
        prefix=open_.prefix.argmin(open_.time),
        age=open_.account_age_s.argmin(open_.time),
    )
    return first.order_by(["at", "actor", "subject"])


def sightings_of(row: Disclosures) -> Iterator[Sighting]:
    """Yield the sightings of one exchange that is not in a ledger yet, under names instead of surrogates."""
    if row.scope in _OWN_CIRCLE:
        return
    actor, created = row.actor, row.actor.account_created
    prefix = prefix_of(actor.address) if actor.address else ""
    age = -1.0 if created is None else max(0.0, row.at - created)
    for shown in row.shown:
        yield Sighting(
            row.at,
            actor.name,
            shown.subject,
            row.access,
            actor.fingerprint,
            actor.asn,
            actor.tier,
            prefix,
            age,
        )


def read(table: pa.Table) -> Iterator[Sighting]:
    """Yield the sightings of a table that `sightings` asked for."""
    names = ("at", "actor", "subject", "access", "fingerprint", "asn", "tier", "prefix", "age")
    for batch in table.to_batches(max_chunksize=20_000):
        columns = [batch.column(name).to_pylist() for name in names]
        columns[0] = [time / 1e6 for time in columns[0]]
        for values in zip(*columns, strict=True):
            yield Sighting(*values)


def analyse(reader: Reader, since: float, now: float, state: Search) -> list[Group]:
    """Take in what the ledger shows between `since` and `now` (epoch seconds) and return groups that are new or grew.

    What `state` has taken in before is not asked for again, so a gate may call it every few seconds; a day at a time
    is in memory, so it may span months. Rows younger than `LAG_S` wait for the next call. Raises LedgerError.
    """
    start, end = max(micros(since), state.upto), micros(now - LAG_S)
    found: dict[str, Group] = {}
    canaries = reader.canaries()
    question = partial(sightings, canaries=canaries)
    for at, until in _parts(reader, start, end):
        for sighting in read(_ask(reader, question, at, until)):
            state.observe(sighting)
        for group in state.conclude(until / 1e6):
            found[group.id] = group
    if found and canaries:
        opened = _ask(reader, partial(_opened, canaries=canaries), micros(since), end)
        for group in found.values():
            note_canaries(group, _places(reader, canaries, group, opened))
    state.upto = max(state.upto, end)
    return list(found.values())


def _opened(rows: ir.Table, start: int, end: int, *, canaries: Collection[int]) -> ir.Table:
    """Return which actors were shown which canaries by themselves: one in a list may be anybody's."""
    alone = within(shown_canaries(rows, canaries), start, end)
    return alone.filter(alone.kind != "listing").select("actor", "subject").distinct()


def _places(reader: Reader, canaries: dict[int, str], group: Group, opened: pa.Table) -> set[str]:
    """Return the places of canaries that members of a group opened."""
    placed = kept(reader.layout.directory)
    pairs = zip(opened["actor"].to_pylist(), opened["subject"].to_pylist(), strict=True)
    return {placed[canaries[subject]] for actor, subject in pairs if actor in group.members}


def _parts(reader: Reader, start: int, end: int) -> list[tuple[int, int]]:
    """Return a period in parts of at most a day; days without a row are left out."""
    if end <= start:
        return []
    if end - start <= _DAY:
        return [(start, end)]
    observed = _ask(reader, lambda rows, *period: days(within(rows, *period)), start, end)
    first = [day * _DAY for day in observed.column("day").to_pylist()]
    return [(max(start, day), min(end, day + _DAY)) for day in first]


def _ask(
    reader: Reader, question: Callable[[ir.Table, int, int], ir.Table], start: int, end: int
) -> pa.Table:
    return reader.ask(lambda rows, _: reader.table(question(rows, start, end)))
