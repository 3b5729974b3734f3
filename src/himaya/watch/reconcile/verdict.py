"""Why a line without a row has none: too young, in a recorded gap, in doubt, or nothing explains it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from enum import StrEnum

from himaya.core.facts import Facts
from himaya.core.rows import UNSETTLED
from himaya.ledger.batch import Gap
from himaya.ledger.schema import Kind
from himaya.watch.reconcile.asked import Asked, Line
from himaya.watch.reconcile.days import Day

#: Where rows come from that see no answer: each of their exchanges leaves a row.
_BLIND = frozenset({"log", "edge", "authority", UNSETTLED})


class Doubt(StrEnum):
    """Why a line may rightly have no row."""

    OWN = "perhaps the viewer's own profile: the log does not say who was signed in"
    REDACTED = "perhaps everything personal was taken out of the answer"
    NOBODY = "perhaps the answer showed nobody: an empty answer leaves no row"


class Judge:
    """Judges the lines that no row was found for."""

    def __init__(
        self, asked: Asked, facts: Facts, gaps: Sequence[Gap], near_s: float, settled: float
    ) -> None:
        """Take the unobserved periods, and the moment (epoch seconds) after which a row may still come."""
        self._asked, self._gaps, self._near, self._settled = asked, gaps, near_s, settled
        self._facts = facts
        self._owners: dict[str, list[str]] = defaultdict(list)
        for account in facts.accounts:
            self._owners[facts.own_subject(account)].append(account)
        self._seen: set[tuple[int, int]] = set()
        self._sources: dict[str, set[str]] = {}

    def begin(self, day: Day) -> None:
        """Learn from a day's rows who was signed in where, and which doors saw which surfaces."""
        self._seen = {(unit.address, unit.account) for unit in day.units if unit.account}
        self._sources = defaultdict(set)
        for unit in day.units:
            self._sources[unit.surface].add(unit.source)

    def is_pending(self, line: Line) -> bool:
        """Tell whether a line is so young that its row may still come."""
        return line.at > self._settled

    def gap(self, line: Line) -> Gap | None:
        """Return the recorded gap that explains a line, None when there is none."""
        near = self._near
        for gap in self._gaps:
            if gap.start - near <= line.at <= gap.end + near and gap.surface in {"", line.surface}:
                return gap
        return None

    def doubt(self, line: Line) -> Doubt | None:
        """Return why a line may rightly have no row, None when it must have one."""
        if line.subject and line.facet == "address" and self._may_be_own(line):
            return Doubt.OWN
        if line.redactable:
            return Doubt.REDACTED
        return Doubt.NOBODY if line.readable and not self._is_blind(line.surface) else None

    def _may_be_own(self, line: Line) -> bool:
        """Tell whether the person's account was seen at the line's address on that day."""
        same = [line.subject] if self._facts.own_subject(line.subject) == line.subject else []
        owners = (*same, *self._owners.get(line.subject, ()))
        numbers = (self._asked.number(Kind.ACCOUNT, owner) for owner in owners)
        return any((line.address, number) in self._seen for number in numbers)

    def _is_blind(self, surface: str) -> bool:
        """Tell whether no door read the answers of a surface; without rows of it, of any surface."""
        sources = self._sources.get(surface) or set().union(*self._sources.values())
        return bool(sources) and sources <= _BLIND
