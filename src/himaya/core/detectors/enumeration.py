"""Enumeration: ids of people are walked in order.

People reach each other through links and names, so the ids one reader asks for jump about; a walk
takes steps of the same sign and small size, one after the other (OWASP OAT-018, CrowdSec's user-enum).
A run of such steps is counted per actor. Ids without a number at their end have no order and are
not judged.
"""

from __future__ import annotations

from collections import OrderedDict

from himaya.core.actor import Actor
from himaya.core.detectors import Observation
from himaya.core.detectors.numbered import number_of
from himaya.core.finding import Finding
from himaya.core.policy import Enumeration


class EnumerationDetector:
    """Keeps the last id and the length of the run per actor."""

    name = "enumeration"

    def __init__(self, settings: Enumeration, max_actors: int = 100_000) -> None:
        """Take the thresholds; past `max_actors` the actor unseen for longest is forgotten."""
        self._settings = settings
        self._max = max_actors
        self._runs: OrderedDict[str, tuple[int, int, int]] = OrderedDict()

    def observe(self, seen: Observation) -> Finding | None:
        """Follow the ids of the exchange in order; find a run longer than the threshold.

        A listing shows its people together, in an order the site chose, so only exchanges that
        name one person take part.
        """
        if len(seen.subjects) != 1:
            return None
        number = number_of(seen.subjects[0])
        if number is None:
            return None
        run = self._step(seen.name, number)
        if run < self._settings.run:
            return None
        return Finding(
            detector=self.name,
            actor=seen.name,
            at=seen.now,
            value=run,
            threshold=self._settings.run,
            why=f"asked for {run} ids in a row, each at most {self._settings.step} from the last",
        )

    def _step(self, name: str, number: int) -> int:
        last, sign, run = self._runs.get(name, (number, 0, 0))
        step = number - last
        if step == 0 and name in self._runs:
            return run
        way = 1 if step > 0 else -1
        if 0 < abs(step) <= self._settings.step and sign in {0, way}:
            run, sign = run + 1, way
        else:
            run, sign = 0, 0
        self._runs[name] = (number, sign, run)
        self._runs.move_to_end(name)
        if len(self._runs) > self._max:
            self._runs.popitem(last=False)
        return run

    def level(self, actor: Actor) -> float | None:
        """Return the run of an actor, None where there is none."""
        held = self._runs.get(actor.name)
        return float(held[2]) if held is not None and held[2] else None

    def tracked(self) -> int:
        """Return how many actors have a last id."""
        return len(self._runs)
