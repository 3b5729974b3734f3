"""What a running gate obeys: a group of the case's actors that spends one budget, or whose addresses are blocked.

The group lies where found groups lie, so that gate, decision feed and retention treat it as they treat those: open, its
members spend `[budgets] group` together; confirmed, the feed blocks the addresses they come from. Closing it ends both.
"""

from __future__ import annotations

from pathlib import Path

from himaya.analysis.cases import CaseStore, State, cases_path
from himaya.analysis.groups import Group
from himaya.response.cases import Case
from himaya.response.cases.mirror import HELD


def hold_name(case: Case) -> str:
    """Return what the next hold of a case is called."""
    return f"{HELD}{case.id}-{sum(1 for _ in case.acts('blocked')) + 1}"


def hold(
    name: str,
    case: Case,
    actors: tuple[int, ...],
    directory: Path,
    *,
    block: bool,
    why: str,
    by: str,
    now: float,
) -> None:
    """Hold actors (surrogates) from `now` (epoch seconds) on, as the group `name`.

    With `block` the addresses that they come from are blocked, too. Raises ServiceError.
    """
    members: dict[int | str, None] = dict.fromkeys(actors)
    first = case.start / 1e6 if case.start else now
    group = Group(name, first, now, members=members, proven=dict.fromkeys(members))
    with CaseStore(cases_path(directory.absolute())) as store:
        store.put(group, now, by)
        if block:
            store.move(name, State.CONFIRMED, why=why, by=by, at=now)


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
