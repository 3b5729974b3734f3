"""What is declared about an endpoint, as paths of the schema: where people are, and which selections show nobody."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

from himaya.core.matching import Surfaces
from himaya.core.surface import Surface
from himaya.gate.operations.documents import Field
from himaya.gate.people_json import EACH, steps


class Hop(NamedTuple):
    """One name of a path, and through how many arrays it leads."""

    name: str
    arrays: int = 0


class Shape(NamedTuple):
    """One declared operation: the hops from the root field to the object that holds the id, and the name of the id.

    The row of a person is what hop number `row` leads to: one item where that is an array. `foreign` are paths inside
    rows that belong to other operations' people.
    """

    surface: Surface
    hops: tuple[Hop, ...]
    leaf: str
    row: int
    foreign: frozenset[str]


class Endpoint:
    """The operations declared on one route, and the surface that stands for everything else."""

    def __init__(self, fallback: Surface, declared: Iterable[Surface]) -> None:
        """Compile the paths; `fallback` lists what shows nobody."""
        self.fallback = fallback
        self.shapes: dict[str, list[Shape]] = {}
        self._open: set[str] = set()
        surfaces = tuple(declared)
        rows = {surface.id: _row_path(surface) for surface in surfaces}
        for surface in surfaces:
            shape = _shape(surface, rows)
            self.shapes.setdefault(surface.operation, []).append(shape)
            self._open.update(_prefixes(surface.operation, shape.hops))

    def is_open(self, path: str) -> bool:
        """Tell whether a selection on this path is one that the configuration knows."""
        return path in self._open or any(
            path.count(".") == pattern.count(".") and fnmatchcase(path, pattern)
            for pattern in self.fallback.plain
        )

    def is_known(self, field: Field, path: str) -> bool:
        """Tell whether nothing undeclared is selected inside a field; without a selection it shows nobody."""
        if not field.inside:
            return True
        return self.is_open(path) and all(
            self.is_known(one, f"{path}.{one.name}") for one in field.inside
        )


def endpoint_of(surfaces: Surfaces, fallback: Surface) -> Endpoint:
    """Return what is declared on the route of a surface."""
    return Endpoint(fallback, surfaces.operations(fallback))


def hops_of(json_path: str) -> tuple[Hop, ...]:
    """Return the hops of a path in an answer, without `data`.

    >>> hops_of("data.people[].id")
    (Hop(name='people', arrays=1), Hop(name='id', arrays=0))
    """
    found: list[Hop] = []
    for step in steps(json_path)[1:]:
        if step == EACH:
            found[-1] = Hop(found[-1].name, found[-1].arrays + 1)
        else:
            found.append(Hop(step))
    return tuple(found)


def _shape(surface: Surface, rows: dict[str, str]) -> Shape:
    *hops, leaf = hops_of(surface.json_subject)
    own = rows[surface.id]
    foreign = frozenset(path for path in rows.values() if path.startswith(f"{own}."))
    return Shape(surface, tuple(hops), leaf.name, _row(surface, hops), foreign)


def _row(surface: Surface, hops: list[Hop]) -> int:
    """Return the hop that leads to a row: that of `json_rows`, else of the last array, else the object with the id."""
    if surface.json_rows:
        return len(hops_of(surface.json_rows)) - 1
    arrays = [at for at, hop in enumerate(hops) if hop.arrays]
    return arrays[-1] if arrays else len(hops) - 1


def _row_path(surface: Surface) -> str:
    hops = list(hops_of(surface.json_subject)[:-1])
    return _path(surface.operation, hops[: _row(surface, hops) + 1])


def _path(operation: str, hops: Iterable[Hop]) -> str:
    """Return a path of the schema; that of a mutation begins with the word."""
    names = ".".join(hop.name for hop in hops)
    return f"mutation.{names}" if operation.startswith("mutation.") else names


def _prefixes(operation: str, hops: tuple[Hop, ...]) -> set[str]:
    return {_path(operation, hops[: count + 1]) for count in range(len(hops))}
