"""Who was shown, in all and per actor: what a replay counts."""

from __future__ import annotations

from collections.abc import Container, Iterable

from himaya.core.effect import Effect, RecordDisclosures

#: Actors whose people are counted one by one; the others are in the sums only.
MAX_ACTORS = 1_000_000


class Shown:
    """People shown: how many times, and who, in all and per actor. Canaries are no people."""

    def __init__(self, canaries: Container[str] = frozenset()) -> None:
        self.canaries = canaries
        self.disclosures = 0
        self.people: set[str] = set()
        self.by_actor: dict[str, set[str]] = {}

    def add(self, effects: Iterable[Effect]) -> None:
        """Count the disclosures among the effects of one exchange."""
        for effect in effects:
            if not isinstance(effect, RecordDisclosures):
                continue
            told = effect.disclosures
            names = [s.subject for s in told.shown if s.subject not in self.canaries]
            self.disclosures += len(names)
            self.people.update(names)
            held = self.by_actor.get(told.actor.name)
            if held is not None:
                held.update(names)
            elif len(self.by_actor) < MAX_ACTORS:
                self.by_actor[told.actor.name] = set(names)

    def of(self, actor: str) -> int:
        """Return how many people an actor was shown."""
        return len(self.by_actor.get(actor, ()))

    def of_all(self, actors: Iterable[str]) -> int:
        """Return how many different people these actors were shown together."""
        found: set[str] = set()
        for actor in actors:
            found.update(self.by_actor.get(actor, ()))
        return len(found)
