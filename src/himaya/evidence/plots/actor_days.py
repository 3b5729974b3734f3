"""People per actor and day: how many actor-days saw so many people, with the day budgets drawn in."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from himaya.evidence.data import DayCounts, ReportData
from himaya.evidence.plots.frame import Frame
from himaya.evidence.plots.scale import Scale, log2, short
from himaya.evidence.plots.svg import group, label, line, picture, tag
from himaya.evidence.words import counted, number

_ROW = 176
_NARROW = 600


@dataclass(frozen=True, slots=True)
class Bin:
    """Actor-days that saw `low` to `high` people (both included), and how many budgets lie below."""

    low: int
    high: int
    days: int
    passed: int


def actor_days(data: ReportData, width: int = 960) -> Markup | None:
    """Return the plot, one panel per kind of actor, or None where nothing is known."""
    kinds = [kind for kind in data.actor_days if kind.counts]
    if not kinds:
        return None
    budgets = [day_budgets(data, kind.kind) for kind in kinds]
    most = max(people for kind in kinds for people, _ in kind.counts)
    high = max([most + 1, *[people * 1.5 for found in budgets for people in found.values()]])
    panels = [
        _panel(kind, found, high, Frame(width, _ROW * (index + 1), 16, 16))
        for index, (kind, found) in enumerate(zip(kinds, budgets, strict=True))
    ]
    told = " ".join(sentence(k, b) for k, b in zip(kinds, budgets, strict=True))
    return picture(width, _ROW * len(kinds) + 4, "People per actor and day", told, *panels)


def day_budgets(data: ReportData, kind: str) -> dict[str, float]:
    """Return the day budgets that hold for a kind of actor, smallest first; "" is every kind."""
    kinds = (kind,) if kind else ("account", "key", "address")
    found = {b.principal: b.people for b in data.budgets if b.window == "day"}
    return dict(sorted(((k, found[k]) for k in kinds if k in found), key=lambda pair: pair[1]))


def sentence(kind: DayCounts, budgets: dict[str, float]) -> str:
    """Return one panel in words."""
    days = sum(count for _, count in kind.counts)
    most = max(people for people, _ in kind.counts)
    name = f"{kind.kind or 'actor'}-day"
    parts = [f"{counted(days, name)}; the most on one day was {counted(most, 'person', 'people')}"]
    for principal, budget in budgets.items():
        over = sum(count for people, count in kind.counts if people > budget)
        parts.append(
            f"{number(over) if over else 'none'} above the {principal} day budget of {number(budget)}"
        )
    return f"{'; '.join(parts)}."


def bins(kind: DayCounts, budgets: dict[str, float]) -> list[Bin]:
    """Return bins that double in width; each budget is an edge, so that no bin lies on both sides."""
    most = max(people for people, _ in kind.counts)
    edges = {2**power for power in range(most.bit_length() + 1)}
    edges |= {int(budget) + 1 for budget in budgets.values()}
    ordered = sorted(edges)
    return [
        Bin(low, after - 1, _within(kind, low, after), sum(low > b for b in budgets.values()))
        for low, after in pairwise(ordered)
    ]


def _within(kind: DayCounts, low: int, after: int) -> int:
    return sum(count for people, count in kind.counts if low <= people < after)


def _panel(kind: DayCounts, budgets: dict[str, float], high: float, frame: Frame) -> Markup:
    top, base = frame.height - _ROW, frame.height - 24
    found = bins(kind, budgets)
    x = Scale(1, high, frame.left, frame.x_end, log2)
    y = Scale(0.6, max(10, *[b.days for b in found]), base, top + 66, log2)
    k_from = 1_000 if frame.width < _NARROW else 10_000
    days = counted(sum(count for _, count in kind.counts), f"{kind.kind or 'actor'}-day")
    return group(
        label(days, frame.left, top + 18, class_="panel-name"),
        *_ticks(x, base, high, is_narrow=frame.width < _NARROW),
        *[_bar(b, x, y, len(budgets), k_from) for b in found if b.days],
        line(frame.left, base, frame.x_end, base, "base"),
        *_marks(budgets, x, (top + 34, base)),
    )


def _bar(one: Bin, x: Scale, y: Scale, budgets: int, k_from: int) -> Markup:
    left, right = x(one.low), x(one.high + 1)
    top = y(one.days)
    colour = "" if not one.passed else " over" if one.passed == budgets else " some"
    width = max(right - left - 2, 1.5)
    return group(
        tag("rect", x=left + 1, y=top, width=width, height=y.start - top, class_=f"bar{colour}"),
        label(short(one.days, k_from), (left + right) / 2, top - 5, class_="value middle"),
    )


def _marks(budgets: dict[str, float], x: Scale, y: tuple[float, float]) -> list[Markup]:
    """Return the budgets as dashed lines, their names one below the other where there are several."""
    parts = []
    for index, (principal, budget) in enumerate(budgets.items()):
        place = x(int(budget) + 1)
        is_left = place > (x.start + x.end) / 2
        text = f"{principal} budget: {number(budget)} a day"
        height = y[0] + 15 * index
        parts.append(line(place, height - 10, place, y[1], "ceiling"))
        side = "name end" if is_left else "name"
        parts.append(label(text, place + (-6 if is_left else 6), height, class_=side))
    return parts


def _ticks(x: Scale, base: float, high: float, *, is_narrow: bool) -> list[Markup]:
    values = [value for power in range(8) for value in (10**power, 3 * 10**power)]
    shown = [value for value in values if value <= high][:: 2 if is_narrow else 1]
    parts = [label(short(value), x(value), base + 15, class_="tick middle") for value in shown]
    return [*parts, *[line(x(value), base, x(value), base + 4, "base") for value in shown]]
