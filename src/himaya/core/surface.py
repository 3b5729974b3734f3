"""Surfaces: the declared routes that show people, and how a request is matched to one.

A route template is a path with `{subject}` (or any other `{name}`) standing for one segment, and an optional
final `{rest...}` for any tail: `/u/{subject}`, `/api/people`, `/media/{subject}/{rest...}`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote

import msgspec

Kind = Literal["profile", "listing", "lookup", "media"]


class Surface(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A declared route that shows people.

    `people` names where subjects are read from, tried in order: path, header, json, links, app.
    `json_subject` is a path such as `results[].id` to the subject ids; `json_rows` the path of the
    array whose items may be taken out one by one. `links` is a route template whose `{subject}`
    is read from links in HTML. `query` names the query parameter of a look-up. `max_people` is what an
    unseen response is charged. `redact` are fields that may be withheld. `scope` says who may see the fields by
    the site's own rules (public, members, friends, ...).
    """

    id: str
    route: str
    kind: Kind = "profile"
    methods: tuple[str, ...] = ("GET", "HEAD")
    fields: tuple[str, ...] = ("name",)
    people: tuple[Literal["path", "header", "json", "links", "app"], ...] = ()
    json_subject: str = ""
    json_rows: str = ""
    links: str = ""
    query: str = ""
    max_people: int = 1
    redact: tuple[str, ...] = ()
    scope: str = "public"
    fail: Literal["open", "closed"] = "open"


class Match(msgspec.Struct, frozen=True, gc=False):
    """A request matched to a surface; `subject` is "" where the path names nobody."""

    surface: Surface
    subject: str = ""


#: What makes a path differ from its canonical form; most paths have none of it.
_ODD = re.compile(r"[%;#]|//|/\.|\./|[./]$")


def canonical_path(target: str) -> str:
    """Return the path of a request target in one canonical form."""
    path = target.partition("?")[0]
    if path.startswith("/") and not _ODD.search(path):
        return path
    return _canonical(target)


@lru_cache(maxsize=16384)
def _canonical(target: str) -> str:
    """Undo everything that lets two spellings name one resource.

    Absolute-form targets lose scheme and host (RFC 9112 section 3.2.2); query and fragment are
    dropped; percent-encoding is undone once (an encoded slash stays encoded, as it is data, RFC 3986
    section 2.2); matrix parameters (`;x`), empty and dot segments and trailing dots go.
    """
    path = target
    if "://" in path[:12]:
        path = "/" + path.split("://", 1)[1].partition("/")[2]
    path = path.partition("?")[0].partition("#")[0]
    out: list[str] = []
    for raw in path.split("/"):
        segment = unquote(raw.partition(";")[0].replace("%2f", "%252f").replace("%2F", "%252F"))
        if segment == "..":
            if out:
                out.pop()
        elif segment.rstrip("."):
            out.append(segment.rstrip("."))
    return "/" + "/".join(out)


#: Targets without people that are remembered, and the longest of them; the set is emptied when full.
_REMEMBERED, _LONGEST = 10_000, 200

#: A compiled route: its pattern, the number of its subject group (0 = none), its surface, and the
#: match to return when the path names nobody.
_Entry = tuple[re.Pattern[str], int, Surface, Match]


class Surfaces:
    """All surfaces of a site, matched by method and path through a table by first segment."""

    def __init__(self, surfaces: tuple[Surface, ...]) -> None:
        """Compile the templates; more fixed characters win over fewer, then declaration order."""
        self.all = surfaces
        self.by_id = {surface.id: surface for surface in surfaces}
        order = sorted(surfaces, key=lambda s: -len(re.sub(r"\{[^}]*\}", "", s.route)))
        self._heads: dict[str, list[_Entry]] = {}
        self._open: list[_Entry] = []
        self._nobody: set[str] = set()
        for surface in order:
            head = surface.route.strip("/").split("/")[0].lower()
            pattern = compile_route(surface.route)
            entry = (pattern, pattern.groupindex.get("subject", 0), surface, Match(surface))
            if "{" in head:
                self._open.append(entry)
            else:
                self._heads.setdefault(head, []).append(entry)

    def match(self, method: str, target: str) -> Match | None:
        """Return the surface a request belongs to and the subject its path names, or None."""
        if target in self._nobody:
            return None
        path = canonical_path(target)
        entries = self._heads.get(path[1:].partition("/")[0].lower())
        if entries is not None:
            match = _first(entries, method, path)
            if match is not None:
                return match
        elif not self._open:
            self._note_nobody(target)
            return None
        return _first(self._open, method, path) if self._open else None

    def _note_nobody(self, target: str) -> None:
        """Remember a target that no route can match, whatever the method; most requests are such."""
        if len(self._nobody) >= _REMEMBERED:
            self._nobody.clear()
        if len(target) <= _LONGEST:
            self._nobody.add(target)


def _first(entries: list[_Entry], method: str, path: str) -> Match | None:
    for pattern, group, surface, nobody in entries:
        found = pattern.fullmatch(path)
        if found and method in surface.methods:
            subject = found.group(group) if group else ""
            return Match(surface, subject) if subject else nobody
    return None


@lru_cache(maxsize=1024)
def compile_route(route: str) -> re.Pattern[str]:
    """Return the pattern of a route template; fixed parts match in any letter case.

    Ids keep their case. Raises ValueError for a template with unbalanced braces.
    """
    if route.count("{") != route.count("}"):
        raise ValueError(f"unbalanced braces in route {route!r}")
    parts: list[str] = []
    for piece in re.split(r"(\{[^}]*\})", "/" + route.strip("/")):
        if not piece.startswith("{"):
            parts.append(re.escape(piece))
        elif piece.endswith("...}"):
            parts.append(r".*")
        else:
            parts.append(rf"(?P<{piece[1:-1]}>[^/]+)")
    return re.compile("".join(parts), re.IGNORECASE)
