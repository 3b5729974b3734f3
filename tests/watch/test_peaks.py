"""Figures of one actor, against the plainest way to count them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from himaya.watch import peaks

VIEWS = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 12)), max_size=60)
BASE = 1_700_000_000 // 86400 * 86400


def made(views):
    return [peaks.view(BASE + bucket * 300.0, person) for bucket, person in views]


def naive(views, bucket, buckets):
    """Count every window of the clock by hand."""
    seen = [(b // bucket, p) for b, p in views]
    starts = {b - back for b, _ in seen for back in range(buckets)}
    windows = ({p for b, p in seen if s <= b < s + buckets} for s in starts)
    return max(map(len, windows), default=0)


@given(VIEWS)
def test_peaks_are_the_most_of_any_window(views):
    """An hour is any 12 five-minute buckets, a day any 24 clock hours."""
    assert peaks.peak_hour(made(views)) == naive(views, 1, 12)
    assert peaks.peak_day(made(views)) == naive(views, 12, 24)


@given(VIEWS)
def test_people_per_day(views):
    """Each UTC day counts its distinct people."""
    days = {b // 288 for b, _ in views}
    wanted = [len({p for b, p in views if b // 288 == day}) for day in days]
    assert sorted(peaks.per_day(made(views))) == sorted(wanted)


@given(VIEWS, st.integers(2, 9))
def test_a_series_rises_to_the_total(views, most):
    """The points rise, are no more than asked for, and end at all the people."""
    points = peaks.series(made(views), BASE + 1e9, most)
    assert len(points) <= most
    assert [p.people for p in points] == sorted({p.people for p in points})
    assert (points[-1].people if points else 0) == len({p for _, p in views})
    assert [p.at for p in points] == sorted({p.at for p in points})
