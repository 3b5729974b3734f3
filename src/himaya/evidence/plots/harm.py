"""Loss against harm: what each defence lets be taken, and what its worst group of honest people pays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from himaya.bench.score.result import Interval
from himaya.evidence.plots.frame import Frame
from himaya.evidence.plots.loss import styles
from himaya.evidence.plots.scale import Scale
from himaya.evidence.plots.shares import floor_of, log10, share_columns, share_rows
from himaya.evidence.plots.svg import group, label, line, picture, tag
from himaya.evidence.proving.matrix import (
    Matrix,
    averaged,
    averaged_name,
    family,
    is_rival,
    mean_share,
    worst_denied,
)
from himaya.evidence.proving.words import defence_name, percent
from himaya.evidence.words import listed, shortened

NARROW = 600
_LINE, _CHAR = 15.0, 6.9

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Point:
    """One setting of one defence: `denied` of its worst group, `lost` on average."""

    name: str
    short: str
    family: str
    style: str
    denied: float
    interval: Interval | None
    lost: float
    best: bool

    @property
    def is_ours(self) -> bool:
        return self.style == "ours"


def points(found: Matrix) -> list[Point]:
    """Return what is drawn: every setting that met the averaged attackers and a crowd."""
    ids, drawn = averaged(found), []
    for one, style in zip(found.defences, styles(found), strict=True):
        lost, worst = mean_share(one, ids, "share_72h"), worst_denied(one)
        if lost is None or worst is None:
            continue
        name = defence_name(one)
        short = (one.setting or name) if is_rival(one) else name
        drawn.append(Point(name, short, family(one), style, worst[0], worst[1], lost, one.best))
    return drawn


def better(found: Matrix) -> str:
    """Return in words which settings are better than himaya on both counts, and which are worse on both."""
    drawn = points(found)
    own = next((one for one in drawn if one.is_ours), None)
    rivals = [one for one in drawn if one.style != "bare" and not one.is_ours]
    if own is None or not rivals:
        return ""
    both = [one.name for one in rivals if _beats(one, own)]
    under = sum(_beats(own, one) for one in rivals)
    who, verb = (
        (listed(both), "is" if len(both) == 1 else "are") if both else ("No rival setting", "is")
    )
    first = f"{who} {verb}, by these figures, at least as good as himaya on both counts and better on one."
    return f"{first} himaya is at least as good on both, and better on one, than {under} of {len(rivals)}."


def _beats(one: Point, other: Point) -> bool:
    first, second = (one.denied, one.lost), (other.denied, other.lost)
    return first != second and first[0] <= second[0] and first[1] <= second[1]


def harm_plot(found: Matrix, width: int = 984) -> Markup | None:
    """Return the plot, or None where no defence met both attackers and a crowd. `width` is in CSS pixels."""
    drawn = points(found)
    if all(one.style == "bare" for one in drawn):
        return None
    frame = Frame(width, 440 if width > NARROW else 400, left=52, right=26, top=34, bottom=56)
    ends = [one.interval[1] for one in drawn if one.interval]
    x = Scale(floor_of([*[p.denied for p in drawn], *ends]), 1.0, frame.left, frame.x_end, log10)
    y = Scale(floor_of((p.lost for p in drawn), -1), 1.0, frame.y_end, frame.top, log10)
    return picture(
        frame.width,
        frame.height,
        "Loss against harm",
        _told(found, drawn),
        label(_y_name(found), 0, 16, class_="axis-name"),
        share_rows(frame, y),
        share_columns(frame, x),
        label(_X_NAME, frame.x_end, frame.y_end + 42, class_="axis-name end"),
        *_ours(drawn, x, y),
        *_joined(drawn, x, y),
        *[_reach(one, x, y) for one in drawn if one.interval and not one.is_ours],
        *[_reach(one, x, y) for one in drawn if one.interval and one.is_ours],
        *[_mark(one, x, y) for one in sorted(drawn, key=lambda one: one.is_ours)],
        *_names(drawn, x, y, frame),
    )


_X_NAME = "members of its worst group denied at least once"


def _y_name(found: Matrix) -> str:
    when = "at 72 h" if found.result.world.days >= 3 else "at the end"
    return f"people lost {when}, mean over {shortened(averaged_name(averaged(found)), 24)}"


def _told(found: Matrix, drawn: list[Point]) -> str:
    each = "; ".join(f"{p.name}: {percent(p.lost)} lost, {percent(p.denied)} denied" for p in drawn)
    return f"People lost on average, and members of the worst group denied. {each}. {better(found)}"


def _ours(drawn: list[Point], x: Scale, y: Scale) -> list[Markup]:
    """Return the area in which a rival would be better than himaya on both counts."""
    return [
        tag(
            "rect",
            x=x.start,
            y=y(one.lost),
            width=max(x(one.denied) - x.start, 1),
            height=max(y.start - y(one.lost), 1),
            class_="inside",
        )
        for one in drawn
        if one.is_ours
    ]


def _joined(drawn: list[Point], x: Scale, y: Scale) -> list[Markup]:
    """Return one curve for each family of several settings."""
    curves = []
    for members in _families(drawn):
        path = "M" + " L".join(f"{x(one.denied):.1f},{y(one.lost):.1f}" for one in members)
        curves.append(tag("path", d=path, class_=f"curve {members[0].style}"))
    return curves


def _families(drawn: list[Point]) -> list[list[Point]]:
    """Return the settings of each family that has several, from the least harm to the most."""
    families: dict[str, list[Point]] = {}
    for one in drawn:
        families.setdefault(one.family, []).append(one)
    several = [members for members in families.values() if len(members) > 1]
    return [sorted(members, key=lambda one: (one.denied, -one.lost)) for members in several]


def _reach(one: Point, x: Scale, y: Scale) -> Markup:
    """Return the interval of the denied share as a thin line."""
    low, high = one.interval or (one.denied, one.denied)
    place = y(one.lost)
    return line(x(low), place, x(high), place, f"reach {one.style}")


def _mark(one: Point, x: Scale, y: Scale) -> Markup:
    left, top = x(one.denied), y(one.lost)
    if one.is_ours:
        corners = f"{left:.1f},{top - 9:.1f} {left + 9:.1f},{top:.1f} {left:.1f},{top + 9:.1f} {left - 9:.1f},{top:.1f}"
        return tag("polygon", points=corners, class_="dot ours")
    radius = 6.5 if one.best else 4.5
    return tag("circle", cx=left, cy=top, r=radius, class_=f"dot {one.style}")


def _names(drawn: list[Point], x: Scale, y: Scale, frame: Frame) -> list[Markup]:
    """Return the names beside the points, most wanted first; one that finds no room is left to the table."""
    taken = [_around(x(one.denied), y(one.lost)) for one in drawn]
    lines = [_along(one, x, y) for one in drawn if one.interval] + _beside(drawn, x, y)
    parts = []
    for one in sorted(drawn, key=lambda p: (not p.is_ours, p.style != "bare", not p.best)):
        text = shortened(one.short, 30)
        place = (len(text) * _CHAR, x(one.denied), y(one.lost))
        # Better across a line than nowhere.
        box = _room(*place, taken + lines, frame) or _room(*place, taken, frame)
        if box is not None:
            taken.append(box)
            style = f"{'name' if one.is_ours else 'tick'} {one.style}"
            parts.append(label(text, box[0] + 2, box[3] - 4, class_=style))
    return [group(*parts)]


def _around(left: float, top: float) -> Box:
    return left - 8, top - 8, left + 8, top + 8


def _along(one: Point, x: Scale, y: Scale) -> Box:
    low, high = one.interval or (one.denied, one.denied)
    return x(low), y(one.lost) - 2, x(high), y(one.lost) + 2


def _beside(drawn: list[Point], x: Scale, y: Scale) -> list[Box]:
    """Return small boxes along the curves, so that no name is written across one."""
    boxes = []
    for members in _families(drawn):
        for one, other in pairwise(members):
            first, last = (x(one.denied), y(one.lost)), (x(other.denied), y(other.lost))
            steps = max(1, round(math.dist(first, last) / 6))
            for n in range(steps):
                left, top = (a + (b - a) * n / steps for a, b in zip(first, last, strict=True))
                boxes.append((left - 2, top - 2, left + 2, top + 2))
    return boxes


def _room(width: float, left: float, top: float, taken: list[Box], frame: Frame) -> Box | None:
    """Return the first free box right, left, above or below of a point, then farther up and down."""
    half = _LINE / 2
    corners = [
        *[(left + 11, top - half), (left - width / 2, top - 9 - _LINE)],
        *[(left - width / 2, top + 9), (left - 11 - width, top - half)],
        *[(left + 8, top + side * n - half) for n in (16, 26) for side in (-1, 1)],
        *[(left - 8 - width, top + side * n - half) for n in (16, 26) for side in (-1, 1)],
    ]
    boxes = ((x, y, x + width, y + _LINE) for x, y in corners)
    return next((box for box in boxes if _is_free(box, taken, frame)), None)


def _is_free(box: Box, taken: list[Box], frame: Frame) -> bool:
    inside = frame.left < box[0] and box[2] < frame.width and box[1] > 20 and box[3] < frame.y_end
    return inside and not any(
        box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
        for other in taken
    )
