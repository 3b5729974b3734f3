"""Model: what the site's own labels taught tells a collector's day from a reader's.

Off unless `detectors.model.file` names a model. The score of a day is a sum of parts, so a finding says which weighed
most. It only ever adds to the rules: no finding of theirs is taken back, and it leads to a challenge at most.
"""

from __future__ import annotations

from math import isfinite

from himaya.core.detectors import Observation
from himaya.core.detectors.traits import Traits, Values
from himaya.core.finding import Finding
from himaya.core.learned import Learned


class ModelDetector:
    """Describes the days of actors whose cohort the model has learned.

    `strangers` counts exchanges of other cohorts, `broken` scores that were no number: neither is found, ever.
    """

    name = "model"

    def __init__(self, learned: Learned, max_actors: int = 100_000) -> None:
        """Take the model; past `max_actors` the actor unseen for longest is forgotten."""
        self._learned = learned
        self._cohorts = frozenset(learned.cohorts)
        self._traits = Traits(max_actors)
        self.strangers = 0
        self.broken = 0

    def observe(self, seen: Observation) -> Finding | None:
        """Take in one observation, a look-up in vain included; find a day whose score is above the threshold."""
        if seen.cohort not in self._cohorts:
            self.strangers += 1
            return None
        values = self._traits.look(seen)
        return None if values is None else self._judge(seen, values)

    def _judge(self, seen: Observation, values: Values) -> Finding | None:
        score, threshold = self._learned.score(values), self._learned.threshold
        if not isfinite(score):
            self.broken += 1
            return None
        if score <= threshold:
            return None
        because = self._learned.reasons(values)
        return Finding(
            detector=self.name,
            actor=seen.name,
            at=seen.now,
            value=round(score, 2),
            threshold=round(threshold, 2),
            why=(
                f"the day is like those of known collectors: score {score:.2f}, threshold {threshold:.2f};"
                f" most of it: {', '.join(because) or 'no single trait'}"
                f" (model {self._learned.digest[:8]})"
            ),
            because=because,
        )

    def tracked(self) -> int:
        """Return how many actors' days are held."""
        return self._traits.tracked()
