from __future__ import annotations

from math import comb, exp, inf, log

from hypothesis import given
from hypothesis import strategies as st

from himaya.analysis.attribution.chance import Stratum, expected, holm, log_p


@st.composite
def strata(draw):
    people = draw(st.integers(1, 25))
    return Stratum(people, draw(st.integers(0, people)), draw(st.integers(0, people)))


def exact(parts: list[Stratum]) -> list[float]:
    """Return the probability of each overlap, by counting."""
    whole = [1.0]
    for one in parts:
        ways = [
            comb(one.in_file, n) * comb(one.people - one.in_file, one.shown - n)
            if one.shown - n <= one.people - one.in_file
            else 0
            for n in range(min(one.in_file, one.shown) + 1)
        ]
        mass = [way / comb(one.people, one.shown) for way in ways]
        whole = [
            sum(whole[m] * mass[n - m] for m in range(len(whole)) if 0 <= n - m < len(mass))
            for n in range(len(whole) + len(mass) - 1)
        ]
    return whole


@given(st.lists(strata(), min_size=1, max_size=3))
def test_no_p_value_is_smaller_than_the_exact_one(parts):
    """Whatever the overlap, chance is never said to be less likely than it is."""
    masses = exact(parts)
    for overlap in range(len(masses)):
        assert exp(log_p(parts, overlap)) >= sum(masses[overlap:]) - 1e-9


@given(st.lists(strata(), min_size=1, max_size=3))
def test_the_expected_overlap_is_that_of_chance(parts):
    """The overlap by chance is the mean over all ways to put the file together."""
    mean = sum(n * mass for n, mass in enumerate(exact(parts)))
    assert abs(expected(parts) - mean) < 1e-6


def test_an_overlap_too_unlikely_to_be_written_keeps_its_size():
    """Where a p-value is smaller than any number of the machine, its logarithm still orders candidates."""
    part = Stratum(10_000_000, 100_000, 100_000)
    assert -inf < log_p([part], 100_000) < log_p([part], 50_000) < -100_000


def test_holm_corrects_each_for_those_that_are_left():
    """The smallest of three is multiplied by three, the next by two, and none falls below a smaller one."""
    corrected = holm([log(0.01), log(0.04), log(0.03)], 3)
    assert [round(exp(each), 6) for each in corrected] == [0.03, 0.06, 0.06]


def test_whoever_was_tested_counts_in_the_correction():
    """An actor that is not among the candidates was tested all the same."""
    assert round(exp(holm([log(1e-6)], 1000)[0]), 9) == 1e-3
