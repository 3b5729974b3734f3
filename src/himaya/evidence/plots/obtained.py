"""People obtained over time: one rising line per actor, and the most the budgets allow."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from himaya.evidence.data import BudgetRow, ReportData, Series
from himaya.evidence.plots.budgets import ceiling
from himaya.evidence.plots.frame import Frame, columns, rows, spread
from himaya.evidence.plots.scale import Scale, decade_ticks, log2, round_ticks, time_ticks
from himaya.evidence.plots.svg import group, label, line, picture, tag
from himaya.evidence.words import clip, number, shortened

#: Lines that can still be told apart; further actors are in the table.
MOST_LINES = 8
#: Above this factor between the highest line and what the budgets allow, the scale is logarithmic.
LOG_FROM = 12
#: A drawing narrower than this has its legend below instead of names beside the lines.
NARROW = 600

Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Ladder:
    """The ceiling of one kind of principal, as (time, people) steps."""

    principal: str
    steps: Points


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
    ladders = _ladders(series, data.budgets, data.start, data.end)
    canvas = _canvas(series, ladders, (data.start, data.end), width)
    times = time_ticks(data.start, data.end, 8 if canvas.is_wide else 3)
    name = "distinct people (logarithmic scale)" if canvas.y.low else "distinct people"
    return picture(
        canvas.frame.width,
        canvas.frame.height,
        "People obtained over time",
        told(series),
        *[_band(canvas, ladder) for ladder in ladders],
        rows(canvas.frame, canvas.y, canvas.y_ticks, name),
        *[_ceiling(canvas, ladder, index) for index, ladder in enumerate(ladders)],
        columns(canvas.frame, canvas.x, times),
        *[_steps(canvas, one, index) for index, one in reversed(list(enumerate(series)))],
        _names(canvas, series, ladders) if canvas.is_wide else _legend(canvas, series, ladders),
    )


def drawn(data: ReportData) -> list[Series]:
    """Return the series that are drawn, most people first."""
    return sorted((s for s in data.series if s.points), key=_last, reverse=True)[:MOST_LINES]


def told(series: list[Series]) -> str:
    """Return what the plot shows, in words."""
    ends = "; ".join(f"{clip(s.actor, 60)} reaches {number(_last(s))}" for s in series)
    return f"Distinct people each actor had obtained by each time. {ends}."


def _last(series: Series) -> int:
    return series.points[-1][1]


def _ladders(
    series: list[Series], budgets: tuple[BudgetRow, ...], start: float, end: float
) -> list[Ladder]:
    found = []
    for kind in sorted({one.actor.partition(":")[0] for one in series}):
        steps = ceiling([b for b in budgets if b.principal == kind], end - start)
        if steps:
            found.append(Ladder(kind, [(start + after, most) for after, most in steps]))
    return found


def _canvas(
    series: list[Series], ladders: list[Ladder], period: tuple[float, float], width: int
) -> _Canvas:
    wide = width > NARROW
    below = 34 if wide else 44 + 19 * (len(series) + len(ladders))
    height = 390 if wide else 270 + below
    frame = Frame(width, height, right=196 if wide else 10, bottom=below)
    most = max(_last(s) for s in series)
    allowed = max((ladder.steps[-1][1] for ladder in ladders), default=most)
    is_log = most > LOG_FROM * allowed
    high = max(most, min(allowed, most * 2) * 1.04)
    ticks = decade_ticks(high) if is_log else round_ticks(high)
    y = Scale(1.0 if is_log else 0.0, ticks[-1], frame.y_end, frame.top, log2 if is_log else float)
    return _Canvas(frame, Scale(*period, frame.left, frame.x_end), y, ticks)


def stairs(points: Points, x: Scale, y: Scale) -> Points:
    """Return the corners of a step line, at most two per pixel; it stops where it leaves the scale."""
    corners: Points = []
    for at, people in points:
        place = (x(at), y(people))
        if people > y.high:
            return [*corners, (place[0], corners[-1][1] if corners else place[1]), place]
        if len(corners) > 2 and place[0] - corners[-2][0] < 1:
            corners[-1] = (corners[-1][0], place[1])
            continue
        if corners:
            corners.append((place[0], corners[-1][1]))
        corners.append(place)
    return [*corners, (x.end, corners[-1][1])] if corners else []


def _path(corners: Points) -> str:
    return "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def _steps(canvas: _Canvas, series: Series, index: int) -> Markup:
    first = (series.points[0][0], canvas.y.low)
    corners = stairs([first, *series.points], canvas.x, canvas.y)
    return tag("path", d=_path(corners), class_=f"step {_colour(series, index)}")


def _colour(series: Series, index: int) -> str:
    return f"c{index}" if series.found else "quiet"


def _ceiling(canvas: _Canvas, ladder: Ladder, index: int) -> Markup:
    corners = stairs(ladder.steps, canvas.x, canvas.y)
    return tag("path", d=_path(corners), class_=f"ceiling k{index}")


def _band(canvas: _Canvas, ladder: Ladder) -> Markup:
    corners = stairs(ladder.steps, canvas.x, canvas.y)
    floor = canvas.frame.y_end
    end = [(canvas.x.end, corners[-1][1])] if corners[-1][0] < canvas.x.end else []
    area = [*corners, *end, (canvas.x.end, floor), (corners[0][0], floor)]
    return tag("path", d=f"{_path(area)} Z", class_="band")


def _names(canvas: _Canvas, series: list[Series], ladders: list[Ladder]) -> Markup:
    """Return each line's name at its right end, moved apart where ends are close."""
    frame = canvas.frame
    inside = [ladder for ladder in ladders if ladder.steps[-1][1] <= canvas.y.high]
    ends = [canvas.y(_last(s)) for s in series] + [canvas.y(o.steps[-1][1]) for o in inside]
    places = spread(ends, 30, frame.top, frame.y_end - 14)
    parts = []
    for index, one in enumerate(series):
        parts.append(_leader(canvas, ends[index], places[index], _colour(one, index)))
        parts.append(_name(canvas, places[index], shortened(one.actor, 23), _people(one)))
    for end, place, ladder in zip(ends[len(series) :], places[len(series) :], inside, strict=True):
        parts.append(_leader(canvas, end, place, "allowed"))
        most = f"at most {number(ladder.steps[-1][1])} people"
        parts.append(_name(canvas, place, f"{ladder.principal} budgets allow", most))
    return group(*parts, *[_left(canvas, o) for o in ladders if o not in inside])


def _people(series: Series) -> str:
    return f"{number(_last(series))} people"


def _leader(canvas: _Canvas, end: float, place: float, class_: str) -> Markup:
    x = canvas.frame.x_end
    return tag(
        "path", d=f"M{x + 2:.1f},{end:.1f} L{x + 14:.1f},{place:.1f}", class_=f"leader {class_}"
    )


def _name(canvas: _Canvas, place: float, name: str, value: str) -> Markup:
    x = canvas.frame.x_end + 19
    return group(
        label(name, x, place + 1, class_="name"), label(value, x, place + 14, class_="value")
    )


def _left(canvas: _Canvas, ladder: Ladder) -> Markup:
    """Return the name of a ceiling that leaves the scale before the period ends."""
    x, y = stairs(ladder.steps, canvas.x, canvas.y)[-1]
    return label(f"{ladder.principal} budgets allow more from here", x + 6, y + 12, class_="value")


def _legend(canvas: _Canvas, series: list[Series], ladders: list[Ladder]) -> Markup:
    """Return the names below the drawing, one row each."""
    parts = []
    top = canvas.frame.y_end + 46
    for index, one in enumerate(series):
        parts.append(line(0, top - 4, 22, top - 4, f"leader {_colour(one, index)}"))
        parts.append(label(f"{shortened(one.actor, 34)}, {_people(one)}", 30, top, class_="name"))
        top += 19
    for index, ladder in enumerate(ladders):
        parts.append(line(0, top - 4, 22, top - 4, f"ceiling k{index}"))
        text = f"{ladder.principal} budgets allow at most {number(ladder.steps[-1][1])}"
        parts.append(label(text, 30, top, class_="name"))
        top += 19
    return group(*parts)
