"""What the ledger itself says of the run: people and disclosures of everything, per actor and per surface."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from himaya.ledger.reader import Reader
from himaya.ledger.rows import Row
from himaya.ledger.schema import UNATTRIBUTED, UNOBSERVED


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
    """Counts of everything, per actor (name) and per surface (id).

    `unattributed` counts responses whose people nobody could name; `unobserved` holds periods as from,
    to (epoch seconds) and why.
    """

    def __init__(self) -> None:
        """Start at nothing."""
        self.whole = Count()
        self.unattributed = 0
        self.unobserved: list[tuple[float, float, str]] = []
        self.actors: dict[str, Count] = defaultdict(Count)
        self.surfaces: dict[str, Count] = defaultdict(Count)

    def add(self, row: Row) -> None:
        """Count one row; rows come in the order of time."""
        if row.subject_id:
            for one in (self.whole, self.actors[row.name], self.surfaces[row.surface]):
                one.add(row.at, row.subject_id)
        elif row.kind == UNATTRIBUTED:
            self.unattributed += 1
        elif row.kind == UNOBSERVED:
            self.unobserved.append((row.at, row.until, row.reason))


def count(ledger: Path) -> Counts:
    """Return the counts of a ledger; raises LedgerError."""
    counts = Counts()
    with Reader.open(ledger) as reader:
        for row in reader.rows():
            counts.add(row)
    return counts
