"""Which accounts set thresholds and which measure: seed and name decide, the same every time."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.watch.calibration.split import PLAIN_SEED, splitter

NAMES = [f"account:u{n}" for n in range(20_000)]
SHARES = st.floats(0.0, 1.0)
TEXT = st.text(st.characters(codec=None), max_size=30)
SEEDS = st.text(max_size=30)


def test_an_account_stays_on_its_side():
    """The side follows from seed and name alone; another seed divides otherwise; about the share is held out."""
    names = [f"account:u{n}" for n in range(4000)]
    one, again, other = (splitter(seed, 0.2) for seed in ("a", "a", "b"))
    assert [one(n) for n in names] == [again(n) for n in names]
    assert [one(n) for n in names] != [other(n) for n in names]
    assert 700 < sum(map(one, names)) < 900
    assert not any(map(splitter("a", 0.0), names))
    wider = splitter("a", 0.5)
    assert all(wider(name) for name in names if one(name))


@given(SEEDS, SHARES, st.lists(TEXT, max_size=20))
def test_the_side_follows_from_seed_and_name_alone(seed, share, names):
    """Asked in another order, among others, or by another splitter of this seed, a name has the same side."""
    first = {name: splitter(seed, share)(name) for name in names}
    together = splitter(seed, share)
    assert {name: together(name) for name in reversed(names)} == first


@given(SEEDS, SHARES, SHARES, TEXT)
def test_who_is_held_out_of_few_is_held_out_of_many(seed, one, other, name):
    """A larger share only adds: nobody who measured sets thresholds when more are held out."""
    less, more = sorted((one, other))
    assert splitter(seed, less)(name) <= splitter(seed, more)(name)


@given(SEEDS, TEXT)
def test_nobody_and_everybody(seed, name):
    """A share of 0 holds nobody out, and one of 1 everybody."""
    assert not splitter(seed, 0.0)(name)
    assert splitter(seed, 1.0)(name)


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("seed", ["", PLAIN_SEED, "a", "ü" * 1000])
def test_the_share_is_held_out_within_chance(seed, share):
    """Of 20,000 names so many are held out as a binomial of this share gives, within four standard errors."""
    count = sum(map(splitter(seed, share), NAMES))
    error = sqrt(len(NAMES) * share * (1 - share))
    assert abs(count - share * len(NAMES)) < 4 * error


def test_seeds_divide_independently_of_each_other():
    """Whoever is held out by one seed is held out by another as often as anybody."""
    one, other = splitter("one", 0.5), splitter("other", 0.5)
    both = sum(one(name) and other(name) for name in NAMES)
    assert abs(both - len(NAMES) / 4) < 4 * sqrt(len(NAMES) * 3 / 16)


def test_an_upgrade_moves_nobody_to_the_other_side():
    """These are the names held out by the plain seed; another release that divides otherwise would measure anew."""
    held_out = splitter(PLAIN_SEED, 0.2)
    assert [n for n in range(40) if held_out(f"account:u{n}")] == [0, 2, 4, 6, 18, 20, 22, 32, 38]
