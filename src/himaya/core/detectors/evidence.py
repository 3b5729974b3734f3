"""Evidence: view by view, whether an actor looks at people as a reader does, or as a collector.

One sum per actor, S <- max(0, S + w): each profile view adds the weight of its cell, the logarithm of how much
likelier the view is for a collector than for a reader. Readers come back to the same people, look at near ones and at
those whom everybody looks at, and come by a list; a collector wants everybody once. So a reader's sum stays near
zero, and a collector's grows with every view. A finding names the cells that weighed most.
"""

from __future__ import annotations

from collections import OrderedDict

from himaya.core.actor import Actor
from himaya.core.detectors import Observation
from himaya.core.detectors.popularity import Popularity
from himaya.core.finding import Finding
from himaya.core.policy import Evidence

#: Weights in nats. A view of somebody opened before is one cell; any other view adds one weight of each row.
REPEAT = -2.5
FIRST = 0.35
NEAR = {True: -2.2, False: 0.35, None: 0.0}
POPULAR = {"nobody else": 0.6, "few others": 0.0, "many others": -0.8, "": 0.0}
LISTED = {True: -0.2, False: 0.8, None: 0.0}

_NEAR_WORDS = {True: "near", False: "far", None: ""}
_LISTED_WORDS = {True: "from a list", False: "from no list", None: ""}


def _words(*, near: bool | None, popular: str, listed: bool | None) -> str:
    """Return a cell in words."""
    viewed = f"viewed by {popular}" if popular else ""
    return " ".join(filter(None, ("new", _NEAR_WORDS[near], viewed, _LISTED_WORDS[listed])))


#: Every cell of a first view: its words and its weight.
_CELLS = {
    (near, popular, listed): (
        _words(near=near, popular=popular, listed=listed),
        FIRST + NEAR[near] + POPULAR[popular] + LISTED[listed],
    )
    for near in NEAR
    for popular in POPULAR
    for listed in LISTED
}
_REPEATED = ("opened before", REPEAT)
#: The sum stops at so many times the threshold: whoever becomes a reader is one again in good time.
_TOP = 2.0


class _Sum:
    """The sum of one actor, and how much each cell gave to it since it was last zero."""

    __slots__ = ("cells", "value")

    def __init__(self) -> None:
        self.value = 0.0
        self.cells: dict[str, float] = {}

    def add(self, cell: str, weight: float, most: float) -> None:
        self.value = min(most, self.value + weight)
        self.cells[cell] = self.cells.get(cell, 0.0) + weight

    def words(self) -> str:
        """Return the three cells that gave most, with their part."""
        top = sorted(self.cells.items(), key=lambda pair: (-pair[1], pair[0]))[:3]
        return ", ".join(f"{cell} {weight:+.1f}" for cell, weight in top if weight > 0)


class EvidenceDetector:
    """Keeps a sum per actor whose sum is not zero, and how popular people are."""

    name = "evidence"

    def __init__(self, settings: Evidence, max_actors: int = 100_000) -> None:
        """Take the thresholds per cohort; past `max_actors` the actor unseen for longest is forgotten."""
        self._settings = settings
        self._max = max_actors
        self._thresholds = {
            "anonymous": settings.anonymous,
            "new": settings.new,
            "established": settings.established,
            "paid": settings.paid,
        }
        self._sums: OrderedDict[str, _Sum] = OrderedDict()
        self._popularity = Popularity(settings.slots)

    def observe(self, seen: Observation) -> Finding | None:
        """Add what a profile view says; find a sum above the threshold of the actor's cohort."""
        threshold = self._thresholds.get(seen.cohort)
        if threshold is None or seen.kind not in {"profile", "lookup"} or len(seen.subjects) != 1:
            return None
        cell, weight = self._weigh(seen)
        held = self._sums.get(seen.name)
        if held is None:
            if weight <= 0:
                return None
            held = self._sums[seen.name] = _Sum()
        held.add(cell, weight, _TOP * threshold)
        if held.value <= 0:
            del self._sums[seen.name]
            return None
        self._sums.move_to_end(seen.name)
        if len(self._sums) > self._max:
            self._sums.popitem(last=False)
        return self._finding(seen, held, threshold) if held.value > threshold else None

    def _weigh(self, seen: Observation) -> tuple[str, float]:
        """Return the cell of a view and its weight; say in `seen.popular` who else looked at a new person."""
        if seen.opened:
            return _REPEATED
        seen.popular = self._popularity.meet(seen.subjects[0])
        return _CELLS[seen.near, seen.popular, seen.listed]

    def _finding(self, seen: Observation, held: _Sum, threshold: float) -> Finding:
        return Finding(
            detector=self.name,
            actor=seen.name,
            at=seen.now,
            value=round(held.value, 1),
            threshold=threshold,
            why=(
                f"looks at people as a collector does: evidence {held.value:.1f}, for {seen.cohort} actors at"
                f" most {threshold:g}; most of it from people {held.words()}"
            ),
        )

    def level(self, actor: Actor) -> float | None:
        """Return the sum of an actor, None when it is zero."""
        held = self._sums.get(actor.name)
        return held.value if held is not None else None

    def tracked(self) -> int:
        """Return how many actors have a sum above zero."""
        return len(self._sums)
