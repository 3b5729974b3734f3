"""The sums of a comparison, and the first lines by name."""

from __future__ import annotations

import msgspec

from himaya.ledger.batch import Gap
from himaya.ledger.schema import iso, micros
from himaya.watch.pseudonyms import Pseudonyms
from himaya.watch.reconcile.asked import Line
from himaya.watch.reconcile.days import Day
from himaya.watch.reconcile.result import Explained, Named, Sums
from himaya.watch.reconcile.verdict import Judge


class Tally:
    """Adds up matched days."""

    def __init__(self, surfaces: tuple[str, ...], show: int, *, names: bool) -> None:
        """Name at most `show` missing and as many unclear lines, by pseudonym unless `names`."""
        self.surfaces = {surface: Sums() for surface in surfaces}
        self.missing: list[Named] = []
        self.unclear: list[Named] = []
        self._gaps: dict[Gap, int] = {}
        self._show = show
        self._names = None if names else Pseudonyms()
        self._erased = 0
        self._first: float | None = None
        self._last = 0.0

    def add(self, day: Day, judge: Judge) -> None:
        """Add a day."""
        judge.begin(day)
        self._erased += day.erased
        for unit in day.units:
            self.surfaces[unit.surface].from_log += unit.taken and unit.source in {"log", "edge"}
        for line in day.lines:
            self._first = line.at if self._first is None else min(self._first, line.at)
            self._last = max(self._last, line.at)
            self._add(line, judge)
        for unit in day.gone:
            self.surfaces[unit.surface].only_in_ledger += not unit.spare

    def _add(self, line: Line, judge: Judge) -> None:
        sums = self.surfaces[line.surface]
        sums.compared += 1
        if line.taken:
            sums.matched += 1
        elif judge.is_pending(line):
            sums.pending += 1
        elif gap := judge.gap(line):
            sums.explained += 1
            self._gaps[gap] = self._gaps.get(gap, 0) + 1
        elif doubt := judge.doubt(line):
            sums.unclear += 1
            self._name(self.unclear, line, str(doubt))
        else:
            sums.missing += 1
            self._name(self.missing, line, "")

    def _name(self, named: list[Named], line: Line, why: str) -> None:
        if len(named) < self._show:
            subject = f"person:{line.subject}" if line.subject else ""
            actor = self._word(line.actor)
            at = iso(micros(line.at))
            named.append(
                Named(line.file, line.number, at, line.surface, actor, self._word(subject), why)
            )

    def _word(self, name: str) -> str:
        return self._names.name(name) if self._names and name else name

    def sums(self) -> Sums:
        """Return the sums over all surfaces."""
        total = Sums(by_number=self._erased)
        for one in self.surfaces.values():
            for name in set(Sums.__struct_fields__) - {"by_number"}:
                setattr(total, name, getattr(total, name) + getattr(one, name))
        return total

    def period(self) -> tuple[float, float] | None:
        """Return the times of the first and the last line compared, None without any."""
        return None if self._first is None else (self._first, self._last)

    def explained(self) -> tuple[Explained, ...]:
        """Return the gaps that explain lines, earliest first."""
        return tuple(
            Explained(iso(micros(g.start)), iso(micros(g.end)), g.why, g.surface, self._gaps[g])
            for g in sorted(self._gaps, key=msgspec.structs.astuple)
        )
