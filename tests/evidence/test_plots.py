"""The plots of a report."""

from __future__ import annotations

import doctest
import math
import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evidence.samples import DAY, START, data, series

from himaya.evidence import words
from himaya.evidence.data import BudgetRow, DayCounts, Series
from himaya.evidence.plots import frame, scale
from himaya.evidence.plots.actor_days import actor_days, bins, sentence
from himaya.evidence.plots.budgets import WINDOW_S, ceiling
from himaya.evidence.plots.frame import spread
from himaya.evidence.plots.obtained import MOST_LINES, above, allowance, obtained, value_at
from himaya.evidence.plots.scale import Scale, decade_ticks, round_ticks, time_ticks

BUDGETS = [BudgetRow("account", "hour", 100), BudgetRow("account", "day", 300)]
COUNTS = st.lists(
    st.tuples(st.integers(1, 50_000), st.integers(1, 1000)), min_size=1, unique_by=lambda p: p[0]
)


@pytest.mark.parametrize("module", [words, scale, frame])
def test_examples_in_the_source_are_true(module):
    """The examples in the docstrings of words and scales do what they say."""
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("width", [984, 380])
def test_drawings_are_well_formed_and_inside(width):
    """Each drawing is XML, and no coordinate lies outside its picture."""
    for drawing in (obtained(data(), width), actor_days(data(), width)):
        root = ET.fromstring(str(drawing))
        high = float(root.get("height"))
        for element in root.iter():
            assert 0 <= float(element.get("x") or 0) <= width
            assert 0 <= float(element.get("y") or 0) <= high
            for x, y in re.findall(r"([\d.-]+),([\d.-]+)", element.get("d") or ""):
                assert 0 <= float(x) <= width
                assert 0 <= float(y) <= high


def test_lines_are_bounded():
    """A hundred actors give the plot of the few with most people, not a tangle."""
    many = tuple(series(f"account:u{i}", 100 + i) for i in range(100))
    drawing = str(obtained(data(series=many)))
    assert drawing.count('class="step') == MOST_LINES
    assert "account:u99" in drawing
    assert "account:u0<" not in drawing


def test_a_long_series_is_thinned():
    """A series of a hundred thousand points does not make a drawing of a hundred thousand corners."""
    long = Series("account:u1", tuple((START + i, i + 1) for i in range(100_000)))
    assert len(str(obtained(data(series=(long,), end=START + 100_000)))) < 60_000


def test_budgets_are_drawn_from_the_first_person_on():
    """An actor's budgets begin with its first person, not with the log, and end with its own total."""
    fast = series("account:u1", 240)
    late = Series("account:u1", tuple((at + DAY, people) for at, people in fast.points))
    budgets = (*BUDGETS, BudgetRow("address", "hour", 7))
    steps = allowance(late, budgets, START + 9 * DAY)
    assert steps[0] == (START + DAY, 100)
    assert steps[-1] == (START + DAY + 2 * 3600, 300)
    assert allowance(late, (budgets[-1],), START + 9 * DAY) == []
    quiet = Series("account:u2", late.points, found=False)
    assert allowance(quiet, budgets, START + 9 * DAY) == []


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 50)), min_size=1, max_size=20))
def test_what_is_shaded_lies_above_the_budgets(gains):
    """Every shaded pixel is one where more was taken than allowed, and no such pixel is left out."""
    taken = 0
    line = [(float(at), taken := taken + people) for at, people in sorted(gains)]
    allowed = [(line[0][0], 60.0), (line[0][0] + 300, 120.0), (1000.0, 120.0)]
    x = Scale(0, 1000, 40, 540)
    shaded = {place for run in above(line, allowed, x) for place, _, _ in run}
    for pixel in range(40, 541):
        at = (pixel - 40) * 2.0
        most = value_at(allowed, at)
        is_inside = x(allowed[0][0]) <= pixel
        assert (pixel in shaded) == (is_inside and value_at(line, at) > most > 0)


def test_series_without_end_draw_nothing():
    """Without a series, or without a time, there is no plot rather than an empty one."""
    assert obtained(data(series=())) is None
    assert obtained(data(start=None, end=None)) is None
    assert actor_days(data(actor_days=())) is None


def test_one_moment_can_be_drawn():
    """A log of a single moment, with one person, still draws."""
    one = data(start=START, end=START, series=(series("account:u1", 24),))
    ET.fromstring(str(obtained(one)))


def test_a_far_higher_line_turns_the_scale_logarithmic():
    """A line far above the budgets is drawn on a logarithmic scale, and the axis says so."""
    huge = data(series=(series("account:u1", 900_000),))
    assert "logarithmic" in str(obtained(huge))
    assert "logarithmic" not in str(obtained(data()))


@given(
    hour=st.integers(1, 500),
    day=st.integers(1, 2000),
    length_s=st.floats(0, 40 * DAY),
)
def test_no_sequence_within_the_budgets_rises_above_the_ceiling(hour, day, length_s):
    """The ceiling drawn is at least what the greediest actor within its budgets obtains."""
    budgets = [BudgetRow("account", "hour", hour), BudgetRow("account", "day", day)]
    steps = ceiling(budgets, length_s)
    got = min(hour * (length_s // 3600 + 1), day * (length_s // 86400 + 1))
    assert steps[-1][1] >= got or math.isclose(steps[-1][1], got)
    assert steps == sorted(steps)


def test_the_ceiling_of_the_first_hours_is_told_by_hand():
    """100 an hour and 300 a day: 100, 200, 300 at the hours, then nothing more until the next day."""
    steps = ceiling(BUDGETS, 26 * 3600)
    assert steps == [(0, 100), (3600, 200), (7200, 300), (86400, 600)]
    assert ceiling([], DAY) == []
    assert set(WINDOW_S) == {"hour", "day", "month"}


@given(COUNTS, st.one_of(st.none(), st.integers(1, 60_000)))
def test_bins_lose_no_actor_day_and_straddle_no_budget(counts, budget):
    """Every actor-day is in exactly one bin, and each bin lies wholly below or above the budget."""
    kind, budgets = DayCounts("account", tuple(counts)), {"account": budget} if budget else {}
    found = bins(kind, budgets)
    assert sum(one.days for one in found) == sum(count for _, count in counts)
    for one in found:
        assert one.passed == sum(one.low > b for b in budgets.values())
        assert not any(one.low <= b < one.high for b in budgets.values())


def test_the_distribution_is_told_in_words():
    """The words beside the plot name the days, the most people, and how many lie above the budget."""
    kind = DayCounts("account", ((1, 10), (300, 2), (301, 1)))
    assert sentence(kind, {"account": 300}) == (
        "13 account-days; the most on one day was 301 people;"
        " 1 above the account day budget of 300."
    )


@given(st.lists(st.floats(0, 300), max_size=9))
def test_labels_are_moved_apart_and_stay_in_order(places):
    """Labels of lines that end close together do not cover each other and stay in the drawing."""
    moved = spread(places, 30, 0, 300)
    ordered = sorted(moved)
    assert all(after - before >= 29.999 for before, after in pairwise(ordered))
    assert sorted(range(len(places)), key=places.__getitem__) == sorted(
        range(len(moved)), key=moved.__getitem__
    )
    assert all(-0.001 <= place <= 300.001 for place in moved)


@given(st.floats(0.5, 1e9))
def test_ticks_reach_the_highest_value(high):
    """Ticks begin at the bottom, are few, and the last one is at or above the highest value."""
    assert round_ticks(high)[0] == 0
    assert round_ticks(high)[-1] >= high * 0.999
    assert len(round_ticks(high)) <= 12
    assert decade_ticks(high)[-1] >= high * 0.999


@given(st.integers(0, 2_000_000_000), st.integers(0, 400_000_000), st.integers(3, 9))
def test_time_ticks_are_within_the_period_and_few(start, length, wanted):
    """Ticks of a time axis lie within the period, and there are at most a few more than wanted."""
    ticks = time_ticks(start, start + length, wanted)
    assert all(start <= at <= start + length for at, _ in ticks)
    assert len(ticks) <= wanted + 5
