"""Bodies that ask for several routes at once, as OData and Facebook's Graph API have them: each is a request."""

from __future__ import annotations

import json
from typing import NamedTuple
from urllib.parse import urlsplit

from himaya.config import OperationsConfig
from himaya.core.matching import Surfaces
from himaya.core.surface import Match, Surface
from himaya.gate import bodies, people, people_json
from himaya.gate.operations.asked import Posted, unique
from himaya.gate.operations.documents import TooMuchError, UnreadableError
from himaya.gate.operations.parts import Seen
from himaya.gate.people_json import EACH, steps


class Within(NamedTuple):
    """One request inside a batch: None for `match` where it asks for a route that shows nobody."""

    at: int
    among: int
    method: str
    target: str
    match: Match | None


def read(
    posted: Posted, batch: Surface, surfaces: Surfaces, limits: OperationsConfig
) -> list[Within]:
    """Return the requests in a body. Raises UnreadableError when nobody can tell, TooMuchError past the bound."""
    plain = bodies.decode(posted.body, posted.content_encoding, limits.max_bytes)
    if plain is None or "json" not in posted.content_type.lower():
        raise UnreadableError
    try:
        asked = _items(json.loads(plain, object_pairs_hook=unique), steps(batch.batch))
    except (ValueError, RecursionError) as problem:
        raise UnreadableError from problem
    if len(asked) > limits.max_operations:
        raise TooMuchError("operations", len(asked), limits.max_operations)
    pairs = [_request(one, batch.batch_target) for one in asked]
    return [
        Within(at, len(asked), method, target, surfaces.match(method, target))
        for at, (method, target) in enumerate(pairs)
    ]


def _request(asked: object, name: str) -> tuple[str, str]:
    """Return method and target of one request. Raises UnreadableError."""
    if isinstance(asked, str):
        asked = {name: asked}
    if not isinstance(asked, dict) or not is_exact(asked):
        raise UnreadableError
    method, target = asked.get("method", "GET"), asked.get(name)
    if not isinstance(method, str) or not isinstance(target, str):
        raise UnreadableError
    parts = urlsplit(target.strip())
    path = f"/{parts.path.lstrip('/')}"
    # An answer to HEAD has no body on the wire; whether it has one inside a batch is the application's business.
    method = "GET" if method.upper() == "HEAD" else method.upper()
    return method, f"{path}?{parts.query}" if parts.query else path


def _items(document: object, path: tuple[str, ...]) -> list[object]:
    """Return the items of the array that a path leads to. Raises UnreadableError."""
    for step in path:
        if step == EACH:
            break
        if not isinstance(document, dict) or step not in document or not is_exact(document):
            raise UnreadableError
        document = document[step]
    if not isinstance(document, list):
        raise UnreadableError
    return document


def is_exact(asked: dict[str, object]) -> bool:
    """Tell whether no two keys are the same but for letter case, which some servers do not look at."""
    return len({key.casefold() for key in asked}) == len(asked)


class Inner:
    """The place of one request of a batch in the answer: the item of the same number."""

    def __init__(
        self, within: Within, match: Match, batch: Surface, watched: tuple[str, ...]
    ) -> None:
        """Take which request it is, its surface, and where the batch's surface says that bodies stand."""
        self._within = within
        self._match = match
        self._path = steps(batch.batch_answers)
        self._watched = watched
        self.can_trim = bool(match.surface.json_rows and match.surface.json_subject)

    def look(self, document: object) -> Seen:
        """Return who stands in the body of this answer; a refusal by the application shows nobody."""
        try:
            item = self._item(document)
            if _failed(item):
                return Seen(())
            body = self._body(item)
        except UnreadableError:
            return Seen(None)
        if body in (None, ""):
            return Seen(())
        plain = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        surface, subject = self._match.surface, self._match.subject
        kind, target = "application/json", self._within.target
        return Seen(
            people.read(surface, subject, (), plain, kind, target=target, watched=self._watched)
        )

    def cut(self, document: object, withheld: frozenset[str], names: frozenset[str]) -> bool:
        """Take people and fields out of the body of this answer."""
        surface = self._match.surface
        try:
            item = self._item(document)
            body = self._body(item)
            inner = people_json.parse(body.encode()) if isinstance(body, str) else body
            rows = (surface.json_subject, surface.json_rows)
            people_json.trim(inner, *rows, withheld, names)
        except (UnreadableError, people_json.UnreadableError):
            return False
        return not isinstance(body, str) or self._put(item, json.dumps(inner))

    def _item(self, document: object) -> object:
        items = _items(document, self._path)
        if len(items) != self._within.among:
            raise UnreadableError
        return items[self._within.at]

    def _names(self) -> tuple[str, ...]:
        return self._path[self._path.index(EACH) + 1 :]

    def _body(self, item: object) -> object:
        for name in self._names():
            if not isinstance(item, dict):
                raise UnreadableError
            item = item.get(name)
        return item

    def _put(self, item: object, text: str) -> bool:
        """Put a changed body back where it was text."""
        *names, last = self._names() or ("",)
        for name in names:
            item = item.get(name) if isinstance(item, dict) else None
        if not isinstance(item, dict):
            return False
        item[last] = text
        return True


def _failed(item: object) -> bool:
    """Tell whether the application says of one answer that it is none."""
    if not isinstance(item, dict):
        return item is None
    status = item.get("status", item.get("code"))
    return isinstance(status, int) and not 200 <= status < 300
