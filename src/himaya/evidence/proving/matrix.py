"""Which attacker met which defence, who lost least, and which setting is the best of its family."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean

from himaya.bench.score.result import AttackerRow, DefenceRow, HonestRow, Interval, Result

#: The attackers over which a defence's loss is averaged: the saboteur and the bounded ones are told apart from them.
_AVERAGED = re.compile(r"A([1-9]|10)")
_JOINT = re.compile(r"all|H\d+")


@dataclass(frozen=True, slots=True)
class Matrix:
    """A result as a matrix: `defences` in reading order, `heads` one row for each attacker and variant."""

    result: Result
    defences: list[DefenceRow]
    heads: list[AttackerRow]
    cells: dict[tuple[int, str, str], AttackerRow]

    def cell(self, column: int, head: AttackerRow) -> AttackerRow | None:
        """Return what the attacker of a row obtained behind the defence of a column; None: not run."""
        return self.cells.get((column, head.id, head.variant))

    def column(self, name: str) -> int | None:
        """Return the column of a defence by name."""
        return next((n for n, one in enumerate(self.defences) if one.name == name), None)

    def defence(self, name: str) -> DefenceRow | None:
        """Return a defence by name."""
        place = self.column(name)
        return None if place is None else self.defences[place]

    @property
    def plain(self) -> list[AttackerRow]:
        """The rows of attackers that are neither informed nor unlinked."""
        return [head for head in self.heads if head.variant == "plain"]


def matrix(result: Result) -> Matrix:
    """Return the matrix of a result: no defence, himaya, then rivals, family by family."""
    defences = sorted(result.defences, key=_order(result))
    heads: dict[tuple[str, str], AttackerRow] = {}
    cells = {}
    for place, defence in enumerate(defences):
        for row in defence.attackers:
            heads.setdefault((row.id, row.variant), row)
            cells[place, row.id, row.variant] = row
    ids = list(dict.fromkeys(name for name, _ in heads))
    order = sorted(heads.values(), key=lambda head: ids.index(head.id))
    return Matrix(result, defences, order, cells)


def _order(result: Result) -> Callable[[DefenceRow], int]:
    families = list(dict.fromkeys(family(one) for one in result.defences))
    first = {"none": -2, "himaya": -1}

    def key(row: DefenceRow) -> int:
        return first.get(row.name, families.index(family(row)))

    return key


def family(row: DefenceRow) -> str:
    """Return the name that all settings of one defence share."""
    return row.family or row.name


def is_rival(row: DefenceRow) -> bool:
    """Return whether a defence is neither himaya nor none."""
    return not {row.name, family(row)} & {"none", "himaya"}


def is_joint(row: AttackerRow) -> bool:
    """Return whether a row is the joint run or an incident, not one attacker."""
    return _JOINT.fullmatch(row.id) is not None


def least(shares: list[float | None]) -> set[int]:
    """Return the places of the lowest share; none where all are the same or only one is known.

    >>> least([0.5, 0.1, None, 0.1]), least([0.2, 0.2]), least([0.2, None])
    ({1, 3}, set(), set())
    """
    known = [share for share in shares if share is not None]
    if len(known) < 2 or max(known) == min(known):
        return set()
    low = min(known)
    return {place for place, share in enumerate(shares) if share == low}


def averaged(found: Matrix) -> list[str]:
    """Return the ids over which losses are averaged: A1-A10 (else all single attackers) that met every defence."""
    met = [head.id for head in found.plain if _met_all(found, head)]
    usual = [one for one in met if _AVERAGED.fullmatch(one)]
    return usual or [one for one in met if not _JOINT.fullmatch(one)]


def _met_all(found: Matrix, head: AttackerRow) -> bool:
    return all(found.cell(n, head) for n, one in enumerate(found.defences) if one.attackers)


def averaged_name(ids: list[str]) -> str:
    """Return the ids in words.

    >>> averaged_name([f"A{n}" for n in range(1, 11)]), averaged_name(["A1", "A9"])
    ('A1 to A10', 'A1, A9')
    """
    return "A1 to A10" if len(ids) == 10 and _AVERAGED.fullmatch(ids[-1]) else ", ".join(ids)


def mean_share(defence: DefenceRow, ids: list[str], at: str = "share_lost") -> float | None:
    """Return the mean share lost to these attackers, plain; None when there is none."""
    rows = [row for row in defence.attackers if row.variant == "plain" and row.id in ids]
    shares: list[float] = []
    for row in rows:
        found = getattr(row, at)
        # A run that was shorter is read at its end.
        shares.append(row.share_lost if found is None else found)
    return mean(shares) if shares else None


def worst_denied(defence: DefenceRow) -> tuple[float, Interval | None, str] | None:
    """Return the denied share of the worst group, its 95 % interval and its name; None when no crowd was run.

    Where nobody was denied, the interval is that of the group about which least is known. No defence denies nobody.
    """
    rows = sorted(defence.honest, key=_denied, reverse=True)
    if defence.overall is None and not rows:
        return (0.0, None, "") if defence.name == "none" else None
    name = defence.overall.worst_group if defence.overall else rows[0].group
    row = next((one for one in rows if one.group == name), rows[0] if rows else None)
    share = defence.overall.worst_denied if defence.overall else rows[0].denied
    own = defence.overall.ci95.get("worst_denied") if defence.overall else None
    interval = own or (row.ci95.get("denied") if row else None)
    return share, interval, (row.title if row and row.group == name else "") or name


def _denied(row: HonestRow) -> tuple[float, float]:
    return row.denied, row.ci95.get("denied", (0.0, 0.0))[1]


def best_of_families(found: Matrix) -> list[int]:
    """Return one column for each rival family: the setting marked best, else the one that lost least."""
    families: dict[str, list[int]] = {}
    for place, one in enumerate(found.defences):
        if is_rival(one):
            families.setdefault(family(one), []).append(place)
    ids = averaged(found)
    return [
        min(places, key=lambda n: _rank(found.defences[n], ids)) for places in families.values()
    ]


def _rank(row: DefenceRow, ids: list[str]) -> tuple[bool, float]:
    lost = mean_share(row, ids)
    return (not row.best, 1.0 if lost is None else lost)


def shown(found: Matrix) -> list[int]:
    """Return the columns that plots and the terminal show: none, himaya, the best setting of each rival family."""
    own = [n for n, one in enumerate(found.defences) if not is_rival(one)]
    return own + best_of_families(found)
