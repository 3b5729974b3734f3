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


def hold(
    case: Case,
    actors: tuple[int, ...],
    directory: Path,
    *,
    block: bool,
    why: str,
    by: str,
    now: float,
) -> str:
    """Hold actors (surrogates) from `now` (epoch seconds) on; return the name of their group.

    With `block` the addresses that they come from are blocked, too. Raises ServiceError.
    """
    number = sum(1 for _ in case.acts("blocked")) + 1
    members: dict[int | str, None] = dict.fromkeys(actors)
    first = case.start / 1e6 if case.start else now
    group = Group(
        f"{HELD}{case.id}-{number}", first, now, members=members, proven=dict.fromkeys(members)
    )
    with CaseStore(cases_path(directory.absolute())) as store:
        store.put(group, now, by)
        if block:
            store.move(group.id, State.CONFIRMED, why=why, by=by, at=now)
    return group.id


def release(
    case: Case, directory: Path, *, why: str, by: str, now: float
) -> tuple[list[str], list[str]]:
    """End every hold of a case that stands; return their groups, and the groups that stay in force.

    Those that a test found stay: they end with `himaya case close`. Raises ServiceError.
    """
    # Retention may have taken the data of an act away; by then its group is closed.
    held = {str(act.data.get("group", "")) for act in case.acts("blocked")}
    with CaseStore(cases_path(directory.absolute())) as store:
        states = store.states()
        standing = [name for name in sorted(held) if states.get(name, State.CLOSED) != State.CLOSED]
        for name in standing:
            store.move(name, State.CLOSED, why=why, by=by, at=now)
    found = [n for n in case.groups if n not in held]
    return standing, [n for n in found if states.get(n, State.CLOSED) != State.CLOSED]
