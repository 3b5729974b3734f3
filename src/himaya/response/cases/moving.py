"""Merging and splitting: the acts by which groups and actors go from one case to another, all of them or none."""

from __future__ import annotations

import msgspec

from himaya.core.errors import InputError
from himaya.response.cases.acts import Act
from himaya.response.cases.case import Case
from himaya.response.cases.rules import SURE, WAY, State


def merging(source: Case, into: Case, act: Act) -> list[Act]:
    """Return the acts that end `source` in another case; `act` says who, when and why. Raises InputError.

    Clocks of laws go with it, the earlier moment of each: no deadline moves because of a merge. What was sent stays
    in `source`: whom the other case concerns is counted, and told, anew.
    """
    _check_alike(source, into)
    if source.state in SURE and into.state is State.SUSPECTED:
        raise InputError(
            f"case {source.id} is {source.state} and {into.id} only suspected: confirm {into.id} first,"
            " or merge the other way round"
        )
    scope = {
        "groups": source.groups,
        "holds": source.holds,
        "actors": source.actors,
        "start": source.start,
        "end": source.end,
        "from": source.id,
    }
    return [
        _like(act, source.id, "merged", {"into": into.id}),
        _like(act, into.id, "took", scope),
        *_clocks(source, into, act),
    ]


def _check_alike(source: Case, into: Case) -> None:
    if source.practice != into.practice:
        raise InputError("a practice case and a real one are never merged")
    if source.kind != into.kind:
        raise InputError(f"a case of {source.kind} does not go on in one of {into.kind}")


def splitting(source: Case, new: str, groups: list[str], actors: list[int], act: Act) -> list[Act]:
    """Return the acts that open the case `new` with some groups and actors of another. Raises InputError.

    What was confirmed stays confirmed: the new case has the same way to go.
    """
    if not groups and not actors:
        raise InputError("nothing to split off; name groups or actors of the case")
    if {*source.groups} <= {*groups} and {*source.actors} <= {*actors}:
        raise InputError("that is all there is in the case; leave something in it")
    scope = {"groups": groups, "actors": actors}
    opened = {
        **scope,
        "kind": source.kind,
        "title": source.title,
        "source": "split",
        "owner": source.owner,
        "practice": source.practice,
        "start": source.start,
        "end": source.end,
        "from": source.id,
    }
    acts = [
        _like(act, source.id, "split", {**scope, "to": new}),
        _like(act, new, "opened", opened),
    ]
    if source.state in WAY and source.state in SURE:
        acts.append(_like(act, new, "confirmed", {"from": source.id}))
    return [*acts, *_clocks(source, Case(new), act)]


def _clocks(source: Case, into: Case, act: Act) -> list[Act]:
    """Return acts that set the clocks of a case in another one, where they are not set there, or later."""
    acts = []
    for clock in source.clocks.values():
        there = into.clocks.get(clock.name)
        if there is None or clock.when < there.when:
            data = {"clock": clock.name, "correct": there is not None, "from": source.id}
            made = _like(act, into.id, "clock", dict(data))
            acts.append(msgspec.structs.replace(made, when=clock.when))
    return acts


def _like(act: Act, case: str, kind: str, data: dict[str, object]) -> Act:
    return msgspec.structs.replace(act, case=case, kind=kind, data=data)
