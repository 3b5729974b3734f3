"""People obtained over time: one rising line per actor, and the most the budgets allow."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from operator import itemgetter

from markupsafe import Markup

from himaya.evidence.data import BudgetRow, ReportData, Series
from himaya.evidence.plots.budgets import ceiling
from himaya.evidence.plots.frame import Frame, columns, rows, spread
from himaya.evidence.plots.scale import Scale, decade_ticks, log2, round_ticks, time_ticks
from himaya.evidence.plots.svg import group, label, line, picture, tag
from himaya.evidence.words import clip, counted, number, shortened

#: Lines that can still be told apart; further actors are in the table.
MOST_LINES = 8
#: Above this factor between the highest line and the highest hour's budget, the scale is logarithmic.
LOG_FROM = 100
#: A drawing narrower than this has its legend below instead of names beside the lines.
NARROW = 600

Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class _Canvas:
    frame: Frame
    x: Scale
    y: Scale
    y_ticks: list[float]

    @property
    def is_wide(self) -> bool:
        return self.frame.width > NARROW


def obtained(data: ReportData, width: int = 960) -> Markup | None:
    """Return the plot, or None where no series is known. `width` is in CSS pixels."""
    series = drawn(data)
    if not series or data.start is None or data.end is None:
        return None
    allowed = [allowance(one, data.budgets, data.end) for one in series]
    canvas = _canvas(series, allowed, (data.start, data.end), width)
    times = time_ticks(data.start, data.end, 8 if canvas.is_wide else 3)
    name = "distinct people (logarithmic scale)" if canvas.y.low else "distinct people"
    order = reversed(list(enumerate(series)))
    return picture(
        canvas.frame.width,
        canvas.frame.height,
        "People obtained over time",
        told(series),
        rows(canvas.frame, canvas.y, canvas.y_ticks, name),
        columns(canvas.frame, canvas.x, times),
        *[_excess(canvas, series[i], steps, i) for i, steps in enumerate(allowed) if steps],
        *[_ceiling(canvas, steps, index) for index, steps in enumerate(allowed) if steps],
        *[_steps(canvas, one, index) for index, one in order],
        _names(canvas, series) if canvas.is_wide else _legend(canvas, series),
    )


def drawn(data: ReportData) -> list[Series]:
    """Return the series that are drawn, most people first."""
    return sorted((s for s in data.series if s.points), key=_last, reverse=True)[:MOST_LINES]


def told(series: list[Series]) -> str:
    """Return what the plot shows, in words."""
    ends = "; ".join(f"{clip(s.actor, 60)} reaches {number(_last(s))}" for s in series)
    return f"Distinct people each actor had obtained by each time. {ends}."


def allowance(series: Series, budgets: tuple[BudgetRow, ...], end: float) -> Points:
    """Return the most the budgets let this actor obtain, as (time, people) from its first person on.

    It ends where the budgets reach the actor's total, because its line cannot be above them from
    there on; at the latest with the period.
    """
    own = [b for b in budgets if b.principal == series.actor.partition(":")[0]]
    first = series.points[0][0]
    if not own or not series.found:
        return []
    steps = [(first + after, most) for after, most in ceiling(own, end - first)]
    until = next((at for at, most in steps if most >= _last(series)), end)
    held = [(at, most) for at, most in steps if at <= until]
    return [*held, (until, held[-1][1])]


def _last(series: Series) -> int:
    return series.points[-1][1]


def _canvas(
    series: list[Series], allowed: list[Points], period: tuple[float, float], width: int
) -> _Canvas:
    wide = width > NARROW
    below = 34 if wide else 46 + 19 * (len(series) + any(allowed))
    height = 390 if wide else 270 + below
    frame = Frame(width, height, right=196 if wide else 10, bottom=below)
    most = max(_last(s) for s in series)
    first = [steps[0][1] for steps in allowed if steps]
    is_log = most > LOG_FROM * max(first, default=most)
    high = max([most, *[people for people in first if people <= 2 * most]])
    ticks = decade_ticks(high) if is_log else round_ticks(high)
    y = Scale(1.0 if is_log else 0.0, ticks[-1], frame.y_end, frame.top, log2 if is_log else float)
    return _Canvas(frame, Scale(*period, frame.left, frame.x_end), y, ticks)


def stairs(points: Points, x: Scale, y: Scale) -> Points:
    """Return the corners of a step line, at most two per pixel; it stops where it leaves the scale."""
    corners: Points = []
    for at, people in points:
        place = (x(at), y(people))
        if people > y.high:
            return [*corners, (place[0], corners[-1][1]), place] if corners else []
        if len(corners) > 2 and place[0] - corners[-2][0] < 1:
            corners[-1] = (corners[-1][0], place[1])
            continue
        if corners:
            corners.append((place[0], corners[-1][1]))
        corners.append(place)
    return corners


def _path(corners: Points) -> str:
    return "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def _steps(canvas: _Canvas, series: Series, index: int) -> Markup:
    first = (series.points[0][0], canvas.y.low)
    corners = stairs([first, *series.points], canvas.x, canvas.y)
    whole = [*corners, (canvas.x.end, corners[-1][1])]
    return tag("path", d=_path(whole), class_=f"step {_colour(series, index)}")


def _colour(series: Series, index: int) -> str:
    return f"c{index}" if series.found else "quiet"


def _ceiling(canvas: _Canvas, steps: Points, index: int) -> Markup:
    corners = stairs(steps, canvas.x, canvas.y)
    return tag("path", d=_path(corners), class_=f"allowed c{index}") if corners else Markup("")


def _excess(canvas: _Canvas, series: Series, steps: Points, index: int) -> Markup:
    """Return the area between an actor's line and its budgets, where the line is above."""
    runs = above(list(series.points), steps, canvas.x)
    return group(*[_area(canvas, run, index) for run in runs])


def above(taken: Points, allowed: Points, x: Scale) -> list[list[tuple[float, float, float]]]:
    """Return runs of (place, taken, allowed), pixel by pixel, where more was taken than allowed."""
    runs: list[list[tuple[float, float, float]]] = []
    was_above = False
    for pixel in range(math.ceil(x(allowed[0][0])), math.floor(x(allowed[-1][0])) + 1):
        at = x.low + (x.high - x.low) * (pixel - x.start) / (x.end - x.start)
        here = (float(pixel), value_at(taken, at), value_at(allowed, at))
        is_above = here[1] > here[2] > 0
        if is_above and not was_above:
            runs.append([])
        if is_above:
            runs[-1].append(here)
        was_above = is_above
    return runs


def value_at(points: Points, at: float) -> float:
    """Return the value of a step line at a time, 0 before it begins."""
    index = bisect_right(points, at, key=itemgetter(0))
    return points[index - 1][1] if index else 0


def _area(canvas: _Canvas, run: list[tuple[float, float, float]], index: int) -> Markup:
    over = [(place, canvas.y(taken)) for place, taken, _ in run]
    under = [(place, canvas.y(allowed)) for place, _, allowed in reversed(run)]
    return tag("path", d=f"{_path([*over, *under])} Z", class_=f"excess c{index}")


def _names(canvas: _Canvas, series: list[Series]) -> Markup:
    """Return each line's name at its right end, moved apart where ends are close."""
    ends = [canvas.y(_last(s)) for s in series]
    places = spread(ends, 30, canvas.frame.top, canvas.frame.y_end - 14)
    x = canvas.frame.x_end
    parts = []
    for index, one in enumerate(series):
        path = f"M{x + 2:.1f},{ends[index]:.1f} L{x + 14:.1f},{places[index]:.1f}"
        parts.append(tag("path", d=path, class_=f"leader {_colour(one, index)}"))
        parts.append(label(shortened(one.actor, 23), x + 19, places[index] + 1, class_="name"))
        parts.append(label(_people(one), x + 19, places[index] + 14, class_="value"))
    return group(*parts)


def _people(series: Series) -> str:
    return counted(_last(series), "person", "people")


def _legend(canvas: _Canvas, series: list[Series]) -> Markup:
    """Return the names below the drawing, one row each."""
    parts = []
    top = canvas.frame.y_end + 46
    for index, one in enumerate(series):
        parts.append(line(0, top - 4, 22, top - 4, f"leader {_colour(one, index)}"))
        parts.append(label(f"{shortened(one.actor, 34)}, {_people(one)}", 30, top, class_="name"))
        top += 19
    parts.append(line(0, top - 4, 22, top - 4, "allowed plain"))
    parts.append(label("the most its budgets allow", 30, top, class_="name"))
    return group(*parts)
