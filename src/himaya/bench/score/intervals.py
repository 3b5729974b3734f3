"""How sure a rate or a mean is."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import mean, stdev

Interval = tuple[float, float]

_Z = 1.959964
#: Two-sided 95 % quantiles of Student's t by degrees of freedom; beyond the table the normal quantile is near enough.
_T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def wilson(count: int, size: int) -> Interval:
    """Return the 95 % interval of a rate of `count` in `size` (Wilson 1927, JASA 22).

    >>> wilson(0, 500)
    (0.0, 0.007624)
    """
    if size <= 0:
        return 0.0, 1.0
    rate, z2 = count / size, _Z * _Z
    middle = (rate + z2 / (2 * size)) / (1 + z2 / size)
    half = _Z / (1 + z2 / size) * sqrt(rate * (1 - rate) / size + z2 / (4 * size * size))
    low = 0.0 if count == 0 else max(0.0, middle - half)
    high = 1.0 if count == size else min(1.0, middle + half)
    return round(low, 6), round(high, 6)


def of_mean(values: Sequence[float]) -> Interval | None:
    """Return the 95 % interval of a mean over seeds (Student's t), None for a single value."""
    if len(values) < 2:
        return None
    half = _T.get(len(values) - 1, _Z) * stdev(values) / sqrt(len(values))
    middle = mean(values)
    return round(max(0.0, middle - half), 6), round(middle + half, 6)
