"""First views: each pair of actor and person once, within a bound."""

from __future__ import annotations

from himaya.analysis.groups.popularity import Id


class FirstViews:
    """Whom each actor saw. At most `most` pairs are remembered; the actor seen first leaves first.

    The views of an actor that was forgotten count as first views again, and then as views of people whom another
    member saw: that lowers every test.
    """

    __slots__ = ("_most", "_pairs", "people")

    def __init__(self, most: int) -> None:
        """Start with nobody."""
        self.people: dict[Id, set[Id]] = {}
        self._most = most
        self._pairs = 0

    def __len__(self) -> int:
        """Return how many pairs are remembered."""
        return self._pairs

    def is_first(self, actor: Id, person: Id) -> bool:
        """Tell whether the actor sees this person for the first time, and remember it."""
        known = self.people.get(actor)
        if known is None:
            known = self.people[actor] = set()
        elif person in known:
            return False
        known.add(person)
        self._pairs += 1
        if self._pairs > self._most:
            self._forget(actor)
        return True

    def _forget(self, but: Id) -> None:
        for actor in list(self.people):
            if self._pairs <= self._most * 7 // 8:
                break
            if actor != but:
                self._pairs -= len(self.people.pop(actor))
