"""The files of the map: SQLite, and the secrets beside it. Transactions, answers that hold together, settling, wiping.

An erasure counts the generation of the map up (SQLite's `user_version`) when it commits, and again when the secrets it
renewed are settled. A secret is overwritten only between the two. So what was read under one generation, before and
after, was read with the secrets that go with the rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from himaya.core.errors import LedgerError
from himaya.ledger.closed_names import CLOSED_NAMES
from himaya.ledger.keys import Keys
from himaya.ledger.map_tables import TABLES, bring_forward, is_old
from himaya.ledger.shredding import Places
from himaya.ledger.slots import Slots, create_slots, end_swap, open_slots, passing_slots
from himaya.ledger.store_file import transaction

_Answer = TypeVar("_Answer")

_GENERATIONS = 1 << 31  # a signed 32-bit number
_WAIT_S = 30.0  # for other processes that write the map
_ABOUT = "SELECT * FROM about"
_TRIES = 100  # while others erase
_CHUNK = 500  # SQLite takes at least 999 parameters

#: Deleted identities are overwritten; a commit is on disk; 32 MiB of pages in memory, for random keys
#: touch pages all over the file; the write-ahead log moves into the file at about 40 MiB.
_PRAGMAS = (
    "secure_delete=ON",
    "synchronous=FULL",
    "journal_mode=WAL",
    "cache_size=-32768",
    "wal_autocheckpoint=10000",
)


class MapFile:
    """One connection to the map of a ledger."""

    def __init__(self, path: Path, keys: Keys, *, create: bool = False) -> None:
        """Open the map and the secrets beside it. Raises LedgerError: it cannot be, or belongs to another key.

        A map of an older format is read from a copy in memory, and cannot be written before `bring_map_forward`.
        """
        self._path, self._keys = path, keys
        self._slots: Slots | None = None
        self._places: Places | None = None
        self._seen = -1
        self._about: tuple[bytes, ...] | None = None
        #: Whether this is a copy in memory of a map of an older format.
        self._is_copy = False
        with self._told():
            self._db = _connect(path, create=create)
            try:
                self._prepare(create=create)
            except BaseException:
                self.close()
                raise

    def _prepare(self, *, create: bool) -> None:
        for pragma in _PRAGMAS:
            self._db.execute(f"PRAGMA {pragma}")
        if create:
            self._create()
        row = self._db.execute(_ABOUT).fetchone()
        self._keys = _fitting(self._path, self._keys, row)
        if is_old(self._db):
            self._copy()
        else:
            self._about = row
            end_swap(slots_path(self._path), row[1])
            self._slots = open_slots(slots_path(self._path))
            if self._slots.id != row[1]:
                raise LedgerError(
                    f"{slots_path(self._path)}: these secrets are of another map than {self._path}"
                )
            self._db.executescript(CLOSED_NAMES)
        self.settle()

    def _create(self) -> None:
        create_slots(slots_path(self._path))
        slots = open_slots(slots_path(self._path))
        slots.close()
        self._db.executescript(TABLES)
        if not self._db.execute("SELECT 1 FROM about").fetchone():
            self._db.execute("INSERT INTO about VALUES (?, ?)", (self._keys.check, slots.id))

    def _copy(self) -> None:
        """Read a map of an older format into memory, as one of this format."""
        old, self._db, self._is_copy = self._db, _connect(None), True
        old.backup(self._db)
        old.close()
        self._slots = passing_slots(self._path)
        with transaction(self._db):
            bring_forward(self._db, self._keys, self._now(), self._slots.id)

    def close(self) -> None:
        """Close the map."""
        self._db.close()
        if self._slots is not None:
            self._slots.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn an error of SQLite into one that says where and what."""
        try:
            yield
        except sqlite3.Error as problem:
            raise LedgerError(f"{self._path}: the identity map failed: {problem}") from problem

    def must_be_writable(self) -> None:
        """Raise LedgerError when this is a map of an older format, which is only read."""
        if self._is_copy:
            raise LedgerError(
                f"{self._path}: is of an older format; bring it forward first:"
                f" himaya ledger seal --ledger {self._path.parent}"
            )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One durable transaction."""
        self.must_be_writable()
        with self._told(), transaction(self._db):
            yield

    # -- generations -----------------------------------------------------------------------

    def generation(self) -> int:
        """Return how often identities were deleted, in a way: another number means that some were since."""
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def _count_up(self) -> None:
        self._db.execute(f"PRAGMA user_version = {(self.generation() + 1) % _GENERATIONS}")

    def _now(self) -> Places:
        """Return the secrets as of now; inside a transaction that writes, they stay."""
        generation = self.generation()
        if self._places is None or generation != self._seen:
            second = {row[0] for row in self._renewed()}
            if not self._is_copy and self._db.execute(_ABOUT).fetchone() != self._about:
                raise LedgerError(f"{self._path}: the key was changed meanwhile; start again")
            self._places, self._seen = Places(self._keys, self._secrets, second), generation
        return self._places

    def _renewed(self) -> list[tuple[int]]:
        if self._is_copy:
            return []
        return self._db.execute("SELECT slot FROM renewed").fetchall()

    def _steady(self, work: Callable[[Places], _Answer]) -> _Answer:
        """Return the answer of what reads rows and secrets, asked again when somebody was erased meanwhile."""
        for _ in range(_TRIES):
            with self._told():
                places, before, failed = self._now(), self._seen, None
                try:
                    answer = work(places)
                except LedgerError as problem:
                    failed = problem
                if self.generation() == before:
                    if failed is not None:
                        raise failed
                    return answer
        raise LedgerError(f"{self._path}: people are erased faster than the map can be read")

    def settle(self) -> None:
        """End renewals that committed: overwrite what the secrets were. Raises LedgerError."""
        with self._told():
            if not self._renewed():
                return
        with self._writing():
            slots = [row[0] for row in self._renewed()]
            self._secrets.settle(slots)
            self._db.execute("DELETE FROM renewed")
            self._count_up()

    @property
    def _secrets(self) -> Slots:
        if self._slots is None:
            raise LedgerError(f"{self._path}: is closed")
        return self._slots

    def rewrite(self, work: Callable[[sqlite3.Connection, Places], None]) -> None:
        """Have all rows written anew, in one transaction; whoever has the map open notices."""
        with self._writing():
            work(self._db, self._now())
            self._count_up()

    # -- pages -----------------------------------------------------------------------------

    def _wipe(self) -> None:
        """Write the map anew without what was deleted, and empty its write-ahead log of old pages.

        `secure_delete` overwrites a row that is deleted, not the copies that stay behind in a page when rows move.
        """
        with self._told():
            self._db.execute("VACUUM")
        if not self.empty_log():
            raise LedgerError(
                f"{self._path}: erased, but another process keeps old pages in use;"
                " they go with the next erasure or when it ends"
            )

    def empty_log(self, wait_s: float = _WAIT_S) -> bool:
        """Move the write-ahead log into the map and cut it; False when others read an older state all that time."""
        with self._told():
            self._db.execute(f"PRAGMA busy_timeout = {int(wait_s * 1000)}")
            try:
                return not self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                self._db.execute(f"PRAGMA busy_timeout = {int(_WAIT_S * 1000)}")

    def _for_each(self, sql: str, about: Iterable[int | bytes]) -> list[tuple[Any, ...]]:
        """Return the rows of a question about some, `{}` in it, asked a few at a time."""
        found: list[tuple[Any, ...]] = []
        rest = iter(about)
        while chunk := list(islice(rest, _CHUNK)):
            found += self._db.execute(sql.format(",".join("?" * len(chunk))), chunk)
        return found


def slots_path(path: Path) -> Path:
    """Return where the secrets of a map stand."""
    return path.with_name("identities.slots")


def _connect(path: Path | None, *, create: bool = False) -> sqlite3.Connection:
    """Open a database, in memory without a path."""
    mode = "rwc" if create else "rw"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}" if path else ":memory:",
        uri=bool(path),
        timeout=_WAIT_S,
        isolation_level=None,
        check_same_thread=False,
    )


def key_of(path: Path, keys: Keys) -> Keys:
    """Return the key of a ring that a map, of whichever format, goes by. Raises LedgerError: it is of another."""
    try:
        with closing(_connect(path)) as db:
            row = db.execute(_ABOUT).fetchone()
    except sqlite3.Error as problem:
        raise LedgerError(f"{path}: the identity map failed: {problem}") from problem
    return _fitting(path, keys, row)


def _fitting(path: Path, keys: Keys, about: tuple[bytes, ...] | None) -> Keys:
    found = keys.fitting(about[0]) if about is not None else None
    if found is None:
        raise LedgerError(f"{path}: the key file is not the key of this ledger")
    return found


def bring_map_forward(path: Path, keys: Keys) -> None:
    """Make a map of an older format one of this, in one transaction; nothing where it is already.

    Nobody else may write it. Old rows stay in pages until it is wiped. Raises LedgerError.
    """
    keys = key_of(path, keys)
    create_slots(slots_path(path))
    slots = open_slots(slots_path(path))
    try:
        with closing(_connect(path)) as db:
            for pragma in _PRAGMAS:
                db.execute(f"PRAGMA {pragma}")
            with transaction(db):
                if is_old(db):
                    bring_forward(db, keys, Places(keys, slots, set()), slots.id)
    except sqlite3.Error as problem:
        raise LedgerError(f"{path}: the identity map failed: {problem}") from problem
    finally:
        slots.close()
