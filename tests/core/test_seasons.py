"""What is usual at an hour of the week: medians, limits, and what an attack teaches them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.seasons import WEEK_HOURS, Season, Usual

COUNTS = st.lists(st.integers(0, 10_000), min_size=0, max_size=400)


def learnt(counts: list[int], weeks: int = 5, z: float = 6.0, first: int = 0) -> Season:
    """Return a season that saw these counts hour by hour, clipped at its own limits from the second week on."""
    season = Season(weeks)
    for hour, count in enumerate(counts, first):
        usual = season.usual(hour)
        limit = usual.limit(z) if season.known >= WEEK_HOURS else count
        season.put(hour, int(min(count, limit)), usual)
    return season


def a_week(hour: int) -> int:
    """Return a count with a season: busy days, quiet nights and week-ends."""
    return 100 + 80 * (8 <= hour % 24 < 22) - 50 * (hour // 24 % 7 >= 5)


def test_the_hour_of_the_week_is_compared_as_soon_as_four_are_known() -> None:
    """All hours are compared first, then the hours of the day, then the hours of the week; each says which."""
    season, by = Season(5), {}
    for hour in range(5 * WEEK_HOURS):
        usual = season.usual(hour)
        by.setdefault(usual.by, hour)
        season.put(hour, a_week(hour), usual)
    assert by == {"": 0, "all hours": 24, "hour of the day": 4 * 24, "hour of the week": 4 * 168}


def test_a_season_is_learnt_and_its_noise_stays_below_the_limit() -> None:
    """A noisy crowd with busy days and quiet week-ends is told to the hour, and none of its hours passes the limit."""
    chance, season = random.Random(5), Season(5)
    above = 0
    for hour in range(8 * WEEK_HOURS):
        usual = season.usual(hour)
        count = round(chance.gauss(a_week(hour), 3 * a_week(hour) ** 0.5))
        above += hour > WEEK_HOURS and count > usual.limit(6.0)
        season.put(hour, count, usual)
    assert above == 0
    night, noon = season.usual(8 * WEEK_HOURS + 3), season.usual(8 * WEEK_HOURS + 12)
    assert night.by == noon.by == "hour of the week"
    assert (night.people, noon.people) == (pytest.approx(100, abs=30), pytest.approx(180, abs=30))
    assert noon.limit(6.0) < 600


def test_an_attack_of_a_day_is_not_learnt() -> None:
    """A day at ten times the usual, remembered at its limits, hardly moves the usual and the limit."""
    calm = [a_week(hour) for hour in range(5 * WEEK_HOURS)]
    hit = [10 * n if hour >= 5 * WEEK_HOURS - 24 else n for hour, n in enumerate(calm)]
    before, after = (learnt(each).usual(5 * WEEK_HOURS - 24 + WEEK_HOURS) for each in (calm, hit))
    assert after.people == pytest.approx(before.people, abs=1)
    assert after.limit(6.0) <= 1.1 * before.limit(6.0)


def test_a_lasting_change_becomes_usual() -> None:
    """A site that doubles is surprising at first, and usual again after a few weeks."""
    season = learnt([a_week(hour) for hour in range(5 * WEEK_HOURS)])
    for hour in range(5 * WEEK_HOURS, 11 * WEEK_HOURS):
        usual = season.usual(hour)
        season.put(hour, int(min(2 * a_week(hour), usual.limit(6.0))), usual)
    assert 2 * a_week(12) <= season.usual(11 * WEEK_HOURS + 12).limit(6.0)


@given(COUNTS, st.integers(1, 3), st.integers(0, 10**7))
def test_counts_and_limits_are_never_negative_and_the_state_is_bounded(
    counts: list[int], weeks: int, first: int
) -> None:
    """Whatever comes, the usual is within what came, the limit above it, and no more hours are kept than asked for."""
    season = learnt(counts, weeks, first=first)
    usual = season.usual(first + len(counts))
    assert 0 <= usual.people <= max(counts, default=0)
    assert usual.spread >= 1
    assert usual.limit(6.0) > usual.people
    assert season.known == min(len(counts), weeks * WEEK_HOURS)
    assert len(season) == weeks * WEEK_HOURS


@given(st.permutations(list(range(8))), st.lists(st.integers(0, 500), min_size=8, max_size=8))
def test_the_order_of_weeks_does_not_matter(order: list[int], counts: list[int]) -> None:
    """What is usual at an hour of the week does not depend on the order in which its counts came."""
    ways = [Season(8), Season(8)]
    for way, turn in zip(ways, (range(8), order), strict=True):
        for week, number in enumerate(turn):
            way.put(week * WEEK_HOURS + 7, counts[number], Usual())
            for hour in range(24):
                way.put(week * WEEK_HOURS + 40 + hour, 5, Usual())
    assert ways[0].usual(7) == ways[1].usual(7)
    assert ways[0].usual(7).by == "hour of the week"


@given(COUNTS, st.integers(1, 3), st.integers(1, 3))
def test_other_weeks_keep_what_is_known(counts: list[int], weeks: int, others: int) -> None:
    """Who remembers another number of weeks from now on keeps the last hours that both have room for."""
    season = learnt(counts, weeks)
    other = season.over(others, len(counts))
    assert other.known == min(len(counts), weeks * WEEK_HOURS, others * WEEK_HOURS)
    if others >= weeks:
        assert other.usual(len(counts)) == season.usual(len(counts))


def test_hours_without_knowledge_are_left_out() -> None:
    """A skipped hour is not a zero: it forgets the hour of as many weeks ago, and says nothing."""
    season = learnt([100] * 5 * WEEK_HOURS)
    for hour in range(5 * WEEK_HOURS, 6 * WEEK_HOURS):
        season.skip(hour)
    assert season.known == 4 * WEEK_HOURS
    assert season.usual(6 * WEEK_HOURS).people == 100
