"""What endpoints of many operations must say: the surfaces on their route, and the one that stands for the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from himaya.config.config import Config
from himaya.config.decode import Problem
from himaya.config.locate import Path
from himaya.core.surface import Surface

_OPERATION = re.compile(r"(?:mutation\.)?[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[A-Za-z0-9_*]+(?:\.[A-Za-z0-9_*]+)*")
_ANSWERS = re.compile(r"(?:[^.\[\]]+\.)*(?:[^.\[\]]+)?\[\](?:\.[^.\[\]]+)*")
_REQUESTS = re.compile(r"(?:[^.\[\]]+\.)*(?:[^.\[\]]+)?\[\]")

#: The methods of a surface that does not say any.
_UNSAID = Surface("", "").methods

#: What only the surface of an endpoint may say, and what only other surfaces may.
_OF_ENDPOINTS = ("plain", "batch", "batch_answers")
_OF_OTHERS = ("json_subject", "json_rows", "links", "query", "redact")


def endpoint_problems(config: Config, raw: dict[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with operations, with the surfaces that stand for the rest, and with batches."""
    operated = {_place(surface) for surface in config.surfaces if surface.operation}
    rest: dict[str, str] = {}
    seen: dict[tuple[str, str], str] = {}
    for at, surface in enumerate(config.surfaces):
        path: Path = ("surface", at)
        if surface.operation:
            yield from _operation(surface, raw["surface"][at], path)
            same = seen.setdefault((_place(surface), surface.json_subject), surface.id)
            if same != surface.id:
                why = f'"{same}" counts the people of {surface.json_subject} already.'
                yield Problem((*path, "json_subject"), why, "Each place of people once.")
        elif _place(surface) in operated or surface.batch:
            yield from _endpoint(surface, raw["surface"][at], path)
            first = rest.setdefault(_place(surface), surface.id)
            if first != surface.id:
                why = f'"{first}" stands for the rest of {surface.route} already.'
                yield Problem((*path, "route"), why, "One surface without operation on each route.")
        elif surface.plain:
            yield Problem((*path, "plain"), "no operation is declared on this route.")
        elif surface.batch_answers:
            yield Problem((*path, "batch_answers"), "is set, but batch is not.")
    for at, surface in enumerate(config.surfaces):
        if surface.operation and _place(surface) not in rest:
            yield Problem(
                ("surface", at, "operation"),
                f"no surface stands for everything else that {surface.route} is asked for.",
                "Add a [[surface]] with this route, without operation, with max_people.",
            )


def _place(surface: Surface) -> str:
    return surface.route.strip("/").lower()


def _operation(surface: Surface, raw: dict[str, Any], path: Path) -> Iterator[Problem]:
    name = surface.operation
    if not _OPERATION.fullmatch(name):
        yield Problem(
            (*path, "operation"),
            f'expected a root field such as "person" or "mutation.follow", got "{name}".',
            "The name that a client gives an operation is not believed.",
        )
        return
    root, subject = name.removeprefix("mutation."), surface.json_subject
    if not re.fullmatch(rf"data\.{root}(\[\])*(\.[A-Za-z_][A-Za-z0-9_]*(\[\])*)*\.\w+", subject):
        yield Problem(
            (*path, "json_subject"),
            f'expected a path in the answer that begins with "data.{root}", got "{subject}".',
            f'Example: json_subject = "data.{root}.id"',
        )
    elif surface.json_rows and not _is_above(surface.json_rows, subject):
        yield Problem(
            (*path, "json_rows"),
            f'"{surface.json_rows}" is no array on the way to "{subject}".',
            "Name the array whose items are the rows, without its [].",
        )
    if "[]" in subject and "max_people" not in raw:
        yield Problem(
            path,
            f'"{surface.id}" shows several people, and does not say how many at most.',
            "Set max_people: what an answer is charged that nobody could read.",
        )
    if surface.methods != _UNSAID:
        yield Problem((*path, "methods"), "the surface that stands for the rest says the methods.")
    for key in _OF_ENDPOINTS:
        if getattr(surface, key):
            yield Problem((*path, key), "belongs to the surface that stands for the rest.")


def _is_above(rows: str, subject: str) -> bool:
    rows = rows.removesuffix("[]")
    return subject.startswith(f"{rows}[]")


def _endpoint(surface: Surface, raw: dict[str, Any], path: Path) -> Iterator[Problem]:
    if "max_people" not in raw:
        yield Problem(
            path,
            f'"{surface.id}" is charged for whatever nobody declared, and does not say how much.',
            "Set max_people: the most people that one answer can show.",
        )
    wanted = {"POST"} if surface.batch else {"GET", "POST"}
    if missing := sorted(wanted - {*surface.methods}):
        yield Problem(
            (*path, "methods"),
            f"{missing[0]} is missing, so that such a request would be no surface at all.",
            f"Write methods = {sorted(wanted)}.".replace("'", '"'),
        )
    if "{subject}" in surface.route:
        yield Problem((*path, "route"), "{subject} cannot stand in the route of many operations.")
    for key in _OF_OTHERS:
        if getattr(surface, key):
            why = "cannot be told of what nobody declared."
            yield Problem((*path, key), why, "It belongs to the surface of one operation.")
    for source in surface.people:
        if source not in {"header", "app"}:
            yield Problem((*path, "people"), f'"{source}" cannot be read in what nobody declared.')
    yield from _plain(surface, path)
    yield from _batch(surface, path)


def _plain(surface: Surface, path: Path) -> Iterator[Problem]:
    for at, pattern in enumerate(surface.plain):
        if not _PLAIN.fullmatch(pattern):
            yield Problem(
                (*path, "plain", at),
                f'expected a path of fields such as "product.reviews", got "{pattern}".',
                "`*` stands for any part of one name.",
            )


def _batch(surface: Surface, path: Path) -> Iterator[Problem]:
    if not surface.batch:
        return
    if surface.plain:
        yield Problem((*path, "plain"), "belongs to a route with operations, not to a batch.")
    if not _REQUESTS.fullmatch(surface.batch):
        yield Problem(
            (*path, "batch"),
            f'expected the path of an array in the request, got "{surface.batch}".',
            'Example: "requests[]", or "[]" for an array as the whole body.',
        )
    if not _ANSWERS.fullmatch(surface.batch_answers):
        yield Problem(
            (*path, "batch_answers"),
            f'expected where the bodies stand in the answer, got "{surface.batch_answers}".',
            'Example: "responses[].body"',
        )
    if not surface.batch_target:
        yield Problem((*path, "batch_target"), 'expected a name such as "path".')
