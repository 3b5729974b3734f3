"""A row of the ledger with its names back: for rebuilding windows, reports and comparing files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import starmap
from typing import Any

import msgspec
import pyarrow as pa

from himaya.core.actor import Actor
from himaya.ledger.identities import Identities
from himaya.ledger.schema import FACETS, split_fields

_CHUNK = 20_000


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row. `at` and `until` are epoch seconds.

    `name` is the actor's name. Names that were erased are "" while `subject_id` and `actor_id` (surrogates)
    still tell one person from another.
    """

    at: float
    kind: str
    surface: str
    actor: Actor
    name: str
    actor_id: int
    subject: str
    subject_id: int
    fields: tuple[str, ...]
    access: str
    scope: str
    status: int
    certainty: str
    decision: str
    source: str
    policy: str
    count: int
    until: float
    reason: str
    batch: str = ""
    group: str = ""
    version: str = ""


class Naming:
    """Turns tables of the ledger's schema into rows; remembers a bounded number of names between them."""

    def __init__(
        self, identities: Identities, remember: int = 500_000, *, erased: str = ""
    ) -> None:
        """Read names from this map. With `erased`, a name that is gone is that word and its surrogate."""
        self._identities, self._remember, self._erased = identities, remember, erased
        self._names: dict[int, str] = {}

    def rows(self, table: pa.Table) -> Iterator[Row]:
        """Yield the rows of a table."""
        for batch in table.to_batches(max_chunksize=_CHUNK):
            names = self._for(batch)
            yield from starmap(Row, zip(*_columns(batch, names), strict=True))

    def _for(self, batch: pa.RecordBatch) -> dict[int, str]:
        if len(self._names) > self._remember:
            self._names.clear()
        wanted: set[int] = set()
        for column in FACETS:
            wanted.update(batch.column(column).unique().to_pylist())
        unknown = wanted - {0} - self._names.keys()
        if self._erased:
            self._names.update({number: f"{self._erased} {number}" for number in unknown})
        self._names.update(self._identities.names(unknown))
        return self._names


def _columns(batch: pa.RecordBatch, names: dict[int, str]) -> Iterator[Iterable[Any]]:
    """Yield the columns of `Row`, in its order."""
    for field in Row.__struct_fields__:
        match field:
            case "at":
                yield [time / 1e6 for time in batch.column("time").to_pylist()]
            case "until":
                yield [time / 1e6 for time in batch.column("until").to_pylist()]
            case "actor":
                yield _actors(batch, names)
            case "name":
                yield _named(batch, "actor", names)
            case "subject":
                yield _named(batch, "subject", names)
            case "actor_id" | "subject_id":
                yield batch.column(field.removesuffix("_id")).to_pylist()
            case "fields":
                yield [_fields(value) for value in batch.column("fields").to_pylist()]
            case _:
                yield batch.column(field).to_pylist()


@lru_cache(maxsize=4096)
def _fields(value: str) -> tuple[str, ...]:
    return tuple(split_fields(value))


def _named(batch: pa.RecordBatch, column: str, names: dict[int, str]) -> list[str]:
    return [names.get(number, "") for number in batch.column(column).to_pylist()]


def _actors(batch: pa.RecordBatch, names: dict[int, str]) -> Iterator[Actor]:
    named = [_named(batch, facet, names) for facet in ("address", "account", "session", "key")]
    plain = [batch.column(column).to_pylist() for column in ("asn", "fingerprint", "tier")]
    times, ages = batch.column("time").to_pylist(), batch.column("account_age_s").to_pylist()
    created = [None if age < 0 else time / 1e6 - age for time, age in zip(times, ages, strict=True)]
    terms = batch.column("terms").to_pylist()
    return starmap(Actor, zip(*named, *plain, created, terms, strict=True))


def called(identities: Identities, surrogates: set[int]) -> dict[int, str]:
    """Return the names of surrogates; of one that is closed with a sealed period `sealed-` and its number."""
    names = identities.names(surrogates)
    closed = identities.closed(surrogates - names.keys())
    return {**names, **{number: f"sealed-{number}" for number in closed}}
