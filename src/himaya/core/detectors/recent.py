"""Who was shown or opened of late: people per actor or session, exact, bounded for each and for all together."""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice

from himaya.core.detectors import Observation

#: People remembered of one actor at most, and for all together: so many per actor of the bound, and never fewer.
_EACH = 512
_SHARE = 8
_FEWEST = 10_000


class Recent:
    """The last people of each actor or session.

    Past 512 people of one its oldest leave. Past `max_actors`, or eight times as many people in all, whoever is unseen
    for longest is forgotten.
    """

    def __init__(self, max_actors: int) -> None:
        """Begin with nobody."""
        self._max = max_actors
        self._most = max(_FEWEST, _SHARE * max_actors)
        self._people: OrderedDict[str, dict[str, None]] = OrderedDict()
        self.total = 0

    def __len__(self) -> int:
        """Return how many actors are held."""
        return len(self._people)

    def has(self, name: str, subject: str) -> bool:
        """Tell whether somebody is among the people of an actor."""
        held = self._people.get(name)
        return held is not None and subject in held

    def add(self, name: str, subjects: tuple[str, ...]) -> None:
        """Take people in."""
        held = self._people.get(name)
        if held is None:
            held = self._people[name] = {}
        else:
            self._people.move_to_end(name)
        before = len(held)
        held.update(dict.fromkeys(subjects[-_EACH:]))
        if len(held) > _EACH:
            for subject in list(islice(held, len(held) - _EACH + _EACH // 8)):
                del held[subject]
        self.total += len(held) - before
        while len(self._people) > 1 and (len(self._people) > self._max or self.total > self._most):
            self.total -= len(self._people.popitem(last=False)[1])


class Opened:
    """Which profiles each actor opened of late."""

    def __init__(self, max_actors: int) -> None:
        """Begin with nobody."""
        self._people = Recent(max_actors)

    def look(self, seen: Observation) -> None:
        """Say in `seen.opened` whether the one profile shown was opened before, and take it in."""
        if seen.kind in {"profile", "lookup"} and len(seen.subjects) == 1:
            seen.opened = self._people.has(seen.name, seen.subjects[0])
            self._people.add(seen.name, seen.subjects)

    def tracked(self) -> int:
        """Return how many actors are held."""
        return len(self._people)
