"""Axes of shares in percent, and of hours, on logarithmic scales that have a place for nought."""

from __future__ import annotations

import math
from collections.abc import Iterable

from markupsafe import Markup

from himaya.evidence.plots.frame import Frame
from himaya.evidence.plots.scale import Scale
from himaya.evidence.plots.svg import group, label, line
from himaya.evidence.proving.words import hours

#: No axis goes lower: one person of a million.
_LOWEST = 1e-6
_HOURS = (0.25, 1, 6, 24, 72, 360, 1440, 3600, 8640)


def floor_of(shares: Iterable[float], most: int = -2) -> float:
    """Return where an axis begins: the power of ten below the smallest share, and a place for nought below it.

    That place is half a power of ten lower, so that nothing else is drawn there. 10 to the `most` is the highest floor.

    >>> floor_of([0.004, 1]), floor_of([0.01]), round(floor_of([0, 0.004]), 6), floor_of([])
    (0.001, 0.001, 0.000316, 0.01)
    """
    found = list(shares)
    known = [share for share in found if share > 0]
    power = min(most, math.ceil(math.log10(min(known)) - 1e-9) - 1) if known else -2
    floor = max(_LOWEST, 10.0**power)
    return floor / math.sqrt(10) if len(known) < len(found) else floor


def log10(value: float) -> float:
    """Return the logarithm; nought is held below every axis."""
    return math.log10(max(value, _LOWEST / 10))


def share_ticks(low: float) -> list[tuple[float, str]]:
    """Return the powers of ten up to 100 %, finer on a short axis, and nought where the axis has a place for it.

    >>> share_ticks(0.01)
    [(0.01, '1 %'), (0.1, '10 %'), (1.0, '100 %')]
    >>> [text for _, text in share_ticks(0.1)]
    ['10 %', '20 %', '50 %', '100 %']
    >>> share_ticks(0.000316)[:2]
    [(0.000316, '0'), (0.001, '0.1 %')]
    """
    first = math.ceil(math.log10(low) - 1e-9)
    steps = (1, 2, 5) if first > -2 else (1,)
    found = [step * 10.0**n for n in range(first, 1) for step in steps]
    powers = [(share, f"{100 * share:g} %") for share in found if share <= 1]
    return powers if powers[0][0] <= low * 1.01 else [(low, "0"), *powers]


def hour_ticks(low: float, high: float, most: int = 5) -> list[tuple[float, str]]:
    """Return the times of an axis, each with its label.

    >>> hour_ticks(0.25, 72)
    [(0.25, '15 min'), (1, '1 h'), (6, '6 h'), (24, '24 h'), (72, '3 d')]
    """
    found = [one for one in _HOURS if low <= one <= high]
    every = math.ceil(len(found) / most)
    return [(one, hours(one)) for one in found[:: max(1, every)]]


def share_rows(frame: Frame, y: Scale) -> Markup:
    """Return the horizontal grid with percentages at its left."""
    drawn = []
    for value, text in share_ticks(y.low):
        place = y(value)
        drawn.append(
            line(frame.left, place, frame.x_end, place, "base" if value == y.low else "grid")
        )
        drawn.append(label(text, frame.left - 7, place + 4, class_="tick end"))
    return group(*drawn)


def share_columns(frame: Frame, x: Scale) -> Markup:
    """Return the vertical grid with percentages below it."""
    drawn = []
    for value, text in share_ticks(x.low):
        place = x(value)
        drawn.append(
            line(place, frame.top, place, frame.y_end, "base" if value == x.low else "grid")
        )
        drawn.append(label(text, place, frame.y_end + 18, class_="tick middle"))
    return group(*drawn)
