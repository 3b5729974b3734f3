"""What the ledger is told of cases: whose rows each needs, on what basis, by whose decision, until when."""

from __future__ import annotations

from pathlib import Path

from himaya.analysis.cases.case import HELD, Case, Entry, State
from himaya.analysis.cases.store import CaseStore, cases_path
from himaya.ledger import entries as e
from himaya.ledger.matters import Matter
from himaya.ledger.schema import DAY_S, micros
from himaya.ledger.state import State as Ledger


def matters_of(directory: Path, state: Ledger) -> tuple[Matter, ...]:
    """Return the cases beside a ledger as it takes them, under the retention chosen there. Raises ServiceError.

    A confirmed case freezes the rows of its members for `confirmed_days` after it was confirmed. One that nobody looked
    at freezes them for the days of ordinary viewers, counted from its opening: suspicion alone is no ground for more.
    A closed one freezes nothing; where it was confirmed once, the rows of its members keep their longer time.
    """
    path = cases_path(directory)
    if not path.exists():
        return ()
    longer = (state.classes or e.Classes(at="")).confirmed_days
    with CaseStore(path) as store:
        return tuple(_matter(case, state.days, longer) for case in store.all())


def _matter(case: Case, days: int, longer: int) -> Matter:
    said = next((entry for entry in case.log if entry.what == State.CONFIRMED), None)
    held = case.log[0] if case.id.startswith(HELD) and case.log else None
    at, kept = (said.at, longer) if said else (case.opened, days)
    return Matter(
        case=case.id,
        actors=frozenset(actor for actor in case.group.members if isinstance(actor, int)),
        start=micros(case.group.first),
        until=micros(at + kept * DAY_S) if case.is_open else 0,
        basis=_held(case) if held else _basis(said),
        by=held.by if held else said.by if said else "himaya",
        confirmed=said is not None,
    )


def _held(case: Case) -> str:
    """Return why rows of whoever a containment holds are frozen: it is named by its case."""
    name = case.id.removeprefix(HELD).rpartition("-")[0]
    return f"its actors are held in case {name}, which somebody confirmed"


def _basis(said: Entry | None) -> str:
    return f"confirmed: {said.why}" if said else "found by a test, nobody looked yet"
