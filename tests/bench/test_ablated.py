"""What each control is worth, from runs with and without it."""

from __future__ import annotations

import pytest

from himaya.bench.score.ablated import removed
from himaya.bench.score.cell import Cell, CellResult, Obtained
from himaya.bench.score.result import Removed


def cell(attacker: str, people: int, without: str = "", seed: int = 1) -> CellResult:
    obtained = Obtained(people, 0.0, [], {}, None)
    return CellResult(Cell("himaya", attacker, "plain", seed, without=without), obtained)


@pytest.mark.parametrize(
    ("with_all", "without", "factor", "single"),
    [(10, 30, 3.0, False), (10, 31, 3.1, True), (0, 3, 3.0, False), (0, 4, 4.0, True), (9, 3, 0.333, False)],
)  # fmt: skip
def test_more_than_three_times_is_a_single_point(with_all, without, factor, single):
    """Exactly three times is not; whoever took nobody is counted as taking one."""
    (line,) = removed([cell("A1", with_all), cell("A1", without, "x")])
    assert line == Removed("x", "A1", without, with_all, factor, single)


def test_seeds_are_averaged_and_problems_left_out():
    """A line is of means over seeds; a run that ended in a problem has none."""
    found = removed(
        [
            *[cell("A1", 10, seed=1), cell("A1", 30, seed=2)],
            *[cell("A1", 40, "x", seed=1), cell("A1", 60, "x", seed=2)],
            CellResult(Cell("himaya", "A2", "plain", 1), problem="broken"),
            cell("A2", 5, "x"),
        ]
    )
    assert found == [Removed("x", "A1", 50, 20, 2.5, single_point=False)]
