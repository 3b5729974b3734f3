"""The pace of one actor: gaps in bins of half an octave, the last 64 of them, and their entropy."""

from __future__ import annotations

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.detectors.pace import GAPS, Pace

#: Bins there are: of 0.25 s and less, to just under half an hour.
BINS = 27
GAP = st.floats(-10, 4000) | st.sampled_from([0.0, 0.25, 1800.0]) | st.floats(0.2, 40)


def walked(gaps: list[float]) -> Pace:
    """Return the pace of somebody who left these gaps."""
    pace, now = Pace(0.0), 0.0
    for gap in gaps:
        now += gap
        pace.meet(now)
    return pace


@given(st.lists(GAP, max_size=200))
def test_entropy_lies_between_nothing_and_what_the_bins_can_hold(gaps):
    """From 0 (never below, and never "-0") to the logarithm of the bins there are, and of the gaps there were."""
    pace = walked(gaps)
    bits = pace.entropy()
    assert str(bits)[0] != "-"
    assert 0.0 <= bits <= log2(max(1, min(len(pace.bins), BINS))) + 1e-9
    assert all(place < BINS for place in pace.bins)


@given(st.lists(st.integers(-1, 10), max_size=200))
def test_the_ring_holds_the_last_gaps(octaves):
    """At most 64 gaps are held, they are the last ones, and the newest takes the place of the oldest."""
    pace = walked([2.0**octave for octave in octaves])
    assert sorted(pace.bins) == sorted(2 * octave + 4 for octave in octaves[-GAPS:])
    assert pace.count == len(octaves)
    for place, octave in enumerate(octaves[-GAPS:], max(0, len(octaves) - GAPS)):
        assert pace.bins[place % GAPS] == 2 * octave + 4


def test_a_thousand_gaps_leave_a_ring_of_64():
    """The bound is driven over: what is held stays 64 bytes, and the gaps go on being counted."""
    pace = walked([3.0] * 1000)
    assert (len(pace.bins), pace.count) == (64, 1000)
    for _ in range(GAPS):
        pace.meet(pace.last + 300.0)
    assert set(pace.bins) == {round(2 * log2(300 / 0.25))}


@pytest.mark.parametrize(
    ("gap", "is_pace"),
    [(-1.0, False), (0.0, False), (0.001, True), (1799.9, True), (1800.0, False), (86400.0, False)],
)
def test_what_is_no_gap_within_a_sitting_is_no_pace(gap, is_pace):
    """Two pages at once, a clock set back, and the pause between two sittings say nothing."""
    pace = Pace(1000.0)
    assert pace.meet(1000.0 + gap) is is_pace
    assert len(pace.bins) == pace.count == is_pace


def test_the_next_gap_counts_from_the_last_page_whether_it_was_pace_or_not():
    """After a night the first gap of the morning is measured from the morning's first page."""
    pace = Pace(0.0)
    assert not pace.meet(30_000.0)
    assert pace.meet(30_002.0)
    assert list(pace.bins) == [6]


@pytest.mark.parametrize(
    ("gap", "place"),
    [(0.01, 0), (0.25, 0), (0.5, 2), (1.0, 4), (2.0, 6), (3.0, 7), (4.0, 8), (1799.9, 26)],
)
def test_bins_are_half_octaves_above_a_quarter_of_a_second(gap, place):
    """Twice as long a gap is two bins further; what was opened at once is one bin."""
    assert list(walked([gap]).bins) == [place]


@pytest.mark.parametrize(("kinds", "bits"), [(1, 0.0), (2, 1.0), (4, 2.0), (8, 3.0)])
def test_entropy_counts_how_many_kinds_of_gaps_there_are(kinds, bits):
    """As many gaps of each of 1, 2, 4 and 8 lengths have 0, 1, 2 and 3 bits."""
    assert walked([float(2 ** (n % kinds)) for n in range(GAPS)]).entropy() == bits


def test_without_gaps_there_is_no_entropy():
    """Somebody with one page has 0 bits, and no error."""
    assert str(Pace(0.0).entropy()) == "0.0"
