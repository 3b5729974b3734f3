"""How sure a rate is."""

from __future__ import annotations

from math import exp, lgamma, log, log1p, sqrt

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


def clopper_pearson(count: int, size: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a rate of `count` in `size` (Clopper and Pearson 1934, Biometrika 26).

    It covers the rate at least 95 times in 100, whatever the rate; Wilson's does so on average.

    >>> clopper_pearson(0, 500)
    (0.0, 0.007351)
    """
    if size <= 0:
        return 0.0, 1.0
    low = 0.0 if count == 0 else _beta_quantile(_TAIL, count, size - count + 1)
    high = 1.0 if count == size else _beta_quantile(1 - _TAIL, count + 1, size - count)
    return round(low, 6), round(high, 6)


def fisher_exact(one: int, of_one: int, other: int, of_other: int) -> float:
    """Return the two-sided p-value that two rates are one: Fisher's exact test (Fisher 1922, JRSS 85).

    The p-value adds up every table with the same margins that is no likelier than the one seen.

    >>> round(fisher_exact(3, 4, 1, 4), 4)
    0.4857
    """
    both = one + other
    tables = range(max(0, both - of_other), min(both, of_one) + 1)
    logs = [_log_choose(of_one, n) + _log_choose(of_other, both - n) for n in tables]
    seen = logs[one - tables.start]
    top = max(logs)
    total = sum(exp(each - top) for each in logs)
    # Tables of equal probability differ by rounding only.
    return min(1.0, sum(exp(each - top) for each in logs if each <= seen + 1e-7) / total)


#: What an interval of 95 % leaves out at each end.
_TAIL = 0.025


def _log_choose(size: int, count: int) -> float:
    return lgamma(size + 1) - lgamma(count + 1) - lgamma(size - count + 1)


def _beta_quantile(share: float, a: float, b: float) -> float:
    """Return where the beta distribution reaches a share, by halving."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _beta_share(middle, a, b) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _beta_share(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b) (DLMF 8.17)."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1) / (a + b + 2):
        return 1.0 - _beta_share(1.0 - x, b, a)
    front = a * log(x) + b * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b)
    return exp(front) / (a * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of DLMF 8.17.22, by the method of Lentz (Applied Optics 15, 1976)."""
    c, d, value = 1.0, 0.0, 1.0
    for step in range(1, 2000):
        half = step // 2
        if step % 2:
            part = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        else:
            part = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        d = 1.0 / _off_zero(1.0 + part * d)
        c = _off_zero(1.0 + part / c)
        value *= c * d
        if abs(c * d - 1.0) < 1e-14:
            break
    return value


def _off_zero(value: float) -> float:
    return value if abs(value) > 1e-300 else 1e-300
