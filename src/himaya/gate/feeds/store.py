"""The file of blocks: SQLite beside the ledger, mode 0600. It holds surrogates: who is forgotten has no name here.

Rows are never changed but for their end; they leave when the retention of rows of the ledger is over for them, too.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from pathlib import Path

import msgspec

from himaya.gate.feeds.block import Remedy
from himaya.gate.feeds.usage import Count
from himaya.ledger.store_file import StoreFile

#: Counts that are kept, over all bouncers; a further one is dropped.
MOST_COUNTS = 5000

_TABLES = """
CREATE TABLE IF NOT EXISTS block (
    number INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL, kind TEXT NOT NULL, surrogate INTEGER NOT NULL,
    remedy TEXT NOT NULL, source TEXT NOT NULL, start REAL NOT NULL, until REAL NOT NULL,
    collateral INTEGER NOT NULL, why TEXT NOT NULL, by TEXT NOT NULL, lifted REAL NOT NULL DEFAULT 0,
    lifted_why TEXT NOT NULL DEFAULT '', lifted_by TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS block_until ON block (until);
CREATE INDEX IF NOT EXISTS block_place ON block (surrogate, source);
CREATE TABLE IF NOT EXISTS enforced (
    bouncer TEXT NOT NULL, component TEXT NOT NULL, name TEXT NOT NULL, unit TEXT NOT NULL, labels TEXT NOT NULL,
    total REAL NOT NULL, first REAL NOT NULL, last REAL NOT NULL,
    PRIMARY KEY (bouncer, component, name, unit, labels)
);
"""

_COLUMNS = (
    "number, uuid, kind, surrogate, remedy, source, start, until, collateral, why, by, lifted"
)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One block as it is kept: `kind` is address or prefix. Number and uuid are given by the file."""

    kind: str
    surrogate: int
    remedy: Remedy
    source: str
    start: float
    until: float
    collateral: int
    why: str
    by: str
    number: int = 0
    uuid: str = ""
    lifted: float = 0.0


class Enforced(msgspec.Struct, frozen=True):
    """What a bouncer said it did, added up since `first`."""

    bouncer: str
    component: str
    name: str
    unit: str
    labels: str
    total: float
    first: float
    last: float


def blocks_path(ledger: Path) -> Path:
    """Return where the blocks of a site lie: beside its ledger, as `<directory>.blocks`."""
    return ledger.with_name(ledger.name + ".blocks")


class BlockStore(StoreFile):
    """All blocks of one site. A context manager; one object belongs to one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it when it is not there. Raises ServiceError."""
        super().__init__(path, _TABLES, "blocks", any_thread=True)

    # -- blocks --------------------------------------------------------------------------------

    def add(self, rows: Iterable[Row]) -> list[Row]:
        """Keep blocks, durably and all or none, and return them with their numbers. Raises ServiceError."""
        names = [name for name in _COLUMNS.split(", ") if name != "number"]
        marks = ", ".join(f":{name}" for name in names)
        sql = f"INSERT INTO block ({', '.join(names)}) VALUES ({marks})"  # noqa: S608
        made: list[Row] = []
        with self._writing():
            for row in rows:
                named = msgspec.structs.replace(row, uuid=str(uuid.uuid4()))
                number = self._db.execute(sql, msgspec.structs.asdict(named)).lastrowid or 0
                made.append(msgspec.structs.replace(named, number=number))
        return made

    def lift(self, numbers: Iterable[int], now: float, why: str, by: str) -> None:
        """End blocks now. Raises ServiceError."""
        sql = "UPDATE block SET lifted = ?, lifted_why = ?, lifted_by = ? WHERE number = ? AND lifted = 0"
        with self._writing():
            self._db.executemany(sql, [(now, why, by, number) for number in numbers])

    def discard(self, numbers: Iterable[int]) -> None:
        """Take back blocks that never came into force. Raises ServiceError."""
        with self._writing():
            sql = "DELETE FROM block WHERE number = ?"
            self._db.executemany(sql, [(number,) for number in numbers])

    def trim(self, now: float, most: int) -> None:
        """Of blocks of detectors that are over, keep those among the last `most` numbers. Raises ServiceError."""
        sql = (
            "DELETE FROM block WHERE source LIKE 'detector:%' AND until < ?"
            " AND number <= (SELECT max(number) FROM block) - ?"
        )
        with self._writing():
            self._db.execute(sql, (now, most))

    def count(self, now: float) -> int:
        """Return how many blocks are in force."""
        sql = "SELECT count(*) FROM block WHERE until > ? AND lifted = 0"
        with self._told():
            return int(self._db.execute(sql, (now,)).fetchone()[0])

    def standing(self, now: float) -> list[Row]:
        """Return the blocks in force, oldest first."""
        return self._rows("until > ? AND lifted = 0", (now,))

    def ended(self, since: float, now: float, most: int) -> list[Row]:
        """Return the last `most` blocks that ended since a time, the last first."""
        where = "(lifted > ? OR (lifted = 0 AND until > ? AND until <= ?))"
        return self._rows(where, (since, since, now), f"ORDER BY number DESC LIMIT {int(most)}")

    def last_of(self, surrogate: int, source: str) -> Row | None:
        """Return the last block of a place by one source."""
        found = self._rows("surrogate = ? AND source = ?", (surrogate, source))
        return found[-1] if found else None

    def remove_before(self, before: float) -> None:
        """Drop blocks that were over by then. Raises ServiceError."""
        with self._writing():
            self._db.execute("DELETE FROM block WHERE until < ?", (before,))
            self._db.execute("DELETE FROM enforced WHERE last < ?", (before,))

    def _rows(
        self, where: str, values: tuple[float | str, ...], order: str = "ORDER BY number"
    ) -> list[Row]:
        sql = f"SELECT {_COLUMNS} FROM block WHERE {where} {order}"  # noqa: S608
        names = _COLUMNS.split(", ")
        with self._told():
            found = self._db.execute(sql, values).fetchall()
        return [Row(**dict(zip(names, row, strict=True))) for row in found]

    # -- what bouncers did ---------------------------------------------------------------------

    def note(self, bouncer: str, counts: Iterable[Count], now: float) -> None:
        """Add up what a bouncer said. Raises ServiceError."""
        with self._writing():
            room = MOST_COUNTS - self._db.execute("SELECT count(*) FROM enforced").fetchone()[0]
            for count in counts:
                room -= self._add(bouncer, count, now, grows=room > 0)

    def _add(self, bouncer: str, count: Count, now: float, *, grows: bool) -> int:
        """Add one count; return 1 when it is the first of its name."""
        key = (bouncer, count.component, count.name, count.unit, count.labels)
        total = "?" if count.is_gauge else "total + ?"
        sql = (
            f"UPDATE enforced SET total = {total}, last = ? WHERE bouncer = ? AND component = ?"  # noqa: S608
            " AND name = ? AND unit = ? AND labels = ?"
        )
        if self._db.execute(sql, (count.value, now, *key)).rowcount or not grows:
            return 0
        sql = "INSERT INTO enforced VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        self._db.execute(sql, (*key, count.value, now, now))
        return 1

    def enforced(self) -> list[Enforced]:
        """Return what bouncers said they did, in order of bouncer and name. Raises ServiceError."""
        with self._told():
            sql = "SELECT * FROM enforced ORDER BY bouncer, name, labels"
            return [Enforced(*row) for row in self._db.execute(sql).fetchall()]
