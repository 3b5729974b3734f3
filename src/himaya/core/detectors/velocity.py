"""Velocity: how quickly a new account goes after others in its first minutes.

The joint statement of 2023 asks to watch how fast and aggressively a new account looks for others.
An account of unknown age is not judged.
"""

from __future__ import annotations

from collections import OrderedDict

from himaya.core.actor import Actor
from himaya.core.detectors import Observation
from himaya.core.finding import Finding
from himaya.core.policy import Velocity


class VelocityDetector:
    """Keeps the people of accounts within their first `window_s` seconds, at most the threshold of them."""

    name = "velocity"

    def __init__(self, settings: Velocity, max_actors: int = 100_000) -> None:
        """Take the thresholds; past `max_actors` the account unseen for longest is forgotten."""
        self._settings = settings
        self._max = max_actors
        self._people: OrderedDict[str, set[str]] = OrderedDict()

    def observe(self, seen: Observation) -> Finding | None:
        """Count different people of a young account; find more than the threshold."""
        if seen.age_s is None or not seen.actor.account:
            return None
        if seen.age_s > self._settings.window_s:
            self._people.pop(seen.name, None)
            return None
        reached = self._note(seen.name, seen.subjects)
        if reached <= self._settings.people:
            return None
        minutes = max(1, round(seen.age_s / 60))
        return Finding(
            detector=self.name,
            actor=seen.name,
            at=seen.now,
            value=reached,
            threshold=self._settings.people,
            why=f"an account {minutes} min old had already reached {reached} different people",
        )

    def _note(self, name: str, subjects: tuple[str, ...]) -> int:
        people = self._people.get(name)
        if people is None:
            people = self._people[name] = set()
            if len(self._people) > self._max:
                self._people.popitem(last=False)
        self._people.move_to_end(name)
        most = 4 * self._settings.people
        if len(people) <= most:
            people.update(subjects[: most + 1])
        return len(people)

    def level(self, actor: Actor) -> float | None:
        """Return the people of a young account, None for any other."""
        people = self._people.get(actor.name)
        return float(len(people)) if people is not None else None

    def tracked(self) -> int:
        """Return how many young accounts are held."""
        return len(self._people)
