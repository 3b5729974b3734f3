"""How many people within how long: figures of one actor, from its views.

A view is one whole number: the five-minute clock bucket (epoch seconds // 300) times 2**32, plus the
number of the person. The windows are aligned to the clock: an hour is any 12 consecutive
five-minute buckets, a day any 24 consecutive clock hours, so a window is never longer than its name says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from himaya.watch.result import Point

SHIFT = 32
_MASK = (1 << SHIFT) - 1
BUCKET_S = 300
_HOUR = 12
_DAY = 288


def view(at: float, person: int) -> int:
    """Return a view as a number."""
    return int(at // BUCKET_S) << SHIFT | person


def people_in(views: Iterable[int]) -> set[int]:
    """Return the numbers of the people seen."""
    return {each & _MASK for each in views}


def peak(views: Iterable[int], bucket: int, buckets: int) -> int:
    """Return the most distinct people in any `buckets` consecutive clock buckets of `bucket` x 5 min."""
    seen = sorted({(each >> SHIFT) // bucket << SHIFT | each & _MASK for each in views})
    inside: Counter[int] = Counter()
    most = start = 0
    for each in seen:
        floor = (each >> SHIFT) - buckets + 1
        while seen[start] >> SHIFT < floor:
            _leave(inside, seen[start] & _MASK)
            start += 1
        inside[each & _MASK] += 1
        most = max(most, len(inside))
    return most


def _leave(inside: Counter[int], person: int) -> None:
    inside[person] -= 1
    if not inside[person]:
        del inside[person]


def peak_hour(views: Sequence[int]) -> int:
    """Return the most distinct people in any hour."""
    return peak(views, 1, 12)


def peak_day(views: Sequence[int]) -> int:
    """Return the most distinct people in any 24 hours."""
    return peak(views, _HOUR, 24)


def per_day(views: Sequence[int]) -> list[int]:
    """Return the distinct people of each UTC day with views."""
    days: dict[int, set[int]] = {}
    for each in views:
        day = (each >> SHIFT) // _DAY
        people = days.get(day)
        if people is None:
            people = days[day] = set()
        people.add(each & _MASK)
    return [len(people) for people in days.values()]


def series(views: Sequence[int], last_at: float, most: int = 200) -> tuple[Point, ...]:
    """Return how the distinct people grew, in at most `most` points; the last is the total."""
    met: set[int] = set()
    grown: list[Point] = []
    for each in sorted(views):
        person = each & _MASK
        if person in met:
            continue
        met.add(person)
        at = float((each >> SHIFT) * BUCKET_S + BUCKET_S)
        if grown and grown[-1].at == at:
            grown.pop()
        grown.append(Point(min(at, last_at), len(met)))
    if len(grown) <= most:
        return tuple(grown)
    step = len(grown) / most
    return tuple(grown[int((n + 1) * step) - 1] for n in range(most))
