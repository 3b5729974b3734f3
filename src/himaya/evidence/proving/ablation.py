"""What each control is worth, as a table: controls down, attackers across, and the single points of failure by name."""

from __future__ import annotations

from collections.abc import Sequence

from himaya.bench.score.ablated import LIMIT
from himaya.bench.score.result import Removed
from himaya.evidence.proving.matrix import Matrix
from himaya.evidence.proving.sheet import Cell, Sheet, figures, texts

_CAPTION = (
    "How many times as many people an attacker takes when this one control is off as with all of them on; one person"
    " where it took nobody."
)


def ablation_sheet(found: Matrix) -> Sheet:
    """Return the table of what each control is worth; it has no rows where no control was switched off."""
    lines = found.result.ablation
    attackers = list(dict.fromkeys(each.attacker for each in lines))
    cells = {(each.control, each.attacker): each for each in lines}
    return Sheet(
        "ablation",
        "Each control off in turn",
        f"{_CAPTION} {single_points(lines)}",
        [*texts("Without"), *figures(*attackers)],
        [
            [Cell(control), *[_cell(cells.get((control, each))) for each in attackers]]
            for control in dict.fromkeys(each.control for each in lines)
        ],
        empty="No control was switched off in this run.",
    )


def single_points(lines: Sequence[Removed]) -> str:
    """Return a sentence that names each control without which somebody takes more than the limit."""
    names: dict[str, list[str]] = {}
    for each in lines:
        if each.single_point:
            names.setdefault(each.control, []).append(f"{each.attacker} ({times(each.factor)})")
    if not names:
        return f"No control is a single point of failure: none is worth more than {times(LIMIT)}."
    told = "; ".join(f"{control} for {', '.join(who)}" for control, who in names.items())
    return f"Single points of failure, without which more than {times(LIMIT)} are taken: {told}."


def times(factor: float) -> str:
    """Return a factor.

    >>> times(1), times(3.04), times(41.6)
    ('x 1.0', 'x 3.0', 'x 42')
    """
    return f"x {factor:.0f}" if factor >= 10 else f"x {factor:.1f}"


def _cell(one: Removed | None) -> Cell:
    if one is None:
        return Cell("\u2014", "not run")
    return Cell(times(one.factor), "single point" if one.single_point else "")
