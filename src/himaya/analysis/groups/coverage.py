"""The coverage likelihood ratio: a collector sees everybody alike, people see whom people see.

    L = sum over first views of log(1/2 + 1/2 * (1/N) / pi(p))

Under uniform coverage of N people the expected step is positive, under honest attention (p drawn from pi) it is at
most 0. It is robust to repeats and overlap, against which the anti-birthday test is weak, but it is **no** e-process
where honest viewers differ from each other: at 1/a it accused 4 to 8 % of honest groups. So it needs a threshold from
honest groups (split-conformal), and fewer than ceil(1/a) - 1 of them allow none.
Source: the design notes of this project; conformal p-values: Bates et al., arXiv 2104.08279.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log


def step(popularity: float, population: int) -> float:
    """Return what one first view of a person of this popularity (a share of 1, above 0) adds to L."""
    return log(0.5 + 0.5 / (population * popularity))


def threshold(honest: Sequence[float], alpha: float) -> float | None:
    """Return the threshold that an honest group exceeds with probability at most `alpha`, or None.

    `honest` are the greatest values of whole groups that later proved honest. It is the k-th smallest of n,
    k = ceil((n + 1)(1 - alpha)); with k > n there is none, and the test must not be used alone.
    """
    count = len(honest)
    k = ceil((count + 1) * (1.0 - alpha) - 1e-9)
    return None if k > count else sorted(honest)[k - 1]
