"""What a running gate obeys: a group of the case's actors that spends one budget, or whose addresses are blocked.

The group lies where found groups lie, so that gate, decision feed and retention treat it as they treat those: open, its
members spend `[budgets] group` together; confirmed, the feed blocks the addresses they come from. Closing it ends both.
"""

from __future__ import annotations

from pathlib import Path

from himaya.analysis.cases import CaseStore, State, cases_path
from himaya.analysis.cases.case import HELD
from himaya.analysis.groups import Group
from himaya.response.cases import Case


def hold_of(case: Case, actors: tuple[int, ...], now: float) -> Group:
    """Return the next hold of a case: a group of these actors (surrogates), at `now` (epoch seconds)."""
    number = sum(1 for _ in case.acts("blocked")) + 1
    members: dict[int | str, None] = dict.fromkeys(actors)
    first = case.start / 1e6 if case.start else now
    name, proven = f"{HELD}{case.id}-{number}", dict.fromkeys(members)
    return Group(name, first, now, members=members, proven=proven)


def hold(group: Group, directory: Path, *, block: bool, why: str, by: str, now: float) -> None:
    """Have a hold obeyed from `now` (epoch seconds) on, once the register knows of it.

    With `block` the addresses that its members come from are blocked, too. Raises ServiceError.
    """
    with CaseStore(cases_path(directory.absolute())) as store:
        store.put(group, now, by)
        if block:
            store.move(group.id, State.CONFIRMED, why=why, by=by, at=now)


def release(
    case: Case, directory: Path, *, why: str, by: str, now: float
) -> tuple[list[str], list[str]]:
    """End every hold of a case that stands; return their groups, and the groups that stay in force.

    Those that a test found stay: they end with `himaya case close`. Raises ServiceError.
    """
    with CaseStore(cases_path(directory.absolute())) as store:
        states = store.states()
        standing = [
            name for name in sorted(case.holds) if states.get(name, State.CLOSED) != State.CLOSED
        ]
        for name in standing:
            store.move(name, State.CLOSED, why=why, by=by, at=now)
    return standing, [n for n in case.groups if states.get(n, State.CLOSED) != State.CLOSED]
