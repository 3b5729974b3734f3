"""Who the actors of a case are: surrogates of its groups' members and of those that people named."""

from __future__ import annotations

from pathlib import Path

import ibis
import ibis.expr.types as ir
import msgspec

from himaya.analysis.cases import CaseStore, cases_path
from himaya.analysis.groups import Group
from himaya.core.errors import InputError
from himaya.ledger import queries as q
from himaya.ledger.reader import Reader
from himaya.response.cases import Case

#: Sessions that are told, the latest first: an account may sign in without end.
MOST_SESSIONS = 100_000


class Actors(msgspec.Struct, frozen=True):
    """The actors of a case. `certain` were proven by a test, named by a person, or are the one of a finding.

    `others` only look alike.
    """

    certain: tuple[int, ...]
    others: tuple[int, ...] = ()
    groups: tuple[Group, ...] = ()

    @property
    def everybody(self) -> tuple[int, ...]:
        """Return all of them, the certain ones first."""
        return (*self.certain, *self.others)


def actors_of(case: Case, directory: Path) -> Actors:
    """Return the actors of a case of the ledger in `directory`. Raises InputError (an unknown group), ServiceError."""
    groups = groups_of(case, directory)
    certain = dict.fromkeys(case.actors)
    for group in groups:
        certain.update(dict.fromkeys(one for one in group.proven if isinstance(one, int)))
    members = (one for group in groups for one in group.members if isinstance(one, int))
    others = dict.fromkeys(one for one in members if one not in certain)
    return Actors(tuple(certain), tuple(others), groups)


def groups_of(case: Case, directory: Path) -> tuple[Group, ...]:
    """Return the groups of a case, as they stand."""
    path = cases_path(directory.absolute())
    if not case.groups:
        return ()
    if not path.exists():
        raise InputError(f"case {case.id} names groups, and {path} does not exist")
    with CaseStore(path) as store:
        return tuple(store.get(name).group for name in case.groups)


class Names(msgspec.Struct, frozen=True):
    """Actors by name, as the application knows them; sorted. `erased` have no name any more."""

    accounts: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    erased: int = 0


def names_of(reader: Reader, actors: tuple[int, ...], start: int = 0) -> Names:
    """Return the names of actors, and of the sessions in their rows since `start` (microseconds).

    Whoever asks records the use. Raises LedgerError.
    """
    found = reader.identities.names(actors)
    by: dict[str, set[str]] = {}
    for name in found.values():
        facet, _, text = name.partition(":")
        by.setdefault(facet, set()).add(text)
    sessions = reader.identities.names(_sessions(reader, actors, start)) if actors else {}
    return Names(
        accounts=tuple(sorted(by.get("account", ()))),
        keys=tuple(sorted(by.get("key", ()))),
        sessions=tuple(sorted(sessions.values())),
        addresses=tuple(sorted(by.get("address", ()))),
        erased=len(set(actors)) - len(found),
    )


def _sessions(reader: Reader, actors: tuple[int, ...], start: int) -> list[int]:
    """Return the surrogates of the sessions in which accounts and keys of these actors came.

    A session without an account belongs to whoever sits behind an address, so it is not among them.
    """

    def question(rows: ir.Table, _: object) -> list[int]:
        mine = q.any_of(rows.filter(rows.time >= start), "actor", actors)
        signed = mine.filter((mine.session != 0) & ((mine.account != 0) | (mine.key != 0)))
        last = signed.group_by("session").aggregate(last=signed.time.max())
        latest = last.order_by([ibis.desc("last"), "session"]).limit(MOST_SESSIONS)
        table = reader.table(latest)
        return [int(number) for number in table.column("session").to_pylist()]

    return reader.ask(question)
