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

from himaya.core.errors import InputError, LedgerError, ServiceError
from himaya.ledger.keys import Keys
from himaya.response.cases.acts import Act, Entry, digest_of, linked
from himaya.response.cases.case import Case, is_machine, no_case, read_case
from himaya.response.cases.conditions import check, check_times
from himaya.response.cases.data import check_data, is_name
from himaya.response.cases.rules import check_act
from himaya.response.cases.tables import ENTRY, reading, writing

#: Bytes of the reason and data of one act.
MAX_BODY = 4 << 20
#: Entries of which retention takes nothing: what a case is, and that retention was there.
KEPT = ("opened", "expired")

Witness = Callable[[Entry], None]


class _Body(msgspec.Struct):
    """What is kept of an act in one column."""

    why: str
    data: dict[str, Any]


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
        InputError (refused; the message says why) and ServiceError (nothing was written, unless it says otherwise).
        """
        return self.add_all([act])[0]

    def add_all(self, acts: Iterable[Act]) -> list[Entry]:
        """Write several acts down, all of them or none; each is checked after the ones before it."""
        wanted = list(acts)
        for act in wanted:
            _check_alone(act)
        with writing(self._engine) as db:
            entries = [self._put(db, act) for act in wanted]
        self._tell_all(entries)
        return entries

    def remove_bodies(self, act: Act) -> int:
        """Take reasons and data of the case of `act`, which is over, away; write that down; return of how many entries.

        `act` is of the kind `expired`. Raises InputError when the case is not over, and ServiceError.
        """
        _check_alone(act)
        with writing(self._engine) as db:
            entry = self._put(db, act)
            kept = ENTRY.c.kind.not_in(KEPT)
            some = (ENTRY.c.case_id == act.case) & ENTRY.c.body.is_not(None) & kept
            done = db.execute(sa.update(ENTRY).where(some).values(body=None)).rowcount
        self.tell(entry)
        return int(done)

    def _put(self, db: sa.Connection, act: Act) -> Entry:
        self._check(db, act)
        head = _head(db)
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
            if not entries:
                raise InputError(no_case(act.case))
            case = read_case(entries)
            check(case, act)
            _check_apart(db, case, act)
        elif entries:
            raise InputError(f"there is a case {act.case} already")

    def _tell_all(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.tell(entry)

    def tell(self, entry: Entry) -> None:
        """Tell the witness of an entry that is durable. Raises LedgerError."""
        try:
            self._witness(entry)
        except LedgerError as problem:
            raise LedgerError(
                f"{problem}; entry {entry.number} of the register was written all the same"
            ) from problem

    # -- reading ---------------------------------------------------------------------------------

    def case(self, name: str) -> Case:
        """Return a case. Raises InputError when there is none of that name."""
        entries = self.entries(name) if is_name(name) else []
        if not entries:
            raise InputError(no_case(name))
        return read_case(entries)

    def cases(self) -> list[Case]:
        """Return every case, in the order of opening."""
        entries = sorted(self.entries(), key=lambda one: (one.act.case, one.number))
        found = [read_case(each) for _, each in groupby(entries, key=lambda one: one.act.case)]
        return sorted(found, key=lambda case: case.entries[0].number)

    def entries(self, case: str = "") -> list[Entry]:
        """Return the entries of a case, or of all, in order."""
        with reading(self._engine) as db:
            return list(_read(db, case))

    def newest(self) -> Entry | None:
        """Return the newest entry of all, None where there is none."""
        with reading(self._engine) as db:
            row = _head(db)
        return _entry(row) if row else None

    def links(self) -> dict[int, str]:
        """Return the link of every entry, by number."""
        wanted = sa.select(ENTRY.c.number, ENTRY.c.link)
        with reading(self._engine) as db:
            return {row.number: row.link for row in db.execute(wanted)}

    def problems(self) -> list[str]:
        """Return what does not hold in the register, one sentence each: a changed byte, a missing entry."""
        with reading(self._engine) as db:
            rows = list(db.execute(sa.select(ENTRY).order_by(ENTRY.c.number)))
        expired = {row.case_id: row.number for row in rows if row.kind == "expired"}
        found, before, expected = [], "", 1
        for row in rows:
            where = f"case {row.case_id}: entry {row.number}"
            if row.number != expected:
                found.append(f"register: entry {expected} is missing")
            if row.body is not None and digest_of(bytes(row.body)) != row.digest:
                found.append(f"{where} was changed")
            if row.body is None and (row.kind in KEPT or not _is_before(row, expired)):
                found.append(f"{where} has lost its reason and data, and not by retention")
            if not self._fits(row, before):
                found.append(f"{where} does not fit its link")
            before, expected = row.link, row.number + 1
        return found

    def _fits(self, row: sa.Row[tuple[object, ...]], before: str) -> bool:
        """Tell whether the link of a row is made of the one before it and what stands in the row."""
        made = linked(row.number, before, _act(row, _Body("", {})), row.digest)
        return bool(self._keys.digest(made).hex() == row.link)


def _check_alone(act: Act) -> None:
    """Raise InputError for an act that no case could take."""
    check_act(act.kind, by=act.by, role=act.role, machine=is_machine(act), why=act.why)
    check_data(act)
    check_times(act)
    if len(act.body()) > MAX_BODY:
        raise InputError(f"{act.kind!r} has more than {MAX_BODY:,} bytes of reason and data")


def _is_before(row: sa.Row[tuple[object, ...]], expired: dict[str, int]) -> bool:
    """Tell whether retention came to the case of a row after it."""
    return bool(row.number < expired.get(row.case_id, 0))


def _head(db: sa.Connection) -> sa.Row[tuple[object, ...]] | None:
    row: sa.Row[tuple[object, ...]] | None = db.execute(
        sa.select(ENTRY).order_by(ENTRY.c.number.desc()).limit(1)
    ).first()
    return row


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
    kept = _Body("", {}) if removed else _body(row)
    return Entry(row.number, _act(row, kept), row.digest, row.link, removed)


def _act(row: sa.Row[tuple[object, ...]], kept: _Body) -> Act:
    return Act(
        case=row.case_id,
        kind=row.kind,
        at=row.at,
        when=row.happened,
        by=row.by,
        role=row.role,
        why=kept.why,
        data=kept.data,
    )


def _body(row: sa.Row[tuple[object, ...]]) -> _Body:
    try:
        return msgspec.json.decode(bytes(row.body), type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise ServiceError(
            f"case {row.case_id}: entry {row.number} was changed: {problem}; run: himaya case verify"
        ) from problem
