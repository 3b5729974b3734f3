"""Seasons: how many is usual at this hour of the week, and from how many on it is not.

Hours are those of UTC, counted from the epoch, whatever the clocks of the site's people say: where clocks change, an
hour's habits move by one, and the spread covers it until the new hours are the usual ones.

- *Usual* is the median of the same hour of the week; of the same hour of the day while there are fewer than 4 of
  those; of all hours while there are fewer than 4 of these.
- *Spread* is how far off the usual the hours of these weeks turned out to be: the median of |count - usual| /
  sqrt(usual + 1), times 1.4826 (which makes it the standard deviation where deviations are normal; Rousseeuw and Croux
  1993, JASA 88), and at least 1: a count that scatters less than Poisson's is not believed.
- *Limit* is usual + z * spread * sqrt(usual + 1), and never below a stated least.

An hour above its limit is remembered as if it had been at the limit, so that nothing is learnt in one go.
"""

from __future__ import annotations

from array import array
from math import sqrt
from statistics import median
from typing import NamedTuple

HOUR_S = 3600
DAY_HOURS, WEEK_HOURS = 24, 168
#: Hours from which a median is taken at least, and from all hours together.
_SAME, _ANY = 4, 24
_UNKNOWN = -1
#: Makes a median of absolute deviations the standard deviation where they are normal.
_NORMAL = 1.4826
#: A count that no hour reaches; it fits the array.
_MOST = 1 << 30


class Usual(NamedTuple):
    """What is usual in one hour: people, the spread in standard deviations of Poisson's, and which hours say so.

    `by` is "hour of the week", "hour of the day", "all hours", or "" while nothing is known.
    """

    people: float = 0.0
    spread: float = 1.0
    by: str = ""

    def limit(self, z: float) -> float:
        """Return the count above which the hour is not as usual."""
        return self.people + z * self.spread * sqrt(self.people + 1)


class Season:
    """The counts of the last `weeks` weeks by hour, and how far off what was usual before each of them was."""

    __slots__ = ("_counts", "_errors", "known")

    def __init__(self, weeks: int) -> None:
        """Start knowing nothing; `known` is how many hours are known."""
        self._counts = array("i", [_UNKNOWN]) * (max(1, weeks) * WEEK_HOURS)
        self._errors = array("f", [_UNKNOWN]) * len(self._counts)
        self.known = 0

    def usual(self, hour: int) -> Usual:
        """Return what is usual in an hour (epoch seconds // 3600), from the hours known."""
        if self.known < _ANY:
            return Usual()
        counts, spread = self._counts, self._spread()
        for by, every in (("hour of the week", WEEK_HOURS), ("hour of the day", DAY_HOURS)):
            same = [n for n in counts[hour % every :: every] if n != _UNKNOWN]
            if len(same) >= _SAME:
                return Usual(float(median(same)), spread, by)
        return Usual(float(median(n for n in counts if n != _UNKNOWN)), spread, "all hours")

    def _spread(self) -> float:
        errors = [each for each in self._errors if each != _UNKNOWN]
        return max(1.0, _NORMAL * median(errors)) if errors else 1.0

    def put(self, hour: int, count: int, usual: Usual) -> None:
        """Remember an hour that is over, and how far off what was `usual` for it."""
        off = abs(count - usual.people) / sqrt(usual.people + 1) if usual.by else _UNKNOWN
        self._set(hour, min(_MOST, max(0, count)), off)

    def skip(self, hour: int) -> None:
        """Forget the hour of `weeks` ago: of this one nothing is known."""
        self._set(hour, _UNKNOWN, _UNKNOWN)

    def _set(self, hour: int, count: int, off: float) -> None:
        place = hour % len(self._counts)
        self.known += (count != _UNKNOWN) - (self._counts[place] != _UNKNOWN)
        self._counts[place], self._errors[place] = count, off

    def over(self, weeks: int, hour: int) -> Season:
        """Return the same knowledge before `hour`, kept for another number of weeks."""
        other = Season(weeks)
        for each in range(hour - min(len(self), len(other)), hour):
            place = each % len(self._counts)
            other._set(each, self._counts[place], self._errors[place])
        return other

    def __len__(self) -> int:
        """Return for how many hours there is room."""
        return len(self._counts)
