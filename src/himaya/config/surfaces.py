"""What a declared surface must say beyond its types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from himaya.config.config import Config, sees_people
from himaya.config.decode import Problem
from himaya.config.locate import Path
from himaya.config.words import nearest
from himaya.core.routes import compile_route
from himaya.core.surface import Surface

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_HOLE = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Fields of a surface whose values are remembered, and characters of their names.
_MOST_VERSIONED, _MAX_VERSIONED = 8, 40
_METHOD = re.compile(r"[A-Z][A-Z0-9-]*")


def surface_problems(config: Config, raw: dict[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with the surfaces, in the order of the file."""
    ids: dict[str, int] = {}
    routes: dict[tuple[str, str], str] = {}
    for at, surface in enumerate(config.surfaces):
        path: Path = ("surface", at)
        yield from _one(surface, raw["surface"][at], path)
        if ids.setdefault(surface.id, at) != at:
            yield Problem(
                (*path, "id"), f'"{surface.id}" is the id of another surface.', "Ids are unique."
            )
        for method in () if surface.operation else surface.methods:
            first = routes.setdefault((_shape(surface.route), method), surface.id)
            if first != surface.id:
                yield _hidden(path, surface, method, first)


def _hidden(path: Path, surface: Surface, method: str, first: str) -> Problem:
    return Problem(
        (*path, "route"),
        f'{method} {surface.route} is already the surface "{first}".',
        "Give each route to one surface.",
    )


def _shape(route: str) -> str:
    """Return a route with its names taken out: routes of one shape match the same paths."""
    return _HOLE.sub("{}", "/" + route.strip("/").lower())


def _one(surface: Surface, raw: dict[str, Any], path: Path) -> Iterator[Problem]:
    if not _ID.fullmatch(surface.id):
        yield Problem(
            (*path, "id"),
            "expected letters, digits, `_`, `-` or `.`, at most 64.",
            "Example: search",
        )
    yield from _route((*path, "route"), surface.route)
    if surface.links:
        yield from _route((*path, "links"), surface.links)
    yield from _methods(surface, path)
    yield from _fields(surface, path)
    yield from _sources(surface, path)
    if surface.kind == "listing" and not sees_people(surface) and "max_people" not in raw:
        yield Problem(
            path,
            f'nobody can see the people of the listing "{surface.id}".',
            "Set people (header, json, links or app), or max_people: what each answer is charged.",
        )


def _route(path: Path, route: str) -> Iterator[Problem]:
    """Yield what is wrong with a route template."""
    example = "Example: /u/{subject}"
    names = _HOLE.findall(route)
    if not route.startswith("/"):
        yield Problem(path, f'the route "{route}" does not start with "/".', example)
    elif re.search(r"[?#\s]", route):
        yield Problem(path, "a route is a path: no query, fragment or space.", example)
    elif set(_HOLE.sub("", route)) & set("{}"):
        yield Problem(path, f'unbalanced braces in the route "{route}".', example)
    elif bad := [n for n in names if not _NAME.fullmatch(n.removesuffix("..."))]:
        yield Problem(path, f'"{{{bad[0]}}}" is no name.', "Letters, digits and `_`.")
    elif len(set(names)) < len(names):
        yield Problem(path, "a name in braces stands twice.", "Every name once.")
    elif "...}" in route and not route.endswith("...}"):
        yield Problem(path, "`{rest...}` takes the whole tail, so it comes last.", example)
    else:
        try:
            compile_route(route)
        except ValueError as problem:
            yield Problem(path, f"{problem}.", example)


def _methods(surface: Surface, path: Path) -> Iterator[Problem]:
    bad = [m for m in surface.methods if not _METHOD.fullmatch(m)]
    if bad or not surface.methods:
        got = f', got "{bad[0]}"' if bad else ""
        yield Problem((*path, "methods"), f'expected methods such as ["GET"]{got}.')


def _fields(surface: Surface, path: Path) -> Iterator[Problem]:
    if not surface.fields or "" in surface.fields:
        yield Problem((*path, "fields"), 'expected the fields that are shown, such as ["name"].')
    for field in surface.redact:
        if field not in surface.fields:
            hint = nearest(field, list(surface.fields)) or "Name fields of this surface."
            yield Problem((*path, "redact"), f'"{field}" is no field of this surface.', hint)
    yield from _versions(surface, path)


def _versions(surface: Surface, path: Path) -> Iterator[Problem]:
    """Yield what is wrong with the fields whose values are remembered; their names stand in every row."""
    here = (*path, "version")
    for field in surface.version:
        if field not in surface.fields:
            hint = nearest(field, list(surface.fields)) or "Name fields of this surface."
            yield Problem(here, f'"{field}" is no field of this surface.', hint)
        elif set(field) & set(",=") or len(field) > _MAX_VERSIONED:
            yield Problem(
                here, f'"{field}" is too long, or has "," or "=".', "At most 40 characters."
            )
    if len(surface.version) > _MOST_VERSIONED:
        yield Problem(here, f"at most {_MOST_VERSIONED} fields.", "Take those that change.")


def _sources(surface: Surface, path: Path) -> Iterator[Problem]:
    """Yield what is wrong with how the people of a surface are found."""
    sources = set(surface.people)
    if surface.kind == "listing" and "{subject}" in surface.route:
        yield Problem(
            (*path, "route"),
            "{subject} in the route of a listing would be taken for the people it shows.",
            "Call it {owner}: the page belongs to one person and shows others.",
        )
    if "path" in sources and "{subject}" not in surface.route:
        yield Problem((*path, "people"), '"path" needs {subject} in the route.')
    if "json" in sources and not surface.json_subject:
        yield Problem(
            (*path, "people"),
            '"json" needs json_subject.',
            'Example: json_subject = "results[].id"',
        )
    if "links" in sources and "{subject}" not in surface.links:
        yield Problem(
            (*path, "people"),
            '"links" needs a route with {subject}.',
            'Example: links = "/u/{subject}"',
        )
    if "query" in sources and not surface.query:
        yield Problem(
            (*path, "people"),
            '"query" needs the name of the parameter that lists ids.',
            'Example: query = "ids"',
        )
    for key, source in (("json_subject", "json"), ("links", "links")):
        if getattr(surface, key) and source not in sources:
            yield Problem((*path, key), f'is set, but people does not name "{source}".')
