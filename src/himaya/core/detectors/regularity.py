"""Regularity: pages follow each other at the pace of a clock.

Between two pages people read, wait, open several at once, are called away: the gaps differ by orders of magnitude.
A program that waits three seconds, or between two and four at random, shows a handful of lengths. The entropy of the
last 64 gaps, in bins of half an octave, tells both apart.
"""

from __future__ import annotations

from collections import OrderedDict

from himaya.core.actor import Actor
from himaya.core.detectors import Observation
from himaya.core.detectors.pace import GAPS, Pace
from himaya.core.finding import Finding
from himaya.core.policy import Regularity

#: Gaps between entropies: one more gap changes little.
_EVERY = 8


class RegularityDetector:
    """Keeps the last 64 gaps per actor. Pictures come with pages, and keys are for programs: neither is judged."""

    name = "regularity"

    def __init__(self, settings: Regularity, max_actors: int = 100_000) -> None:
        """Take the least entropy; past `max_actors` the actor unseen for longest is forgotten."""
        self._settings = settings
        self._max = max_actors
        self._paces: OrderedDict[str, Pace] = OrderedDict()

    def observe(self, seen: Observation) -> Finding | None:
        """Take in the gap since the actor's last page; find 64 that are too much alike."""
        if seen.kind == "media" or seen.cohort == "key":
            return None
        pace = self._held(seen.name, seen.now)
        if not pace.meet(seen.now):
            return None
        if len(pace.bins) < GAPS or pace.count % _EVERY:
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
                f"the last {GAPS} gaps between pages are as alike as a clock's: {bits:.2f} bits of entropy,"
                f" and people's have more than {self._settings.bits:g}"
            ),
        )

    def _held(self, name: str, now: float) -> Pace:
        pace = self._paces.get(name)
        if pace is None:
            pace = self._paces[name] = Pace(now)
        self._paces.move_to_end(name)
        if len(self._paces) > self._max:
            self._paces.popitem(last=False)
        return pace

    def level(self, actor: Actor) -> float | None:
        """Return the entropy by which an actor was judged last, None when it has not been since its last gap."""
        pace = self._paces.get(actor.name)
        if pace is None or len(pace.bins) < GAPS or pace.count % _EVERY:
            return None
        return pace.entropy()

    def tracked(self) -> int:
        """Return how many actors' gaps are held."""
        return len(self._paces)
