"""Opens a request to an endpoint: from what its body says to its parts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from himaya.config import OperationsConfig
from himaya.core.exchange import Excess, Request
from himaya.core.matching import Surfaces
from himaya.core.surface import Surface
from himaya.gate.operations import asked, batches
from himaya.gate.operations.asked import Posted
from himaya.gate.operations.documents import Documents, Field, TooMuchError, UnreadableError
from himaya.gate.operations.parts import Part, Place, Seen, Unread, data_of, numbered
from himaya.gate.operations.shapes import Endpoint, endpoint_of
from himaya.gate.operations.views import View, cut, look, views_of

Where = tuple[Surface, Place, dict[str, object]]


class Opener:
    """Opens requests under one configuration; `documents` outlive a reload that leaves the bounds alone."""

    def __init__(self, limits: OperationsConfig, persisted: dict[str, str] | None = None) -> None:
        """Take the bounds and the texts of persisted queries by their id."""
        self.limits = limits
        self.documents = Documents(limits, persisted)
        self._endpoints: tuple[Surfaces | None, dict[str, Endpoint]] = (None, {})

    def after(self, before: Opener) -> Opener:
        """Take over the documents of the opener before, where bounds and persisted queries are still the same."""
        if before.documents.is_like(self.documents):
            self.documents = before.documents
        return self

    def endpoint(self, surfaces: Surfaces, method: str, target: str) -> Surface | None:
        """Return the surface of an endpoint that must be opened, None for every other request."""
        match = surfaces.match(method, target)
        if match is None or method.upper() == "OPTIONS":
            return None
        opens = match.surface.batch or surfaces.operations(match.surface)
        return match.surface if opens else None

    def open(
        self,
        surfaces: Surfaces,
        endpoint: Surface,
        request: Request,
        posted: Posted | None,
        watched: tuple[str, ...] = (),
    ) -> list[Part]:
        """Return the parts of a request: none when it asks for nobody.

        `posted` is None when the body is longer than is read. What passes a bound is one part with its excess.
        """
        try:
            found = self._bounded(surfaces, endpoint, posted, watched)
        except TooMuchError as problem:
            found = [_fallback(endpoint, Unread(), problem.excess)]
        except UnreadableError:
            found = [_fallback(endpoint, Unread())]
        return [
            Part(numbered(request, at, **more), surface, place)
            for at, (surface, place, more) in enumerate(found)
        ]

    def _bounded(
        self,
        surfaces: Surfaces,
        endpoint: Surface,
        posted: Posted | None,
        watched: tuple[str, ...],
    ) -> list[Where]:
        """Return where people are asked for. Raises UnreadableError, TooMuchError."""
        most = self.limits.max_operations
        if posted is None:
            raise TooMuchError("bytes", self.limits.max_bytes + 1, self.limits.max_bytes)
        found = list(islice(self._where(surfaces, endpoint, posted, watched), most + 1))
        if len(found) > most:
            raise TooMuchError("operations", len(found), most)
        return found

    def _where(
        self, surfaces: Surfaces, endpoint: Surface, posted: Posted, watched: tuple[str, ...]
    ) -> Iterator[Where]:
        if endpoint.batch:
            yield from self._in_batch(surfaces, endpoint, posted, watched)
            return
        declared = self._endpoint(surfaces, endpoint)
        for one in asked.read(posted, self.documents):
            if one.operation is None:
                yield _fallback(endpoint, Unread(one.at))
                continue
            for view in views_of(one.operation, declared):
                if isinstance(view, View):
                    surface = view.shape.surface
                    place = Shown(view, one.at, watched)
                    yield surface, place, {"operation": surface.id}
                else:
                    yield _fallback(endpoint, Unread(one.at, _key(view)))

    def _in_batch(
        self, surfaces: Surfaces, endpoint: Surface, posted: Posted, watched: tuple[str, ...]
    ) -> Iterator[Where]:
        for one in batches.read(posted, endpoint, surfaces, self.limits):
            if one.match is None:
                continue
            surface = one.match.surface
            if surface.batch or surfaces.operations(surface):
                yield _fallback(endpoint, Hidden())  # an endpoint inside an endpoint
                continue
            inner = batches.Inner(one, one.match, endpoint, watched)
            yield surface, inner, {"method": one.method, "target": one.target}

    def _endpoint(self, surfaces: Surfaces, fallback: Surface) -> Endpoint:
        known = self._endpoints  # taken once: threads may share this
        if known[0] is not surfaces:
            known = self._endpoints = (surfaces, {})
        found = known[1].get(fallback.id)
        if found is None:
            found = known[1][fallback.id] = endpoint_of(surfaces, fallback)
        return found


class Shown:
    """The place of a view in an answer, or in one of a batch."""

    def __init__(self, view: View, at: int, watched: tuple[str, ...]) -> None:
        """Take the view, its place in a batch (-1: outside of one), and the personal fields to look for."""
        self._view = view
        self._at = at
        self._watched = watched
        self.can_trim = bool(view.shape.surface.json_rows)

    def look(self, document: object) -> Seen:
        """Return who the answer shows there."""
        try:
            return look(self._view, data_of(document, self._at), self._watched)
        except (LookupError, RecursionError):
            return Seen(None)

    def cut(self, document: object, withheld: frozenset[str], names: frozenset[str]) -> bool:
        """Take people and fields out of the answer."""
        try:
            return cut(self._view, data_of(document, self._at), withheld, names)
        except (LookupError, RecursionError):
            return False


class Hidden(Unread):
    """The place of what has no shape that could be looked at."""

    def look(self, document: object) -> Seen:
        """Nobody can tell."""
        return Seen(None)


def _key(field: Field | None) -> str:
    return field.key if field is not None else ""


def _fallback(endpoint: Surface, place: Place, excess: Excess | None = None) -> Where:
    return endpoint, place, {"excess": excess}
