"""Holds: rows that an open matter needs stay, whatever retention and erasure would do, until the hold ends."""

from __future__ import annotations

import secrets

import ibis.expr.types as ir

from himaya.core.errors import InputError
from himaya.ledger import entries as e
from himaya.ledger import queries as q
from himaya.ledger.keys import Keys
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso, micros
from himaya.ledger.state import State


def place(  # noqa: PLR0913  (a hold is all of these)
    reader: Reader,
    about: tuple[str, int],
    *,
    basis: str,
    by: str,
    until: int,
    now: float,
    start: int = 0,
    end: int = 0,
) -> e.Hold:
    """Hold the rows of a column and surrogate until a time (microseconds), in the chain.

    `start` and `end` limit it to a period, 0 for none. Raises InputError when the ledger does not know the name or
    `until` is past, LedgerError when the chain cannot be written.
    """
    column, surrogate = about
    if not surrogate:
        raise InputError("the ledger holds nothing under this name, so there is nothing to hold")
    if until <= micros(now):
        raise InputError("the hold would end in the past; give a later --until")
    hold = e.Hold(
        at=iso(micros(now)),
        id=secrets.token_hex(4),
        column=column,
        surrogate=surrogate,
        basis=reader.keys.seal_text(basis),
        by=reader.keys.seal_text(by),
        until=until,
        start=start,
        end=0 if end == FOREVER else end,
    )
    reader.chain.append(hold)
    return hold


def release(reader: Reader, hold_id: str, *, why: str, by: str, now: float) -> None:
    """End a hold. Raises InputError when there is none of that id, LedgerError."""
    seal = reader.keys.seal_text
    with reader.chain.locked() as pen:
        if hold_id not in reader.state().holds:
            raise InputError(f"there is no hold {hold_id!r}; see: himaya hold --list")
        pen.append(e.Released(at=iso(micros(now)), id=hold_id, why=seal(why), by=seal(by)))


def describe(hold: e.Hold, keys: Keys) -> str:
    """Return basis, owner and end of a hold in words."""
    basis, by = keys.open_text(hold.basis), keys.open_text(hold.by)
    return f"hold {hold.id} ({basis}), placed by {by}, until {iso(hold.until)}"


def covering(
    reader: Reader, surrogates: dict[str, int], rows: ir.Table, state: State, now: int
) -> e.Hold | None:
    """Return a standing hold that needs one of these identities (column -> surrogate), or None.

    A hold needs what it names, and every identity in the rows it keeps.
    """
    for hold in state.standing_holds(now):
        if surrogates.get(hold.column) == hold.surrogate:
            return hold
        kept = q.held(rows, hold.column, hold.surrogate, hold.start, hold.end or FOREVER)
        for column, surrogate in surrogates.items():
            if reader.has_rows(q.facet(kept, column, surrogate)):
                return hold
    return None
