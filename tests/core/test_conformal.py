"""The order statistic keeps its rate for exchangeable actors, and is refused where they are too few."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.conformal import least_actors, order_statistic, rank

RATES = st.sampled_from([0.5, 0.2, 0.1, 0.05, 0.01, 0.001])


def passed(draw, actors: int, rate: float, trials: int, later: int) -> float:
    """Return the share of later actors who pass the threshold that earlier ones set."""
    over = 0
    for _ in range(trials):
        threshold = order_statistic([draw() for _ in range(actors)], rate)
        over += sum(draw() > threshold for _ in range(later))
    return over / (trials * later)


@pytest.mark.parametrize(
    ("actors", "rate", "trials", "later"),
    [(99, 0.01, 600, 100), (150, 0.05, 400, 100), (999, 0.001, 250, 800)],
)
def test_exchangeable_actors_pass_at_most_at_the_nominal_rate(actors, rate, trials, later):
    """Whatever the distribution, the share of later honest actors who pass is the nominal rate, within chance."""
    for seed, draw in enumerate((lambda r: r.lognormvariate(2, 1.5), lambda r: r.paretovariate(1))):
        rng = random.Random(seed)
        found = passed(lambda rng=rng, draw=draw: draw(rng), actors, rate, trials, later)
        # The true rate varies by about itself between trials of small k; four standard errors of both kinds.
        error = 4 * ((rate / actors / trials) ** 0.5 + (rate / trials / later) ** 0.5)
        assert 0.3 * rate < found <= rate + error


def test_ties_only_help_honest_actors():
    """Where many have the same value, fewer pass than the rate allows, never more."""
    rng = random.Random(3)
    found = passed(lambda: rng.randrange(4), 99, 0.05, 300, 100)
    assert found <= 0.05


def test_a_threshold_from_drifted_actors_does_not_keep_the_rate():
    """The promise rests on exchangeability: actors who read twice as much pass far more often."""
    rng = random.Random(4)
    thresholds = [
        order_statistic([rng.lognormvariate(2, 1) for _ in range(99)], 0.01) for _ in range(50)
    ]
    over = sum(2 * rng.lognormvariate(2, 1) > t for t in thresholds for _ in range(100))
    assert over / 5000 > 0.02


@pytest.mark.parametrize(
    ("rate", "least"), [(0.001, 999), (0.01, 99), (0.05, 19), (0.1, 9), (0.003, 333)]
)
def test_how_many_actors_a_rate_needs(rate, least):
    """At the least number the threshold is the largest value; one actor fewer, and there is none."""
    assert least_actors(rate) == least
    assert rank(least, rate) == least
    assert order_statistic(range(least), rate) == least - 1
    assert order_statistic(range(least - 1), rate) is None


@given(st.lists(st.floats(-1e6, 1e6), max_size=300), RATES)
def test_the_threshold_is_one_of_the_values_and_as_few_lie_above_as_promised(values, rate):
    """At most floor((n + 1) a) - 1 of the calibration values lie above the threshold."""
    threshold = order_statistic(values, rate)
    if len(values) < least_actors(rate):
        assert threshold is None
        return
    assert threshold in values
    assert sum(value > threshold for value in values) <= (len(values) + 1) * rate + 1e-9 - 1


def test_nobody_supports_no_rate():
    """Without actors there is no threshold."""
    assert order_statistic([], 0.5) is None
