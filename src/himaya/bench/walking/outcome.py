"""What an audit of ids tells, as it stands in the JSON."""

from __future__ import annotations

from typing import Literal

import msgspec

#: From worst to best; `few`: too few ids were seen to tell.
Verdict = Literal["walkable", "guessable", "named", "dated", "opaque", "few"]

#: Verdicts under which strangers can find people they were never shown.
OPEN = frozenset({"walkable", "guessable", "named"})


class Shape(msgspec.Struct, frozen=True):
    """What ids look like. `hidden` says how numbers are dressed up: base64, md5, ...; "" for as they stand."""

    kind: str
    alphabet: str
    symbols: int
    shortest: int
    usual: int
    longest: int
    prefix: str = ""
    hidden: str = ""


class Order(msgspec.Struct, frozen=True):
    """How close the numbers lie. `in_runs`: share with a neighbour one away; `filled`: share of their range seen."""

    numbers: int
    in_runs: float
    median_gap: float
    filled: float


class Clock(msgspec.Struct, frozen=True):
    """The moment inside an id: which format, the share of ids that fit, earliest and latest day."""

    format: str
    share: float
    first: str
    last: str


class Guess(msgspec.Struct, frozen=True):
    """One guesser: the chance that one try finds somebody, with its 95 % interval; `bits` is -log2 of the chance."""

    how: str
    chance: float
    low: float
    high: float
    bits: float


class Reuse(msgspec.Struct, frozen=True):
    """Ids used more than once, and of these the share that worked for several viewers, with its 95 % interval.

    `told_by` counts the requests by what told viewers apart: account, session, key, address.
    """

    again: int
    by_several: int
    share: float
    low: float
    high: float
    told_by: dict[str, int]


class RouteIds(msgspec.Struct, kw_only=True):
    """The ids of one route. `people` is how many there are at least, likely and at most, as far as the log tells.

    `bits` are the entropies of the characters at each place of the usual length; their sum bounds from above what a
    guesser who knows the shape does not know.
    """

    surface: str
    route: str
    ids: int
    people: tuple[float, float, float]
    requests: int = 0
    missed: int = 0
    refused: int = 0
    left_out: int = 0
    shape: Shape
    order: Order | None = None
    clock: Clock | None = None
    bits: list[float] = []
    guesses: list[Guess] = []
    reuse: Reuse | None = None
    verdict: Verdict
    why: str
    advice: list[str]

    @property
    def best(self) -> Guess | None:
        """Return the guesser with the highest chance."""
        return max(self.guesses, key=lambda guess: guess.chance, default=None)


class IdsAudit(msgspec.Struct, kw_only=True):
    """All routes with ids. `guessed`: the routes were guessed from the log, as there was no configuration."""

    sources: list[str]
    guessed: bool
    routes: list[RouteIds]
    per_viewer: bool
    notes: list[str]

    @property
    def exit_code(self) -> int:
        """Return 1 when people can be walked through, or ids work for several viewers where they must not; else 0."""
        found = any(route.verdict in OPEN for route in self.routes)
        passed_on = any(route.reuse and route.reuse.by_several for route in self.routes)
        return 1 if found or (self.per_viewer and passed_on) else 0


class Asked(msgspec.Struct, frozen=True):
    """How many ids were asked for in one way, and how many showed somebody, with the 95 % interval of the share."""

    how: str
    asked: int
    shown: int
    refused: int
    low: float
    high: float


class SiteAudit(msgspec.Struct, kw_only=True):
    """What one's own site does with ids that were shown to viewer A. `listed` ids stood on A's pages."""

    url: str
    address: str
    path: str
    listed: int
    shape: Shape | None
    own: Asked
    other: Asked | None
    nobody: Asked
    guesses: list[Asked]
    requests: int
    stopped: str
    notes: list[str]

    @property
    def passes_on(self) -> bool:
        """Tell whether somebody was shown to viewer B, or without a login, under an id of viewer A."""
        return bool(self.nobody.shown or (self.other is not None and self.other.shown))

    @property
    def guessable(self) -> bool:
        """Tell whether any guess showed somebody."""
        return any(guess.shown for guess in self.guesses)

    @property
    def exit_code(self) -> int:
        """Return 1 when ids work for others or guesses found somebody, or when the run broke off; else 0."""
        return 1 if self.passes_on or self.guessable or self.stopped else 0
