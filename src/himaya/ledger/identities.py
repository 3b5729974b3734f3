"""The map between identities and surrogates: SQLite, identities sealed, found by keyed look-up.

Rows hold surrogates only: random 63-bit numbers. Erasing a person is overwriting the secrets with which their look-up
and their name are encrypted (`slots`, `shredding`) and deleting both, after which the surrogate in the files names
nobody. `day` is the last UTC day with a row that uses the surrogate; retention removes entries whose rows are gone
by it.

Several processes write it, one transaction at a time, so an identity has one surrogate whoever meets it first. What a
writer remembers stays true until an identity is deleted: each deletion counts the generation of the map up, and whoever
remembers an older one forgets it all.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from himaya.core.errors import LedgerError
from himaya.ledger.closed_names import close_name, open_name
from himaya.ledger.erasing import Erasing, closed_parts
from himaya.ledger.keys import Keys
from himaya.ledger.map_checks import row_problems, secret_problems
from himaya.ledger.map_file import MapFile, slots_path
from himaya.ledger.schema import MAX_NAME, Kind, bounded
from himaya.ledger.shredding import Places

#: Of so many identities the rows of their places are written anew in one transaction; a gate waits for it.
_AT_ONCE = 100
#: Of more, the whole map is written anew instead.
_SHREDDED = 5_000
#: After every UTC day that a row can have.
_EVER = 1 << 40
#: Seconds for which an erasure waits for others who read.
_READERS_S = 0.1

#: Identities wanted by a batch: kind -> name -> last UTC day of a row that uses it.
Wanted = dict[Kind, dict[str, int]]


class Identities(MapFile):
    """The map of one ledger. One connection; writers keep a bounded cache in front of it."""

    def __init__(
        self, path: Path, keys: Keys, *, cache: int = 100_000, create: bool = False
    ) -> None:
        """Open the map. `cache`: entries kept in memory per kind of identity.

        Raises LedgerError when it cannot be opened or belongs to another key.
        """
        self._limit = cache
        self._cache: dict[Kind, dict[str, tuple[int, int]]] = {kind: {} for kind in Kind}
        self._generation = -1
        #: Keys of periods that two operators opened, by id: names under them are read, too.
        self.opened: dict[str, bytes] = {}
        super().__init__(path, keys, create=create)
        self.refresh()

    def _lookup(self, kind: int, name: str) -> bytes:
        return self._keys.digest(b"%d:%s" % (kind, bounded(name, MAX_NAME).encode()))

    # -- writing ---------------------------------------------------------------------------

    def cache(self, kind: Kind) -> dict[str, tuple[int, int]]:
        """Return the cache of a kind: name -> (surrogate, last day known to the map)."""
        return self._cache[kind]

    def refresh(self) -> bool:
        """Drop the cache when identities were deleted since, by whomever; tell whether the cache stands."""
        with self._told():
            generation = self.generation()
        if generation == self._generation:
            return True
        self._generation = generation
        self._drop_cache()
        return False

    def _drop_cache(self) -> None:
        for cache in self._cache.values():
            cache.clear()

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
        cache, places = self._cache[kind], self._now()
        known = {name: cache[name] for name in names if name in cache}
        lookups = {name: self._lookup(kind, name) for name in names if name not in known}
        stored = self._stored(places, set(lookups.values()))
        fresh, later = [], []
        for name, day in names.items():
            surrogate, last = known.get(name) or stored.get(lookups[name], (0, -1))
            if not surrogate:
                surrogate = secrets.randbits(63) or 1
                fresh.append((surrogate, kind, name, lookups[name], day))
            elif day > last:
                later.append((day, surrogate))
            known[name] = (surrogate, max(day, last))
            if name in lookups:
                stored[lookups[name]] = known[name]
        self._insert(places, fresh)
        # Another writer may know of a later day.
        self._db.executemany("UPDATE identity SET day = max(day, ?) WHERE surrogate = ?", later)
        self._reopen(places, {known[name][0]: name for name in lookups})
        return [(kind, name, *known[name]) for name in names]

    def _insert(self, places: Places, fresh: list[tuple[int, Kind, str, bytes, int]]) -> None:
        """Add identities: surrogate, kind, name, digest of the look-up, day."""
        pointed = [places.look_up(row[3]).point(row[3], row[0]) for row in fresh]
        named = [
            (number, int(kind), _sealed(places, number, name), day)
            for number, kind, name, _, day in fresh
        ]
        self._db.executemany("INSERT INTO lookup VALUES (?, ?)", pointed)
        self._db.executemany("INSERT INTO identity VALUES (?, ?, ?, ?)", named)

    def _reopen(self, places: Places, seen: dict[int, str]) -> None:
        """Keep the names of people who came back as those of the open window are kept."""
        if not self._db.execute("SELECT 1 FROM closed_name LIMIT 1").fetchone():
            return
        sql = "SELECT surrogate FROM closed_name WHERE surrogate IN ({})"
        back = [row[0] for row in self._for_each(sql, seen)]
        self._db.executemany(
            "UPDATE identity SET sealed = ? WHERE surrogate = ?",
            [(_sealed(places, number, seen[number]), number) for number in back],
        )

    def _stored(self, places: Places, digests: Iterable[bytes]) -> dict[bytes, tuple[int, int]]:
        """Return the surrogate and the last day of each digest that the map has."""
        numbers, sql = (
            self._numbers(places, digests),
            "SELECT * FROM identity WHERE surrogate IN ({})",
        )
        days = {row[0]: row[3] for row in self._for_each(sql, numbers.values())}
        return {
            digest: (number, days[number]) for digest, number in numbers.items() if number in days
        }

    def _numbers(self, places: Places, digests: Iterable[bytes]) -> dict[bytes, int]:
        """Return the surrogate of each digest that the map has; in the order of the rows: pages are read once."""
        rows = {}
        for digest in digests:
            shred = places.look_up(digest)
            rows[shred.row(digest)] = shred
        found: dict[bytes, int] = {}
        sql = "SELECT place, number FROM lookup WHERE place IN ({})"
        for row, sealed in self._for_each(sql, sorted(rows)):
            number, digest = rows[row].pointed(row, sealed)
            found[digest] = number
        return found

    # -- reading ---------------------------------------------------------------------------

    def find(self, kind: Kind, name: str) -> int:
        """Return the surrogate of an identity, or 0 when the map does not know it."""
        return self.numbers(kind, (name,))[0] if name else 0

    def find_all(self, kind: Kind, names: Iterable[str]) -> dict[int, str]:
        """Return the identities of a kind that the map knows, by surrogate."""
        lookups = {self._lookup(kind, name): name for name in names}
        found = self._steady(lambda places: self._numbers(places, lookups))
        return {number: lookups[digest] for digest, number in found.items()}

    def numbers(self, kind: Kind, names: Iterable[str]) -> list[int]:
        """Return the surrogate of each name, in order, 0 for what the map does not know; for many names at once."""
        digests = [self._lookup(kind, name) if name else b"" for name in names]
        wanted = {*digests} - {b""}
        found = self._steady(lambda places: self._numbers(places, wanted))
        return [found.get(digest, 0) for digest in digests]

    def names(self, surrogates: Iterable[int]) -> dict[int, str]:
        """Return the names of surrogates; erased ones, and those closed with a sealed period, are left out."""
        wanted = list(surrogates)
        return self._steady(lambda places: self._names(places, wanted))

    def _names(self, places: Places, wanted: list[int]) -> dict[int, str]:
        sql = "SELECT surrogate, sealed FROM identity WHERE surrogate IN ({})"
        found = {
            number: places.number(number).open_name(number, sealed).decode()
            for number, sealed in self._for_each(sql, wanted)
            if sealed
        }
        return found | (self._opened_names(places, wanted) if self.opened else {})

    def _opened_names(self, places: Places, wanted: list[int]) -> dict[int, str]:
        """Return the names that are under keys of opened periods."""
        sql = "SELECT surrogate, period, sealed FROM closed_name WHERE surrogate IN ({})"
        return {
            number: open_name(self.opened[period], number, closed_parts(places, number, sealed)[1])
            for number, period, sealed in self._for_each(sql, wanted)
            if period in self.opened
        }

    def closed(self, surrogates: Iterable[int]) -> set[int]:
        """Return which of these have a name that is closed with a sealed period."""
        sql = "SELECT surrogate FROM closed_name WHERE surrogate IN ({})"
        with self._told():
            return {row[0] for row in self._for_each(sql, surrogates)}

    def kinds(self, among: Iterable[int]) -> dict[int, int]:
        """Return the kind of each of these surrogates that the map has, whatever their names are."""
        sql = "SELECT surrogate, kind FROM identity WHERE surrogate IN ({})"
        with self._told():
            return {row[0]: int(row[1]) for row in self._for_each(sql, among)}

    def count(self) -> int:
        """Return how many identities the map holds."""
        with self._told():
            return int(self._db.execute("SELECT count(*) FROM identity").fetchone()[0])

    def problems(self) -> list[str]:
        """Return what is wrong with the map: damage of the files, entries that do not open or not fit their look-up.

        The last day of use stands in no checksum.
        """
        try:
            with self._told():
                verdicts = [row[0] for row in self._db.execute("PRAGMA integrity_check")]
            return [
                *(f"{self._path}: {verdict}" for verdict in verdicts if verdict != "ok"),
                *self._steady(self._part_problems),
            ]
        except LedgerError as problem:
            return [str(problem)]

    def _part_problems(self, places: Places) -> list[str]:
        return [
            *secret_problems(self._secrets, slots_path(self._path), places),
            *row_problems(self._db, self._path, self._keys, places),
        ]

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
        sql, moved = "SELECT kind, sealed FROM identity WHERE surrogate = ? AND day < ?", []
        with self._writing():
            places = self._now()
            for number in surrogates:
                row = self._db.execute(sql, (number, day)).fetchone()
                if row and row[1]:
                    shred = places.number(number)
                    name = shred.open_name(number, row[1])
                    inner = self._lookup(row[0], name.decode()) + close_name(key, number, name)
                    moved.append((number, period, shred.seal(inner, b"%d" % number)))
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
        """Delete identities, overwrite what they were encrypted with, and return how many there were.

        Copies of their rows that stay in pages open with no key then. What is left of the write-ahead log goes at once,
        or, while another process reads, with the next erasure or upkeep.
        """
        return self._forget(set(surrogates), _EVER)

    def _forget(self, gone: set[int], before: int) -> int:
        """Delete identities last used before a UTC day."""
        if len(gone) > _SHREDDED:
            return self._forget_many(gone, before)
        numbers, count = iter(sorted(gone)), 0
        while part := set(islice(numbers, _AT_ONCE)):
            count += self._forget_few(part, before)
        self.empty_log(_READERS_S)
        self._drop_cache()
        return count

    def _forget_few(self, gone: set[int], before: int) -> int:
        """Delete identities and overwrite the secrets of their places."""
        done = None
        while done is None:
            self.settle()
            with self._writing():
                done = None if self._renewed() else self._shred(self._unused(gone, before))
        self.settle()
        return done

    def _shred(self, gone: set[int]) -> int:
        """Delete identities, and write the rows of their places anew under new secrets."""
        erasing = Erasing(self._db, self._keys, self._secrets, self._now())
        count = erasing.erase(gone)
        self._count_up()
        return count

    def _forget_many(self, gone: set[int], before: int) -> int:
        """Delete identities and write the whole map anew."""
        count = 0
        with self._writing():
            erasing = Erasing(self._db, self._keys, self._secrets, self._now())
            numbers = iter(self._unused(gone, before))
            while part := set(islice(numbers, _AT_ONCE)):
                count += erasing.delete(part)
            self._count_up()
        self._wipe()
        self._drop_cache()
        return count

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
            gone = {row[0] for row in old if row[0] not in keep}
        if len(gone) > _AT_ONCE:
            return self._forget_many(gone, day)
        return self._forget(gone, day) if gone else 0

    def _unused(self, among: set[int], day: int) -> set[int]:
        """Return which of these no row since a UTC day uses: a writer may have used one meanwhile."""
        sql = f"SELECT surrogate FROM identity WHERE day < {day} AND surrogate IN ({{}})"  # noqa: S608
        return {row[0] for row in self._for_each(sql, among)}


def _sealed(places: Places, number: int, name: str) -> bytes:
    return places.number(number).seal_name(number, bounded(name, MAX_NAME).encode())
