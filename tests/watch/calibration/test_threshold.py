"""One statistic of one cohort: threshold or refusal, realised rate, weeks, and whether the halves differ."""

from __future__ import annotations

import random
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from himaya.core.rates import clopper_pearson
from himaya.watch.calibration.split import splitter
from himaya.watch.calibration.statistic import NEVER, STATISTICS
from himaya.watch.calibration.threshold import DRIFTED, STEADY, UNTOLD, Scores

#: A Monday, as days since 1970.
MONDAY = 20_514
DAYS = (MONDAY, MONDAY + 13)


def scores(by_day, rate=0.01, *, share=0.2, statistic="evidence") -> Scores:
    """Return scores divided by a fixed seed."""
    found = Scores(STATISTICS[statistic], "established", by_day, rate)
    found.split(splitter("test", share))
    return found


def crowd(actors: int, *, newer: float = 1.0, seed: int = 1) -> dict[str, dict[int, float]]:
    """Return actors active on some days of two weeks; values of the second week are `newer` times as large."""
    rng = random.Random(seed)
    found = {}
    for n in range(actors):
        own = rng.lognormvariate(1, 0.5)
        days = rng.sample(range(*DAYS), rng.randrange(1, 6))
        found[f"account:u{n}"] = {
            day: own * rng.lognormvariate(0, 0.3) * (newer if day >= MONDAY + 7 else 1.0)
            for day in days
        }
    return found


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 400), st.sampled_from([0.5, 0.1, 0.01]), st.integers(0, 5))
def test_the_threshold_comes_from_the_calibration_half_alone(actors, rate, seed):
    """It is the k-th smallest of the highest values of those not held out, or there is none; counted anew."""
    by_day = crowd(actors, seed=seed)
    told = scores(by_day, rate).threshold(DAYS, 1)
    held_out = splitter("test", 0.2)
    sets = sorted(max(days.values()) for name, days in by_day.items() if not held_out(name))
    measures = [max(days.values()) for name, days in by_day.items() if held_out(name)]
    assert (told.calibration, told.hold_out) == (len(sets), len(measures))
    if told.k > len(sets):
        assert (told.value, told.realised, told.weeks) == (None, None, ())
        assert f"1/{len(sets) + 1}" in told.why
        return
    assert told.value == pytest.approx(sets[told.k - 1], abs=1e-6)
    over = sum(value > sets[told.k - 1] for value in measures)
    assert (told.realised.over, told.realised.of) == (over, len(measures))
    assert told.realised.ci95 == clopper_pearson(over, len(measures))


def test_below_999_nothing_is_claimed_at_a_thousandth():
    """998 calibration actors give no threshold at 0.1 %, and the lowest rate that can be claimed; 999 give one."""
    few = scores(crowd(998), 0.001, share=0.0).threshold(DAYS, 1)
    assert few.value is None
    assert few.why == (
        "998 calibration actors; 0.1 % needs 999; the lowest rate that can be claimed is 1/999 = 0.1 %"
    )
    assert few.least_rate == pytest.approx(1 / 999, abs=1e-6)
    enough = scores(crowd(999), 0.001, share=0.0).threshold(DAYS, 1)
    assert enough.why == ""
    assert enough.value == pytest.approx(
        max(max(d.values()) for d in crowd(999).values()), abs=1e-6
    )
    assert enough.k == 999


def test_realised_rates_on_those_held_out_keep_the_nominal_one():
    """Over many crowds the rate on actors held out is the nominal one, within chance."""
    over = of = 0
    for seed in range(30):
        told = scores(crowd(300, seed=seed), 0.05, share=0.5).threshold(DAYS, 1)
        over, of = over + told.realised.over, of + told.realised.of
    assert of > 4000
    assert 0.03 < over / of < 0.06


def test_actors_that_a_detector_never_measured_count_as_never_found():
    """Who never had a value is in n, and lowers the threshold; when the k-th is one of them there is none."""
    by_day = {f"account:u{n}": {MONDAY: float(n) if n >= 50 else NEVER} for n in range(100)}
    told = scores(by_day, 0.1, share=0.0).threshold(DAYS, 1)
    assert (told.calibration, told.measured, told.value) == (100, 50, 90.0)
    mostly = {name: {MONDAY: NEVER} for name in list(by_day)[:95]}
    told = scores({**by_day, **mostly}, 0.1, share=0.0).threshold(DAYS, 1)
    assert (told.value, told.why) == (None, "too few of them ever had a value")


def test_values_past_the_ceiling_give_no_threshold():
    """Where the k-th value is only known to be large, no number is made up."""
    by_day = {f"account:u{n}": {MONDAY: inf} for n in range(20)}
    told = scores(by_day, 0.1, share=0.0).threshold(DAYS, 1)
    assert (told.value, told.why) == (None, "values too large to be told apart")


def test_low_values_are_held_against_an_actor_by_entropy():
    """For entropy the threshold is from below: one in a hundred has less."""
    by_day = {f"account:u{n}": {MONDAY: -(1 + n / 100)} for n in range(99)}
    told = scores(by_day, 0.01, share=0.0, statistic="regularity").threshold(DAYS, 1)
    assert told.value == 1.0


def test_weeks_count_who_was_active_in_them():
    """Each ISO week has the actors held out who were active in it, and those above the threshold in it."""
    by_day = {f"account:u{n}": {MONDAY: 1.0, MONDAY + 7: 2.0} for n in range(200)}
    found = scores(by_day, 0.1, share=0.5)
    name = next(iter(found.held_out))
    by_day[name][MONDAY + 8] = 9.0
    told = scores(by_day, 0.1, share=0.5).threshold(DAYS, 1)
    of = told.hold_out
    assert [(w.week, w.over, w.of) for w in told.weeks] == [
        ("2026-W10", 0, of),
        ("2026-W11", 1, of),
    ]


def test_drift_is_seen_and_its_absence_too():
    """Values that grow threefold in the second week are called drifted; those that stay are not; nor is chance."""
    changed = scores(crowd(1500, newer=3.0), 0.001).threshold(DAYS, 10).drift
    assert changed.verdict == DRIFTED
    assert changed.rate == 0.01
    assert changed.newer.over > changed.older.over
    assert changed.p < 0.005
    verdicts = [
        scores(crowd(400, seed=seed)).threshold(DAYS, 1).drift.verdict for seed in range(40)
    ]
    assert set(verdicts) <= {DRIFTED, STEADY}
    assert verdicts.count(DRIFTED) <= 5


def test_more_tests_ask_for_more():
    """One word "drifted" in twenty calibrations is chance: a row among many needs a smaller p."""
    once = scores(crowd(700, newer=1.45), 0.01).threshold(DAYS, 1).drift
    among = scores(crowd(700, newer=1.45), 0.01).threshold(DAYS, 10_000_000_000).drift
    assert (once.verdict, among.verdict) == (DRIFTED, STEADY)
    assert once.p == among.p


def test_where_drift_cannot_be_told_the_reason_is():
    """A period of a day, too few actors, and a half in which nobody was active."""
    some = crowd(300)
    assert scores(some).threshold((MONDAY, MONDAY), 1).drift.verdict == UNTOLD
    assert scores(crowd(5)).threshold(DAYS, 1).drift.why == "too few actors"
    early = {f"account:u{n}": {MONDAY: float(n)} for n in range(300)}
    assert scores(early).threshold(DAYS, 1).drift.why == "nobody in one half of the period"


def test_the_middle_day_belongs_to_neither_half():
    """Of seven days the fourth is in no half."""
    by_day = {f"account:u{n}": {MONDAY + n % 7: float(n)} for n in range(700)}
    drift = scores(by_day).threshold((MONDAY, MONDAY + 6), 1).drift
    assert (drift.older.of, drift.newer.of) == (300, 300)
