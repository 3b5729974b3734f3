"""Thresholds with a guarantee: the order statistic of split conformal prediction.

Of n honest actors each has one value, the highest that a detector ever had of it. The k-th smallest of them,
k = ceil((n + 1)(1 - a)), is passed by one more actor with probability at most a, provided that this actor and the n are
exchangeable; nothing is assumed of how values are distributed (Vovk, Gammerman and Shafer, Algorithmic Learning in a
Random World, 2005; Lei et al., JASA 113, 2018). With fewer than 1/a - 1 actors there is no such k.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor


def rank(actors: int, rate: float) -> int:
    """Return k for a rate between 0 and 1; it is above `actors` when they are too few.

    >>> rank(999, 0.001), rank(998, 0.001)
    (999, 999)
    """
    return actors + 1 - floor((actors + 1) * _exact(rate))


def least_actors(rate: float) -> int:
    """Return how many actors a rate needs.

    >>> least_actors(0.001)
    999
    """
    return ceil(1 / _exact(rate)) - 1


def order_statistic(values: Sequence[float], rate: float) -> float | None:
    """Return the k-th smallest of the values, None when they are too few for the rate."""
    place = rank(len(values), rate)
    return sorted(values)[place - 1] if 1 <= place <= len(values) else None


def _exact(rate: float) -> Fraction:
    """Return the rate as it was written: 0.001 is a thousandth, not the nearest binary fraction."""
    return Fraction(repr(rate))
