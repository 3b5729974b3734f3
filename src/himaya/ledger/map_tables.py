"""The tables of the map, and how the map of an older format becomes one of this."""

from __future__ import annotations

import sqlite3
from itertools import islice

from himaya.ledger.closed_names import CLOSED_NAMES
from himaya.ledger.keys import Keys
from himaya.ledger.shredding import Places

#: `lookup`: from a digest to a number. `identity`: from a number to a name; `sealed` is empty while the name is closed
#: with a period; `day` is the last UTC day of a row. `renewed`: slots whose second half counts until it is settled.
TABLES = """
CREATE TABLE IF NOT EXISTS about (key_check BLOB NOT NULL, slots BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS lookup (place BLOB PRIMARY KEY, number BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS identity (
    surrogate INTEGER PRIMARY KEY, kind INTEGER NOT NULL, sealed BLOB NOT NULL, day INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS renewed (slot INTEGER PRIMARY KEY);
"""

_CHUNK = 10_000


def is_old(db: sqlite3.Connection) -> bool:
    """Tell whether a map is of format 1 or 2: its look-ups stand beside the names, and no secrets are beside it."""
    return bool(
        db.execute("SELECT 1 FROM pragma_table_info('identity') WHERE name = 'lookup'").fetchone()
    )


def statements(script: str) -> list[str]:
    """Return the statements of a script one by one: `executescript` would end a transaction."""
    found, part = [], ""
    for line in script.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            found.append(part)
            part = ""
    return found


def bring_forward(db: sqlite3.Connection, keys: Keys, places: Places, slots: bytes) -> None:
    """Write every identity of an older map anew, under the secrets of its places; in one transaction of the caller.

    `slots` is the id of the file of secrets. Pages that were used before may hold the old rows: wipe them afterwards.
    """
    db.execute("ALTER TABLE about ADD COLUMN slots BLOB NOT NULL DEFAULT X''")
    db.execute("UPDATE about SET slots = ?", (slots,))
    for statement in statements(CLOSED_NAMES):
        db.execute(statement)
    for trigger in ("erased_is_closed", "open_is_not_closed"):
        db.execute(f"DROP TRIGGER {trigger}")
    db.execute("ALTER TABLE identity RENAME TO older")
    for statement in statements(TABLES):
        db.execute(statement)
    sql = (
        "SELECT surrogate, lookup, kind, older.sealed, day, closed_name.sealed FROM older"
        " LEFT JOIN closed_name USING (surrogate)"
    )
    old = db.execute(sql)
    while chunk := list(islice(old, _CHUNK)):
        _write(db, keys, places, chunk)
    db.execute("DROP TABLE older")
    for statement in statements(CLOSED_NAMES):
        db.execute(statement)
    db.execute("INSERT INTO unwiped VALUES (0)")


def _write(
    db: sqlite3.Connection,
    keys: Keys,
    places: Places,
    rows: list[tuple[int, bytes, int, bytes, int, bytes | None]],
) -> None:
    identities, closed = [], []
    for number, digest, kind, sealed, day, period in rows:
        about, shred = b"%d" % number, places.number(number)
        name = shred.seal_name(number, keys.open(sealed, about)) if sealed else b""
        identities.append((number, kind, name, day))
        if period:
            closed.append((shred.seal(digest + period, about), number))
    pointed = (places.look_up(row[1]).point(row[1], row[0]) for row in rows)
    db.executemany("INSERT INTO lookup VALUES (?, ?)", pointed)
    db.executemany("INSERT INTO identity VALUES (?, ?, ?, ?)", identities)
    db.executemany("UPDATE closed_name SET sealed = ? WHERE surrogate = ?", closed)
