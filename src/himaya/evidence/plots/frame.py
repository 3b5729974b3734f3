"""The frame around a plot: its place on the page, grid lines and axes."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from himaya.evidence.plots.scale import Scale, short
from himaya.evidence.plots.svg import group, label, line


@dataclass(frozen=True, slots=True)
class Frame:
    """The drawing area within a picture of `width` x `height`, with room left around it."""

    width: float
    height: float
    left: float = 48
    right: float = 16
    top: float = 26
    bottom: float = 34

    @property
    def x_end(self) -> float:
        return self.width - self.right

    @property
    def y_end(self) -> float:
        return self.height - self.bottom


def rows(frame: Frame, y: Scale, ticks: list[float], name: str) -> Markup:
    """Return the horizontal grid with the values at its left and the axis name above it."""
    drawn = [label(name, 0, frame.top - 12, class_="axis-name")]
    for value in ticks:
        place = y(value)
        drawn.append(line(frame.left, place, frame.x_end, place, "grid" if value else "base"))
        drawn.append(label(short(value), frame.left - 8, place + 4, class_="tick end"))
    return group(*drawn)


def columns(frame: Frame, x: Scale, ticks: list[tuple[float, str]]) -> Markup:
    """Return the marks and labels below the drawing area; labels at the ends stay inside."""
    drawn = [line(frame.left, frame.y_end, frame.x_end, frame.y_end, "base")]
    for value, text in ticks:
        place = x(value)
        held = min(max(place, frame.left + 3.2 * len(text)), frame.width - 3.4 * len(text))
        drawn.append(line(place, frame.y_end, place, frame.y_end + 5, "base"))
        drawn.append(label(text, held, frame.y_end + 20, class_="tick middle"))
    return group(*drawn)


def spread(places: list[float], gap: float, low: float, high: float) -> list[float]:
    """Return the places moved apart until neighbours are `gap` away, in the same order.

    They stay within `low..high` as long as there is room for all of them.

    >>> spread([10, 11, 50], 10, 0, 100)
    [10, 20, 50]
    """
    order = sorted(range(len(places)), key=places.__getitem__)
    moved = list(places)
    floor = low
    for index in order:
        moved[index] = floor = max(moved[index], floor)
        floor += gap
    ceiling = high
    for index in reversed(order):
        moved[index] = ceiling = min(moved[index], ceiling)
        ceiling -= gap
    return moved
