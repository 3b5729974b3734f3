"""The file of cases: SQLite beside the ledger, mode 0600. It holds surrogates: who is forgotten has no name here."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec

from himaya.analysis.cases.case import Case, Entry, State, check
from himaya.analysis.groups.group import Ground, Group
from himaya.analysis.groups.keys import Key
from himaya.analysis.groups.popularity import Id
from himaya.core.errors import InputError
from himaya.ledger.store_file import StoreFile

#: A case is told of once its members grew by this much.
_GROWN = 1.25

_TABLES = """
CREATE TABLE IF NOT EXISTS matter (
    id TEXT PRIMARY KEY, state TEXT NOT NULL, opened REAL NOT NULL, told INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS member (
    number INTEGER PRIMARY KEY, matter TEXT NOT NULL REFERENCES matter(id), actor INTEGER NOT NULL,
    UNIQUE (matter, actor)
);
CREATE TABLE IF NOT EXISTS log (
    number INTEGER PRIMARY KEY AUTOINCREMENT, matter TEXT NOT NULL REFERENCES matter(id),
    at REAL NOT NULL, by TEXT NOT NULL, what TEXT NOT NULL, why TEXT NOT NULL
);
CREATE TRIGGER IF NOT EXISTS log_stays BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
CREATE TRIGGER IF NOT EXISTS log_grows BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
"""


class _Body(msgspec.Struct):
    """What a row keeps of a group beside its members."""

    first: float
    found: float
    keys: list[Key]
    covers: list[Key]
    people: int
    shown: int
    grounds: list[Ground]
    proven: list[int | str] = []


def cases_path(ledger: Path) -> Path:
    """Return where the cases of a site lie: beside its ledger, as `<directory>.cases`."""
    return ledger.with_name(ledger.name + ".cases")


class CaseStore(StoreFile):
    """All cases of one site. A context manager; one object belongs to one thread."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it when it is not there. Raises ServiceError."""
        super().__init__(path, _TABLES, "cases")

    # -- what is found -------------------------------------------------------------------------

    def put(self, group: Group, now: float, by: str = "himaya") -> bool:
        """Open a case for a group, or bring its case up to date; tell whether it is new.

        A closed case stays as it is. Raises ServiceError.
        """
        with self._writing():
            known = self._row(group.id)
            if known is None:
                sql = "INSERT INTO matter VALUES (?, ?, ?, ?, ?)"
                told = len(group.members)
                self._db.execute(sql, (group.id, State.SUSPECTED, now, told, _body(group)))
                self._note(group.id, now, by, "opened", " ".join(group.words()))
            elif known[0] != State.CLOSED:
                self._update(group, known[1], now, by)
            else:
                return False
            members = [(group.id, actor) for actor in group.members]
            self._db.executemany(
                "INSERT OR IGNORE INTO member (matter, actor) VALUES (?, ?)", members
            )
        return known is None

    def _update(self, group: Group, told: int, now: float, by: str) -> None:
        count = len(group.members)
        grew = count >= told * _GROWN
        if grew:
            self._note(group.id, now, by, "joined", f"{count} members, {group.people} people")
        sql = "UPDATE matter SET told = ?, body = ? WHERE id = ?"
        self._db.execute(sql, (count if grew else told, _body(group), group.id))

    def _note(self, case: str, at: float, by: str, what: str, why: str) -> None:
        sql = "INSERT INTO log (matter, at, by, what, why) VALUES (?, ?, ?, ?, ?)"
        self._db.execute(sql, (case, at, by, what, why))

    # -- what people decide --------------------------------------------------------------------

    def move(self, case: str, state: State, *, why: str, by: str, at: float) -> Case:
        """Bring a case into another state and return it.

        Raises InputError (no such case, no such way) and ServiceError.
        """
        with self._writing():
            known = self._row(case)
            if known is None:
                raise InputError(f"there is no case {case}; `himaya case list` names them")
            check(case, State(known[0]), state)
            self._db.execute("UPDATE matter SET state = ? WHERE id = ?", (state, case))
            self._note(case, at, by, str(state), why)
        return self.get(case)

    def note(self, case: str, what: str, *, why: str, by: str, at: float) -> None:
        """Add an entry to the log of a case. Raises InputError (no such case) and ServiceError."""
        with self._writing():
            if self._row(case) is None:
                raise InputError(f"there is no case {case}; `himaya case list` names them")
            self._note(case, at, by, what, why)

    # -- reading -------------------------------------------------------------------------------

    def get(self, case: str) -> Case:
        """Return a case with its members and log. Raises InputError when there is none of that name."""
        with self._told():
            sql = "SELECT id, state, opened, body FROM matter WHERE id = ?"
            row = self._db.execute(sql, (case,)).fetchone()
            if row is None:
                raise InputError(f"there is no case {case}; `himaya case list` names them")
            return self._case(row)

    def all(self) -> list[Case]:
        """Return every case, in the order of opening."""
        with self._told():
            sql = "SELECT id, state, opened, body FROM matter ORDER BY opened, id"
            return [self._case(row) for row in self._db.execute(sql).fetchall()]

    def states(self) -> dict[str, State]:
        """Return the state of every case, in the order of opening."""
        with self._told():
            rows = self._db.execute("SELECT id, state FROM matter ORDER BY opened, id")
            return {row[0]: State(row[1]) for row in rows.fetchall()}

    def log(self, case: str) -> tuple[Entry, ...]:
        """Return the log of a case, without its members; nothing for one that is not there."""
        with self._told():
            return self._log(case)

    def _log(self, case: str) -> tuple[Entry, ...]:
        sql = "SELECT at, by, what, why FROM log WHERE matter = ? ORDER BY number"
        return tuple(Entry(*entry) for entry in self._db.execute(sql, (case,)))

    def _row(self, case: str) -> tuple[str, int] | None:
        sql = "SELECT state, told FROM matter WHERE id = ?"
        row: tuple[str, int] | None = self._db.execute(sql, (case,)).fetchone()
        return row

    def _case(self, row: tuple[str, str, float, bytes]) -> Case:
        name, state, opened, body = row
        kept = _read(body)
        sql = "SELECT actor FROM member WHERE matter = ? ORDER BY number"
        members: dict[Id, None] = {actor: None for (actor,) in self._db.execute(sql, (name,))}
        log = self._log(name)
        proven = dict.fromkeys(kept.proven)
        group = Group(
            id=name, members=members, **{**msgspec.structs.asdict(kept), "proven": proven}
        )
        return Case(name, State(state), opened, group, log)


def _read(body: bytes) -> _Body:
    """Return what `_body` wrote; JSON has no infinity, and writes null for a value past all thresholds."""
    kept = msgspec.json.decode(body)
    for ground in kept["grounds"]:
        for key, value in ground.items():
            ground[key] = math.inf if value is None else value
    return msgspec.convert(kept, _Body)


def _body(group: Group) -> bytes:
    kept = {name: getattr(group, name) for name in _Body.__struct_fields__}
    return msgspec.json.encode(_Body(**{**kept, "proven": list(group.proven)}))
