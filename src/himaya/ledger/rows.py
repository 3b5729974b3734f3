"""A row of the ledger with its names back: for rebuilding windows, reports and comparing files."""

from __future__ import annotations

from collections.abc import Iterator
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


def rows_of_table(table: pa.Table, identities: Identities) -> Iterator[Row]:
    """Yield the rows of a table of the ledger's schema."""
    for batch in table.to_batches(max_chunksize=_CHUNK):
        wanted: set[int] = set()
        for column in FACETS:
            wanted.update(batch.column(column).unique().to_pylist())
        names = identities.names(wanted - {0})
        for raw in batch.to_pylist():
            yield _row(raw, names)


def _row(raw: dict[str, Any], names: dict[int, str]) -> Row:
    at = raw["time"] / 1e6
    return Row(
        at=at,
        kind=raw["kind"],
        surface=raw["surface"],
        actor=_actor(raw, names),
        name=names.get(raw["actor"], ""),
        actor_id=raw["actor"],
        subject=names.get(raw["subject"], ""),
        subject_id=raw["subject"],
        fields=tuple(split_fields(raw["fields"])),
        access=raw["access"],
        scope=raw["scope"],
        status=raw["status"],
        certainty=raw["certainty"],
        decision=raw["decision"],
        source=raw["source"],
        policy=raw["policy"],
        count=raw["count"],
        until=raw["until"] / 1e6,
        reason=raw["reason"],
    )


def _actor(raw: dict[str, Any], names: dict[int, str]) -> Actor:
    age = raw["account_age_s"]
    return Actor(
        address=names.get(raw["address"], ""),
        account=names.get(raw["account"], ""),
        session=names.get(raw["session"], ""),
        key=names.get(raw["key"], ""),
        asn=raw["asn"],
        fingerprint=raw["fingerprint"],
        tier=raw["tier"],
        account_created=None if age < 0 else raw["time"] / 1e6 - age,
        terms=raw["terms"],
    )
