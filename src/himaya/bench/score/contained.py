"""When an operation was contained: under 1 % of the uncontained rate for six hours (`docs/bench.md`).

The uncontained rate is what the same operation obtained in its best six hours without a defence; a rate per second
would say nothing of somebody who has the whole site within minutes. An operation that paces itself by the day is
quiet for hours by itself, so for it both are twenty-four hours.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

SHARE, QUIET_S, DAY_S = 0.01, 6 * 3600.0, 86400.0


def best(times: Sequence[float], window_s: float) -> int:
    """Return the most people obtained within any `window_s`; `times` are sorted seconds, one per person."""
    first = most = 0
    for last, at in enumerate(times):
        while times[first] < at - window_s:
            first += 1
        most = max(most, last - first + 1)
    return most


def contained_after(
    times: Sequence[float],
    undefended: int,
    end: float,
    *,
    everything: int,
    quiet_s: float = QUIET_S,
) -> float | None:
    """Return the seconds after which fewer than 1 % of `undefended` people were obtained for `quiet_s`, None for never.

    `times` are sorted seconds at which new people were obtained, `undefended` is `best` without a defence, `end` is
    when the run ended, or when the operation ended by itself: going home is not being contained. Whoever has
    `everything` was not contained but finished. Somebody who obtained nobody at all is contained from the start.
    """
    if undefended <= 0 or len(times) >= everything:
        return None
    most = SHARE * undefended
    for at in (0.0, *times):
        if at + quiet_s > end:
            return None
        if bisect_right(times, at + quiet_s) - bisect_right(times, at) < max(1.0, most):
            return at
    return None
