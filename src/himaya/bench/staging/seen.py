"""Whom and which fields an answer really holds, as far as bytes tell; only named test people are kept."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from himaya.bench.staging.client import Heard
from himaya.bench.staging.people import StagingAsk
from himaya.core.surface import Surface
from himaya.gate import people, people_json
from himaya.gate.people_links import linked_subjects

_SHOWN = frozenset({200, 203, 206})


class Sight(msgspec.Struct, frozen=True):
    """One test person in an answer. `read`: the fields stood in JSON; otherwise they are the declared ones."""

    subject: str
    fields: tuple[str, ...]
    read: bool


class Eye:
    """Reads answers for the named test people."""

    def __init__(self, named: Iterable[str], surfaces: Iterable[Surface]) -> None:
        """Take who is looked for; links to profiles are told by the routes of the surfaces."""
        self._named = frozenset(named)
        self._links = [s.route for s in surfaces if s.kind == "profile" and "{subject}" in s.route]

    def sights(self, ask: StagingAsk, heard: Heard) -> list[Sight]:
        """Return the test people that an answer shows, each once."""
        if heard.status not in _SHOWN:
            return []
        surface, kind = ask.surface, heard.header("content-type")
        found = people.read(
            surface, ask.subject, heard.headers, heard.body, kind, target=heard.place
        )
        fields = {person.subject: person.fields for person in found or ()}
        if ask.subject and surface.kind != "listing":
            # The page of one person, asked by name and answered: it shows them, whatever else it shows.
            fields.setdefault(ask.subject, None)
        elif found is None:
            fields = dict.fromkeys(self._mentioned(heard, kind))
        document = _json(heard.body) if "json" in kind else None
        return [
            self._sight(surface, name, known, document)
            for name, known in fields.items()
            if name in self._named
        ]

    def _sight(
        self, surface: Surface, name: str, known: tuple[str, ...] | None, document: object
    ) -> Sight:
        if known is not None:
            return Sight(name, known, read=True)
        if surface.kind != "listing" and document is not None:
            names = set(_keys(document))
            here = tuple(field for field in surface.fields if field in names)
            if here:
                return Sight(name, here, read=True)
        return Sight(name, surface.fields, read=False)

    def _mentioned(self, heard: Heard, kind: str) -> list[str]:
        """Return who stands in a list that does not say where: by links to profiles, or as values of JSON."""
        if "json" in kind:
            return [value for value in _values(_json(heard.body)) if value in self._named]
        links = [
            linked_subjects(heard.body, route, content_type=kind, target=heard.place)
            for route in self._links
        ]
        return [name for each in links for name in each if name in self._named]


def _json(body: bytes) -> object:
    try:
        return people_json.parse(body)
    except people_json.UnreadableError:
        return None


def _keys(value: object) -> list[str]:
    """Return the names inside a document that hold anything."""
    found, waiting = list[str](), [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            held = {key: inner for key, inner in one.items() if inner not in (None, "", [], {})}
            found += held
            waiting += held.values()
        elif isinstance(one, list):
            waiting += one
    return found


def _values(value: object) -> list[str]:
    found, waiting = list[str](), [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += reversed(one.values())
        elif isinstance(one, list):
            waiting += reversed(one)
        elif isinstance(one, str | int) and not isinstance(one, bool):
            found.append(str(one))
    return found
