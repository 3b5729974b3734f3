"""What was taken and is not durable yet: bounded, and shared by threads that append and one that writes."""

from __future__ import annotations

import threading

from himaya.core.disclosure import Disclosures
from himaya.ledger.batch import Gap, rows_of

_LOST = "the ledger could not be written and its buffer was full"


class Pending:
    """Disclosures and unobserved periods that wait. Past `max_rows` the oldest become an unobserved period."""

    def __init__(self, max_rows: int) -> None:
        """Hold at most `max_rows` rows after a failed write."""
        self._max_rows = max_rows
        self._lock = threading.Lock()
        self._items: list[Disclosures] = []
        self._gaps: list[Gap] = []
        self._rows = 0

    def add(self, item: Disclosures) -> int:
        """Take the disclosures of one exchange; return how many rows wait now."""
        with self._lock:
            self._items.append(item)
            self._rows += rows_of(item)
            return self._rows

    def note(self, gap: Gap) -> None:
        """Take an unobserved period."""
        with self._lock:
            self._gaps.append(gap)

    def take(self) -> tuple[list[Disclosures], list[Gap]]:
        """Return everything that waits, and wait no more for it."""
        with self._lock:
            taken = self._items, self._gaps
            self._items, self._gaps, self._rows = [], [], 0
            return taken

    def give_back(self, items: list[Disclosures], gaps: list[Gap]) -> int:
        """Take back what could not be written, within the bound; return how many rows wait now."""
        with self._lock:
            self._items[:0] = items
            self._gaps = _join(gaps + self._gaps)
            self._rows = sum(map(rows_of, self._items))
            if self._rows > self._max_rows:
                self._lose()
            return self._rows

    def _lose(self) -> None:
        """Let the oldest go and name the time they covered."""
        gone = 0
        while self._rows > self._max_rows:
            self._rows -= rows_of(self._items[gone])
            gone += 1
        times = [item.at for item in self._items[:gone]]
        del self._items[:gone]
        self._gaps = _join([*self._gaps, Gap(min(times), max(times), _LOST)])

    def __bool__(self) -> bool:
        return bool(self._items or self._gaps)


def _join(gaps: list[Gap]) -> list[Gap]:
    """Return gaps with those of one cause and place joined, so that they stay few."""
    joined: dict[tuple[str, str, str], Gap] = {}
    for gap in gaps:
        key = (gap.why, gap.surface, gap.door)
        old = joined.get(key, gap)
        joined[key] = Gap(min(old.start, gap.start), max(old.end, gap.end), *key)
    return list(joined.values())
