"""What one request asks for, in parts: each has a request of its own, a surface, and its place in the answer."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import msgspec

from himaya.core.exchange import Person, Request
from himaya.core.surface import Surface


class Seen(NamedTuple):
    """Who a part of an answer shows: None when nobody could name them, and how many were counted then."""

    people: tuple[Person, ...] | None
    unnamed: int = 0


class Place(Protocol):
    """Where in an answer the people of a part stand."""

    can_trim: bool

    def look(self, document: object) -> Seen:
        """Return who is there; never raises."""

    def cut(self, document: object, withheld: frozenset[str], names: frozenset[str]) -> bool:
        """Take people and fields out, in place; False when somebody would stay."""


class Part:
    """One part of a request on its way; `people` are None until they are known."""

    __slots__ = ("people", "place", "request", "surface")

    def __init__(self, request: Request, surface: Surface, place: Place) -> None:
        """Begin; nobody has looked at an answer yet."""
        self.request = request
        self.surface = surface
        self.place = place
        self.people: tuple[Person, ...] | None = None


def numbered(request: Request, at: int, **changes: object) -> Request:
    """Return the request of a part: the first keeps the id of the whole."""
    part_id = f"{request.id}.{at}" if at else request.id
    return msgspec.structs.replace(request, id=part_id, **changes)


class Unread:
    """The place of what nobody declared: `keys` lead to it; only an answer without anything there shows nobody."""

    can_trim = False

    def __init__(self, at: int = -1, key: str = "") -> None:
        """Take the place in a batch (-1: outside of one) and the key of a root field ("": the whole answer)."""
        self._at = at
        self._key = key

    def look(self, document: object) -> Seen:
        """Return nobody for an error, a null, or an answer without data; else that nobody can tell."""
        try:
            data = data_of(document, self._at)
        except LookupError:
            return Seen(None)
        there = data.values() if isinstance(data, dict) else (data,)
        if isinstance(data, dict) and self._key:
            there = (data.get(self._key),)
        return Seen(() if all(value is None for value in there) else None)

    def cut(self, document: object, withheld: frozenset[str], names: frozenset[str]) -> bool:
        """Nothing can be taken out of what nobody knows."""
        return not withheld and not names


def data_of(document: object, at: int) -> object:
    """Return the `data` of an answer, or of one of a batch. Raises LookupError when it has no such shape."""
    if at >= 0:
        if not isinstance(document, list) or len(document) <= at:
            raise LookupError
        document = document[at]
    if not isinstance(document, dict) or not ({"data", "errors"} & document.keys()):
        raise LookupError
    return document.get("data")
