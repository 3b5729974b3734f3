"""Who was ever in which group: by the rows that say which group was charged, and by the cases beside the ledger.

A purchase of a member may have been spent by the whole group, also of one of whom no row was charged to it. So whoever
may have been in a group unseen is supposed to have been: that accuses nobody wrongly.
"""

from __future__ import annotations

from math import inf

import ibis.expr.types as ir
import msgspec

from himaya.analysis.bound.recent import FLIGHT_S
from himaya.analysis.cases import CaseStore, cases_path
from himaya.ledger import queries as q
from himaya.ledger.reader import Reader
from himaya.ledger.state import State


class Grouped(msgspec.Struct, frozen=True):
    """The groups of actors, by their surrogates. `anybody`: groups in which anybody may have been unseen.

    `opened` says when the first open case with an actor among its proven members was opened, in epoch seconds.
    """

    members: dict[int, dict[str, None]] = {}
    anybody: tuple[str, ...] = ()
    opened: dict[int, float] = {}

    def of(self, actor: int) -> list[str]:
        """Return the groups that an actor may ever have been in."""
        return list({**self.members.get(actor, {}), **dict.fromkeys(self.anybody)})

    def is_proven(self, actor: int, at: float) -> bool:
        """Tell whether a case with an actor among its proven members was open for a while at `at`."""
        return at > self.opened.get(actor, inf) + FLIGHT_S


def read_grouped(reader: Reader, start: int, end: int) -> Grouped:
    """Return who was in which group; rows count from `start` to `end` (microseconds), cases whenever they were.

    Without a file of cases anybody may have been in any group; a case that covers a linking key may hold anybody who
    has it. Raises LedgerError and ServiceError.
    """
    pairs, path = _by_rows(reader, start, end), cases_path(reader.layout.directory)
    if not path.exists():
        anybody = tuple(dict.fromkeys(name for _, name in pairs))
        return Grouped(_members(pairs), anybody)
    with CaseStore(path) as store:
        cases = store.all()
    proven = [(n, case) for case in cases for n in case.group.proven if isinstance(n, int)]
    # The cases come in the order of opening, so the first of an actor is the last that is written.
    opened = {actor: case.opened for actor, case in reversed(proven) if case.is_open}
    pairs += [(actor, case.id) for actor, case in proven]
    covering = tuple(case.id for case in cases if case.group.covers)
    return Grouped(_members(pairs), covering, opened)


def _members(pairs: list[tuple[int, str]]) -> dict[int, dict[str, None]]:
    members: dict[int, dict[str, None]] = {}
    for actor, name in pairs:
        members.setdefault(actor, {})[name] = None
    return members


def _by_rows(reader: Reader, start: int, end: int) -> list[tuple[int, str]]:
    def question(rows: ir.Table, _: State) -> list[tuple[int, str]]:
        told = reader.table(q.grouped(q.within(rows, start, end))).to_pylist()
        return [(row["actor"], row["group"]) for row in told]

    return reader.ask(question)
