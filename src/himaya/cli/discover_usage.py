"""How many people the actors of a log reach within an hour and a day: figures to choose limits by."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator

import msgspec

from himaya.core.matching import Surfaces

_SPANS = (("hour", 3600), ("day", 86400))


class Spread(msgspec.Struct, frozen=True):
    """People that one kind of actor reached within one clock hour or day.

    `n` is how many actor-hours (or actor-days) showed anybody; the other figures are people: the median, the
    99th and 99.9th of a hundred, and the most.
    """

    kind: str
    span: str
    n: int
    median: int
    p99: int
    p999: int
    most: int
    counts: tuple[int, ...] = ()

    def over(self, limit: float) -> int:
        """Return how many of the actor-hours (or actor-days) were above a limit."""
        return sum(count > limit for count in self.counts)


class Usage:
    """Who asked for which path in which hour, bounded; later requests are counted in `dropped`."""

    def __init__(self, max_requests: int = 1_000_000, max_names: int = 500_000) -> None:
        """Start empty; keep at most `max_requests`, and `max_names` paths, accounts and addresses."""
        self._max, self._names_max = max_requests, max_names
        self._hours, self._paths = array("l"), array("l")
        self._actors = {"account": array("l"), "address": array("l")}
        self._names: dict[str, dict[str, int]] = {"path": {}, "account": {}, "address": {}}
        self.dropped = 0

    def add(self, at: float, account: str, address: str, target: str) -> None:
        """Note one answered request; `at` is epoch seconds, names may be ""."""
        path = self._number("path", target.partition("?")[0])
        if path < 0 or len(self._hours) >= self._max:
            self.dropped += 1
            return
        self._hours.append(int(at // 3600))
        self._paths.append(path)
        self._actors["account"].append(self._number("account", account))
        self._actors["address"].append(self._number("address", address))

    def _number(self, table: str, name: str) -> int:
        names = self._names[table]
        if name not in names and (not name or len(names) >= self._names_max):
            return -1
        return names.setdefault(name, len(names))

    def spreads(self, surfaces: Surfaces) -> list[Spread]:
        """Return the figures per kind of actor and span; only people named by the path count."""
        subjects = list(self._subjects(surfaces))
        return [
            spread
            for kind in self._actors
            for span, seconds in _SPANS
            if (spread := self._spread(kind, span, seconds // 3600, subjects))
        ]

    def _subjects(self, surfaces: Surfaces) -> Iterator[int]:
        """Yield a number for the person of each path, -1 for nobody."""
        people: dict[str, int] = {}
        for path in self._names["path"]:
            found = surfaces.match("GET", path)
            named = found.subject if found else ""
            yield people.setdefault(named, len(people)) if named else -1

    def _spread(self, kind: str, span: str, hours: int, subjects: list[int]) -> Spread | None:
        seen = {
            (actor, hour // hours, subjects[path])
            for actor, hour, path in zip(self._actors[kind], self._hours, self._paths, strict=True)
            if actor >= 0 and subjects[path] >= 0
        }
        counts = sorted(Counter((actor, hour) for actor, hour, _ in seen).values())
        if not counts:
            return None
        at = [
            counts[min(len(counts) - 1, len(counts) * share // 1000)] for share in (500, 990, 999)
        ]
        return Spread(kind, span, len(counts), at[0], at[1], at[2], counts[-1], tuple(counts))
