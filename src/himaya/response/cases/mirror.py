"""The groups that the search found, as cases of the register: taken over by machine acts, and kept in step.

The store of groups (`analysis.cases`) is what the search writes and the running gate obeys; the register is what people
decide in. A decision is written into the register first. The store follows, now or, after a crash between, at the next
look: whatever the register says of a group is brought about there.
"""

from __future__ import annotations

import msgspec

from himaya.analysis.cases import Case as Found
from himaya.analysis.cases import CaseStore
from himaya.analysis.cases import Entry as Line
from himaya.analysis.cases import State as Stage
from himaya.analysis.cases.case import HELD, TRANSITIONS
from himaya.core.errors import InputError
from himaya.ledger.schema import iso, micros
from himaya.response.cases.acts import MACHINE, Act
from himaya.response.cases.case import Case
from himaya.response.cases.data import is_name
from himaya.response.cases.register import Register
from himaya.response.cases.rules import ACTS, SURE, State

_FOUND = "found by the search for groups"
#: Characters of the grounds of a group that are kept as the reason of its first signal.
_GROUNDS = 2000
#: Characters of an owner's name that are kept.
_OWNER = 400


def mirror(register: Register, store: CaseStore, now: int, owner: str = "") -> None:
    """Bring register and store into step at `now` (microseconds); `owner` answers for new ones. Raises ServiceError."""
    states = store.states()
    if not states:
        return
    _end_holds(register, store, {k: v for k, v in states.items() if k.startswith(HELD)})
    stages = {k: v for k, v in states.items() if is_name(k) and not k.startswith(HELD)}
    cases = register.cases()
    known = {case.id for case in cases}
    fresh = [name for name in stages if name not in known]
    for name in fresh:
        _take_over(register, store.get(name), now, owner)
    holders = _holders(register.cases() if fresh else cases)
    for name, stage in stages.items():
        if name in holders:
            _follow(store, name, stage, holders[name])
            _grow(register, store, name, holders[name], now)


def _holders(cases: list[Case]) -> dict[str, Case]:
    """Return the case that each group belongs to now: the one that it was not split from or merged away with."""
    found: dict[str, Case] = {}
    for case in cases:
        for group in case.groups:
            before = found.get(group)
            if case.state is not State.MERGED and (before is None or not before.is_open):
                found[group] = case
    return found


# -- from the store to the register -----------------------------------------------------------------


def _take_over(register: Register, found: Found, now: int, owner: str) -> None:
    """Open the case of a group; what people decided before there was a register is theirs, with their dates."""
    acts = [_opened(found, now, owner), _signal(found, now), *_joined(found.id, found.log, 0, now)]
    acts += [*_noted(found, now), *_decided(found, now)]
    try:
        register.add_all(acts)
    except InputError:
        if not register.entries(found.id):
            raise
        # Somebody else took it over at the same moment: theirs stands.


def _act(case: str, kind: str, now: int, at: float, **more: object) -> Act:
    act = Act(case=case, kind=kind, at=now, by=MACHINE, when=min(max(0, micros(at)), now))
    return msgspec.structs.replace(act, **more)


def _opened(found: Found, now: int, owner: str) -> Act:
    data = {
        "source": "group",
        "owner": owner[:_OWNER],
        "groups": [found.id],
        "start": max(0, micros(found.group.first)),
        "before": not found.is_open,
    }
    return _act(found.id, "opened", now, found.opened, why=_FOUND, data=data)


def _signal(found: Found, now: int) -> Act:
    why = " ".join(found.group.words())[:_GROUNDS] or _FOUND
    return _act(found.id, "signal", now, found.group.first, why=why)


def _joined(group: str, log: tuple[Line, ...], known: int, now: int) -> list[Act]:
    lines = [line for line in log if line.what == "joined"][known:]
    return [
        _act(group, "joined", now, line.at, why=line.why, data={"group": group}) for line in lines
    ]


def _decided(found: Found, now: int) -> list[Act]:
    """Return that it was confirmed, and that it was closed, by whom the store names."""
    confirmed = next((line for line in found.log if line.what == Stage.CONFIRMED), None)
    closed = next((line for line in reversed(found.log) if line.what == Stage.CLOSED), None)
    acts = [_by_person(found.id, "confirmed", confirmed, now)] if confirmed else []
    if not found.is_open and closed:
        acts.append(_by_person(found.id, "closed_before", closed, now))
    return acts


def _noted(found: Found, now: int) -> list[Act]:
    """Return notes of whatever else stands in the log of the store, such as that a file was compared."""
    known = {"opened", "joined", Stage.CONFIRMED, Stage.CLOSED}
    others = [line for line in found.log if line.what not in known]
    return [
        _act(
            found.id,
            "note",
            now,
            0,
            by=_person(line),
            why=f"{iso(micros(line.at))} {line.what}: {line.why}",
        )
        for line in others
    ]


def _person(line: Line) -> str:
    """Return who did what stands in the store; the program's own login was somebody's there."""
    return f"login {line.by}" if line.by in {"", MACHINE} else line.by


def _by_person(case: str, kind: str, line: Line, now: int) -> Act:
    why = line.why.strip() or "no reason was noted"
    return _act(case, kind, now, line.at, by=_person(line), why=why, data={"group": case})


def _grow(register: Register, store: CaseStore, name: str, case: Case, now: int) -> None:
    """Write down that a group grew, in the case that has it; one that is over is left alone."""
    if not case.is_open:
        return
    known = sum(act.data.get("group") == name for act in case.acts("joined"))
    for act in _joined(name, store.log(name), known, now):
        register.add(msgspec.structs.replace(act, case=case.id))


# -- from the register to the store -----------------------------------------------------------------


def _follow(store: CaseStore, name: str, stage: Stage, case: Case) -> None:
    """Bring a group to where its case stands, in the words of whoever decided it."""
    wanted = Stage.CLOSED if case.state is State.CLOSED else Stage.SUSPECTED
    wanted = Stage.CONFIRMED if case.state in SURE else wanted
    decided = _decision(case)
    if wanted is stage or wanted not in TRANSITIONS[stage] or decided is None:
        return
    if stage is Stage.CLOSED and store.log(name)[-1].at * 1e6 > decided.at:
        return  # closed by an earlier himaya, after what the register knows of
    at = decided.at / 1e6
    try:
        store.move(name, wanted, why=decided.why or "as its case", by=decided.by, at=at)
    except InputError:
        if store.states()[name] is not wanted:
            raise
        # Somebody else looked at the same moment, and brought it there.


def _end_holds(register: Register, store: CaseStore, stages: dict[str, Stage]) -> None:
    """End the holds of closed cases. Nothing else follows: a hold by budget is not confirmed by its case."""
    if all(stage is Stage.CLOSED for stage in stages.values()):
        return
    for case in register.cases():
        decided = _decision(case) if case.state is State.CLOSED else None
        for name in case.holds if decided else ():
            if decided and stages.get(name, Stage.CLOSED) is not Stage.CLOSED:
                why, at = decided.why or "as its case", decided.at / 1e6
                store.move(name, Stage.CLOSED, why=why, by=decided.by, at=at)


def _decision(case: Case) -> Act | None:
    """Return the act that brought a case to where it stands."""
    entries = (entry.act for entry in reversed(case.entries))
    return next((act for act in entries if ACTS[act.kind].to is case.state), None)
