"""Whom the site shows, and what asking for them looks like: the routes of its own configuration, filled in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count, islice
from urllib.parse import quote

from himaya.bench.asks import Ask
from himaya.bench.world.ids import Names
from himaya.bench.world.knobs import Knobs
from himaya.bench.world.site import World
from himaya.core.matching import Surfaces
from himaya.core.surface import Surface

#: People at most, whatever a configuration declares: every one of them is held in memory.
MOST_PEOPLE = 2_000_000
#: One number in so many belongs to somebody where a look-up is walked; an assumption, said in the result.
HITS = 10
_HOLE = re.compile(r"\{([^}]*)\}")
_SMALLEST = Knobs(people=100)


class Inquiry(Ask, frozen=True, gc=False):
    """An ask of which is known whom the site would show: nobody for a look-up that misses."""

    people: tuple[str, ...] = ()


class Listed(Names):
    """The people of a site under the ids that it uses itself."""

    def __init__(self, subjects: Sequence[str]) -> None:
        """Take everybody's id."""
        super().__init__(_SMALLEST, 0)
        self.subjects = list(subjects)
        self._person = {name: n for n, name in enumerate(self.subjects)}


class Everybody(World):
    """The people of a site as a world for operations: who there is, and nothing of how they know each other."""

    def __init__(self, subjects: Sequence[str], seed: int) -> None:
        """Take everybody's id."""
        super().__init__(_SMALLEST, seed)
        self.names = Listed(subjects)

    @property
    def count(self) -> int:
        """Return how many people there are."""
        return len(self.names.subjects)


def everybody(known: Sequence[str], population: int) -> list[str]:
    """Return the people of a site: those its log names, then as many made-up ids as the population has more.

    Where nearly all ids are numbers the made-up ones are numbers too, the smallest that are free; the
    whole is in the order of the numbers then, as somebody who counts would find them.
    """
    most = min(max(population, len(known)), MOST_PEOPLE)
    held, numeric = frozenset(known), _numeric(known)
    made = (str(n) if numeric else f"person-{n}" for n in count(1))
    free = (name for name in made if name not in held)
    found = [*known, *islice(free, most - len(known))]
    return sorted(found, key=_rank) if numeric else found


def _numeric(known: Sequence[str]) -> bool:
    decimal = sum(name.isascii() and name.isdigit() and len(name) < 16 for name in known)
    return bool(known) and decimal >= 0.9 * len(known)


def _rank(name: str) -> tuple[int, str]:
    return (len(name), name) if name.isascii() and name.isdigit() else (100, name)


class Site:
    """The surfaces of a configuration, as far as somebody can ask them for people."""

    def __init__(self, surfaces: Sequence[Surface]) -> None:
        """Find a surface of each kind: one page per person, a listing, a look-up."""
        self._surfaces = Surfaces(tuple(surfaces))
        singles = [s for s in surfaces if s.kind in {"profile", "media"} and "{" in s.route]
        self.profile = next((s for s in singles if s.kind == "profile"), next(iter(singles), None))
        listings = [s for s in surfaces if s.kind == "listing" and s.max_people > 1]
        self.listing = max(listings, key=lambda s: s.max_people, default=None)
        self.lookup = next((s for s in surfaces if s.kind == "lookup"), None)

    def single(self, subject: str) -> Inquiry | None:
        """Return the ask for one person's page; None when the route cannot name them."""
        surface = self.profile
        if surface is None:
            return None
        ask = _ask(surface, quote(subject, safe=""), (subject,))
        match = self._surfaces.match(ask.method, ask.target)
        fits = match is not None and match.surface is surface
        named = match is not None and match.subject in {subject, ""}
        return ask if fits and named else None

    def page(self, number: int, subjects: Sequence[str]) -> Inquiry:
        """Return the ask for one page of the listing that shows most people at once."""
        assert self.listing is not None  # noqa: S101  (asked only where there is one)
        ask = _ask(self.listing, "1", tuple(subjects))
        return Inquiry(f"{ask.target}?page={number}", ask.method, (), ask.people)

    def number(self, number: int, subject: str) -> Inquiry:
        """Return the ask for whoever has a number; "" when nobody has it."""
        surface = self.lookup
        assert surface is not None  # noqa: S101  (asked only where there is one)
        people = (subject,) if subject else ()
        ask = _ask(surface, quote(subject or f"nobody-{number}", safe=""), people)
        query = f"?{quote(surface.query, safe='')}={number}" if surface.query else ""
        return Inquiry(f"{ask.target}{query}", ask.method, (), people)


def _ask(surface: Surface, value: str, people: tuple[str, ...]) -> Inquiry:
    """Fill a route: `{subject}`, or where there is none the first name, with the value; all others with 1."""
    names = [name for name in _HOLE.findall(surface.route) if not name.endswith("...")]
    first = "subject" if "subject" in names else next(iter(names), "")

    def fill(hole: re.Match[str]) -> str:
        name = hole[1]
        return "" if name.endswith("...") else value if name == first else "1"

    method = "GET" if "GET" in surface.methods else surface.methods[0]
    return Inquiry(_HOLE.sub(fill, surface.route), method, (), people)
