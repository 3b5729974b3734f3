"""Routes that no surface declares and that answered with somebody the ledger knows: where people go out uncounted.

People are found by their ids: in a segment of the path, in a field of the query, and in what the application itself
named (`Himaya-Subjects`). A log has no bodies, so who stands in these alone is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import parse_qsl

import msgspec

from himaya.core.disclosure import Outcome, outcome
from himaya.core.matching import Surfaces
from himaya.core.paths import canonical_path
from himaya.core.subjects import parse_subjects
from himaya.ledger.identities import Identities
from himaya.ledger.schema import MAX_NAME, Kind, bounded
from himaya.watch.entry import Entry
from himaya.watch.formats import read_chunk
from himaya.watch.inputs import LogForm, close_inputs, open_inputs
from himaya.watch.keep import KeepAll

#: Segments of a path and fields of a query that are looked at.
_MOST_PARTS = 12
#: Different routes that are counted; of more, only those that show somebody known.
_MOST_ROUTES = 20_000
#: Different ids remembered with whether the ledger knows them; when full, all are forgotten.
_MOST_IDS = 1_000_000
#: Different people counted over all routes; past that, figures say "at least".
_MOST_PEOPLE = 2_000_000

#: A segment of a path that is rather a value than a word of the site.
_VALUE = re.compile(r"\d|.{25}", re.DOTALL)

#: A route, and an id at the place that it calls `{subject}`.
_Place = tuple[str, str]


class Route(msgspec.Struct, frozen=True):
    """A route that is not declared. `{subject}` is where the id stands.

    `people` are different known people in its answers; `requests` were answered with something, in `known` of these the
    place held somebody known. Where ids are small numbers or plain words, that happens by chance, too.
    """

    route: str
    people: int
    known: int
    requests: int


class Undeclared(msgspec.Struct, frozen=True):
    """The routes, those with most people first. `at_least`: there were more people or routes than can be counted."""

    routes: list[Route]
    lines: int
    parsed: int
    declared: int
    at_least: bool
    note: str


NOTE = (
    "Found by ids in paths, queries and Himaya-Subjects of answers that are on no declared surface. People who stand in"
    " bodies alone are not found here, nor people whom the ledger never saw."
)


def undeclared(
    logs: Sequence[str], form: LogForm, surfaces: Surfaces, known: Identities
) -> Undeclared:
    """Return the undeclared routes of logs. Raises InputError for a log that is none, LedgerError."""
    counts, lines, parsed = _Counts(surfaces, known), 0, 0
    inputs = open_inputs(logs, form)
    try:
        for each in inputs:
            for chunk in each.source.chunks():
                if each.form is None:
                    continue
                reading = read_chunk(each.form, chunk, KeepAll())
                lines, parsed = lines + reading.lines, parsed + reading.parsed
                counts.take(reading.entries)
    finally:
        close_inputs(inputs)
    return Undeclared(counts.routes(), lines, parsed, counts.declared, counts.at_least, NOTE)


class _Counts:
    """Counts per route, bounded."""

    def __init__(self, surfaces: Surfaces, known: Identities) -> None:
        self.declared, self.at_least = 0, False
        self._match, self._identities = surfaces.match, known
        self._ids: dict[str, int] = {}
        self._requests: dict[str, int] = {}
        self._known: dict[str, int] = {}
        self._people: dict[str, set[int]] = {}
        self._held = 0

    def take(self, entries: Iterable[Entry]) -> None:
        """Count the entries of one chunk."""
        places = [list(places_of(entry)) for entry in entries if self._counts(entry)]
        self._learn({name for each in places for _, name in each})
        for each in places:
            for route, numbers in self._by_route(each).items():
                self._count(route, numbers)

    def _by_route(self, places: Iterable[_Place]) -> dict[str, set[int]]:
        """Return the known people of one answer at each of its places."""
        found: dict[str, set[int]] = {}
        for route, name in places:
            found.setdefault(route, set()).update({self._ids[name]} - {0})
        return found

    def _counts(self, entry: Entry) -> bool:
        """Tell whether an entry was answered with something, on no surface."""
        sent, aborted = entry.sent, entry.aborted
        if (
            outcome(entry.method, entry.status, "profile", sent=sent, aborted=aborted)
            is not Outcome.DISCLOSED
        ):
            return False
        if self._match(entry.method, entry.target) is not None:
            self.declared += 1
            return False
        return True

    def _learn(self, names: set[str]) -> None:
        """Ask the map about ids that were not asked about yet."""
        if len(self._ids) + len(names) > _MOST_IDS:
            self._ids.clear()
        fresh = names - self._ids.keys()
        found = self._identities.find_all(Kind.SUBJECT, fresh)
        self._ids.update(dict.fromkeys(fresh, 0))
        self._ids.update((name, number) for number, name in found.items())

    def _count(self, route: str, numbers: set[int]) -> None:
        if not numbers and route not in self._requests and len(self._requests) >= _MOST_ROUTES:
            return
        if numbers and route not in self._people and len(self._people) >= _MOST_ROUTES:
            self.at_least = True
            return
        self._requests[route] = self._requests.get(route, 0) + 1
        if numbers:
            self._known[route] = self._known.get(route, 0) + 1
            self._add(self._people.setdefault(route, set()), numbers)

    def _add(self, people: set[int], numbers: set[int]) -> None:
        fresh = numbers - people
        if self._held + len(fresh) > _MOST_PEOPLE:
            self.at_least = True
            return
        self._held += len(fresh)
        people |= fresh

    def routes(self) -> list[Route]:
        """Return the routes with somebody known."""
        found = [
            Route(route, len(people), self._known[route], self._requests[route])
            for route, people in self._people.items()
        ]
        return sorted(found, key=lambda one: (-one.people, -one.known, one.route))


def places_of(entry: Entry) -> Iterator[_Place]:
    """Yield every place of an entry where an id may stand, with what stands there."""
    path = canonical_path(entry.target)
    segments = path.strip("/").split("/")[:_MOST_PARTS]
    plain = ["{}" if _VALUE.search(one) else one for one in segments]
    for at, segment in enumerate(segments):
        route = "/" + "/".join([*plain[:at], "{subject}", *plain[at + 1 :]])
        stem, dot, kind = segment.rpartition(".")
        yield route, bounded(segment, MAX_NAME)
        if dot and stem:
            yield f"{route}.{kind[:10]}", bounded(stem, MAX_NAME)
    query = entry.target.partition("?")[2][:8192]
    for name, value in parse_qsl(query)[:_MOST_PARTS]:
        yield f"/{'/'.join(plain)}?{name[:40]}={{subject}}", bounded(value, MAX_NAME)
    for person in parse_subjects(entry.subjects or "") or ():
        yield (
            f"/{'/'.join(plain)} (Himaya-Subjects: {{subject}})",
            bounded(person.subject, MAX_NAME),
        )
