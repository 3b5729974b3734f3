"""Erasure: forgetting a person is deleting what ties a surrogate to a name.

A person as somebody who is shown (subject) and as somebody who looks (actor) are erased apart. An actor's sessions,
keys, addresses and networks go with it where no row of anybody else uses them. The rows stay as numbers, so counts
stay true; nobody can say any more who it was. Other processes notice at their next flush: a new view of the same
person gets a new surrogate.

What a hold or an open case needs stays, is named with basis and end, and goes by itself when nothing needs it any more
(`complete`). Files outside that still name the person are listed, since no erasure reaches them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

import ibis.expr.types as ir
import msgspec

from himaya.core.errors import InputError
from himaya.ledger import entries as e
from himaya.ledger import exports, holds
from himaya.ledger.matters import Matter
from himaya.ledger.names import parse_actor
from himaya.ledger.reader import Reader
from himaya.ledger.schema import DAY_S, FACETS, Kind, iso, micros
from himaya.ledger.state import State

#: Facets that may belong to one actor alone.
_THEIRS = ("session", "key", "address", "prefix")

#: Identities to erase: column -> surrogates.
Wanted = dict[str, set[int]]


class Kept(msgspec.Struct, frozen=True):
    """What an erasure left, because something needs it: how many identities of a kind, what needs them, until when.

    They are erased when that ends. `needs` is the id of a hold, or `case` and its id.
    """

    what: str
    count: int
    needs: str
    basis: str
    by: str
    until: str


class Erasure(msgspec.Struct, frozen=True):
    """What an erasure did. `erased` counts identities of the map, 0 with nothing kept: the ledger knew no such name.

    `exports` are the ids of files outside that still name one of them. A backup of the map may until `backups_until`.
    """

    id: str
    erased: int
    kept: tuple[Kept, ...] = ()
    exports: tuple[str, ...] = ()
    backups_until: str = ""

    @property
    def known(self) -> bool:
        """Tell whether the ledger knew the name at all."""
        return bool(self.erased or self.kept)


def forget(  # noqa: PLR0913  (an erasure is all of these)
    reader: Reader,
    *,
    subject: str = "",
    account: str = "",
    actor: str = "",
    why: str,
    by: str,
    now: float,
    matters: Iterable[Matter] = (),
) -> Erasure:
    """Erase a person as subject, as actor (`account:u7`; `account` says the same of a name), or both; it is recorded.

    `matters` are the cases. Nothing is recorded of a name the ledger does not know. Raises InputError, LedgerError.
    """
    reader.identities.must_be_writable()
    wanted = _wanted(reader, subject, f"account:{account}" if account else actor)
    if not any(wanted.values()):
        return Erasure("", 0)
    whom = "both" if subject and (account or actor) else "subject" if subject else "actor"
    seal = reader.keys.seal_text
    with reader.chain.locked() as pen:
        state, needed = _needed(reader, wanted, matters, micros(now))
        numbers = {number for found in wanted.values() for number in found}
        entry = e.Forgotten(
            at=iso(micros(now)),
            surrogates=tuple(sorted(numbers - set(needed))),
            why=seal(why),
            by=seal(by),
            id=secrets.token_hex(4),
            whom=whom,
            kept=tuple(sorted(needed)),
            exports=tuple(exports.naming(reader.layout, state, numbers)),
        )
        pen.append(entry)
        gone = reader.identities.forget(entry.surrogates)
    until = iso(backups_until(state, entry.at))
    return Erasure(entry.id, gone, tuple(_kept(wanted, needed)), entry.exports, until)


class Completed(msgspec.Struct, frozen=True):
    """What went because nothing needs it any more: identities of the map; people among them as column and name."""

    identities: int = 0
    people: tuple[tuple[str, str], ...] = ()


def complete(reader: Reader, matters: Iterable[Matter], now: float) -> Completed:
    """Erase what earlier erasures had to keep and nothing needs any more. Raises LedgerError.

    The names go back to the caller, once, so that what is kept beside the ledger goes with them.
    """
    matters, gone = tuple(matters), 0
    people: list[tuple[str, str]] = []
    if not kept_by(reader.state()):
        return Completed()
    with reader.chain.locked() as pen:
        for first, numbers in kept_by(reader.state()):
            wanted = by_column(reader, numbers)
            _, needed = _needed(reader, wanted, matters, micros(now))
            free = numbers - set(needed)
            if free:
                left, at = tuple(sorted(needed)), iso(micros(now))
                numbered = tuple(sorted(free))
                people += _people(reader, wanted, free)
                pen.append(msgspec.structs.replace(first, at=at, surrogates=numbered, kept=left))
                gone += reader.identities.forget(numbered)
    return Completed(gone, tuple(people))


def _people(reader: Reader, wanted: Wanted, free: set[int]) -> list[tuple[str, str]]:
    return [
        (column, name)
        for column in ("subject", "account")
        for name in reader.identities.names(wanted.get(column, set()) & free).values()
    ]


def kept_by(state: State) -> list[tuple[e.Forgotten, set[int]]]:
    """Return the erasures that had to keep something, each with the surrogates that still wait."""
    last = {one.id: one for one in state.erasures if one.id}
    return [(one, set(one.kept)) for one in last.values() if one.kept]


def backups_until(state: State, at: str) -> int:
    """Return until when (microseconds) a backup of the map may know what was erased at a time (ISO 8601).

    That is the time that was promised for every backup, or longer where `himaya ledger backup` made one before.
    """
    days = (state.classes or e.Classes(at="")).backup_days
    made = (one.until for one in state.backups if _seconds(one.at) <= _seconds(at))
    return max(micros(_seconds(at) + days * DAY_S), *made, 0)


def by_column(reader: Reader, numbers: set[int]) -> Wanted:
    """Return surrogates by the column they are for, also where their rows are sealed; one the map lost is nobody's."""
    kinds = reader.identities.kinds(numbers)
    return {
        column: {number for number, found in kinds.items() if found == kind}
        for column, kind in FACETS.items()
    }


def still_needed(
    reader: Reader, numbers: set[int], matters: Iterable[Matter], now: int
) -> tuple[Kept, ...]:
    """Return what needs these identities at `now` (microseconds), for a list. Raises LedgerError."""
    wanted = by_column(reader, numbers)
    _, needed = _needed(reader, wanted, matters, now)
    return tuple(_kept(wanted, needed))


def _wanted(reader: Reader, subject: str, actor: str) -> Wanted:
    if not subject and not actor:
        raise InputError("name a subject or an actor")
    wanted: Wanted = {}
    if subject:
        wanted["subject"] = {reader.identities.find(Kind.SUBJECT, subject)} - {0}
    if actor:
        wanted.update(_actor(reader, actor))
    return wanted


def _actor(reader: Reader, name: str) -> Wanted:
    """Return an actor's facet, its name, and the facets that no row of anybody else uses."""
    column, rest = parse_actor(name)
    if column == "prefix":
        raise InputError(
            f"{name!r} is a network, and nobody; name the account, key, session or address"
        )
    number = reader.identities.find(FACETS[column], rest)
    called = reader.identities.find(Kind.ACTOR, f"{column}:{rest}")
    wanted: Wanted = {column: {number} - {0}, "actor": {called} - {0}}
    if number:
        for facet in _THEIRS:
            if facet != column:
                wanted[facet] = _alone(reader, column, number, facet)
    return wanted


def _alone(reader: Reader, column: str, number: int, facet: str) -> set[int]:
    """Return the surrogates of a facet in rows of one actor that are in no row of anybody else."""

    def question(rows: ir.Table, _: State) -> set[int]:
        theirs = rows.filter((rows[column] == number) & (rows[facet] != 0)).select(facet).distinct()
        others = rows.filter(rows[column] != number).semi_join(theirs, facet).select(facet)
        found = reader.table(theirs).column(facet).to_pylist()
        return set(found) - set(reader.table(others.distinct()).column(facet).to_pylist())

    return reader.ask(question)


def _needed(
    reader: Reader, wanted: Wanted, matters: Iterable[Matter], now: int
) -> tuple[State, dict[int, holds.Freeze]]:
    def question(rows: ir.Table, state: State) -> tuple[State, dict[int, holds.Freeze]]:
        standing = holds.freezes(state, reader.keys, matters, now)
        return state, holds.needed(reader, wanted, rows, standing)

    return reader.ask(question)


def _kept(wanted: Wanted, needed: dict[int, holds.Freeze]) -> list[Kept]:
    """Return what stays, in words: one line per kind and reason."""
    counts: dict[tuple[str, str], tuple[int, holds.Freeze]] = {}
    for column, numbers in wanted.items():
        for number in sorted(numbers & set(needed)):
            one = needed[number]
            count, _ = counts.get((column, one.id), (0, one))
            counts[column, one.id] = count + 1, one
    return [
        Kept(column, count, one.id, one.basis, one.by, iso(one.until))
        for (column, _), (count, one) in counts.items()
    ]


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
