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
        self.weight = 0.0

    def take(self, people: Iterable[Person], now: float) -> int:
        """Keep what arrived; return how many people are new."""
        fields, new = self.fields, 0
        for person in people:
            mask = mask_of(person.fields or ())
            held = fields.get(person.subject)
            if not mask or held == mask:
                continue
            if held is None:
                self.times.append(now)
                new += 1
            more = mask & ~(held or 0)
            if more:
                fields[person.subject] = mask | (held or 0)
                self.weight += weight_of(more)
        return new

    def people_by(self, at: float) -> int:
        """Return how many people were obtained until `at`."""
        return bisect_right(self.times, at)

    def pairs(self) -> dict[str, set[str]]:
        """Return subject to fields, as a ledger should name them."""
        return {subject: names_of(mask) for subject, mask in self.fields.items()}
