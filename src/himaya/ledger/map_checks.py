"""What verification says about the map: secrets and rows that were damaged, or that do not fit each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from himaya.core.errors import LedgerError
from himaya.ledger.erasing import digest_of
from himaya.ledger.keys import Keys
from himaya.ledger.shredding import Places
from himaya.ledger.slots import Slots

_ROWS = (
    "SELECT surrogate, kind, identity.sealed, closed_name.sealed FROM identity"
    " LEFT JOIN closed_name USING (surrogate)"
)


def secret_problems(slots: Slots, path: Path, places: Places) -> list[str]:
    """Return what is wrong with the secrets of a map. Raises LedgerError."""
    return [
        f"{path}: the secret in slot {slot} is damaged; what it sealed is lost without a backup"
        for slot in slots.damaged(places.second)
    ]


def row_problems(db: sqlite3.Connection, path: Path, keys: Keys, places: Places) -> Iterator[str]:
    """Yield what is wrong with the rows: each name has to open and be found by a look-up; no other is there."""
    broken, found = 0, 0
    for number, *row in db.execute(_ROWS):
        if _fits(db, keys, places, number, tuple(row)):
            found += 1
        else:
            broken += 1
    if broken:
        yield f"{path}: {broken} identities do not open or do not fit their look-up"
    more = db.execute("SELECT count(*) FROM lookup").fetchone()[0] - found - broken
    if more:
        yield f"{path}: {abs(more)} look-ups {'lead to no name' if more > 0 else 'are missing'}"


def _fits(
    db: sqlite3.Connection, keys: Keys, places: Places, number: int, row: tuple[object, ...]
) -> bool:
    """Tell whether an entry opens, and its look-up leads to it; damage may change types, too."""
    kind, sealed, closed = row
    if (
        not isinstance(sealed, bytes)
        or not isinstance(kind, int)
        or not isinstance(closed, bytes | None)
    ):
        return False
    try:
        digest = digest_of(keys, places, number, (kind, sealed, closed))
        shred = places.look_up(digest)
        row_ = shred.row(digest)
        pointed = db.execute("SELECT number FROM lookup WHERE place = ?", (row_,)).fetchone()
        return pointed is not None and shred.pointed(row_, pointed[0]) == (number, digest)
    except (LedgerError, TypeError):
        return False
