"""Breadth: one actor reaches more different people in an hour or a day than readers do.

Source of the unit: the regulators' joint statement of 24 August 2023 asks to limit visits of one
account to other profiles per hour or day. The thresholds are the site's.
"""

from __future__ import annotations

from himaya.core.detectors import Observation
from himaya.core.finding import Finding
from himaya.core.policy import Breadth
from himaya.core.window import UNIT


class BreadthDetector:
    """Reads the actor's own people window; holds no state of its own."""

    name = "breadth"

    def __init__(self, settings: Breadth) -> None:
        """Take the thresholds, in people (weighted) per hour and per day."""
        self._settings = settings
        self._hour = settings.hour * UNIT
        self._day = settings.day * UNIT

    def observe(self, seen: Observation) -> Finding | None:
        """Find an hour or a day with more people than the threshold."""
        window = seen.window
        if window.hour > self._hour:
            return self._finding(seen, window.hour / UNIT, self._settings.hour, "hour")
        if window.day > self._day:
            return self._finding(seen, window.day / UNIT, self._settings.day, "day")
        return None

    def _finding(self, seen: Observation, value: float, threshold: int, span: str) -> Finding:
        return Finding(
            detector=self.name,
            actor=seen.name,
            at=seen.now,
            value=value,
            threshold=threshold,
            why=(
                f"reached {value:g} different people within one {span}, as budgets count them;"
                f" the threshold is {threshold}"
            ),
        )

    def tracked(self) -> int:
        """Return 0: the windows belong to the engine."""
        return 0
