"""The register of all cases: entries in one database, chained by a key of the ledger; nothing is changed or removed.

An entry's link is a keyed hash over its number, the link before it and everything in it, so that whoever has the
database and not the key cannot write a history that holds. The newest link also goes into the chain of the ledger
(`witness`), which is deposited outside the machine: a register that was cut short is found by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any, Self

import msgspec
import sqlalchemy as sa

from himaya.core.errors import InputError, ServiceError
from himaya.ledger.keys import Keys
from himaya.response.cases.acts import Act, Entry, digest_of, linked
from himaya.response.cases.case import Case, is_machine, read_case
from himaya.response.cases.conditions import check
from himaya.response.cases.rules import OVER, check_act
from himaya.response.cases.tables import ENTRY, said

#: How often an entry is tried again that another one came before of.
_TRIES = 20
#: Bytes of the reason and data of one act.
MAX_BODY = 4 << 20

Witness = Callable[[Entry], None]


def _unseen(_: Entry) -> None:
    """Tell nobody of an entry."""


class Register:
    """The cases of one site. Several processes may use one at once."""

    def __init__(self, engine: sa.Engine, keys: Keys, witness: Witness = _unseen) -> None:
        """Use a database that `tables.connect` opened. `witness` is told of every entry, once it is durable."""
        self._engine, self._keys, self._witness = engine, keys, witness

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- writing ---------------------------------------------------------------------------------

    def add(self, act: Act) -> Entry:
        """Write an act down when the rules and the case allow it; return its entry, durable.

        Two who decide at once come one after the other: the second is checked against what the first did. Raises
        InputError (refused; the message says why) and ServiceError (nothing was written).
        """
        return self.add_all([act])[0]

    def add_all(self, acts: Iterable[Act]) -> list[Entry]:
        """Write several acts down, all of them or none; each is checked after the ones before it."""
        wanted = list(acts)
        for act in wanted:
            check_act(act.kind, by=act.by, role=act.role, machine=is_machine(act), why=act.why)
            if len(act.body()) > MAX_BODY:
                raise InputError(
                    f"{act.kind!r} has more than {MAX_BODY:,} bytes of reason and data"
                )
        for _ in range(_TRIES):
            try:
                with said(self._engine), self._engine.begin() as db:
                    entries = [self._put(db, act) for act in wanted]
            except ServiceError as problem:
                if isinstance(problem.__cause__, sa.exc.IntegrityError):
                    continue  # another entry took the number
                raise
            for entry in entries:
                self._witness(entry)
            return entries
        raise ServiceError(
            "the register is written to all the time; nothing was written, try again"
        )

    def _put(self, db: sa.Connection, act: Act) -> Entry:
        self._check(db, act)
        head = db.execute(
            sa.select(ENTRY.c.number, ENTRY.c.link).order_by(ENTRY.c.number.desc()).limit(1)
        ).first()
        number, before = (head.number + 1, head.link) if head else (1, "")
        body = act.body()
        entry = Entry(number, act, digest_of(body), "")
        link = self._keys.digest(linked(number, before, act, entry.digest)).hex()
        entry = msgspec.structs.replace(entry, link=link)
        db.execute(sa.insert(ENTRY).values(**_row(entry), body=body))
        return entry

    def _check(self, db: sa.Connection, act: Act) -> None:
        """Raise InputError when the case does not take the act."""
        entries = list(_read(db, act.case))
        if act.kind != "opened":
            case = read_case(entries)
            check(case, act)
            _check_apart(db, case, act)
        elif entries:
            raise InputError(f"there is a case {act.case} already")

    def remove_bodies(self, case: str, act: Act) -> int:
        """Take reasons and data of a case that is over away, and write that down; return of how many entries."""
        with said(self._engine), self._engine.begin() as db:
            if read_case(_read(db, case)).state not in OVER:
                raise InputError(f"case {case} is not over; its entries stay")
            entry = self._put(db, act)
            kept = ENTRY.c.kind.not_in(("opened", "expired"))
            some = (ENTRY.c.case_id == case) & ENTRY.c.body.is_not(None) & kept
            done = db.execute(sa.update(ENTRY).where(some).values(body=None)).rowcount
        self._witness(entry)
        return int(done)

    # -- reading ---------------------------------------------------------------------------------

    def case(self, name: str) -> Case:
        """Return a case. Raises InputError when there is none of that name."""
        return read_case(self.entries(name))

    def cases(self) -> list[Case]:
        """Return every case, in the order of opening."""
        entries = sorted(self.entries(), key=lambda one: (one.act.case, one.number))
        found = [read_case(each) for _, each in groupby(entries, key=lambda one: one.act.case)]
        return sorted(found, key=lambda case: case.entries[0].number)

    def entries(self, case: str = "") -> list[Entry]:
        """Return the entries of a case, or of all, in order."""
        with said(self._engine), self._engine.connect() as db:
            return list(_read(db, case))

    def problems(self) -> list[str]:
        """Return what does not hold in the register, one sentence each: a changed byte, a missing entry."""
        with said(self._engine), self._engine.connect() as db:
            rows = list(db.execute(sa.select(ENTRY).order_by(ENTRY.c.number)))
        found, before, expected = [], "", 1
        for row in rows:
            if row.number != expected:
                found.append(f"register: entry {expected} is missing")
            if row.body is not None and digest_of(bytes(row.body)) != row.digest:
                found.append(f"case {row.case_id}: entry {row.number} was changed")
            if not self._fits(row, before):
                found.append(f"case {row.case_id}: entry {row.number} does not fit its link")
            before, expected = row.link, row.number + 1
        return found

    def _fits(self, row: sa.Row[tuple[object, ...]], before: str) -> bool:
        """Tell whether the link of a row is made of the one before it and what stands in the row."""
        made = linked(row.number, before, _act(row, {}), row.digest)
        return any(keys.digest(made).hex() == row.link for keys in self._keys.ring())


def _check_apart(db: sa.Connection, case: Case, act: Act) -> None:
    """Raise InputError when an act would bring a drill and what really happened together."""
    other = str(act.data.get("into") or act.data.get("from_case") or "")
    if act.kind not in {"merged", "took"} or not other:
        return
    if read_case(_read(db, other)).practice != case.practice:
        raise InputError(
            f"one of {case.id} and {other} is a drill: practice and real cases are never brought together"
        )


def _row(entry: Entry) -> dict[str, object]:
    act = entry.act
    return {
        "number": entry.number,
        "case_id": act.case,
        "kind": act.kind,
        "at": act.at,
        "happened": act.when,
        "by": act.by,
        "role": act.role,
        "digest": entry.digest,
        "link": entry.link,
    }


def _read(db: sa.Connection, case: str = "") -> Iterator[Entry]:
    wanted = sa.select(ENTRY).order_by(ENTRY.c.number)
    if case:
        wanted = wanted.where(ENTRY.c.case_id == case)
    for row in db.execute(wanted):
        yield _entry(row)


def _entry(row: sa.Row[tuple[object, ...]]) -> Entry:
    removed = row.body is None
    kept = {} if removed else _body(row)
    return Entry(row.number, _act(row, kept), row.digest, row.link, removed)


def _act(row: sa.Row[tuple[object, ...]], kept: dict[str, Any]) -> Act:
    return Act(
        case=row.case_id,
        kind=row.kind,
        at=row.at,
        when=row.happened,
        by=row.by,
        role=row.role,
        why=str(kept.get("why", "")),
        data=kept.get("data", {}),
    )


def _body(row: sa.Row[tuple[object, ...]]) -> dict[str, Any]:
    try:
        return msgspec.json.decode(bytes(row.body), type=dict[str, Any])
    except msgspec.DecodeError as problem:
        raise ServiceError(
            f"case {row.case_id}: entry {row.number} was changed: {problem}"
        ) from problem
