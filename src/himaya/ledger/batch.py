"""From disclosures to a batch of rows: one row per person, miss, unattributed count and unobserved period."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pyarrow as pa

from himaya.core.actor import Actor, prefix_of
from himaya.core.disclosure import Disclosures
from himaya.ledger import schema
from himaya.ledger.identities import Identities, Wanted
from himaya.ledger.schema import Kind, bounded, day_of, join_fields, micros


class Gap(msgspec.Struct, frozen=True, gc=False):
    """An unobserved period: epoch seconds, why, and where (surface or door, "" everywhere)."""

    start: float
    end: float
    why: str
    surface: str = ""
    door: str = ""


_INT16, _INT32 = 32_767, 2_147_483_647
_Facets = tuple[int, int, int, int, int, int]
_FACETS: tuple[Kind, ...] = (
    Kind.ACTOR,
    Kind.ACCOUNT,
    Kind.SESSION,
    Kind.KEY,
    Kind.ADDRESS,
    Kind.PREFIX,
)


def _names(actor: Actor) -> tuple[str, str, str, str, str, str]:
    """Return the identities of an actor in the order of `_FACETS`, "" for absent ones."""
    address = actor.address
    name = actor.name
    return (
        "" if name == "address:" else name,
        actor.account,
        actor.session,
        actor.key,
        address,
        prefix_of(address) if address else "",
    )


def rows_of(disclosures: Disclosures) -> int:
    """Return how many rows a value becomes."""
    return len(disclosures.shown) + disclosures.miss + (disclosures.unattributed > 0)


class Builder:
    """Turns a list of disclosures and gaps into one record batch, through the identity map."""

    def __init__(self, identities: Identities) -> None:
        """Use this map for all identities."""
        self._identities = identities
        self._caches = [identities.cache(kind) for kind in _FACETS]
        self._subjects = identities.cache(Kind.SUBJECT)

    def build(self, items: Sequence[Disclosures], gaps: Sequence[Gap]) -> pa.RecordBatch:
        """Return the rows. New identities are durable when this returns. Raises LedgerError."""
        self._identities.refresh()
        names = [_names(item.actor) for item in items]
        self._identities.resolve(self._wanted(items, names))
        columns = _Columns()
        for item, facets in zip(items, names, strict=True):
            self._add(columns, item, facets)
        for gap in gaps:
            columns.add_gap(gap)
        self._identities.trim()
        return columns.batch()

    def _wanted(self, items: Sequence[Disclosures], names: Sequence[tuple[str, ...]]) -> Wanted:
        """Return identities that the cache does not know for the day of their rows."""
        wanted: Wanted = {kind: {} for kind in Kind}
        facets = [(wanted[kind], cache) for kind, cache in zip(_FACETS, self._caches, strict=True)]
        subjects = (wanted[Kind.SUBJECT], self._subjects)
        for item, named in zip(items, names, strict=True):
            day = day_of(micros(item.at))
            for (missing, cache), name in zip(facets, named, strict=True):
                if name:
                    _want(missing, cache, name, day)
            for person in item.shown:
                _want(*subjects, person.subject, day)
        return wanted

    def _add(self, columns: _Columns, item: Disclosures, names: tuple[str, ...]) -> None:
        facets = tuple(
            cache[name][0] if name else 0 for cache, name in zip(self._caches, names, strict=True)
        )
        columns.add_head(item, facets, rows_of(item))
        subjects = self._subjects
        kind = "lookup_hit" if item.kind == "lookup" else item.kind
        for person in item.shown:
            columns.add_person(
                kind, subjects[person.subject][0], person.fields, person.certainty.value
            )
        if item.miss:
            columns.add_nobody(schema.MISS, 0)
        if item.unattributed > 0:
            columns.add_nobody(schema.UNATTRIBUTED, min(item.unattributed, _INT32))


def _want(missing: dict[str, int], cache: dict[str, tuple[int, int]], name: str, day: int) -> None:
    known = cache.get(name)
    if known is None or known[1] < day:
        missing[name] = max(day, missing.get(name, day))


class _Columns:
    """Growing columns of one batch. The head of an exchange is repeated for each of its rows."""

    def __init__(self) -> None:
        self.head: list[tuple[object, ...]] = []
        self.tail: list[tuple[object, ...]] = []

    def add_head(self, item: Disclosures, facets: tuple[int, ...], rows: int) -> None:
        actor = item.actor
        time = micros(item.at)
        age = -1 if actor.account_created is None else _age(item.at, actor.account_created)
        head = (
            time,
            bounded(item.surface),
            *facets,
            min(max(actor.asn, 0), _INT32),
            bounded(actor.fingerprint),
            bounded(actor.tier),
            age,
            bounded(item.access),
            bounded(item.scope),
            min(max(item.status, -1), _INT16),
            bounded(actor.terms),
            bounded(item.decision),
            bounded(item.source),
            bounded(item.policy),
        )
        self.head.extend([head] * rows)

    def add_person(self, kind: str, subject: int, fields: tuple[str, ...], certainty: str) -> None:
        self.tail.append((bounded(kind), subject, join_fields(fields), certainty, 1, 0, ""))

    def add_nobody(self, kind: str, count: int) -> None:
        self.tail.append((kind, 0, "", "", count, 0, ""))

    def add_gap(self, gap: Gap) -> None:
        start, end = micros(gap.start), micros(max(gap.start, gap.end))
        head = (start, bounded(gap.surface), 0, 0, 0, 0, 0, 0, 0, "", "", -1, "", "", 0, "", "")
        self.head.append((*head, bounded(gap.door), ""))
        why = bounded(gap.why, schema.MAX_REASON)
        self.tail.append((schema.UNOBSERVED, 0, "", "", 0, end, why))

    def batch(self) -> pa.RecordBatch:
        """Return the columns as one record batch of the ledger's schema."""
        by_name = {
            **dict(zip(_HEAD, zip(*self.head, strict=True), strict=True)),
            **dict(zip(_TAIL, zip(*self.tail, strict=True), strict=True)),
        }
        arrays = [pa.array(by_name[field.name], field.type) for field in schema.SCHEMA]
        return pa.record_batch(arrays, schema=schema.SCHEMA)


_HEAD = (
    *("time", "surface", "actor", "account", "session", "key", "address", "prefix", "asn"),
    *("fingerprint", "tier", "account_age_s", "access", "scope", "status", "terms"),
    *("decision", "source", "policy"),
)
_TAIL = ("kind", "subject", "fields", "certainty", "count", "until", "reason")


def _age(at: float, created: float) -> int:
    """Return the age of an account in whole seconds, never below 0."""
    return (micros(at) - micros(created)) // 1_000_000 if at > created else 0
