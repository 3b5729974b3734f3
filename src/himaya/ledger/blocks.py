"""Blocks that people decided, in the chain: what was kept out, why, at whose cost, and how it ended."""

from __future__ import annotations

import msgspec

from himaya.ledger import entries as e
from himaya.ledger.reader import Reader
from himaya.ledger.schema import FACETS, MAX_NAME, bounded, day_of, iso, micros


class Blocking(msgspec.Struct, frozen=True, kw_only=True):
    """What is written of one block. Times are epoch seconds; `column` is address or prefix, `name` the place."""

    id: str
    column: str
    name: str
    action: str
    collateral: int
    why: str
    by: str
    start: float
    until: float
    case: str = ""


def surrogate_of(reader: Reader, column: str, name: str, until: float) -> int:
    """Return the surrogate of an address or network, made when there is none; it is kept until `until` at least.

    Raises LedgerError.
    """
    kind, day = FACETS[column], day_of(micros(until))
    text = bounded(name, MAX_NAME)
    reader.identities.resolve({kind: {text: day}})
    return reader.identities.cache(kind)[text][0]


def record(reader: Reader, told: Blocking) -> None:
    """Append to the chain that something is blocked from now on. Raises LedgerError; then nothing may be."""
    seal = reader.keys.seal_text
    reader.chain.append(
        e.Blocked(
            at=iso(micros(told.start)),
            id=told.id,
            column=told.column,
            surrogate=surrogate_of(reader, told.column, told.name, told.until),
            action=told.action,
            collateral=told.collateral,
            why=seal(told.why),
            by=seal(told.by),
            start=micros(told.start),
            until=micros(told.until),
            case=told.case,
        )
    )


def record_lifted(reader: Reader, block: str, *, why: str, by: str, now: float) -> None:
    """Append to the chain that a block ended before its time. Raises LedgerError."""
    seal = reader.keys.seal_text
    reader.chain.append(e.Lifted(at=iso(micros(now)), id=block, why=seal(why), by=seal(by)))
