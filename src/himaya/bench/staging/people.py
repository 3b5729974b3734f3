"""The named test people, and the asks that a site's own surfaces make of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import msgspec

from himaya.core.errors import ConfigError, InputError
from himaya.core.matching import Surfaces
from himaya.core.surface import Surface

MOST_PEOPLE = 5000
_HOLE = re.compile(r"\{([^}]*)\}")
#: Pages of a list; of lists that belong to somebody fewer, and of so many test people only.
_PAGES, _OWNED_PAGES, _OWNERS = 10, 2, 10


class TestPerson(msgspec.Struct, frozen=True):
    """A made-up person of the staging site: the subject, and values by which look-ups find them."""

    subject: str
    values: dict[str, str] = {}

    #: pytest must not take it for a test.
    __test__ = False


class StagingAsk(msgspec.Struct, frozen=True):
    """One page to ask: of which surface, for whom ("" for a listing), at which request target."""

    surface: Surface
    subject: str
    place: str


def read_people(path: Path) -> list[TestPerson]:
    """Return the test people of a file: one subject a line, then `name=value` for look-ups; `#` begins a comment.

    Raises InputError naming file and line.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"cannot be read: {problem}", file=str(path)) from None
    found: dict[str, TestPerson] = {}
    for number, line in enumerate(lines, 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        subject, *pairs = words
        if subject in found:
            raise InputError(f"{subject} stands there twice", file=str(path), line=number)
        if not all("=" in pair for pair in pairs):
            raise InputError("after the subject only name=value", file=str(path), line=number)
        found[subject] = TestPerson(subject, dict(pair.split("=", 1) for pair in pairs))
    if not 0 < len(found) <= MOST_PEOPLE:
        raise InputError(f"1 to {MOST_PEOPLE:,} test people expected", file=str(path))
    return list(found.values())


class Asks:
    """What can be asked of the surfaces of a configuration. `left_out` says of which not, and why."""

    def __init__(
        self,
        surfaces: Sequence[Surface],
        people: Sequence[TestPerson],
        file: str,
        *,
        listings: bool = False,
    ) -> None:
        """Sort the surfaces; `listings` says whether pages that show others too may be asked for.

        Raises ConfigError when none of them can be asked for a test person.
        """
        self.people, self._listed = list(people), listings
        self._surfaces = Surfaces(tuple(surfaces))
        self.left_out: dict[str, str] = {}
        self.singles: list[Surface] = []
        self.listings: list[Surface] = []
        for surface in sorted(surfaces, key=lambda s: s.kind != "profile"):
            why = self._unfit(surface)
            if why:
                self.left_out[surface.id] = why
            else:
                (self.listings if surface.kind == "listing" else self.singles).append(surface)
        if not self.singles and not self.listings:
            raise ConfigError(
                "no surface can be asked for a test person.",
                file=file,
                key="surface",
                hint="A profile route with {subject} is needed.",
            )

    def _unfit(self, surface: Surface) -> str:
        holes = [name for name in _HOLE.findall(surface.route) if not name.endswith("...")]
        if "GET" not in surface.methods:
            return "it is not asked with GET"
        if surface.kind == "listing":
            return self._unfit_listing(holes)
        if holes == ["subject"]:
            return ""
        if holes:
            return "its route names more than {subject}"
        if surface.kind == "lookup" and any(surface.query in p.values for p in self.people):
            return ""
        return (
            f"no test person has a value for {surface.query}"
            if surface.query
            else "its route names nobody"
        )

    def _unfit_listing(self, holes: Sequence[str]) -> str:
        if not self._listed:
            return "its pages show others than the test people; --listings asks for them"
        return "" if len(holes) <= 1 else "its route has more than one name to fill in"

    def single(self, surface: Surface, person: TestPerson) -> StagingAsk | None:
        """Return the ask for one person's page; None where the route cannot name them."""
        subject = person.subject
        place = _filled(surface.route, subject)
        if "{subject}" not in surface.route:
            value = person.values.get(surface.query)
            if value is None:
                return None
            place = f"{place}?{quote(surface.query, safe='')}={quote(value, safe='')}"
        match = self._surfaces.match("GET", place)
        fits = match is not None and match.surface is surface and match.subject in {subject, ""}
        return StagingAsk(surface, subject, place) if fits else None

    def pages(self, surface: Surface) -> Iterator[list[StagingAsk]]:
        """Yield the pages of a listing, one list for each list that it has (one, or one per test person)."""
        names = [name for name in _HOLE.findall(surface.route) if not name.endswith("...")]
        owners = [person.subject for person in self.people[:_OWNERS]] if names else [""]
        for subject in owners:
            place = _filled(surface.route, subject)
            last = _OWNED_PAGES if names else _PAGES
            rest = [f"{place}?page={number}" for number in range(1, last)]
            yield [StagingAsk(surface, "", each) for each in (place, *rest)]


def _filled(route: str, subject: str) -> str:
    return _HOLE.sub(lambda h: "" if h[1].endswith("...") else quote(subject, safe=""), route)
