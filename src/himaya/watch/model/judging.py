"""How good a model is, from people it was not trained on: exact figures, and a threshold with a promise."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from math import ceil, exp, floor, lgamma, log, log1p

from himaya.core.errors import InputError

#: Two-sided 95 %.
_TAIL = 0.025


def threshold(honest: Sequence[float], rate: float) -> float:
    """Return the score that a further honest actor passes with a chance of at most `rate`.

    Split conformal (Papadopoulos et al. 2002; Vovk, Gammerman and Shafer 2005): the k-th smallest of the n highest
    scores of honest actors, k = ceil((n + 1) (1 - rate)). The chance is one over the choice of people, if the next
    actor is like these. Raises InputError where n is too small: below 1 / (n + 1) nobody can promise anything.
    """
    n = len(honest)
    k = n + 1 - floor((n + 1) * rate + 1e-9)
    if k > n:
        raise InputError(
            f"a rate of {rate:g} needs at least {ceil(1 / rate - 1e-9) - 1} honest accounts on the newer side, and"
            f" there are {n}. Bring more labels, or say --rate {1 / (n + 1):.4f} or more"
        )
    return sorted(honest)[k - 1]


def auc(honest: Sequence[float], collectors: Sequence[float]) -> float:
    """Return the chance that a collector's score is above an honest one, ties by half (Hanley and McNeil 1982)."""
    ordered = sorted(honest)
    won = sum(bisect_left(ordered, one) + bisect_right(ordered, one) for one in collectors)
    return won / (2 * len(ordered) * len(collectors))


def exact(count: int, size: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a rate of `count` in `size` (Clopper and Pearson 1934, Biometrika 26).

    >>> exact(0, 100)
    (0.0, 0.036217)
    """
    if not size:
        return 0.0, 1.0
    low = _root(lambda p: 1 - _up_to(count - 1, size, p) - _TAIL) if count else 0.0
    high = _root(lambda p: _TAIL - _up_to(count, size, p)) if count < size else 1.0
    return round(low, 6), round(high, 6)


def _root(rising: Callable[[float], float]) -> float:
    """Return where a function that rises from below 0 to above is 0, between 0 and 1."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2


def _up_to(count: int, size: int, rate: float) -> float:
    """Return the chance of at most `count` in `size`."""
    if count < 0 or rate >= 1:
        return float(count >= size)
    if rate <= 0:
        return 1.0
    ways, total = lgamma(size + 1), 0.0
    for n in range(count, -1, -1):
        rest = size - n
        term = exp(ways - lgamma(n + 1) - lgamma(rest + 1) + n * log(rate) + rest * log1p(-rate))
        total += term
        if n < size * rate and term < total * 1e-16:
            break
    return total
