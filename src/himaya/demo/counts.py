"""What the ledger itself says of the run: people and disclosures of everything, per actor and per surface."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from himaya.ledger.reader import Reader


class Count:
    """People, disclosures, first and last time (epoch seconds) of something."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.disclosures = 0
        self.first = 0.0
        self.last = 0.0
        self.points: list[tuple[float, int]] = []
        self._people: set[int] = set()

    @property
    def people(self) -> int:
        """Return how many different people."""
        return len(self._people)

    def add(self, at: float, person: int) -> None:
        """Count one disclosure of a person (surrogate number); rows come in the order of time."""
        self.disclosures += 1
        self.first = self.first or at
        self.last = at
        if person not in self._people:
            self._people.add(person)
            self.points.append((at, len(self._people)))


class Counts:
    """Counts of everything, per actor (name) and per surface (id)."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.whole = Count()
        self.actors: dict[str, Count] = defaultdict(Count)
        self.surfaces: dict[str, Count] = defaultdict(Count)


def count(ledger: Path) -> Counts:
    """Return the counts of a ledger; raises LedgerError."""
    counts = Counts()
    with Reader.open(ledger) as reader:
        for row in reader.rows():
            if row.subject_id:
                for one in (counts.whole, counts.actors[row.name], counts.surfaces[row.surface]):
                    one.add(row.at, row.subject_id)
    return counts
