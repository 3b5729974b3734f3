"""From disclosures to a batch of rows: one row per person, miss, unattributed count and unobserved period.

Built column by column: what the rows of one exchange share is made once per exchange and repeated by Arrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat

import msgspec
import pyarrow as pa

from himaya.core.actor import Actor, prefix_of
from himaya.core.disclosure import Disclosures
from himaya.core.errors import LedgerError
from himaya.ledger import schema
from himaya.ledger.identities import Identities
from himaya.ledger.schema import EMPTY_ROW, SCHEMA, Kind, bounded, day_of, join_fields, micros

_TRIES = 20  # while identities are deleted
_INT16, _INT32 = 32_767, 2_147_483_647
#: Columns whose words are bounded where they are made.
_WHOLE = frozenset({"fields", "version"})
_Columns = dict[str, Sequence[object]]


class Gap(msgspec.Struct, frozen=True, gc=False):
    """An unobserved period: epoch seconds, why, and where (surface or door, "" everywhere)."""

    start: float
    end: float
    why: str
    surface: str = ""
    door: str = ""


def rows_of(disclosures: Disclosures) -> int:
    """Return how many rows a value becomes."""
    return len(disclosures.shown) + disclosures.miss + (disclosures.unattributed > 0)


class Builder:
    """Turns disclosures and gaps into one record batch, through the identity map."""

    def __init__(self, identities: Identities) -> None:
        """Use this map for all identities."""
        self._identities = identities

    def build(self, items: Sequence[Disclosures], gaps: Sequence[Gap]) -> pa.RecordBatch:
        """Return the rows. New identities are durable when this returns. Raises LedgerError."""
        batches = [_gaps(gaps)] if gaps else []
        if items:
            batches.append(self._people(items))
        self._identities.trim()
        table = pa.Table.from_batches(batches, SCHEMA).combine_chunks()
        return (table.to_batches() or [pa.RecordBatch.from_pylist([], SCHEMA)])[0]

    def _people(self, items: Sequence[Disclosures]) -> pa.RecordBatch:
        times = [micros(item.at) for item in items]
        names = _names([item.actor for item in items])
        subjects = [person.subject for item in items for person in item.shown]
        self._resolve(times, names, subjects, items)
        head: _Columns = {
            **_head(items, times),
            **{kind.name.lower(): self._surrogates(kind, names[kind]) for kind in names},
        }
        rows = [rows_of(item) for item in items]
        repeat = pa.array([at for at, number in enumerate(rows) for _ in range(number)], pa.int32())
        tail = _tail(items, iter(self._surrogates(Kind.SUBJECT, subjects)))
        return _batch(_arrays(head, repeat) | _arrays(tail))

    def _surrogates(self, kind: Kind, names: Iterable[str]) -> list[int]:
        cache = self._identities.cache(kind)
        return [cache[name][0] if name else 0 for name in names]

    def _resolve(
        self,
        times: Sequence[int],
        names: dict[Kind, list[str]],
        subjects: Sequence[str],
        items: Sequence[Disclosures],
    ) -> None:
        """Bring every identity of the batch into the cache, with the last day of its rows."""
        days = [day_of(time) for time in times]
        shown = [day for item, day in zip(items, days, strict=True) for _ in item.shown]
        self._identities.refresh()
        for _ in range(_TRIES):
            wanted = {kind: self._missing(kind, names[kind], days) for kind in names}
            wanted[Kind.SUBJECT] = self._missing(Kind.SUBJECT, subjects, shown)
            if self._identities.resolve(wanted):
                return
        raise LedgerError("identities are deleted faster than rows can be written")

    def _missing(self, kind: Kind, names: Sequence[str], days: Sequence[int]) -> dict[str, int]:
        """Return names that the cache does not know, or not for so late a day."""
        cache, missing = self._identities.cache(kind), dict[str, int]()
        for name, day in _pairs(names, days):
            known = cache.get(name)
            if name and (known is None or known[1] < day):
                missing[name] = max(day, missing.get(name, day))
        return missing


def _pairs(names: Sequence[str], days: Sequence[int]) -> Iterable[tuple[str, int]]:
    """Return each name once with each of its days; nearly always all rows of a batch are of one day."""
    if days and min(days) == max(days):
        return zip(set(names), repeat(days[0]))
    return set(zip(names, days, strict=True))


def _names(actors: Sequence[Actor]) -> dict[Kind, list[str]]:
    """Return the identities of actors by kind, "" for absent ones."""
    addresses = [actor.address for actor in actors]
    return {
        Kind.ACTOR: ["" if (name := actor.name) == "address:" else name for actor in actors],
        Kind.ACCOUNT: [actor.account for actor in actors],
        Kind.SESSION: [actor.session for actor in actors],
        Kind.KEY: [actor.key for actor in actors],
        Kind.ADDRESS: addresses,
        Kind.PREFIX: [prefix_of(address) if address else "" for address in addresses],
    }


def _head(items: Sequence[Disclosures], times: Sequence[int]) -> _Columns:
    """Return what the rows of an exchange share, but for the identities."""
    actors = [item.actor for item in items]
    return {
        "time": times,
        "surface": [item.surface for item in items],
        "asn": [min(max(actor.asn, 0), _INT32) for actor in actors],
        "fingerprint": [actor.fingerprint for actor in actors],
        "tier": [actor.tier for actor in actors],
        "account_age_s": [_age(item.at, item.actor.account_created) for item in items],
        "access": [item.access for item in items],
        "scope": [item.scope for item in items],
        "status": [min(max(item.status, -1), _INT16) for item in items],
        "terms": [actor.terms for actor in actors],
        "decision": [item.decision for item in items],
        "source": [item.source for item in items],
        "policy": [item.policy for item in items],
        "batch": [item.batch for item in items],
        "group": [item.group for item in items],
    }


def _tail(items: Sequence[Disclosures], subjects: Iterable[int]) -> _Columns:
    """Return what differs from row to row."""
    kinds: list[str] = []
    fields: list[str] = []
    certainties: list[str] = []
    counts: list[int] = []
    numbers: list[int] = []
    versions: list[str] = []
    follow = iter(subjects)
    for item in items:
        kind = "lookup_hit" if item.kind == "lookup" else item.kind
        for person in item.shown:
            kinds.append(kind)
            numbers.append(next(follow))
            fields.append(join_fields(person.fields))
            certainties.append(person.certainty.value)
            counts.append(1)
            versions.append(person.version)
        for nobody, count in _nobody(item):
            kinds.append(nobody)
            numbers.append(0)
            fields.append("")
            certainties.append("")
            counts.append(count)
            versions.append("")
    return {
        "kind": kinds,
        "subject": numbers,
        "fields": fields,
        "certainty": certainties,
        "count": counts,
        "until": [0] * len(kinds),
        "reason": [""] * len(kinds),
        "version": versions,
    }


def _nobody(item: Disclosures) -> Iterable[tuple[str, int]]:
    """Yield kind and count of the rows of an exchange that name nobody."""
    if item.miss:
        yield schema.MISS, 0
    if item.unattributed > 0:
        bought = item.kind == schema.CLEARANCE
        kind = schema.CLEARANCE if bought else schema.UNATTRIBUTED
        yield kind, min(item.unattributed, _INT32)


def _age(at: float, created: float | None) -> int:
    """Return the age of an account in whole seconds, never below 0; -1 unknown."""
    if created is None:
        return -1
    return (micros(at) - micros(created)) // 1_000_000 if at > created else 0


def _gaps(gaps: Sequence[Gap]) -> pa.RecordBatch:
    """Return the rows of unobserved periods."""
    rows = [
        {
            **EMPTY_ROW,
            "kind": schema.UNOBSERVED,
            "time": micros(gap.start),
            "until": micros(max(gap.start, gap.end)),
            "reason": bounded(gap.why, schema.MAX_REASON),
            "surface": bounded(gap.surface),
            "source": bounded(gap.door),
        }
        for gap in gaps
    ]
    return pa.RecordBatch.from_pylist(rows, SCHEMA)


def _arrays(columns: _Columns, repeat: pa.Array | None = None) -> dict[str, pa.Array]:
    """Return columns as Arrow arrays, repeated by index; words are bounded."""
    made = {}
    for name, values in columns.items():
        array = pa.array(_short(name, values), SCHEMA.field(name).type)
        made[name] = array if repeat is None else array.take(repeat)
    return made


def _short(name: str, values: Sequence[object]) -> Sequence[object]:
    """Return the values of a column with words held within their bound."""
    if SCHEMA.field(name).type != pa.string() or name in _WHOLE:
        return values
    bound = {text: bounded(text) for text in set(values) if isinstance(text, str)}
    return [bound[text] for text in values if isinstance(text, str)]


def _batch(arrays: dict[str, pa.Array]) -> pa.RecordBatch:
    return pa.record_batch([arrays[name] for name in SCHEMA.names], schema=SCHEMA)
