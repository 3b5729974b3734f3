"""Shredding identities of the map: the rows of their places are written anew, without them, under new secrets.

Their old rows, wherever SQLite left a copy, then open with no key; and since a look-up row does not say which place it
is of, a copy does not even say whose it may have been.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import suppress

from himaya.core.errors import LedgerError
from himaya.ledger.keys import Keys
from himaya.ledger.shredding import DIGEST, Places, Shred, look_up_slot, number_slot, numbers_of
from himaya.ledger.slots import Slots


class Erasing:
    """Erasing in one transaction of the caller, who settles the slots and counts the generation up."""

    def __init__(self, db: sqlite3.Connection, keys: Keys, slots: Slots, places: Places) -> None:
        """Take what the map is made of, as of this transaction."""
        self._db, self._keys, self._slots, self._places = db, keys, slots, places

    def erase(self, gone: set[int]) -> int:
        """Delete identities, renew the secrets of their places, and return how many there were."""
        digests = self._digests(gone)
        if not digests:
            return 0
        names = {number_slot(number) for number in digests}
        look_ups = {look_up_slot(digest) for digest in digests.values()}
        self.delete(gone, digests)
        slots = sorted(names | look_ups)
        self._slots.prepare(slots)
        for slot in names:
            self._rename(slot, self._next(slot))
        for slot in look_ups:
            self._point(self._places.at(slot), self._next(slot))
        self._db.executemany("INSERT INTO renewed VALUES (?)", ((slot,) for slot in slots))
        return len(digests)

    def delete(self, gone: set[int], digests: dict[int, bytes] | None = None) -> int:
        """Delete identities with their look-ups, and return how many there were."""
        found = self._digests(gone) if digests is None else digests
        rows = ((self._places.look_up(digest).row(digest),) for digest in found.values())
        self._db.executemany("DELETE FROM lookup WHERE place = ?", rows)
        self._db.executemany("DELETE FROM identity WHERE surrogate = ?", ((n,) for n in found))
        return len(found)

    def _next(self, slot: int) -> Shred:
        return self._places.read(slot, second=True)

    def _digests(self, numbers: Iterable[int]) -> dict[int, bytes]:
        """Return the digest of each that the map has; a closed name keeps its own."""
        found = {}
        sql = (
            "SELECT kind, identity.sealed, closed_name.sealed FROM identity"
            " LEFT JOIN closed_name USING (surrogate) WHERE surrogate = ?"
        )
        for number in numbers:
            row = self._db.execute(sql, (number,)).fetchone()
            if row is not None:
                found[number] = digest_of(self._keys, self._places, number, row)
        return found

    def _rename(self, slot: int, new: Shred) -> None:
        """Write the names of a place anew."""
        old = self._places.at(slot)
        for table in ("identity", "closed_name"):
            sql = f"SELECT sealed, surrogate FROM {table} WHERE sealed != X'' AND surrogate BETWEEN ? AND ?"  # noqa: S608
            rows = self._db.execute(sql, numbers_of(slot)).fetchall()
            sealed = [
                (again, number)
                for text, number in rows
                if (again := _again(old, new, b"%d" % number, text))
            ]
            self._db.executemany(f"UPDATE {table} SET sealed = ? WHERE surrogate = ?", sealed)  # noqa: S608

    def _point(self, old: Shred, new: Shred) -> None:
        """Write the look-ups of a place anew."""
        span = old.tag, old.after()
        sql = "SELECT place, number FROM lookup WHERE place BETWEEN ? AND ?"
        rows = [_pointed_again(old, new, row) for row in self._db.execute(sql, span).fetchall()]
        self._db.execute("DELETE FROM lookup WHERE place BETWEEN ? AND ?", span)
        self._db.executemany("INSERT INTO lookup VALUES (?, ?)", filter(None, rows))


def _again(old: Shred, new: Shred, about: bytes, sealed: bytes) -> bytes | None:
    """Return a name under another secret; None for one that was damaged before, which verification tells."""
    with suppress(LedgerError):
        return new.seal(old.open(sealed, about), about)
    return None


def _pointed_again(old: Shred, new: Shred, row: tuple[bytes, bytes]) -> tuple[bytes, bytes] | None:
    with suppress(LedgerError):
        number, digest = old.pointed(*row)
        return new.point(digest, number)
    return None


def closed_parts(places: Places, number: int, sealed: bytes) -> tuple[bytes, bytes]:
    """Return the digest and the name, under the key of its period, of a closed name. Raises LedgerError."""
    inner = places.number(number).open(sealed, b"%d" % number)
    return inner[:DIGEST], inner[DIGEST:]


def digest_of(
    keys: Keys, places: Places, number: int, row: tuple[int, bytes, bytes | None]
) -> bytes:
    """Return the look-up digest of a number from its kind, its name and its closed name. Raises LedgerError."""
    kind, sealed, closed = row
    if closed:
        return closed_parts(places, number, closed)[0]
    return keys.digest(b"%d:%s" % (kind, places.number(number).open_name(number, sealed)))
