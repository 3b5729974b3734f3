"""The figures of a model: exact, and none that the numbers do not bear."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.errors import InputError
from himaya.watch.model.judging import auc, exact, threshold

SCORES = st.lists(st.integers(-20, 20).map(float), min_size=1, max_size=60)


@given(SCORES, st.floats(0.0001, 0.5))
def test_a_threshold_is_passed_by_no_more_than_the_rate_allows(honest, rate):
    """Of n scores and one more at most the share (n + 1) x rate is above the threshold, or the rate is refused."""
    n = len(honest)
    if rate * (n + 1) < 1 - 1e-6:
        with pytest.raises(InputError, match="needs at least"):
            threshold(honest, rate)
    elif rate * (n + 1) > 1 + 1e-6:
        line = threshold(honest, rate)
        assert sum(one > line for one in honest) + 1 <= (n + 1) * rate + 1e-6


def test_a_threshold_is_the_order_statistic():
    """With 99 scores and one percent it is the highest; with 199, the second highest."""
    assert threshold([float(n) for n in range(99)], 0.01) == 98
    assert threshold([float(n) for n in range(199)], 0.01) == 197


def test_a_rate_that_is_too_small_is_refused_with_what_is_possible():
    """The message has the number that is needed, the number that is there, and the rate they bear."""
    with pytest.raises(InputError, match=r"at least 99 honest .* there are 40.* --rate 0\.0244"):
        threshold([0.0] * 40, 0.01)


@given(SCORES, SCORES)
def test_the_auc_is_the_share_of_pairs_that_stand_right(honest, collectors):
    """It equals the count over all pairs, ties by half."""
    pairs = [(c > h) + (c == h) / 2 for c in collectors for h in honest]
    assert math.isclose(auc(honest, collectors), sum(pairs) / len(pairs))


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_exact_interval_has_the_rate_in_it(counted):
    """The interval lies around the rate, within 0 and 1, and mirrors that of the other outcome."""
    count, size = counted
    low, high = exact(count, size)
    assert 0 <= low <= count / size <= high <= 1
    other = exact(size - count, size)
    assert math.isclose(low, 1 - other[1], abs_tol=2e-6)


def test_exact_intervals_are_those_of_the_tables():
    """Clopper and Pearson's interval for 5 in 100, and the rule of three for none."""
    assert exact(5, 100) == (0.016432, 0.112835)
    assert exact(0, 1000)[1] == pytest.approx(1 - 0.025**0.001, abs=1e-6)
    assert exact(0, 0) == (0.0, 1.0)
