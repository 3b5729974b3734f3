"""From values to places on the page, and which values deserve a tick."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from himaya.evidence.words import iso, number, short_day

#: Steps between ticks of a time axis, in seconds, from one second to a year.
_STEPS = (
    1,
    2,
    5,
    10,
    20,
    30,
    60,
    300,
    900,
    1800,
    3600,
    7200,
    10800,
    21600,
    43200,
    86400,
    172800,
    604800,
    1209600,
)
_STEPS_LONG = (2592000, 7776000, 31536000)


@dataclass(frozen=True, slots=True)
class Scale:
    """A map from values `low..high` to places `start..end`, linear unless `bend` says otherwise."""

    low: float
    high: float
    start: float
    end: float
    bend: Callable[[float], float] = float

    def __call__(self, value: float) -> float:
        """Return the place of a value, held within the axis."""
        low, high = self.bend(self.low), self.bend(self.high)
        share = (self.bend(value) - low) / ((high - low) or 1.0)
        return self.start + (self.end - self.start) * min(1.0, max(0.0, share))


def log2(value: float) -> float:
    """Return the logarithm, with everything below a tenth held there (nought has none)."""
    return math.log2(max(value, 0.1))


def round_ticks(high: float, wanted: int = 5) -> list[float]:
    """Return about `wanted` round values from 0 up to `high` or just above it.

    >>> round_ticks(870)
    [0, 200, 400, 600, 800, 1000]
    """
    raw = max(high, 1) / wanted
    power = 10 ** math.floor(math.log10(raw))
    step = max(1, next(power * m for m in (1, 2, 5, 10) if power * m >= raw - 1e-9))
    return [step * i for i in range(math.ceil(high / step - 1e-9) + 1)]


def decade_ticks(high: float) -> list[float]:
    """Return 1, 10, 100 ... up to the first one at or above `high`.

    >>> decade_ticks(870)
    [1, 10, 100, 1000]
    """
    return [10**i for i in range(max(1, math.ceil(math.log10(max(high, 1)) - 1e-9)) + 1)]


def time_ticks(start: float, end: float, wanted: int) -> list[tuple[float, str]]:
    """Return at most `wanted` + 1 round UTC times within a period, each with its label."""
    length = max(end - start, 1)
    steps = (*_STEPS, *_STEPS_LONG)
    step = next((s for s in steps if length / s <= wanted), steps[-1])
    first = math.ceil(start / step) * step
    count = int((end - first) // step) + 1
    return [(at, _time_label(at, step)) for at in (first + step * i for i in range(max(0, count)))]


def _time_label(at: float, step: float) -> str:
    if step >= _STEPS_LONG[0]:
        return iso(at)[:7]
    if step < 60:
        return iso(at)[11:19]
    return short_day(at) if at % 86400 == 0 else iso(at)[11:16]


def short(value: float, thousands_from: int = 10_000) -> str:
    """Return a tick's value in few characters: 800, 20k, 1.5M; `k` from `thousands_from` on.

    >>> short(800), short(20_000), short(1_500_000)
    ('800', '20k', '1.5M')
    """
    for size, least, name in ((1_000_000, 1_000_000, "M"), (1_000, thousands_from, "k")):
        if value >= least:
            return f"{value / size:.3g}{name}"
    return number(value)
