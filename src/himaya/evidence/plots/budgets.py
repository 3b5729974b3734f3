"""The most a budget lets one principal obtain by a given time, drawn as a staircase."""

from __future__ import annotations

from himaya.evidence.data import BudgetRow

WINDOW_S = {"hour": 3600, "day": 86400, "month": 30 * 86400}


def ceiling(budgets: list[BudgetRow], length_s: float) -> list[tuple[float, float]]:
    """Return (seconds since the start, most people) steps of one principal's budgets together.

    Any time T is covered by ceil(T / window) windows, each of which holds at most its budget; the
    smallest of these sums over hour, day and month is the ceiling.
    """
    shortest = min((WINDOW_S[budget.window] for budget in budgets), default=0)
    if not shortest:
        return []
    steps: list[tuple[float, float]] = []
    for index in range(int(length_s // shortest) + 1):
        at = index * shortest
        most = min(b.people * (at // WINDOW_S[b.window] + 1) for b in budgets)
        if not steps or most > steps[-1][1]:
            steps.append((at, most))
    return steps
