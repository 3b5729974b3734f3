"""The list of erasures: what is done, what still waits, and where the name may still be."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from himaya.ledger import entries as e
from himaya.ledger import erasure
from himaya.ledger.exports import Export, listed
from himaya.ledger.matters import Matter
from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso, micros
from himaya.ledger.state import State


class Told(msgspec.Struct, frozen=True):
    """One erasure. `whom`: subject, actor or both, "" of earlier releases. `identities` went so far.

    `state` is pending while something is kept or a backup of the map may still know the name, which ends at
    `backups_until`; then complete. `exports` are files outside, not destroyed, that name somebody of it.
    """

    id: str
    at: str
    whom: str
    identities: int
    state: str
    pending: str
    backups_until: str
    kept: tuple[erasure.Kept, ...]
    exports: tuple[Export, ...]
    why: str
    by: str


def erasures(reader: Reader, matters: Iterable[Matter], now: float) -> list[Told]:
    """Return every erasure in order, as of `now` (epoch seconds). Raises LedgerError."""
    matters, state = tuple(matters), reader.state()
    waiting = {one.id: numbers for one, numbers in erasure.kept_by(state)}
    out = {one.id: one for one in listed(state, reader.keys, now) if not one.destroyed}
    told = []
    for name, parts in _by_id(state).items():
        numbers = waiting.get(name, set())
        kept = erasure.still_needed(reader, numbers, matters, micros(now)) if numbers else ()
        words = [f"kept because of {one.needs} ({one.basis}), until {one.until}" for one in kept]
        if kept and name not in state.renumbered:
            words.append("rows that nothing needs lose the name when retention runs next")
        if numbers and not kept:
            words.append("nothing needs the rest any more: it goes when retention runs next")
        until = erasure.backups_until(state, parts[-1].at)
        if until > micros(now):
            words.append(f"pending in backups until {iso(until)}")
        outside = tuple(out[one] for one in parts[0].exports if one in out)
        told.append(_told(reader, name, parts, "; ".join(words), (until, kept, outside)))
    return told


def _by_id(state: State) -> dict[str, list[e.Forgotten]]:
    """Return the entries of each erasure; one of an earlier release goes by its time."""
    parts: dict[str, list[e.Forgotten]] = {}
    for one in state.erasures:
        parts.setdefault(one.id or one.at, []).append(one)
    return parts


def _told(
    reader: Reader,
    name: str,
    parts: list[e.Forgotten],
    pending: str,
    rest: tuple[int, tuple[erasure.Kept, ...], tuple[Export, ...]],
) -> Told:
    first, (until, kept, outside) = parts[0], rest
    return Told(
        id=name,
        at=first.at,
        whom=first.whom,
        identities=sum(len(one.surrogates) for one in parts),
        state="pending" if pending else "complete",
        pending=pending,
        backups_until=iso(until),
        kept=kept,
        exports=outside,
        why=reader.keys.open_text(first.why),
        by=reader.keys.open_text(first.by),
    )
