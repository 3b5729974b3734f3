"""What write-ahead segments hold that no file holds yet."""

from __future__ import annotations

from dataclasses import dataclass

from himaya.ledger.schema import day_of


@dataclass(slots=True)
class Live:
    """Rows, bytes, and the earliest time of a row (microseconds)."""

    rows: int = 0
    size: int = 0
    first: int = 0

    def add(self, rows: int, size: int, first: int) -> None:
        """Count more rows."""
        self.first = min(self.first, first) if self.rows else first
        self.rows += rows
        self.size += size

    def before(self, day: int) -> bool:
        """Tell whether a row is of a UTC day before `day`."""
        return self.rows > 0 and day_of(self.first) < day
