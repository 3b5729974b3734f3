"""When people come: the local day and night, working days and weekends, on which days at all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import ceil
from random import Random

from himaya.bench.crowd import figures as fig
from himaya.bench.crowd.group import Setting

DAY_S = 86400.0
_CURVES = {False: tuple(accumulate(fig.HOURS)), True: tuple(accumulate(fig.WORK_HOURS))}
_CLOCKS, _CLOCK_SHARES = tuple(fig.CLOCKS), tuple(fig.CLOCKS.values())


def days_of(setting: Setting) -> range:
    """Return the days of a run, the first is 0; a begun day is one."""
    return range(ceil(setting.days))


def part_of(setting: Setting, day: int) -> float:
    """Return how much of a day belongs to the run: the last one may be half a day."""
    return min(1.0, setting.days - day)


def clock(rng: Random) -> int:
    """Return how many hours somebody's clock is ahead of UTC."""
    return rng.choices(_CLOCKS, _CLOCK_SHARES)[0]


def weekend(setting: Setting, day: int) -> bool:
    """Tell whether a day of the run is a Saturday or a Sunday."""
    # 1970-01-01 was a Thursday.
    return int(setting.start // DAY_S + day + 3) % 7 >= 5


def attends(rng: Random, setting: Setting, share: float, *, work: bool = False) -> list[int]:
    """Return the days on which somebody comes who comes on a `share` of them: at least on one.

    `work`: on weekends hardly ever.
    """
    days = [*days_of(setting)]
    busy = [day for day in days if not (work and weekend(setting, day))] or days
    sure = rng.choice(busy)
    odds = [share if day in busy else share * fig.WEEKEND for day in days]
    return [day for day in days if rng.random() < odds[day] or day == sure]


def moment(rng: Random, setting: Setting, day: int, ahead: int, *, work: bool = False) -> float:
    """Return an epoch second of a day, by the hours of whoever's clock is `ahead` of UTC."""
    hour = rng.choices(range(24), cum_weights=_CURVES[work])[0]
    at = ((hour - ahead) % 24 + rng.random()) / 24
    # Everybody of half a day comes within that half.
    return setting.start + (day + at * part_of(setting, day)) * DAY_S


def moments(
    rng: Random, setting: Setting, day: int, ahead: int, count: int, *, work: bool = False
) -> list[float]:
    """Return `count` moments of a day in their order."""
    return sorted([moment(rng, setting, day, ahead, work=work) for _ in range(count)])


def times(rng: Random, mean: float) -> int:
    """Return a whole number with this mean: the figure itself, up or down by chance."""
    whole = int(mean)
    return whole + (rng.random() < mean - whole)


def split(rng: Random, items: Sequence[int], parts: int) -> list[list[int]]:
    """Return items in order, cut into at most `parts` uneven pieces, none of them empty."""
    cuts = (
        sorted({rng.randrange(1, len(items)) for _ in range(parts - 1)}) if len(items) > 1 else []
    )
    edges = [0, *cuts, len(items)]
    return [list(items[a:b]) for a, b in pairwise(edges)]
