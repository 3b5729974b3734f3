"""Regularity: pages follow each other at the pace of a clock.

Between two pages people read, wait, open several at once, are called away: the gaps differ by orders of magnitude.
A program that waits three seconds, or between two and four at random, shows a handful of lengths. The entropy of the
last 64 gaps, in bins of half an octave, tells both apart.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from math import log2

from himaya.core.actor import Actor
from himaya.core.detectors import Observation
from himaya.core.finding import Finding
from himaya.core.policy import Regularity

_GAPS = 64
#: Gaps between entropies: one more gap changes little.
_EVERY = 8
#: A longer gap ends a sitting, and is no pace.
_SITTING_S = 1800.0
#: Gaps below this are one bin: what was opened at once.
_LEAST_S = 0.25


class _Pace:
    """The last gaps of one actor as bins, in a ring, and the time of its last page."""

    __slots__ = ("bins", "count", "last")

    def __init__(self, now: float) -> None:
        self.bins = bytearray()
        self.count = 0
        self.last = now

    def add(self, gap: float) -> None:
        place = round(2 * log2(max(gap, _LEAST_S) / _LEAST_S))
        if len(self.bins) < _GAPS:
            self.bins.append(place)
        else:
            self.bins[self.count % _GAPS] = place
        self.count += 1

    def entropy(self) -> float:
        """Return the entropy of the bins in bits."""
        total = len(self.bins)
        return -sum(n / total * log2(n / total) for n in Counter(self.bins).values())


class RegularityDetector:
    """Keeps the last 64 gaps per actor. Pictures come with pages, and keys are for programs: neither is judged."""

    name = "regularity"

    def __init__(self, settings: Regularity, max_actors: int = 100_000) -> None:
        """Take the least entropy; past `max_actors` the actor unseen for longest is forgotten."""
        self._settings = settings
        self._max = max_actors
        self._paces: OrderedDict[str, _Pace] = OrderedDict()

    def observe(self, seen: Observation) -> Finding | None:
        """Take in the gap since the actor's last page; find 64 that are too much alike."""
        if seen.kind == "media" or seen.cohort == "key":
            return None
        pace = self._held(seen.name, seen.now)
        gap, pace.last = seen.now - pace.last, seen.now
        if not 0.0 < gap < _SITTING_S:
            return None
        pace.add(gap)
        if len(pace.bins) < _GAPS or pace.count % _EVERY:
            return None
        return self._judge(seen, pace.entropy())

    def _judge(self, seen: Observation, bits: float) -> Finding | None:
        if bits >= self._settings.bits:
            return None
        return Finding(
            detector=self.name,
            actor=seen.name,
            at=seen.now,
            value=round(bits, 2),
            threshold=self._settings.bits,
            why=(
                f"the last {_GAPS} gaps between pages are as alike as a clock's: {bits:.2f} bits of entropy,"
                f" and people's have more than {self._settings.bits:g}"
            ),
        )

    def _held(self, name: str, now: float) -> _Pace:
        pace = self._paces.get(name)
        if pace is None:
            pace = self._paces[name] = _Pace(now)
        self._paces.move_to_end(name)
        if len(self._paces) > self._max:
            self._paces.popitem(last=False)
        return pace

    def level(self, actor: Actor) -> float | None:
        """Return the entropy by which an actor was judged last, None when it has not been since its last gap."""
        pace = self._paces.get(actor.name)
        if pace is None or len(pace.bins) < _GAPS or pace.count % _EVERY:
            return None
        return pace.entropy()

    def tracked(self) -> int:
        """Return how many actors' gaps are held."""
        return len(self._paces)
