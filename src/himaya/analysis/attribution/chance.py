"""How likely an overlap is by chance: bounds of p-values in log space, and their correction for many actors.

People differ in how often they are shown, so they are sorted into strata of people who are shown about equally often.
If a file was put together without an actor, the actor's people of a stratum are in the file like any others of that
stratum: their number is hypergeometric, and the overlap is the sum over strata.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp, inf, log
from typing import NamedTuple

_HALVINGS = 80


class Stratum(NamedTuple):
    """People who are shown about equally often: how many there are, are in the file, and were shown to the actor.

    `unseen`: hardly anybody beside the actor was shown them.
    """

    people: int
    in_file: int
    shown: int
    unseen: bool = False

    @property
    def draws(self) -> int:
        """Return how many draws the smaller of the two sets is."""
        return min(self.in_file, self.shown)

    @property
    def rate(self) -> float:
        """Return how likely one of these draws is to be in the larger set."""
        return max(self.in_file, self.shown) / self.people if self.people else 0.0


def expected(strata: Iterable[Stratum]) -> float:
    """Return how many people of the file chance alone puts among the actor's."""
    return sum(one.draws * one.rate for one in strata)


def log_p(strata: Sequence[Stratum], overlap: int) -> float:
    """Return the natural logarithm of a bound of P(overlap or more), never below the exact one; 0.0 is "no evidence".

    A hypergeometric number is at most as far from its mean as the binomial one with the same draws and rate
    (Hoeffding 1963, JASA 58, theorem 4), so Chernoff's bound of the sum of these binomial numbers holds for it.
    """
    if overlap <= expected(strata):
        return 0.0
    if overlap >= sum(one.draws for one in strata):
        return sum(one.draws * log(one.rate) for one in strata if one.draws)
    low, high = 0.0, 700.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _mean(strata, middle) < overlap:
            low = middle
        else:
            high = middle
    return min(0.0, _log_moment(strata, low) - low * overlap)


def _mean(strata: Iterable[Stratum], tilt: float) -> float:
    """Return the mean of the sum under the exponential tilt."""
    return sum(
        one.draws * one.rate / (one.rate + (1 - one.rate) * exp(-tilt))
        for one in strata
        if one.draws
    )


def _log_moment(strata: Iterable[Stratum], tilt: float) -> float:
    """Return the logarithm of the moment-generating function of the sum."""
    return sum(
        one.draws * (tilt + log(one.rate + (1 - one.rate) * exp(-tilt)))
        for one in strata
        if one.draws
    )


def holm(logs: Sequence[float], tested: int) -> list[float]:
    """Return p-values (natural logarithms) corrected for `tested` actors, in the same order.

    The way is Holm's (1979, Scand. J. Stat. 6). Whoever was tested and is not among `logs` counts as p = 1. The
    chance that any corrected value below a level is an error is at most that level, however the actors depend on
    each other.
    """
    order = sorted(range(len(logs)), key=logs.__getitem__)
    corrected, highest = [0.0] * len(logs), -inf
    for place, index in enumerate(order):
        highest = max(highest, logs[index] + log(max(1, tested - place)))
        corrected[index] = min(0.0, highest)
    return corrected
