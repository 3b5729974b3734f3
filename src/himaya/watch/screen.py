"""Which actors no detector could find, by bounds that are cheaper than asking.

A bound may let an honest actor through to the engine, never the other way round: an actor is cleared only when
each detector's threshold is out of reach. A detector that is not known here clears nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import msgspec

from himaya.core.engine import Engine
from himaya.core.policy import Policy
from himaya.watch import peaks

#: The detectors that the bounds below speak of.
KNOWN = frozenset({"breadth", "enumeration", "sharing", "velocity"})

#: A detector that finds whoever was shown a canary, and nobody else.
CANARY = "canary"


class Seen(msgspec.Struct):
    """What one actor did, in the order of time: `views` as in `peaks`, the last number in each person's id.

    `unnamed` counts people charged without a name; `networks` is how many networks a credential came from. `canary`:
    the actor was shown a canary, which is none of the people in `views`.
    """

    views: list[int]
    numbers: Iterable[int | None]
    unnamed: int
    networks: int
    canary: bool = False


class Screen:
    """Bounds under one policy."""

    def __init__(self, engine: Engine) -> None:
        """Take thresholds and the heaviest weight a person can have."""
        policy = engine.policy
        self._settings = policy.detectors
        self._heaviest = _heaviest(policy, protected=bool(engine.facts.subjects))
        self._applies = {detector.name for detector in engine.watchers.detectors} <= (
            KNOWN | {CANARY}
        )

    def clears(self, seen: Seen) -> bool:
        """Tell whether no detector can find this actor."""
        return (
            self._applies
            and not seen.canary
            and seen.networks <= self._settings.sharing.networks
            and not self._may_be_broad(seen)
            and not self._may_be_fast(seen)
            and not self._may_walk(seen)
        )

    def _may_be_broad(self, seen: Seen) -> bool:
        """The engine's day reaches back 24 hours and the one in progress; 26 cover it, whatever the clock."""
        least = min(self._settings.breadth.hour, self._settings.breadth.day)
        if (len(seen.views) + seen.unnamed) * self._heaviest <= least:
            return False
        people = peaks.peak(seen.views, 12, 26)
        return (people + seen.unnamed) * self._heaviest > least

    def _may_be_fast(self, seen: Seen) -> bool:
        most = self._settings.velocity.people
        return len(seen.views) > most and len(peaks.people_in(seen.views)) > most

    def _may_walk(self, seen: Seen) -> bool:
        """A run of n steps needs n neighbouring ids one after the other, or with unnumbered ones between."""
        settings = self._settings.enumeration
        if len(seen.views) < settings.run:
            return False
        known = [number for number in seen.numbers if number is not None]
        steps = sum(0 < abs(b - a) <= settings.step for a, b in pairwise(known))
        return steps >= settings.run


def _heaviest(policy: Policy, *, protected: bool) -> float:
    """Return the most that one person can weigh, rounded up to what windows count."""
    fields = max(1.0, *policy.sensitivity.values()) if policy.sensitivity else 1.0
    factor = max(1.0, *policy.protected.values()) if protected and policy.protected else 1.0
    return fields * factor
