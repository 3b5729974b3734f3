"""An operation's own disk: what really arrived, person by person, field by field, and when."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from himaya.bench.world.fields import mask_of, names_of, weight_of
from himaya.core.exchange import Person


class Disk:
    """People obtained. Only the harness writes to it: from bytes that passed the defence."""

    def __init__(self) -> None:
        """Start empty."""
        self.fields: dict[str, int] = {}
        self.times: list[float] = []
        self._gains: list[float] = []
        self._gained_at: list[float] = []
        self.weight = 0.0

    def take(self, people: Iterable[Person], now: float, own: str = "") -> int:
        """Keep what arrived; one's own profile is not obtained. Return how many people are new."""
        fields, new = self.fields, 0
        for person in people:
            mask = mask_of(person.fields or ())
            held = fields.get(person.subject)
            if not mask or person.subject == own or held == mask:
                continue
            if held is None:
                self.times.append(now)
                new += 1
            more = mask & ~(held or 0)
            if more:
                fields[person.subject] = mask | (held or 0)
                self._gain(weight_of(more), now)
        return new

    def _gain(self, weight: float, now: float) -> None:
        self.weight += weight
        if self._gained_at and self._gained_at[-1] == now:
            self._gains[-1] = self.weight
        else:
            self._gained_at.append(now)
            self._gains.append(self.weight)

    def people_by(self, at: float) -> int:
        """Return how many people were obtained until `at`."""
        return bisect_right(self.times, at)

    def weight_by(self, at: float) -> float:
        """Return the summed weight of the fields obtained until `at`."""
        place = bisect_right(self._gained_at, at)
        return self._gains[place - 1] if place else 0.0

    def pairs(self) -> dict[str, set[str]]:
        """Return subject to fields, as a ledger should name them."""
        return {subject: names_of(mask) for subject, mask in self.fields.items()}
