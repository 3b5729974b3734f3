"""Traits: what an actor did today, as numbers. The trainer and the gate make them by this code and no other.

A day (UTC) of an actor is described by shares and counts that the detectors look at, too: what it opens, how people
came to it, how its pages follow each other. Nothing is a trait of the person behind it, or of anybody shown. A share
of fewer than five is not known, and what is not known is None.
"""

from __future__ import annotations

from collections import OrderedDict
from math import log1p, log2
from typing import NamedTuple

from himaya.core.detectors import Observation
from himaya.core.detectors.numbered import number_of
from himaya.core.detectors.pace import Pace
from himaya.core.window import UNIT

#: Raised whenever a trait is added, left out, or computed in another way: a model holds for one version only.
VERSION = 1

_DAY_S = 86400
#: Views and look-ups of a day before which an actor is not described, and between two descriptions.
FEWEST, EVERY = 16, 8
#: A share of fewer is not known.
_KNOWN = 5
#: Ids at most so far apart are next to each other.
_CLOSE = 3
_OPENING = frozenset({"profile", "lookup"})


class Trait(NamedTuple):
    """One number: its name, and what it says in words when it is high and when it is low."""

    name: str
    high: str
    low: str


TRAITS = (
    Trait("first", "hardly comes back to anybody", "comes back to the same people"),
    Trait("near", "looks at people near to it", "looks at people far from it"),
    Trait("alone", "looks at people nobody else looks at", "looks at whom others look at"),
    Trait("popular", "looks at whom many look at", "looks at few whom many look at"),
    Trait("listed", "opens people from lists", "opens people whom no list had shown"),
    Trait("hour", "sees many people within an hour", "sees few people within an hour"),
    Trait("day", "sees many people within a day", "sees few people within a day"),
    Trait("pace", "pauses for very different times", "pauses as evenly as a clock"),
    Trait("steps", "asks for ids next to each other", "asks for ids far apart"),
    Trait("misses", "looks up people who are not there", "finds whom it looks up"),
    Trait("new", "is a new account", "is no new account"),
    Trait("paid", "is a paid account", "is no paid account"),
)

#: The traits of an actor at one moment, in the order of `TRAITS`.
Values = tuple[float | None, ...]


class _Day:
    """What one actor did today."""

    __slots__ = (
        "alone",
        "close",
        "day",
        "far",
        "first",
        "listed",
        "many",
        "misses",
        "near",
        "number",
        "pace",
        "pairs",
        "placed",
        "tried",
        "unlisted",
        "views",
    )

    def __init__(self, day: int, now: float) -> None:
        self.day = day
        self.pace = Pace(now)
        self.number: int | None = None
        self.views = self.first = self.near = self.far = self.placed = self.alone = self.many = 0
        self.listed = self.unlisted = self.pairs = self.close = self.tried = self.misses = 0

    def open(self, seen: Observation) -> None:
        """Take in one profile or look-up that showed one person."""
        self.views += 1
        self._step(seen.subjects[0])
        if seen.near is not None:
            self.near += seen.near
            self.far += not seen.near
        if seen.kind == "lookup":
            self.tried += 1
        # What was opened is forgotten at a reload, the month's people are not: shown before and by no list is a return.
        if seen.opened or not (seen.fresh or seen.listed):
            return
        self.first += 1
        if seen.popular:
            self.placed += 1
            self.alone += seen.popular == "nobody else"
            self.many += seen.popular == "many others"
        if seen.listed is not None:
            self.listed += seen.listed
            self.unlisted += not seen.listed

    def miss(self) -> None:
        """Take in one look-up that found nobody."""
        self.views += 1
        self.tried += 1
        self.misses += 1

    @property
    def is_due(self) -> bool:
        """Tell whether the actor is described now."""
        return self.views >= FEWEST and not self.views % EVERY

    def _step(self, subject: str) -> None:
        number = number_of(subject)
        if number is None:
            return
        if self.number is not None and number != self.number:
            self.pairs += 1
            self.close += abs(number - self.number) <= _CLOSE
        self.number = number


class Traits:
    """Describes each actor's day: at its 16th view and at every 8th from then on.

    API keys are for programs and are not described. State is bounded: past `max_actors` whoever is unseen for longest
    is forgotten, and begins its day anew.
    """

    def __init__(self, max_actors: int = 100_000) -> None:
        """Begin with nobody."""
        self._max = max_actors
        self._days: OrderedDict[str, _Day] = OrderedDict()

    def look(self, seen: Observation) -> Values | None:
        """Take in an observation, a look-up in vain included; return the actor's traits when it is time to."""
        if seen.kind == "media" or seen.cohort == "key":
            return None
        held = self._held(seen)
        held.pace.meet(seen.now)
        if seen.missed:
            held.miss()
        elif seen.kind in _OPENING and len(seen.subjects) == 1:
            held.open(seen)
        else:
            return None
        return _values(held, seen) if held.is_due else None

    def _held(self, seen: Observation) -> _Day:
        day = day_of(seen.now)
        held = self._days.get(seen.name)
        if held is None or held.day != day:
            held = self._days[seen.name] = _Day(day, seen.now)
        self._days.move_to_end(seen.name)
        if len(self._days) > self._max:
            self._days.popitem(last=False)
        return held

    def tracked(self) -> int:
        """Return how many actors are held."""
        return len(self._days)


def day_of(now: float) -> int:
    """Return the day (UTC) of a time, in days since 1970."""
    return int(now // _DAY_S)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole >= _KNOWN else None


def _values(held: _Day, seen: Observation) -> Values:
    """Return the numbers in the order of `TRAITS`."""
    opened = held.views - held.misses
    return (
        _share(held.first, opened),
        _share(held.near, held.near + held.far),
        _share(held.alone, held.placed),
        _share(held.many, held.placed),
        _share(held.listed, held.listed + held.unlisted),
        log1p(max(0, seen.window.hour) / UNIT),
        log1p(max(0, seen.window.day) / UNIT),
        _evenness(held.pace),
        _share(held.close, held.pairs),
        _share(held.misses, held.tried),
        float(seen.cohort == "new"),
        float(seen.cohort == "paid"),
    )


def _evenness(pace: Pace) -> float | None:
    """Return the entropy of the gaps as a share of what so many gaps can have; None for few."""
    gaps = len(pace.bins)
    return pace.entropy() / log2(gaps) if gaps >= FEWEST // 2 else None
