"""What is calibrated: values of one actor, and how each is held against a setting."""

from __future__ import annotations

from math import inf
from typing import Protocol

import msgspec

from himaya.core.actor import Actor
from himaya.core.detectors.enumeration import EnumerationDetector
from himaya.core.detectors.evidence import EvidenceDetector
from himaya.core.detectors.misses import MissesDetector
from himaya.core.detectors.provenance import ProvenanceDetector
from himaya.core.detectors.regularity import RegularityDetector
from himaya.core.detectors.sharing import SharingDetector
from himaya.core.detectors.velocity import VelocityDetector
from himaya.core.policy import Budgets, Detectors, Evidence, Policy, Sharing, Velocity
from himaya.core.watchers import Watchers

#: Never measured: such an actor cannot be found by the detector, whatever the threshold.
NEVER = -inf

#: A value from here on is only known to be large. Honest actors stay far below.
_NETWORKS, _FAST = 1000, 10_000
#: Above what any sum reaches: a sum stops at a multiple of its threshold, and is to be seen whole here.
_FREE = 1e12


class Statistic(msgspec.Struct, frozen=True):
    """One statistic. `low`: low values are held against an actor; `reaches`: the setting itself is, too.

    `ceiling`: values from here on are not told apart.
    """

    name: str
    low: bool = False
    reaches: bool = False
    ceiling: float = inf

    def score(self, value: float) -> float:
        """Return a value turned so that more is worse."""
        if value >= self.ceiling:
            return inf
        return -value if self.low else value

    def value(self, score: float) -> float:
        """Return the value of a finite score."""
        return -score if self.low else score

    def crosses(self, score: float, setting: float) -> bool:
        """Tell whether a detector with this setting finds an actor of this score."""
        limit = -setting if self.low else setting
        return score >= limit if self.reaches else score > limit


#: People of the account or key within an hour, a day, 30 days, as budgets count them.
PEOPLE = (
    Statistic("people_hour"),
    Statistic("people_day"),
    Statistic("people_month"),
)

#: The same people whenever somebody was shown, which is when breadth is judged.
BREADTH = (
    Statistic("breadth_hour"),
    Statistic("breadth_day"),
)
#: What detectors hold against an actor, in the unit of their thresholds.
SIGNALS = (
    *BREADTH,
    Statistic("evidence"),
    Statistic("velocity", ceiling=_FAST),
    Statistic("enumeration", reaches=True),
    Statistic("sharing", ceiling=_NETWORKS),
    Statistic("provenance", reaches=True),
    Statistic("regularity", low=True),
    Statistic("misses", reaches=True),
)
#: Judged only when a look-up misses.
MISSES = len(SIGNALS) - 1

STATISTICS = {each.name: each for each in (*PEOPLE, *SIGNALS)}

_DETECTORS = (
    EvidenceDetector,
    VelocityDetector,
    EnumerationDetector,
    SharingDetector,
    ProvenanceDetector,
    RegularityDetector,
    MissesDetector,
)


class Levelled(Protocol):
    """A detector that says what it holds against an actor, in the unit of its threshold."""

    def level(self, actor: Actor) -> float | None:
        """Return the value as it is now, None when there is none."""
        ...


def levelled(watchers: Watchers) -> dict[str, Levelled]:
    """Return by name the detectors that hold values of their own."""
    return {each.name: each for each in watchers.detectors if isinstance(each, _DETECTORS)}


def unbounded(policy: Policy) -> Policy:
    """Return a policy under which every value can be seen: no budgets, and thresholds that nothing reaches."""
    told = policy.detectors
    detectors: Detectors = msgspec.structs.replace(
        told,
        evidence=Evidence(_FREE, _FREE, _FREE, _FREE, slots=told.evidence.slots),
        velocity=Velocity(people=_FAST, window_s=told.velocity.window_s),
        sharing=Sharing(networks=_NETWORKS, window_s=told.sharing.window_s),
    )
    nothing = Budgets(account=None, session=None, key=None, address=None, prefix=None)
    return msgspec.structs.replace(
        policy, mode="shadow", budgets=nothing, tiers={}, surface_budgets={}, detectors=detectors
    )
