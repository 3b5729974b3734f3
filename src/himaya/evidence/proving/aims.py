"""The aims the project set itself, beside what was measured: met or missed, and by whom. A miss is not hidden.

The aims are for 20,000 people, three days and one configuration for all. `docs/benchmarks.md` prints them. A line is
measured only when all it speaks of was run: the worst of three attackers is not the worst of ten.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from himaya.bench.score.result import AttackerRow
from himaya.evidence.proving.matrix import Matrix
from himaya.evidence.proving.sheet import Cell, Column, Sheet, texts
from himaya.evidence.proving.words import DASH, attacker_name, percent

#: An incident that took less of the site than this is measured against the site, others against what they took.
_LARGE = 0.10
_SABOTEUR = "A11"
_SINGLE = tuple(f"A{number}" for number in range(1, 11))
_INCIDENTS = tuple(f"H{number}" for number in range(1, 8))
_ONE_GROUP = ("A2", "A9", *_INCIDENTS)


class Aim(msgspec.Struct, frozen=True):
    """One aim: a figure that should be at most `reach`, or at least where `is_least`; `who` has the worst one."""

    name: str
    value: float | None
    reach: float
    stretch: float
    who: str = ""
    is_least: bool = False

    def is_met(self, aim: float) -> bool:
        """Tell whether the figure is as good as `aim`."""
        if self.value is None:
            return False
        return self.value >= aim if self.is_least else self.value <= aim

    @property
    def verdict(self) -> str:
        """Return in a word how it went."""
        if self.value is None:
            return "not measured"
        if self.is_met(self.stretch):
            return "stretch met"
        return "met" if self.is_met(self.reach) else "missed"


def aims(found: Matrix) -> list[Aim]:
    """Return every aim that a run of himaya can be held against; nothing when himaya was not run."""
    own = found.defence("himaya")
    if own is None:
        return []
    rows = [row for row in own.attackers if row.variant == "plain"]
    return [*_lost(found, rows), *_harm(found, rows), *_record(rows)]


def _lost(found: Matrix, rows: Sequence[AttackerRow]) -> list[Aim]:
    single = _all([row for row in rows if row.share_72h is not None], _SINGLE)
    incidents = _all([row for row in rows if _undefended(found, row) is not None], _INCIDENTS)
    taken = {row.id: _undefended(found, row) or 0.0 for row in incidents}
    large = [row for row in incidents if taken[row.id] >= _LARGE]
    small = [row for row in incidents if taken[row.id] < _LARGE]
    return [
        _worst("People lost in 72 h, each of A1 to A10", single, _in_72h, 0.04, 0.02),
        _worst(
            "Incidents that took 10 % of the site or more: part of that lost",
            large,
            lambda row: row.share_lost / taken[row.id],
            0.10,
            0.01,
        ),
        _worst("Smaller incidents: people lost", small, lambda row: row.share_lost, 0.005, 0.001),
    ]


def _all(rows: Sequence[AttackerRow], ids: Sequence[str]) -> list[AttackerRow]:
    """Return the rows of these attackers, none when one of them was not run."""
    found = [row for row in rows if row.id in ids]
    return found if len(found) == len(ids) else []


def _undefended(found: Matrix, row: AttackerRow) -> float | None:
    """Return the share an incident took with no defence, None where that was not run."""
    place = found.column("none")
    met = None if place is None else found.cell(place, row)
    return None if met is None else met.share_lost


def _in_72h(row: AttackerRow) -> float:
    return row.share_72h or 0.0


def _harm(found: Matrix, rows: Sequence[AttackerRow]) -> list[Aim]:
    own = found.defence("himaya")
    harm = own.overall if own else None
    burnt = next((row.honest for row in rows if row.id == _SABOTEUR), None)
    group, other = (harm.worst_group, harm.worst_challenged_group) if harm else ("", "")
    refused, asked = "Honest people ever refused", "Honest people ever challenged"
    found_under = (burnt.worst_group, burnt.worst_challenged_group) if burnt else ("", "")
    return [
        Aim(f"{refused}, all groups", harm.denied if harm else None, 0.002, 0.0005),
        Aim(f"{refused}, worst group", harm.worst_denied if harm else None, 0.02, 0.005, group),
        Aim(f"{asked}, worst group", harm.worst_challenged if harm else None, 0.05, 0.02, other),
        Aim(
            f"{refused}, worst group, under A11",
            burnt.worst_denied if burnt else None,
            0.04,
            0.005,
            found_under[0],
        ),
        Aim(
            f"{asked}, worst group, under A11",
            burnt.worst_challenged if burnt else None,
            0.10,
            0.02,
            found_under[1],
        ),
    ]


def _record(rows: Sequence[AttackerRow]) -> list[Aim]:
    told = [row for row in rows if row.ledger is not None]
    one = [row for row in _all(rows, _ONE_GROUP) if row.case]
    return [
        _worst("Ledger precision, people", told, lambda row: _truth(row, "precision"), 1, 1, -1),
        _worst("Ledger recall, people", told, lambda row: _truth(row, "recall"), 1, 1, -1),
        _worst(
            "One operation, one group: part of its actors, A2, A9 and incidents",
            one,
            lambda row: row.case.share if row.case else 0.0,
            0.9,
            1,
            -1,
        ),
    ]


def _truth(row: AttackerRow, name: str) -> float:
    return float(getattr(row.ledger, name))


def _worst(
    name: str,
    rows: Sequence[AttackerRow],
    figure: Callable[[AttackerRow], float],
    reach: float,
    stretch: float,
    sign: int = 1,
) -> Aim:
    """Return an aim with the worst figure of all rows; `sign` -1 where more is better."""
    worst = max(rows, key=lambda row: sign * figure(row), default=None)
    value = None if worst is None else figure(worst)
    who = "" if worst is None else attacker_name(worst)
    return Aim(name, value, reach, stretch, who, sign < 0)


def aim_sheet(found: Matrix) -> Sheet:
    """Return the aims as a table, one a row."""
    return Sheet(
        "aims",
        "What himaya set out to reach",
        "The worst figure of each line beside its aim, for one configuration. Aims are at most what is written, for the"
        " last three lines at least; they were set for 20,000 people and three days. A line is measured only when all"
        " it speaks of was run. The table hides no miss; the others say by how much and by whom.",
        [
            *texts("Figure"),
            Column("measured"),
            Column("reach"),
            Column("stretch"),
            *texts("Result", "Worst"),
        ],
        [_row(aim) for aim in aims(found)],
        empty="himaya was not run.",
    )


def _row(aim: Aim) -> list[Cell]:
    measured = DASH if aim.value is None else percent(aim.value)
    return [
        Cell(aim.name),
        Cell(measured),
        Cell(percent(aim.reach)),
        Cell(percent(aim.stretch)),
        Cell(aim.verdict),
        Cell(aim.who or DASH),
    ]
