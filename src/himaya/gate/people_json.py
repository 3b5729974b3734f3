"""People in JSON bodies, found and taken out by the paths that a surface declares.

A path is names joined by dots; `[]` after a name stands for every item of that array: `results[].id`,
`data.groups[].members[].person.id`, and `[].id` for an array at the root.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from himaya.core.exchange import Person

#: Stands for "every item of the array" among the steps of a path.
EACH = "[]"

#: A longer id names nobody; it is refused rather than cut, because a cut id could be somebody else's.
_MAX_ID = 512


class UnreadableError(Exception):
    """The document is not JSON, or has not the shape that the paths declare."""


@lru_cache(maxsize=1024)
def steps(path: str) -> tuple[str, ...]:
    """Return the steps of a path: names, and `EACH` for arrays.

    >>> steps("results[].id"), steps("[].id")
    (('results', '[]', 'id'), ('[]', 'id'))
    """
    out: list[str] = []
    for name in path.split(".") if path else ():
        bare = name.rstrip("[]")
        out += [bare] * bool(bare) + [EACH] * name.count(EACH)
    return tuple(out)


def parse(body: bytes) -> object:
    """Return the parsed document. Raises UnreadableError."""
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise UnreadableError from problem
    return document


def people(
    document: object,
    json_subject: str,
    json_rows: str,
    fields: Iterable[str],
    watched: Iterable[str] = (),
) -> list[Person]:
    """Return the people of a document in order, each row's fields told by the names present in it.

    A field counts when its name stands anywhere inside the row with a value other than null, "", [] or {}. Where
    no row has any declared name, the document names its fields otherwise: the declared fields hold (None), beside
    those of `watched`, personal fields that nobody declared here. Raises UnreadableError.
    """
    declared = tuple(fields)
    wanted = tuple(dict.fromkeys((*declared, *watched)))
    try:
        pairs = [
            (subject, _present(row, wanted))
            for subject, row in _rows(document, json_subject, json_rows)
        ]
    except RecursionError as problem:
        raise UnreadableError from problem
    named = any(name in declared for _, present in pairs for name in present)
    if not named:
        pairs = [(subject, (*declared, *more) if more else ()) for subject, more in pairs]
    found: dict[str, tuple[str, ...]] = {}
    for subject, present in pairs:
        found[subject] = tuple(dict.fromkeys(found.get(subject, ()) + present))
    return [
        Person(subject, present if named or present else None) for subject, present in found.items()
    ]


def values(
    document: object, json_subject: str, json_rows: str, fields: Iterable[str]
) -> dict[str, dict[str, str]]:
    """Return, per person of a document, the values of these fields: texts and numbers, the first of each name in a row.

    Raises UnreadableError.
    """
    wanted = frozenset(fields)
    found: dict[str, dict[str, str]] = {}
    try:
        for subject, row in _rows(document, json_subject, json_rows):
            _values(row, wanted, found.setdefault(subject, {}))
    except RecursionError as problem:
        raise UnreadableError from problem
    return found


def _values(value: object, wanted: frozenset[str], found: dict[str, str]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in wanted and name not in found and isinstance(inner, str | int | float):
                found[name] = str(inner)
            _values(inner, wanted, found)
    elif isinstance(value, list):
        for inner in value:
            _values(inner, wanted, found)


def trim(
    document: object,
    json_subject: str,
    json_rows: str,
    withheld: frozenset[str],
    redact: frozenset[str],
) -> None:
    """Take rows of withheld people and the fields to redact out of a document, in place.

    Totals and everything outside the rows stay. Raises UnreadableError when a withheld person has no row of
    their own, so that they would stay.
    """
    rows = row_path(json_subject, json_rows)
    try:
        if withheld:
            _drop_rows(document, json_subject, rows, withheld)
        if redact:
            for row in _walk(document, rows):
                _strip(row, redact)
        left = _rows(document, json_subject, json_rows) if withheld else ()
        if any(subject in withheld for subject, _ in left):
            raise UnreadableError
    except RecursionError as problem:
        raise UnreadableError from problem


def row_path(json_subject: str, json_rows: str) -> tuple[str, ...]:
    """Return the path of one person's row: the items of `json_rows`, else of the last array before the id."""
    if json_rows:
        rows = steps(json_rows)
        return rows if rows[-1:] == (EACH,) else (*rows, EACH)
    path = steps(json_subject)
    last = max((index for index, step in enumerate(path) if step == EACH), default=-1)
    return path[: last + 1]


def _rows(document: object, json_subject: str, json_rows: str) -> Iterator[tuple[str, object]]:
    """Yield every subject with the row it stands in."""
    head, whole = row_path(json_subject, json_rows), steps(json_subject)
    if whole[: len(head)] != head:
        raise UnreadableError
    for row in _walk(document, head):
        for value in _walk(row, whole[len(head) :], inside=bool(head)):
            subject = text_of(value)
            if subject:
                yield subject, row


def _walk(value: object, path: tuple[str, ...], *, inside: bool = False) -> Iterator[object]:
    """Yield what a path leads to. Inside an array missing names are skipped; before, they are an error."""
    for index, step in enumerate(path):
        if step == EACH:
            if value is None:
                return
            if not isinstance(value, list):
                raise UnreadableError
            for item in value:
                yield from _walk(item, path[index + 1 :], inside=True)
            return
        if not isinstance(value, dict) or step not in value:
            if inside:
                return
            raise UnreadableError
        value = value[step]
    yield value


def text_of(value: object) -> str:
    """Return an id as text: strings and whole numbers; everything else names nobody."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value)
    if len(text) > _MAX_ID:
        raise UnreadableError
    return text


def _present(row: object, wanted: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[str] = set()
    _names(row, seen)
    return tuple(field for field in wanted if field in seen)


def _names(value: object, seen: set[str]) -> None:
    """Collect the names inside a value that hold anything."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if inner not in (None, "", [], {}):
                seen.add(name)
                _names(inner, seen)
    elif isinstance(value, list):
        for inner in value:
            _names(inner, seen)


def _drop_rows(
    document: object,
    json_subject: str,
    rows: tuple[str, ...],
    withheld: frozenset[str],
) -> None:
    inner = steps(json_subject)[len(rows) :]

    def stays(row: object) -> bool:
        return not any(text_of(value) in withheld for value in _walk(row, inner, inside=True))

    for items in list(_walk(document, rows[:-1])):
        _keep(items, stays)


def _keep(items: object, stays: Callable[[object], bool]) -> None:
    if items is None:
        return
    if not isinstance(items, list):
        raise UnreadableError
    items[:] = [row for row in items if stays(row)]


def _strip(value: object, redact: frozenset[str]) -> None:
    """Remove the named fields anywhere inside a row."""
    if isinstance(value, dict):
        for name in redact & value.keys():
            del value[name]
        for inner in value.values():
            _strip(inner, redact)
    elif isinstance(value, list):
        for inner in value:
            _strip(inner, redact)
