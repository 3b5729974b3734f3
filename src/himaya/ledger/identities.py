"""The map between identities and surrogates: SQLite, identities sealed, found by keyed look-up.

Rows hold surrogates only: random 63-bit numbers. Erasing a person is deleting one row here, after which the
surrogate in the files names nobody. `day` is the last UTC day with a row that uses the surrogate;
retention removes entries whose rows are gone by it.

Several processes write it, one transaction at a time, so an identity has one surrogate whoever meets it first. What a
writer remembers stays true until an identity is deleted: each deletion counts the generation of the map up (SQLite's
`user_version`), and whoever remembers an older one forgets it all.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from himaya.core.errors import LedgerError
from himaya.ledger.closed_names import CLOSED_NAMES, close_name, open_name
from himaya.ledger.keys import Keys
from himaya.ledger.schema import MAX_NAME, Kind, bounded
from himaya.ledger.store_file import transaction

_CHUNK = 500  # SQLite takes at least 999 parameters
_GENERATIONS = 1 << 31  # a signed 32-bit number
_WAIT_S = 30.0  # for other processes that write the map

#: Deleted identities are overwritten; a commit is on disk; 32 MiB of pages in memory, for random keys
#: touch pages all over the file; the write-ahead log moves into the file at about 40 MiB.
_PRAGMAS = (
    "secure_delete=ON",
    "synchronous=FULL",
    "journal_mode=WAL",
    "cache_size=-32768",
    "wal_autocheckpoint=10000",
)

_TABLES = """
CREATE TABLE IF NOT EXISTS about (key_check BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS identity (
    surrogate INTEGER PRIMARY KEY,
    lookup BLOB NOT NULL UNIQUE,
    kind INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    day INTEGER NOT NULL
);
"""

#: Identities wanted by a batch: kind -> name -> last UTC day of a row that uses it.
Wanted = dict[Kind, dict[str, int]]


class Identities:
    """The map of one ledger. One connection; writers keep a bounded cache in front of it."""

    def __init__(
        self, path: Path, keys: Keys, *, cache: int = 100_000, create: bool = False
    ) -> None:
        """Open the map. `cache`: entries kept in memory per kind of identity.

        Raises LedgerError when it cannot be opened or belongs to another key.
        """
        self._path, self._keys, self._limit = path, keys, cache
        self._cache: dict[Kind, dict[str, tuple[int, int]]] = {kind: {} for kind in Kind}
        self._generation = -1
        #: Keys of periods that two operators opened, by id: names under them are read, too.
        self.opened: dict[str, bytes] = {}
        with self._told():
            mode = "rwc" if create else "rw"
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=_WAIT_S,
                isolation_level=None,
                check_same_thread=False,
            )
            self._prepare(create=create)
        self.refresh()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn an error of SQLite into one that says where and what."""
        try:
            yield
        except sqlite3.Error as problem:
            raise LedgerError(f"{self._path}: the identity map failed: {problem}") from problem

    def _prepare(self, *, create: bool) -> None:
        for pragma in _PRAGMAS:
            self._db.execute(f"PRAGMA {pragma}")
        if create:
            self._db.executescript(_TABLES)
            if not self._db.execute("SELECT 1 FROM about").fetchone():
                self._db.execute("INSERT INTO about VALUES (?)", (self._keys.check,))
        row = self._db.execute("SELECT key_check FROM about").fetchone()
        if row is None or row[0] != self._keys.check:
            self._db.close()
            raise LedgerError(f"{self._path}: the key file is not the key of this ledger")
        self._db.executescript(CLOSED_NAMES)

    def close(self) -> None:
        """Close the map."""
        self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One durable transaction."""
        with self._told(), transaction(self._db):
            yield

    def _lookup(self, kind: Kind, name: str) -> bytes:
        return self._keys.digest(b"%d:%s" % (kind, bounded(name, MAX_NAME).encode()))

    # -- writing ---------------------------------------------------------------------------

    def cache(self, kind: Kind) -> dict[str, tuple[int, int]]:
        """Return the cache of a kind: name -> (surrogate, last day known to the map)."""
        return self._cache[kind]

    def refresh(self) -> bool:
        """Drop the cache when identities were deleted since, by whomever; tell whether the cache stands."""
        with self._told():
            generation = self._db.execute("PRAGMA user_version").fetchone()[0]
        if generation == self._generation:
            return True
        self._generation = generation
        for cache in self._cache.values():
            cache.clear()
        return False

    def resolve(self, wanted: Wanted) -> bool:
        """Put every wanted identity into the cache, making surrogates for new ones, durably.

        False when identities were deleted since `refresh`: then nothing was done, the cache is empty, and everything is
        wanted anew. Raises LedgerError; then nothing was added.
        """
        if not any(wanted.values()):
            return True
        found: list[tuple[Kind, str, int, int]] = []
        with self._writing():
            if not self.refresh():
                return False
            for kind, names in wanted.items():
                found += self._resolve_kind(kind, names)
        for kind, name, surrogate, day in found:
            self._cache[kind][name] = (surrogate, day)
        return True

    def trim(self) -> None:
        """Bring the caches back under their bound; the oldest entries leave."""
        for cache in self._cache.values():
            if len(cache) > self._limit:
                for name in list(islice(cache, len(cache) - self._limit * 3 // 4)):
                    del cache[name]

    def _resolve_kind(self, kind: Kind, names: dict[str, int]) -> list[tuple[Kind, str, int, int]]:
        """Return every name with its surrogate and last day, inserting and updating as needed."""
        cache = self._cache[kind]
        known = {name: cache[name] for name in names if name in cache}
        lookups = {name: self._lookup(kind, name) for name in names if name not in known}
        stored = dict(self._select(set(lookups.values())))
        fresh, later = [], []
        for name, day in names.items():
            surrogate, last = known.get(name) or stored.get(lookups[name], (0, -1))
            if not surrogate:
                surrogate = secrets.randbits(63) or 1
                sealed = self._seal(surrogate, name)
                fresh.append((surrogate, lookups[name], int(kind), sealed, day))
            elif day > last:
                later.append((day, surrogate))
            known[name] = (surrogate, max(day, last))
            if name in lookups:
                stored[lookups[name]] = known[name]
        self._db.executemany("INSERT INTO identity VALUES (?, ?, ?, ?, ?)", fresh)
        # Another writer may know of a later day.
        self._db.executemany("UPDATE identity SET day = max(day, ?) WHERE surrogate = ?", later)
        self._reopen({known[name][0]: name for name in lookups})
        return [(kind, name, *known[name]) for name in names]

    def _reopen(self, seen: dict[int, str]) -> None:
        """Keep the names of people who came back as those of the open window are kept."""
        if not self._db.execute("SELECT 1 FROM closed_name LIMIT 1").fetchone():
            return
        rest = iter(seen)
        while chunk := list(islice(rest, _CHUNK)):
            marks = ",".join("?" * len(chunk))
            sql = f"SELECT surrogate FROM closed_name WHERE surrogate IN ({marks})"  # noqa: S608
            back = [row[0] for row in self._db.execute(sql, chunk)]
            self._db.executemany(
                "UPDATE identity SET sealed = ? WHERE surrogate = ?",
                [(self._seal(number, seen[number]), number) for number in back],
            )

    def _seal(self, surrogate: int, name: str) -> bytes:
        return self._keys.seal(bounded(name, MAX_NAME).encode(), b"%d" % surrogate)

    def _select(self, lookups: Iterable[bytes]) -> Iterator[tuple[bytes, tuple[int, int]]]:
        rest = iter(lookups)
        while chunk := list(islice(rest, _CHUNK)):
            marks = ",".join("?" * len(chunk))
            sql = f"SELECT lookup, surrogate, day FROM identity WHERE lookup IN ({marks})"  # noqa: S608
            for lookup, surrogate, day in self._db.execute(sql, chunk):
                yield lookup, (surrogate, day)

    # -- reading ---------------------------------------------------------------------------

    def find(self, kind: Kind, name: str) -> int:
        """Return the surrogate of an identity, or 0 when the map does not know it."""
        with self._told():
            row = self._db.execute(
                "SELECT surrogate FROM identity WHERE lookup = ?", (self._lookup(kind, name),)
            ).fetchone()
        return int(row[0]) if row else 0

    def find_all(self, kind: Kind, names: Iterable[str]) -> dict[int, str]:
        """Return the identities of a kind that the map knows, by surrogate."""
        lookups = {self._lookup(kind, name): name for name in names}
        with self._told():
            return {number: lookups[key] for key, (number, _) in self._select(lookups)}

    def numbers(self, kind: Kind, names: Iterable[str]) -> list[int]:
        """Return the surrogate of each name, in order, 0 for what the map does not know; for many names at once.

        Look-ups are asked in the order of the index, and it alone answers, so that pages are read once.
        """
        keys = [self._lookup(kind, name) if name else b"" for name in names]
        wanted = iter(sorted({*keys} - {b""}))
        found: dict[bytes, int] = {}
        with self._told():
            while chunk := list(islice(wanted, _CHUNK)):
                marks = ",".join("?" * len(chunk))
                sql = f"SELECT lookup, surrogate FROM identity WHERE lookup IN ({marks})"  # noqa: S608
                found.update(self._db.execute(sql, chunk))
        return [found.get(key, 0) for key in keys]

    def names(self, surrogates: Iterable[int]) -> dict[int, str]:
        """Return the names of surrogates; erased ones, and those closed with a sealed period, are left out."""
        found: dict[int, str] = {}
        rest = iter(surrogates)
        with self._told():
            while chunk := list(islice(rest, _CHUNK)):
                marks = ",".join("?" * len(chunk))
                sql = f"SELECT surrogate, sealed FROM identity WHERE surrogate IN ({marks})"  # noqa: S608
                for surrogate, sealed in self._db.execute(sql, chunk):
                    if sealed:
                        found[surrogate] = self._keys.open(sealed, b"%d" % surrogate).decode()
                found.update(self._opened_names(chunk) if self.opened else {})
        return found

    def _opened_names(self, chunk: list[int]) -> dict[int, str]:
        """Return the names that are under keys of opened periods."""
        marks = ",".join("?" * len(chunk))
        sql = f"SELECT surrogate, period, sealed FROM closed_name WHERE surrogate IN ({marks})"  # noqa: S608
        return {
            surrogate: open_name(self.opened[period], surrogate, sealed)
            for surrogate, period, sealed in self._db.execute(sql, chunk)
            if period in self.opened
        }

    def closed(self, surrogates: Iterable[int]) -> set[int]:
        """Return which of these have a name that is closed with a sealed period."""
        return {number for (number,) in self._of(surrogates, "surrogate", "closed_name")}

    def kinds(self, among: Iterable[int]) -> dict[int, int]:
        """Return the kind of each of these surrogates that the map has, whatever their names are."""
        return {
            number: int(kind) for number, kind in self._of(among, "surrogate, kind", "identity")
        }

    def _of(self, surrogates: Iterable[int], columns: str, table: str) -> Iterator[tuple[int, ...]]:
        """Yield columns of a table for these surrogates."""
        rest = iter(surrogates)
        with self._told():
            while chunk := list(islice(rest, _CHUNK)):
                marks = ",".join("?" * len(chunk))
                sql = f"SELECT {columns} FROM {table} WHERE surrogate IN ({marks})"  # noqa: S608
                yield from self._db.execute(sql, chunk)

    def count(self) -> int:
        """Return how many identities the map holds."""
        with self._told():
            return int(self._db.execute("SELECT count(*) FROM identity").fetchone()[0])

    def problems(self) -> list[str]:
        """Return what is wrong with the map: damage of the file, entries that do not open or not fit their look-up.

        The last day of use stands in no checksum.
        """
        try:
            with self._told():
                verdicts = [row[0] for row in self._db.execute("PRAGMA integrity_check")]
                sql = "SELECT surrogate, lookup, kind, sealed FROM identity WHERE sealed != X''"
                broken = sum(not self._fits(*row) for row in self._db.execute(sql))
        except LedgerError as problem:
            return [str(problem)]
        found = [f"{self._path}: {verdict}" for verdict in verdicts if verdict != "ok"]
        return found + (
            [f"{self._path}: {broken} identities do not open or do not fit their look-up"]
            if broken
            else []
        )

    def _fits(self, surrogate: int, lookup: object, kind: object, sealed: object) -> bool:
        """Tell whether an entry opens, and is found by the name and kind inside; damage may change types, too."""
        if not isinstance(sealed, bytes) or not isinstance(kind, int):
            return False
        try:
            name = self._keys.open(sealed, b"%d" % surrogate)
        except LedgerError:
            return False
        return lookup == self._keys.digest(b"%d:%s" % (kind, name))

    # -- closing with a period -----------------------------------------------------------------

    def idle(self, day: int) -> list[int]:
        """Return the surrogates last used before a UTC day whose names are open still."""
        with self._told():
            sql = "SELECT surrogate FROM identity WHERE day < ? AND sealed != X''"
            return [row[0] for row in self._db.execute(sql, (day,))]

    def close_names(self, surrogates: Iterable[int], day: int, period: str, key: bytes) -> int:
        """Encrypt these names with the key of a period, unless used since `day`; return how many.

        What they were under goes from the file, too, with `wipe`.
        """
        sql, moved = "SELECT sealed FROM identity WHERE surrogate = ? AND day < ?", []
        with self._writing():
            for number in surrogates:
                row = self._db.execute(sql, (number, day)).fetchone()
                if row and row[0]:
                    name = self._keys.open(row[0], b"%d" % number)
                    moved.append((number, period, close_name(key, number, name)))
            self._db.executemany("INSERT OR REPLACE INTO closed_name VALUES (?, ?, ?)", moved)
            gone = [(number,) for number, _, _ in moved]
            self._db.executemany("UPDATE identity SET sealed = X'' WHERE surrogate = ?", gone)
            self._db.execute("INSERT INTO unwiped VALUES (?)", (day,))
        return len(moved)

    def wipe(self) -> None:
        """Write the map anew when pages may hold names that were closed. Raises LedgerError while another reads."""
        with self._told():
            pending = self._db.execute("SELECT 1 FROM unwiped LIMIT 1").fetchone()
        if pending:
            self._wipe()
            with self._writing():
                self._db.execute("DELETE FROM unwiped")

    # -- erasing ---------------------------------------------------------------------------

    def forget(self, surrogates: Iterable[int]) -> int:
        """Delete identities, overwrite what they were, and return how many there were."""
        gone = 0
        with self._writing():
            generation = self._db.execute("PRAGMA user_version").fetchone()[0]
            self._db.execute(f"PRAGMA user_version = {(generation + 1) % _GENERATIONS}")
            for surrogate in surrogates:
                sql = "DELETE FROM identity WHERE surrogate = ?"
                gone += self._db.execute(sql, (surrogate,)).rowcount
        self._wipe()
        return gone

    def keep(self, surrogates: Iterable[int], day: int) -> None:
        """Keep identities at least as if a row of this UTC day used them. Raises LedgerError."""
        with self._writing():
            sql = "UPDATE identity SET day = ? WHERE surrogate = ? AND day < ?"
            self._db.executemany(sql, ((day, number, day) for number in surrogates))

    def keep_closed(self, surrogates: Iterable[int], day: int) -> None:
        """Keep identities as if a row of this UTC day used them, but for closing their names. Raises LedgerError."""
        with self._writing():
            sql = "INSERT INTO longer_name VALUES (?, ?) ON CONFLICT DO UPDATE SET day = max(day, excluded.day)"
            self._db.executemany(sql, ((number, day) for number in surrogates))

    def remove_before(self, day: int, keep: set[int]) -> int:
        """Delete identities last used before a UTC day, except `keep`; return how many."""
        longer = "SELECT surrogate FROM longer_name WHERE day >= ?"
        sql = f"SELECT surrogate FROM identity WHERE day < ? AND surrogate NOT IN ({longer})"  # noqa: S608
        with self._told():
            old = self._db.execute(sql, (day, day))
            gone = [row[0] for row in old if row[0] not in keep]
        return self.forget(gone) if gone else 0

    def _wipe(self) -> None:
        """Write the map anew without what was erased, and empty its write-ahead log of old pages.

        `secure_delete` overwrites a row that is deleted, not the copies that stay behind in a page when rows move.
        """
        for cache in self._cache.values():
            cache.clear()
        with self._told():
            self._db.execute("VACUUM")
            busy = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise LedgerError(
                f"{self._path}: erased, but another process keeps old pages in use;"
                " they go with the next erasure or when it ends"
            )
