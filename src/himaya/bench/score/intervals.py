"""How sure a rate or a mean is."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import mean, stdev

from himaya.core.rates import Z, wilson

__all__ = ["Interval", "of_mean", "wilson"]

Interval = tuple[float, float]

#: Two-sided 95 % quantiles of Student's t by degrees of freedom; beyond the table the normal quantile is near enough.
_T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def of_mean(values: Sequence[float]) -> Interval | None:
    """Return the 95 % interval of a mean over seeds (Student's t), None for a single value."""
    if len(values) < 2:
        return None
    half = _T.get(len(values) - 1, Z) * stdev(values) / sqrt(len(values))
    middle = mean(values)
    return round(max(0.0, middle - half), 6), round(middle + half, 6)
