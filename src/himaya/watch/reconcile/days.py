"""The comparison a UTC day at a time, so that the length of a log does not fill the memory.

A day's lines are all decided with its day: the rows of the following minutes are read too. Rows that may still belong
to a line after midnight are carried over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter

import msgspec

from himaya.ledger.schema import DAY_S
from himaya.watch.batches import LATE_S
from himaya.watch.reconcile.asked import Line
from himaya.watch.reconcile.passes import match_erased, match_exactly
from himaya.watch.reconcile.units import Unit, Units


class Day(msgspec.Struct):
    """A matched day: its lines, the units they had to choose from, and the units no line can come for any more.

    `exact` and `erased` count the pairs, the latter those with a row of which a name was erased.
    """

    lines: list[Line]
    units: list[Unit]
    gone: list[Unit]
    exact: int = 0
    erased: int = 0


class Days:
    """Matches the lines of a log with the units of a ledger."""

    def __init__(
        self, units: Units, near_s: float, settle_s: float, erased: frozenset[int]
    ) -> None:
        """A row is at most `near_s` from its line, `settle_s` more where the end of the exchange was not seen."""
        self._units, self._erased = units, erased
        self._near, self._slack = near_s, near_s + settle_s
        self._held: list[Unit] = []
        self._read_to: float | None = None
        self._first = self._last = 0.0

    def of(self, lines: Iterable[Line]) -> Iterator[Day]:
        """Yield matched days, and a last one without lines. Raises LedgerError.

        Lines come in the order of time, give or take `LATE_S`.
        """
        for day, asked in _by_day(lines):
            gone = self._let_go(float(day * DAY_S))
            self._read(float((day + 1) * DAY_S), asked)
            found = Day(asked, self._held, gone, match_exactly(asked, self._held))
            found.erased = match_erased(asked, self._held, self._erased) if self._erased else 0
            yield found
        # What the log does not reach to, nobody can call a row without a line.
        rest = [unit for unit in self._let_go(float("inf")) if unit.at <= self._last + self._near]
        yield Day([], [], rest)

    def _read(self, end: float, asked: list[Line]) -> None:
        """Read on to what may belong to the lines of a day that ends at `end`."""
        if self._read_to is None:
            self._first, self._read_to = asked[0].at, asked[0].at - self._slack
        self._last = asked[-1].at if asked else self._last
        self._held += self._units.between(self._read_to, end + self._slack)
        self._read_to = end + self._slack

    def _let_go(self, before: float) -> list[Unit]:
        """Forget the units that no line from `before` on can take; return those that no line took."""
        left = [unit for unit in self._held if not unit.taken]
        self._held = [unit for unit in left if unit.high >= before]
        start = self._first - self._near
        return [unit for unit in left if unit.high < before and unit.at >= start]


def _by_day(lines: Iterable[Line]) -> Iterator[tuple[int, list[Line]]]:
    """Yield every UTC day from the first line's to the last one's, with its lines in the order of time."""
    waiting: dict[int, list[Line]] = {}
    following: int | None = None
    for line in lines:
        waiting.setdefault(int(line.at // DAY_S), []).append(line)
        over = int((line.at - LATE_S) // DAY_S)
        first = min(waiting) if following is None else following
        for day in range(first, over):
            yield day, _sorted(waiting.pop(day, []))
            following = over
    first = min(waiting, default=0) if following is None else following
    for day in range(first, max(waiting, default=-1) + 1):
        yield day, _sorted(waiting.pop(day, []))


def _sorted(lines: list[Line]) -> list[Line]:
    return sorted(lines, key=attrgetter("at"))
