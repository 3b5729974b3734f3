"""The groups whose members were shown most people together, from the cases beside the ledger and from its rows."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from himaya.analysis.cases import CaseStore, cases_path
from himaya.analysis.weekly.result import GROUPS, GroupUnion, share
from himaya.ledger import queries as q
from himaya.ledger.reader import Reader


def read_cases(reader: Reader) -> dict[str, tuple[str, frozenset[int]]]:
    """Return state and members (surrogates) of every case, by its name. Raises ServiceError."""
    path = cases_path(reader.layout.directory)
    if not path.exists():
        return {}
    with CaseStore(path) as store:
        return {
            case.id: (
                str(case.state),
                frozenset(n for n in case.group.members if isinstance(n, int)),
            )
            for case in store.all()
        }


def largest(
    reader: Reader,
    rows: ir.Table,
    cases: dict[str, tuple[str, frozenset[int]]],
    population: int,
) -> tuple[GroupUnion, ...]:
    """Return the groups with most people among `rows`, most first; actors charged to a group are members, too."""
    members = {name: set(actors) for name, (_, actors) in cases.items()}
    for row in reader.table(q.grouped(rows)).to_pylist():
        members.setdefault(row["group"], set()).add(row["actor"])
    pairs = [
        {"member": n, "name": name} for name, actors in members.items() for n in sorted(actors)
    ]
    if not pairs:
        return ()
    columns = ibis.memtable(pairs, schema={"member": "int64", "name": "string"})
    return tuple(
        GroupUnion(
            group=row["name"],
            state=cases.get(row["name"], ("", frozenset()))[0],
            members=len(members[row["name"]]),
            people=row["people"],
            share=share(row["people"], population),
        )
        for row in reader.table(q.union_by_group(rows, columns, GROUPS)).to_pylist()
    )
