"""Retention: rows end after their time, and so do the identities that only they used.

A day goes when its last moment is `days` days old, so a row lives at least that long and less than a day longer.
"delete" drops its rows; "seal" encrypts them to the sealing key, whose private half is kept elsewhere, without their
fingerprint class. A class ends after days of its own (`blanking`). Rows that a hold needs stay as they are until it
ends. Unobserved periods stay as long as they reach past the limit: they name nobody, and answers need them.
"""

from __future__ import annotations

from typing import Literal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from himaya.core.errors import LedgerError
from himaya.ledger import entries as e
from himaya.ledger import sealing
from himaya.ledger.archive import encrypt
from himaya.ledger.blanking import blank, without_class
from himaya.ledger.schema import DAY_S, FACETS, UNOBSERVED, day_of, iso, micros
from himaya.ledger.state import State, read_state
from himaya.ledger.writer import Ledger

Then = Literal["delete", "seal"]
_TRIES = 5


class Expired(msgspec.Struct, frozen=True):
    """What an execution did: rows that went, rows of that time that a hold keeps, identities removed.

    `blanked` are rows that stay without their fingerprint class.
    """

    rows: int = 0
    held: int = 0
    identities: int = 0
    blanked: int = 0


class _Plan:
    """What becomes of the files of days that are over."""

    def __init__(self) -> None:
        self.add: list[e.File] = []
        self.drop: list[str] = []
        self.rows, self.held = 0, 0
        self.used: set[int] = set()


def execute(
    ledger: Ledger,
    now: float,
    days: int = 31,
    then: Then = "delete",
    class_days: int | None = None,
) -> Expired:
    """Apply the retention as of `now` (epoch seconds); call it about once an hour.

    Fingerprint classes are kept `class_days`, None: as chosen before.
    Raises LedgerError: the ledger cannot be written, or "seal" without a sealing key.
    """
    before = day_of(micros(now)) - days
    with ledger.sealing_lock:
        ledger.set_retention(days, then, now, class_days)
        ledger.seal_if_older(before, now)
        for _ in range(_TRIES):
            state = read_state(ledger.chain)
            plan = _plan(ledger, state, before, now, then)
            if _commit(ledger, state, plan, before, now, then):
                identities = _remove_identities(ledger, plan, before)
                blanked = blank(ledger, now, read_state(ledger.chain).class_days)
                return Expired(plan.rows, plan.held, identities, blanked)
    raise LedgerError(f"{ledger.layout.chain}: holds change faster than retention can be applied")


def _plan(ledger: Ledger, state: State, before: int, now: float, then: Then) -> _Plan:
    """Write what stays of the days that are over, and say what goes."""
    plan, holds = _Plan(), state.standing_holds(micros(now))
    for file in state.files.values():
        if file.day < before and not file.archive:
            table = sealing.read_rows(ledger.layout, file)
            held, stays = sealing.held(table, holds), _reaches(table, before)
            _plan_file(ledger, state, plan, (file, table, pc.or_(held, stays)), then)
            plan.held += pc.sum(held).as_py() or 0
    return plan


def _plan_file(
    ledger: Ledger, state: State, plan: _Plan, part: tuple[e.File, pa.Table, pa.Array], then: Then
) -> None:
    file, table, mask = part
    kept, gone = table.filter(mask), table.filter(pc.invert(mask))
    if then == "seal" and not state.sealing_key:
        kept, gone = table, table.slice(0, 0)  # `operators.periods` seals it to operators
    for column in FACETS:
        plan.used.update(kept.column(column).unique().to_pylist())
    if not len(gone):
        return
    plan.drop.append(file.name)
    plan.rows += len(gone)
    plan.add.extend(sealing.put_days(ledger.layout, kept))
    if then == "seal":
        # What is encrypted cannot be blanked later.
        gone = without_class(gone)
        data = encrypt(sealing.encode(gone), state.sealing_key)
        plan.add.append(sealing.put_file(ledger.layout, file.day, gone, data, archive=True))


def _reaches(table: pa.Table, before: int) -> pa.Array:
    """Return which rows are unobserved periods that reach past the limit."""
    later = pc.greater(table.column("until"), before * DAY_S * 1_000_000)
    return pc.and_(pc.equal(table.column("kind"), UNOBSERVED), later)


def _commit(ledger: Ledger, state: State, plan: _Plan, before: int, now: float, then: Then) -> bool:
    """Enter the plan in the chain, unless a hold came in between; then undo it and return False."""
    kind = e.Archived if then == "seal" else e.Removed
    at, add, drop = iso(micros(now)), tuple(plan.add), tuple(plan.drop)
    entry = kind(at=at, add=add, drop=drop, rows=plan.rows, before=before)
    return sealing.swap(ledger.layout, ledger.chain, state, entry)


def _remove_identities(ledger: Ledger, plan: _Plan, before: int) -> int:
    """Remove identities whose last row went."""
    archives = [file.day for file in read_state(ledger.chain).files.values() if file.archive]
    return ledger.remove_identities(min([before, *archives]), plan.used)


def drop_archives(ledger: Ledger, day: int, now: float) -> int:
    """Remove sealed periods of days before a UTC day for good; return how many rows went."""
    with ledger.sealing_lock:
        files = read_state(ledger.chain).files.values()
        old = [file for file in files if file.archive and file.day < day]
        names, rows = tuple(file.name for file in old), sum(file.rows for file in old)
        if old:
            entry = e.Removed(at=iso(micros(now)), drop=names, rows=rows, before=day)
            ledger.chain.append(entry)
            sealing.remove_files(ledger.layout, names)
    return rows
