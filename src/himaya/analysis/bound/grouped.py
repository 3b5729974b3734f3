"""Who was ever in which group: by the rows that say which group was charged, and by the cases beside the ledger.

A purchase of a member may have been spent by the whole group, also of one of whom no row was charged to it. So whoever
may have been in a group unseen is supposed to have been: that accuses nobody wrongly.
"""

from __future__ import annotations

import ibis.expr.types as ir
import msgspec

from himaya.analysis.cases import CaseStore, cases_path
from himaya.ledger import queries as q
from himaya.ledger.reader import Reader
from himaya.ledger.state import State


class Grouped(msgspec.Struct, frozen=True):
    """The groups of actors, by their surrogates. `anybody`: groups in which anybody may have been unseen."""

    members: dict[int, dict[str, None]] = {}
    anybody: tuple[str, ...] = ()

    def of(self, actor: int) -> list[str]:
        """Return the groups that an actor may ever have been in."""
        return list({**self.members.get(actor, {}), **dict.fromkeys(self.anybody)})


def read_grouped(reader: Reader, start: int, end: int) -> Grouped:
    """Return who was in which group; rows count from `start` to `end` (microseconds), cases whenever they were.

    Without a file of cases anybody may have been in any group; a case that covers a linking key may hold anybody who
    has it. Raises LedgerError and ServiceError.
    """
    pairs, path = _by_rows(reader, start, end), cases_path(reader.layout.directory)
    if path.exists():
        with CaseStore(path) as store:
            groups = [case.group for case in store.all()]
        anybody = tuple(group.id for group in groups if group.covers)
        pairs += [(n, group.id) for group in groups for n in group.proven if isinstance(n, int)]
    else:
        anybody = tuple(dict.fromkeys(name for _, name in pairs))
    members: dict[int, dict[str, None]] = {}
    for actor, name in pairs:
        members.setdefault(actor, {})[name] = None
    return Grouped(members, anybody)


def _by_rows(reader: Reader, start: int, end: int) -> list[tuple[int, str]]:
    def question(rows: ir.Table, _: State) -> list[tuple[int, str]]:
        told = reader.table(q.grouped(q.within(rows, start, end))).to_pylist()
        return [(row["actor"], row["group"]) for row in told]

    return reader.ask(question)
