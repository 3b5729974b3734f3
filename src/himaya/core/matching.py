"""How a request is matched to one of the declared surfaces: by method, path and, behind one endpoint, operation."""

from __future__ import annotations

import hashlib
import re

from himaya.core.paths import canonical_path, other_paths
from himaya.core.routes import compile_route, fixed_length
from himaya.core.surface import Match, Surface

#: Targets without people that are remembered; the set is emptied when full.
_REMEMBERED = 10_000

#: The longest target that is remembered, and the longest subject of a path, in characters.
_LONGEST = 200

#: A compiled route: its pattern, the number of its subject group (0 = none), its surface, and the
#: match to return when the path names nobody.
_Entry = tuple[re.Pattern[str], int, Surface, Match]


class Surfaces:
    """All surfaces of a site, matched by method and path through a table by first segment.

    `opens` tells whether any request must be opened: whether its body says what it asks for.
    """

    def __init__(self, surfaces: tuple[Surface, ...]) -> None:
        """Compile the templates; more fixed characters win over fewer, then declaration order."""
        self.all = surfaces
        self.by_id = {surface.id: surface for surface in surfaces}
        self._heads: dict[str, list[_Entry]] = {}
        self._open: list[_Entry] = []
        self._nobody: set[str] = set()
        self._operations: dict[str, list[Surface]] = {}
        for surface in surfaces:
            if surface.operation:
                self._operations.setdefault(_place(surface), []).append(surface)
        self.opens = bool(self._operations) or any(surface.batch for surface in surfaces)
        for surface in sorted((s for s in surfaces if not s.operation), key=_rank):
            head = surface.route.strip("/").split("/")[0].lower()
            pattern = compile_route(surface.route)
            entry = (pattern, pattern.groupindex.get("subject", 0), surface, Match(surface))
            if "{" in head:
                self._open.append(entry)
            else:
                self._heads.setdefault(head, []).append(entry)
        for entries in self._heads.values():
            entries.extend(self._open)

    def match(self, method: str, target: str, operation: str = "") -> Match | None:
        """Return the surface a request belongs to and the subject its path names, or None.

        Where the canonical path belongs to none, what else an application may read in the target decides. `operation`
        is the id of a surface that a door found in the body; it counts on the route of that surface alone.
        """
        if operation:
            return self._operation(self.match(method, target), operation)
        if target in self._nobody:
            return None
        path = canonical_path(target)
        entries = self._entries(path)
        match = _first(entries, method, path)
        if match is not None:
            return match
        if "%" in target or "/." in target:
            others = (_first(self._entries(each), method, each) for each in other_paths(target))
            return next((other for other in others if other is not None), None)
        if not entries:
            self._note_nobody(target)
        return None

    def operations(self, endpoint: Surface) -> list[Surface]:
        """Return the operations that are declared on the route of a surface."""
        return self._operations.get(_place(endpoint), [])

    def _operation(self, match: Match | None, operation: str) -> Match | None:
        surface = self.by_id.get(operation)
        if match is None or surface is None or surface not in self.operations(match.surface):
            return match
        return Match(surface)

    def _entries(self, path: str) -> list[_Entry]:
        return self._heads.get(path[1:].partition("/")[0].lower(), self._open)

    def _note_nobody(self, target: str) -> None:
        """Remember a target that no route can match, whatever the method; most requests are such."""
        if len(self._nobody) >= _REMEMBERED:
            self._nobody.clear()
        if len(target) <= _LONGEST:
            self._nobody.add(target)


def _place(surface: Surface) -> str:
    return surface.route.strip("/").lower()


def _rank(surface: Surface) -> tuple[int, bool]:
    fixed, tail = fixed_length(surface.route)
    return -fixed, tail


def _first(entries: list[_Entry], method: str, path: str) -> Match | None:
    for pattern, group, surface, nobody in entries:
        found = pattern.fullmatch(path)
        # Some applications take `get` for GET (Django does), so letter case is no way around a surface.
        if found and (method in surface.methods or method.upper() in surface.methods):
            subject = found.group(group) if group else ""
            return Match(surface, bounded(subject)) if subject else nobody
    return None


def bounded(subject: str) -> str:
    """Return a subject no longer than an id can be: what the asker made up must not fill the memory."""
    if len(subject) <= _LONGEST:
        return subject
    digest = hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{subject[:100]}~{digest[:32]}"
