"""Lines matched with units in passes: exactly, then where one side knows less.

1. Surface, person and the facet that the line knows: account, API key or address.
2. Lines with an account or key, with rows that have neither (a door that did not know it yet): by the address.
3. Rows of which a name was erased: by what is left of them.

A unit taken in one pass is gone for the next, so an erased name never takes a row from a line that fits exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from himaya.watch.reconcile.asked import Line
from himaya.watch.reconcile.match import assign
from himaya.watch.reconcile.units import Unit

#: What a line and a unit must have in common, None when it takes no part.
LineKey = Callable[[Line], tuple[Any, ...] | None]
UnitKey = Callable[[Unit], tuple[Any, ...] | None]

_FACETS = ("account", "key", "address")


def match_exactly(lines: Iterable[Line], units: Iterable[Unit]) -> int:
    """Mark lines (in the order of time) and units that belong together; return how many pairs were found."""
    lines, units = list(lines), list(units)
    found = 0
    for facet in _FACETS:
        found += pair(lines, units, _by_facet(facet), _of_facet(facet))
    return found + pair(lines, units, _by_address, _without_account)


def match_erased(lines: Iterable[Line], units: Iterable[Unit], erased: frozenset[int]) -> int:
    """Do the same with rows of which a name was erased; `erased` are the numbers that name nobody any more."""
    lines = list(lines)
    units = [unit for unit in units if erased & {unit.subject, *_who(unit)}]
    found = 0
    for facet in _FACETS:
        found += pair(lines, units, _any_person(facet), _erased_person(facet, erased))
    found += pair(lines, units, lambda line: (line.surface, line.person), _erased_actor(erased))
    return found + pair(lines, units, lambda line: (line.surface,), _erased_both(erased))


def pair(lines: list[Line], units: list[Unit], of_line: LineKey, of_unit: UnitKey) -> int:
    """Mark the free lines and units of equal key whose times fit; return how many pairs that made."""
    asking: dict[tuple[Any, ...], list[Line]] = defaultdict(list)
    for line in lines:
        if not line.taken and (key := of_line(line)) is not None:
            asking[key].append(line)
    if not asking:
        return 0
    offered: dict[tuple[Any, ...], list[Unit]] = defaultdict(list)
    for unit in units:
        if not unit.taken and (name := of_unit(unit)) is not None and name in asking:
            offered[name].append(unit)
    return sum(_mark(asking[key], offers) for key, offers in offered.items())


def _mark(lines: list[Line], units: list[Unit]) -> int:
    spans = [(unit.low, unit.high) for unit in units]
    places = assign([line.at for line in lines], spans)
    for line, place in zip(lines, places, strict=True):
        if place >= 0:
            line.taken = units[place].taken = True
    return len(places) - places.count(-1)


def _by_facet(facet: str) -> LineKey:
    return lambda line: (line.surface, line.person, line.who) if line.facet == facet else None


def _of_facet(facet: str) -> UnitKey:
    return lambda unit: (unit.surface, unit.subject, getattr(unit, facet))


def _by_address(line: Line) -> tuple[Any, ...] | None:
    return (line.surface, line.person, line.address) if line.facet != "address" else None


def _without_account(unit: Unit) -> tuple[Any, ...] | None:
    named = unit.account or unit.key
    return None if named else (unit.surface, unit.subject, unit.address)


def _any_person(facet: str) -> LineKey:
    return lambda line: (line.surface, line.who) if line.facet == facet and line.person else None


def _erased_person(facet: str, erased: frozenset[int]) -> UnitKey:
    return lambda unit: (unit.surface, getattr(unit, facet)) if unit.subject in erased else None


def _erased_actor(erased: frozenset[int]) -> UnitKey:
    return lambda unit: (unit.surface, unit.subject) if erased & _who(unit) else None


def _erased_both(erased: frozenset[int]) -> UnitKey:
    def key(unit: Unit) -> tuple[Any, ...] | None:
        return (unit.surface,) if unit.subject in erased and erased & _who(unit) else None

    return key


def _who(unit: Unit) -> set[int]:
    return {unit.account, unit.key, unit.address}
