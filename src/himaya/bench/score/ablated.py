"""What each control is worth: the people an attacker takes without it, beside those it takes with all of them."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean

from himaya.bench.score.cell import CellResult
from himaya.bench.score.result import Removed

#: Without a control that is no single point of failure, nobody takes more than so many times the people.
LIMIT = 3.0


def removed(results: Sequence[CellResult]) -> list[Removed]:
    """Return a line for each control and attacker, controls and attackers in the order of the results."""
    taken = _taken(results)
    return [
        _removed(control, attacker, mean(people), mean(taken["", attacker]))
        for (control, attacker), people in taken.items()
        if control and ("", attacker) in taken
    ]


def _taken(results: Sequence[CellResult]) -> dict[tuple[str, str], list[int]]:
    """Return people obtained before himaya by the control that was off ("": none) and the attacker, over seeds."""
    found: dict[tuple[str, str], list[int]] = {}
    for each in results:
        cell = each.cell
        is_plain = cell.variant == "plain" and not cell.varied
        if cell.defence == "himaya" and is_plain and each.obtained is not None:
            found.setdefault((cell.without, cell.attacker), []).append(each.obtained.people)
    return found


def _removed(control: str, attacker: str, without: float, with_all: float) -> Removed:
    """Return a line; whoever takes nobody with all controls on is counted as taking one."""
    factor = without / max(1.0, with_all)
    return Removed(
        control=control,
        attacker=attacker,
        people_lost=round(without, 3),
        people_with_all=round(with_all, 3),
        factor=round(factor, 3),
        single_point=factor > LIMIT,
    )
