"""Loss against time: one small panel for each attacker, one line for each defence."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from himaya.bench.score.result import AttackerRow, DefenceRow
from himaya.evidence.plots.frame import Frame, columns, spread
from himaya.evidence.plots.scale import Scale
from himaya.evidence.plots.shares import floor_of, hour_ticks, log10, share_rows
from himaya.evidence.plots.svg import group, label, line, picture, tag
from himaya.evidence.proving.matrix import Matrix, family, is_rival, shown
from himaya.evidence.proving.words import attacker_name, defence_name, hours, percent
from himaya.evidence.words import shortened

WIDTH, HEIGHT = 318, 218
#: Colours of rival families; the sheet has so many, dashes tell further ones apart.
_COLOURS, _DASHES = 6, 4

Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Line:
    """One defence in a panel: its name, its classes in the style sheet, and (hours, share) points."""

    name: str
    style: str
    points: Points

    @property
    def end(self) -> float:
        """The share at the end."""
        return self.points[-1][1]


@dataclass(frozen=True, slots=True)
class Key:
    """One row of the legend."""

    name: str
    family: str
    swatch: Markup


def styles(found: Matrix) -> list[str]:
    """Return the classes of each column: none, ours, or the colour and dash of its family."""
    families = list(dict.fromkeys(family(one) for one in found.defences if is_rival(one)))
    return [
        _style(families.index(family(one))) if is_rival(one) else _own(one.name)
        for one in found.defences
    ]


def _style(place: int) -> str:
    return f"r{place % _COLOURS} d{place % _DASHES}"


def _own(name: str) -> str:
    return "bare" if name == "none" else "ours"


def legend(found: Matrix) -> list[Key]:
    """Return which line is which defence."""
    look = styles(found)
    rows = [(found.defences[n], look[n]) for n in shown(found)]
    return [Key(defence_name(row), _family(row), _swatch(style)) for row, style in rows]


def _family(row: DefenceRow) -> str:
    return family(row) if is_rival(row) else defence_name(row)


def _swatch(style: str) -> Markup:
    stroke = line(1, 5, 33, 5, f"curve {style}")
    return tag(
        "svg", stroke, viewBox="0 0 34 10", width=34, height=10, class_="swatch", aria_hidden="true"
    )


def loss_panels(found: Matrix) -> list[Markup]:
    """Return one drawing for each plain row of the matrix that has a line; all share one scale of shares."""
    drawn = [(head, _lines(found, head)) for head in found.plain]
    low = floor_of(share for _, lines in drawn for one in lines for _, share in one.points)
    return [_panel(attacker_name(head), lines, low) for head, lines in drawn if lines]


def _lines(found: Matrix, head: AttackerRow) -> list[Line]:
    look = styles(found)
    rows = [(n, found.cell(n, head)) for n in shown(found)]
    return [
        Line(defence_name(found.defences[n]), look[n], points)
        for n, row in rows
        if row is not None and (points := _points(row, found.result.world.days))
    ]


def _points(row: AttackerRow, days: float) -> Points:
    """Return the curve, or what is known of it where none was written."""
    if row.curve:
        return [(hour, share) for hour, share in row.curve if hour > 0]
    known = [(1.0, row.share_1h), (24.0, row.share_24h), (72.0, row.share_72h)]
    return [(hour, share) for hour, share in known if share is not None and hour <= days * 24]


def _panel(name: str, lines: list[Line], low: float) -> Markup:
    frame = Frame(WIDTH, HEIGHT, left=54, right=60, top=32, bottom=26)
    begin = min(one.points[0][0] for one in lines)
    end = max(*(one.points[-1][0] for one in lines), begin * 2)
    x = Scale(begin, end, frame.left, frame.x_end, log10)
    y = Scale(low, 1.0, frame.y_end, frame.top, log10)
    order = sorted(lines, key=lambda one: one.style == "ours")
    return picture(
        WIDTH,
        HEIGHT,
        name,
        _told(lines, end),
        label(shortened(name, 40), 0, 14, class_="panel-name"),
        share_rows(frame, y),
        columns(frame, x, hour_ticks(begin, end)),
        *[_curve(one, x, y) for one in order],
        _ends(lines, y, frame),
    )


def _told(lines: list[Line], end: float) -> str:
    ends = "; ".join(f"{one.name} {percent(one.end)}" for one in lines)
    return f"People obtained after {hours(end)}: {ends}."


def _curve(one: Line, x: Scale, y: Scale) -> Markup:
    places = [(x(hour), y(share)) for hour, share in one.points]
    if len(places) == 1:
        return tag("circle", cx=places[0][0], cy=places[0][1], r=3, class_=f"dot {one.style}")
    path = "M" + " L".join(f"{left:.1f},{top:.1f}" for left, top in places)
    return tag("path", d=path, class_=f"curve {one.style}")


def _ends(lines: list[Line], y: Scale, frame: Frame) -> Markup:
    """Return the figures at the right: no defence and himaya, moved apart where they would touch."""
    told = [one for one in lines if one.style in {"bare", "ours"}]
    if len(told) == 2 and told[0].end == told[1].end:
        told = told[1:]
    places = spread([y(one.end) + 4 for one in told], 13, frame.top + 4, frame.y_end + 4)
    return group(
        *[
            label(percent(one.end), frame.x_end + 4, place, class_=f"value {one.style}")
            for one, place in zip(told, places, strict=True)
        ]
    )
