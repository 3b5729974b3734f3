"""The map under another key: every row is encrypted anew, with new secrets, in one transaction."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from himaya.ledger.identities import Identities
from himaya.ledger.keys import Keys
from himaya.ledger.map_file import key_of, slots_path
from himaya.ledger.shredding import Places, Shred
from himaya.ledger.slots import PLACES, Slots, create_slots, end_swap, next_path, open_slots

_CHUNK = 10_000


def rekey(path: Path, keys: Keys) -> None:
    """Have a map go by the current key of a ring, and nothing of it open with an earlier one. Raises LedgerError.

    The secrets are new, too: the file with the old ones is overwritten when the map names the new one.
    """
    waiting = next_path(slots_path(path))
    old = Identities(path, keys)  # ends what broke off
    try:
        if key_of(path, keys) is keys:
            return
        waiting.unlink(missing_ok=True)
        create_slots(waiting)
        slots = open_slots(waiting)
        try:
            old.rewrite(lambda db, places: _rewrite(db, places, keys, slots))
        finally:
            slots.close()
    finally:
        old.close()
    end_swap(slots_path(path), slots.id)
    fresh = Identities(path, keys)
    fresh.empty_log()
    fresh.close()


def _rewrite(db: sqlite3.Connection, old: Places, keys: Keys, slots: Slots) -> None:
    new = Places(keys, slots, set())
    for table in ("identity", "closed_name"):
        _rename(db, table, old, new)
    _point(db, old, new)
    db.execute("UPDATE about SET key_check = ?, slots = ?", (keys.check, slots.id))


def _rename(db: sqlite3.Connection, table: str, old: Places, new: Places) -> None:
    """Encrypt the names of a table anew; damage stops it."""
    sql = f"SELECT surrogate, sealed FROM {table} WHERE sealed != X'' AND surrogate > ? ORDER BY 1 LIMIT ?"  # noqa: S608
    last = -1
    while rows := db.execute(sql, (last, _CHUNK)).fetchall():
        last = rows[-1][0]
        again = ((_again(old.number(n), new.number(n), n, sealed), n) for n, sealed in rows)
        db.executemany(f"UPDATE {table} SET sealed = ? WHERE surrogate = ?", again)  # noqa: S608


def _again(old: Shred, new: Shred, number: int, sealed: bytes) -> bytes:
    return new.seal_name(number, old.open_name(number, sealed))


def _point(db: sqlite3.Connection, old: Places, new: Places) -> None:
    """Encrypt the look-ups anew, place by place."""
    sql = "SELECT place, number FROM lookup WHERE place BETWEEN ? AND ?"
    for slot in range(PLACES):
        was, now = old.at(slot), new.at(slot)
        found = [was.pointed(*row) for row in db.execute(sql, (was.tag, was.after())).fetchall()]
        db.execute("DELETE FROM lookup WHERE place BETWEEN ? AND ?", (was.tag, was.after()))
        rows = (now.point(digest, number) for number, digest in found)
        db.executemany("INSERT INTO lookup VALUES (?, ?)", rows)
