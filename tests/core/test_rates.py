"""Intervals and tests of rates, against closed forms and plain sums."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.rates import clopper_pearson, fisher_exact, wilson


def below(count: int, size: int, rate: Fraction) -> Fraction:
    """Return the chance of at most `count` of `size`, term by term."""
    return sum(
        (comb(size, n) * rate**n * (1 - rate) ** (size - n) for n in range(count + 1)), Fraction(0)
    )


@given(st.integers(1, 60), st.data())
def test_the_exact_interval_is_where_the_binomial_tails_are_two_and_a_half_percent(size, data):
    """At either end of the interval what was seen, or more of it, has a chance of 2.5 percent."""
    count = data.draw(st.integers(0, size))
    low, high = clopper_pearson(count, size)
    if count:
        assert float(1 - below(count - 1, size, Fraction(low))) == pytest.approx(0.025, abs=2e-4)
    if count < size:
        assert float(below(count, size, Fraction(high))) == pytest.approx(0.025, abs=2e-4)


@pytest.mark.parametrize(
    ("count", "size", "interval"),
    [
        (0, 500, (0.0, 1 - 0.025 ** (1 / 500))),
        (500, 500, (0.025 ** (1 / 500), 1.0)),
        (10, 100, (0.0490047, 0.1762226)),
        (0, 0, (0.0, 1.0)),
        (300, 100_000, (0.002671, 0.003359)),
    ],
)
def test_known_exact_intervals(count, size, interval):
    """Closed forms at the ends, and values that other programs print."""
    assert clopper_pearson(count, size) == pytest.approx(interval, abs=1e-6)


@given(st.integers(1, 2000), st.data())
def test_the_exact_interval_holds_the_rate_and_stays_within_bounds(size, data):
    """The rate that was seen lies inside; an interval never leaves 0 to 1, like Wilson's."""
    count = data.draw(st.integers(0, size))
    for low, high in (clopper_pearson(count, size), wilson(count, size)):
        assert 0.0 <= low <= round(count / size, 6) + 1e-6
        assert round(count / size, 6) - 1e-6 <= high <= 1.0


@given(st.integers(1, 30), st.integers(1, 30), st.data())
def test_fishers_test_adds_up_the_tables_that_are_no_likelier(of_one, of_other, data):
    """The p-value is the plain sum over all tables with the same margins."""
    one = data.draw(st.integers(0, of_one))
    other = data.draw(st.integers(0, of_other))
    both = one + other
    ways = {
        n: comb(of_one, n) * comb(of_other, both - n)
        for n in range(max(0, both - of_other), min(both, of_one) + 1)
    }
    plain = Fraction(sum(w for w in ways.values() if w <= ways[one]), sum(ways.values()))
    assert fisher_exact(one, of_one, other, of_other) == pytest.approx(float(plain), rel=1e-6)
