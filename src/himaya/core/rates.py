"""How sure a rate is."""

from __future__ import annotations

from math import sqrt

#: Two-sided 95 % quantile of the normal distribution.
Z = 1.959964


def wilson(count: int, size: int) -> tuple[float, float]:
    """Return the 95 % interval of a rate of `count` in `size` (Wilson 1927, JASA 22).

    >>> wilson(0, 500)
    (0.0, 0.007624)
    """
    if size <= 0:
        return 0.0, 1.0
    rate, z2 = count / size, Z * Z
    middle = (rate + z2 / (2 * size)) / (1 + z2 / size)
    half = Z / (1 + z2 / size) * sqrt(rate * (1 - rate) / size + z2 / (4 * size * size))
    low = 0.0 if count == 0 else max(0.0, middle - half)
    high = 1.0 if count == size else min(1.0, middle + half)
    return round(low, 6), round(high, 6)
