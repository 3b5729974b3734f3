"""One place of people in an answer to a GraphQL operation, by the keys that the request chose.

An answer is walked beside what was selected: so a field is known by its name in the schema, whatever its alias.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from himaya.core.exchange import Person
from himaya.gate.operations.documents import Field, Operation
from himaya.gate.operations.parts import Seen
from himaya.gate.operations.shapes import Endpoint, Shape
from himaya.gate.people_json import UnreadableError, text_of

_EMPTY: tuple[object, ...] = (None, "", [], {})


class View(NamedTuple):
    """A shape as one request selected it: `chain` are the fields from the root to the object with the id.

    `ids` are the keys of the id in that object, none where it was not asked for; `roots` the keys of the whole answer.
    """

    shape: Shape
    chain: tuple[Field, ...]
    ids: tuple[str, ...]
    roots: frozenset[str]


def views_of(operation: Operation, endpoint: Endpoint) -> Iterator[View | Field | None]:
    """Yield the places of people an operation asks for; a root field that nobody declared as itself, a whole as None.

    What begins with two underscores asks for the schema (introspection), and a field without selection shows nobody.
    """
    if operation.kind == "subscription":
        yield None
        return
    roots = frozenset(field.key for field in operation.fields)
    for field in operation.fields:
        name = f"mutation.{field.name}" if operation.kind == "mutation" else field.name
        if field.name.startswith("__") or not field.inside:
            continue
        for shape in endpoint.shapes.get(name, ()):
            for chain in _chains((field,), shape):
                ids = tuple(one.key for one in chain[-1].inside if _is_id(one, shape))
                yield View(shape, chain, ids, roots)
        if not endpoint.is_known(field, name):
            yield field


def _is_id(one: Field, shape: Shape) -> bool:
    return one.name == shape.leaf and not one.inside


def _chains(chain: tuple[Field, ...], shape: Shape) -> Iterator[tuple[Field, ...]]:
    """Yield every way through the selection along the hops of a shape: aliases make several."""
    if len(chain) == len(shape.hops):
        yield chain
        return
    wanted = shape.hops[len(chain)].name
    for one in chain[-1].inside:
        if one.name == wanted and one.inside:
            yield from _chains((*chain, one), shape)


def look(view: View, data: object, watched: tuple[str, ...]) -> Seen:
    """Return the people of a view in the `data` of an answer; `unnamed` when any of them has no id.

    Fields are those that were asked for and hold something. Where none of a row is declared, the declared ones hold.
    """
    surface = view.shape.surface
    wanted = tuple(dict.fromkeys((*surface.fields, *watched)))
    found: dict[str, tuple[str, ...] | None] = {}
    unnamed = 0
    try:
        for row in _rows(view, data):
            fields = _fields(view, row, wanted)
            for subject in _subjects(view, row):
                if subject is None:
                    unnamed += 1
                else:
                    found[subject] = _joined(found, subject, fields)
    except UnreadableError:
        return Seen(None)
    if unnamed:
        return Seen(None, unnamed + len(found))
    return Seen(tuple(Person(subject, fields) for subject, fields in found.items()))


def cut(view: View, data: object, withheld: frozenset[str], names: frozenset[str]) -> bool:
    """Take rows of withheld people and the fields called `names` out of an answer; False when somebody would stay."""
    shape = view.shape
    try:
        if withheld:
            if not shape.surface.json_rows or not shape.hops[shape.row].arrays:
                return False
            for items in _lists(view, data):
                items[:] = [row for row in items if not withheld & {*_subjects(view, row)}]
        if names:
            for row in _rows(view, data):
                _blank(row, view.chain[shape.row], names)
    except UnreadableError:
        return False
    return True


def _joined(
    found: dict[str, tuple[str, ...] | None], subject: str, fields: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    """Return the fields of somebody who stands in an answer more than once; the declared ones are the most."""
    if subject not in found or found[subject] == fields:
        return fields
    held = found[subject]
    return None if held is None or fields is None else tuple(dict.fromkeys(held + fields))


def _rows(view: View, data: object) -> Iterator[object]:
    shape = view.shape
    yield from _walk(data, view, 0, shape.row + 1)


def _lists(view: View, data: object) -> Iterator[list[object]]:
    """Yield the arrays whose items are the rows."""
    row = view.shape.row
    for holder in _walk(data, view, 0, row):
        value = _inside(holder, view, row)
        for items in _items([value], view.shape.hops[row].arrays - 1):
            if items is not None and not isinstance(items, list):
                raise UnreadableError
            if items:
                yield items


def _subjects(view: View, row: object) -> Iterator[str | None]:
    """Yield the ids of a row, None for an object that has none."""
    for holder in _walk(row, view, view.shape.row + 1, len(view.chain)):
        if not isinstance(holder, dict):
            raise UnreadableError
        named = [text for key in view.ids if (text := text_of(holder.get(key)))]
        yield named[0] if named else None


def _walk(value: object, view: View, start: int, end: int) -> Iterator[object]:
    """Yield what the hops from `start` to before `end` lead to; what is null or was not sent leads nowhere."""
    if start == end:
        if value is not None:
            yield value
        return
    inner = _inside(value, view, start)
    for item in _items([inner], view.shape.hops[start].arrays):
        yield from _walk(item, view, start + 1, end)


def _inside(value: object, view: View, at: int) -> object:
    """Return what stands under the key of a hop; a key that nobody asked for says that the answer was reshaped."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise UnreadableError
    known = view.roots if at == 0 else {one.key for one in view.chain[at - 1].inside}
    if not value.keys() <= known:
        raise UnreadableError
    return value.get(view.chain[at].key)


def _items(values: list[object], arrays: int) -> Iterator[object]:
    """Yield the items `arrays` levels deep."""
    for value in values:
        if arrays == 0 or value is None:
            yield value
        elif isinstance(value, list):
            yield from _items(value, arrays - 1)
        else:
            raise UnreadableError


def _fields(view: View, row: object, wanted: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return which of the wanted fields a row shows; None, for the declared ones, where it shows none of those."""
    shape, seen = view.shape, set[str]()
    path = ".".join(hop.name for hop in shape.hops[: shape.row + 1])
    if shape.surface.operation.startswith("mutation."):
        path = f"mutation.{path}"
    _names(row, view.chain[shape.row], path, shape.foreign, seen)
    declared = shape.surface.fields
    found = tuple(name for name in wanted if name in seen)
    if any(name in declared for name in found):
        return found
    return (*declared, *found) if found else None


def _names(value: object, field: Field, path: str, foreign: frozenset[str], seen: set[str]) -> None:
    """Collect the schema's names of what a value holds, without what belongs to other people inside it."""
    if isinstance(value, list):
        for item in value:
            _names(item, field, path, foreign, seen)
    elif isinstance(value, dict):
        for one in field.inside:
            inner, where = value.get(one.key), f"{path}.{one.name}"
            if inner not in _EMPTY and where not in foreign:
                seen.add(one.name)
                _names(inner, one, where, foreign, seen)


def _blank(value: object, field: Field, names: frozenset[str]) -> None:
    """Set the named fields of a row to null, which every GraphQL client can read."""
    if isinstance(value, list):
        for item in value:
            _blank(item, field, names)
    elif isinstance(value, dict):
        for one in field.inside:
            if one.name in names and one.key in value:
                value[one.key] = None
            else:
                _blank(value.get(one.key), one, names)
