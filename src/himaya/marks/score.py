"""How well the choices in a file are those of a viewer: of a stranger's, half fit by chance."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, inf, lgamma, log, log1p
from typing import NamedTuple

from himaya.marks.marks import bit


class Score(NamedTuple):
    """Of `marks` in the file that the viewer could have been shown, `fits` are theirs.

    `log_p` is the natural logarithm of the probability that so many or more fit by chance (binomial, 1/2; exact).
    """

    marks: int
    fits: int
    log_p: float


def score(key: bytes, viewer: str, seen: Iterable[tuple[str, str, int]]) -> Score:
    """Return the score of a viewer: `seen` are person, field and which rendering the file has.

    They are of people whom the viewer was shown. Where a file was put together from several sources, the people of
    the others fit by half, and only make it weaker.
    """
    marks = fits = 0
    for person, field, found in seen:
        marks += 1
        fits += bit(key, viewer, person, field) == found
    return Score(marks, fits, log_tail(marks, fits))


def log_tail(draws: int, hits: int) -> float:
    """Return the natural logarithm of P(`hits` or more of `draws` fair coins); exact.

    >>> round(log_tail(10, 10), 4) == round(10 * log(0.5), 4)
    True
    """
    if hits <= 0:
        return 0.0
    if hits > draws:
        return -inf
    if 2 * hits < draws:  # half or more of the mass: no evidence either way
        return log1p(-exp(log_tail(draws, draws - hits + 1)))
    first = lgamma(draws + 1) - lgamma(hits + 1) - lgamma(draws - hits + 1) - draws * log(2)
    total, ratio = 1.0, 1.0
    for number in range(hits, draws):
        ratio *= (draws - number) / (number + 1)
        total += ratio
    return min(0.0, first + log(total))
