"""The inequality over a period: people obtained, against the budgets that cover them.

Rows are put into parts by the kinds of principals that limit them (an account's rows by account, address, network; a
visitor's by address, network, the class of visitors). Within a part, each kind is a cover: every row has a principal of
it. The least sum of budgets covers the part; the least of all parts together, or one kind that covers every part,
is the bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import msgspec

from himaya.analysis.bound.result import Inequality, Leased, Part
from himaya.analysis.bound.windows import LENGTHS, is_new
from himaya.core.budget import Principal
from himaya.core.window import UNIT, UNLIMITED, Triple
from himaya.ledger.state import Lapse

RULE = (
    "for each part the kind with the least sum: min(sum of account budgets, sum of address budgets, class budget, ...);"
    " a principal's budget for the period is the least of limit x windows begun in it, over hour, day and month;"
    " one kind for all parts where that is less"
)


class Charge(msgspec.Struct, frozen=True):
    """A principal with a limit, and what its hour, day and month grew by."""

    principal: Principal
    grown: Triple


class _Kind:
    """One kind of principal in one part: the highest limits of each, and whom they obtained anew."""

    __slots__ = ("limits", "people", "unnamed")

    def __init__(self) -> None:
        self.limits: dict[str, Triple] = {}
        self.people: set[int] = set()
        self.unnamed = 0

    def take(self, key: str, limits: Triple) -> None:
        known = self.limits.get(key, limits)
        hour, day, month = (max(pair) for pair in zip(known, limits, strict=True))
        self.limits[key] = hour, day, month

    def merge(self, other: _Kind) -> None:
        for key, limits in other.limits.items():
            self.take(key, limits)
        self.people |= other.people
        self.unnamed += other.unnamed

    def budget(self, seconds: float) -> int:
        """Return the units that all principals of the kind may obtain in so many seconds."""
        return sum(_least(limits, seconds) for limits in self.limits.values())


def _least(limits: Triple, seconds: float) -> int:
    """Return limit x windows begun in the period, over the window for which that is least."""
    pairs = zip(limits, LENGTHS, strict=True)
    return min(
        limit * max(1, ceil(seconds / length)) for limit, length in pairs if limit < UNLIMITED
    )


class _Part:
    """The rows whose actors have the same kinds of principals."""

    __slots__ = ("_canaries", "kinds", "rows")

    def __init__(self, names: tuple[str, ...], canaries: frozenset[int]) -> None:
        self.rows = 0
        self._canaries = canaries
        self.kinds = {name: _Kind() for name in names}

    def add(self, subject_id: int, count: int, charges: list[Charge]) -> None:
        self.rows += 1
        for charge in charges:
            kind, key, limits = charge.principal
            self.kinds[kind].take(key, limits)
            person = subject_id and subject_id not in self._canaries
            if person and is_new(charge.grown, limits):
                self.kinds[kind].people.add(subject_id)
        if not subject_id:
            for each in self.kinds.values():
                each.unnamed += count

    def cheapest(self, seconds: float) -> str:
        """Return the kind with the least sum of budgets; the first by name among equals."""
        return min(sorted(self.kinds), key=lambda name: self.kinds[name].budget(seconds))


#: A part of the answer: kinds of the rows, the covering kind, its principals and people, rows.
_Chosen = tuple[tuple[str, ...], str, _Kind, int]


class Cover:
    """Takes judged rows, and says in the end what covers them."""

    def __init__(self, canaries: frozenset[int] = frozenset()) -> None:
        """Start with no rows; canaries spend budgets and are no people obtained."""
        self._canaries = canaries
        self._parts: dict[tuple[str, ...], _Part] = {}
        self.first = self.last = 0.0

    def add(self, at: float, subject_id: int, count: int, charges: list[Charge]) -> None:
        """Take a row of one person, or of `count` people whom nobody can name. Rows come earliest first."""
        self.first, self.last = self.first or at, at
        names = tuple(dict.fromkeys(charge.principal[0] for charge in charges))
        if names not in self._parts:
            self._parts[names] = _Part(names, self._canaries)
        self._parts[names].add(subject_id, count, charges)

    def inequality(self, bought: int, lightest: int, lapses: Sequence[Lapse] = ()) -> Inequality:
        """Return the tightest cover from the first row to the last; `bought` and `lightest` are units.

        After each of `lapses` every principal may have obtained what workers had leased of it.
        """
        seconds = self.last - self.first
        chosen = self._by_part(seconds)
        single = self._by_one_kind(seconds)
        if single and _sum(single, seconds) < _sum(chosen, seconds):
            chosen = single
        budget = _sum(chosen, seconds)
        leased = _leased(lapses, sum(len(kind.limits) for _, _, kind, _ in chosen))
        people = set[int]().union(*(kind.people for _, _, kind, _ in chosen))
        return Inequality(
            people=len(people),
            unattributed=sum(kind.unnamed for _, _, kind, _ in chosen),
            budget=budget / UNIT,
            bought=bought / UNIT,
            lightest=lightest / UNIT,
            bound=(budget + bought + leased.people * UNIT) / lightest,
            parts=tuple(_told(*each, seconds) for each in chosen),
            rule=RULE,
            leased=leased,
        )

    def _by_part(self, seconds: float) -> list[_Chosen]:
        found = []
        for names in sorted(self._parts):
            part = self._parts[names]
            name = part.cheapest(seconds)
            found.append((names, name, part.kinds[name], part.rows))
        return found

    def _by_one_kind(self, seconds: float) -> list[_Chosen]:
        """Return the least cover by one kind that every part has, as one part; none where there is no such kind."""
        parts = [self._parts[names] for names in sorted(self._parts)]
        everywhere = [n for n in sorted(_names(parts)) if all(n in part.kinds for part in parts)]
        found = []
        for name in everywhere:
            kind = _Kind()
            for part in parts:
                kind.merge(part.kinds[name])
            found.append(((name,), name, kind, sum(part.rows for part in parts)))
        return [min(found, key=lambda each: each[2].budget(seconds))] if found else []


def _leased(lapses: Sequence[Lapse], principals: int) -> Leased:
    return Leased(
        restarts=len(lapses),
        workers=max((one.workers for one in lapses), default=0),
        lease=max((one.people for one in lapses), default=0),
        principals=principals if lapses else 0,
        people=float(principals * sum(one.workers * one.people for one in lapses)),
    )


def _names(parts: list[_Part]) -> dict[str, None]:
    return {name: None for part in parts for name in part.kinds}


def _sum(chosen: list[_Chosen], seconds: float) -> int:
    return sum(kind.budget(seconds) for _, _, kind, _ in chosen)


def _told(kinds: tuple[str, ...], by: str, kind: _Kind, rows: int, seconds: float) -> Part:
    return Part(
        kinds=kinds,
        by=by,
        principals=len(kind.limits),
        budget=kind.budget(seconds) / UNIT,
        people=len(kind.people),
        rows=rows,
    )
