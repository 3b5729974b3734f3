"""A fingerprint class has one name within a period, another one in every other, and no name without the key."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from himaya.core.salt import Salt

DAYS, DAY = 31, 86400
PERIOD = DAYS * DAY
KEY, OTHER = b"k" * 32, b"o" * 32
JA4 = "t13i1515h2_8daaf6152771_806a8c22fdea"


@given(st.text(min_size=1, max_size=300), st.integers(0, 3000), st.integers(0, PERIOD - 1))
def test_a_class_has_one_name_within_a_period(raw, period, second):
    """From the first second of a period to its last a class has the same name; the next period's is another."""
    salt, start = Salt(KEY, DAYS), period * PERIOD
    name = salt.of(raw, float(start))
    assert salt.of(raw, start + second + 0.999) == name
    assert salt.of(raw, float(start + PERIOD)) != name
    assert len(name) == 16


@given(st.text(min_size=1, max_size=50), st.text(min_size=1, max_size=50))
def test_classes_stay_apart(one, other):
    """Two classes have the same name only when they are the same, within a period and over its end."""
    salt, at = Salt(KEY, DAYS), 600.0 * PERIOD
    assert (salt.of(one, at) == salt.of(other, at)) == (one == other)
    assert salt.of(one, at) != salt.of(other, at + PERIOD)


def test_periods_begin_at_fixed_times():
    """Every process changes names at the same moment: whole multiples of the period since 1970 UTC."""
    at = 650.0 * PERIOD
    assert Salt(KEY, DAYS).of(JA4, at - 0.001) != Salt(KEY, DAYS).of(JA4, at)
    assert Salt(KEY, DAYS).of(JA4, at) == Salt(KEY, DAYS).of(JA4, at + PERIOD - 1)


def test_without_the_key_names_of_two_periods_cannot_be_linked():
    """Another key gives other names in every period, so knowing the class and the time is not enough."""
    times = [n * float(PERIOD) for n in range(600, 612)]
    mine = [Salt(KEY, DAYS).of(JA4, at) for at in times]
    theirs = [Salt(OTHER, DAYS).of(JA4, at) for at in times]
    assert len({*mine, *theirs}) == 24
    assert all(JA4[:8] not in name for name in mine)


def test_no_class_has_no_name():
    """Where nothing tells the program there is no class, in every period."""
    assert Salt(KEY, DAYS).of("", 1.0) == Salt(KEY, DAYS).of("", 1e9) == ""


def test_invented_classes_cannot_fill_the_memory():
    """Names of a bounded number of classes are remembered, and the others are worked out again."""
    salt = Salt(KEY, DAYS)
    first = salt.of("c0", 1e9)
    for number in range(20_000):
        salt.of(f"c{number}", 1e9)
    assert salt._remembered.cache_info().currsize <= 16_384
    assert salt.of("c0", 1e9) == first
