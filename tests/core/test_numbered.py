"""The number at the end of an id, for ids of every shape."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.detectors.numbered import number_of


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("42", 42),
        ("u42", 42),
        ("anna-7", 7),
        ("0042", 42),
        ("1/2", 2),
        ("42/photos", 42),
        ("42-anna-schmidt", 42),
        ("2024-anna-3", 3),
        ("-5", 5),
        ("1.5", 5),
        ("3fa85f64-5717-4562-b3fc-2c963f66afa6", 6),
        ("7\n", 7),
        ("anna", None),
        ("", None),
        ("²", None),
        ("½", None),
        ("٤٢", 42),
        ("\udcff9", 9),
    ],
)
def test_the_last_number_of_an_id_is_its_place(subject, number):
    """Whatever stands before or behind it; digits of any script count, and what is no digit has no order."""
    assert number_of(subject) == number


@given(st.integers(0, 10**17), st.integers(-3, 3), st.sampled_from(["{}", "u{}", "a1-{}-x", "{}/"]))
def test_steps_between_ids_of_one_shape_are_steps_between_their_numbers(first, step, shape):
    """Two ids that are `step` apart are so in their numbers, with and without leading zeros."""
    second = max(0, first + step)
    numbers = [number_of(shape.format(n)) for n in (first, second)]
    padded = [number_of(shape.format(f"{n:018}")) for n in (first, second)]
    assert numbers == padded == [first, second]


def test_of_a_very_long_number_the_last_eighteen_digits_count():
    """Ids of 64 bits and more step as they do, until the eighteenth digit turns over."""
    long = 9_223_372_036_854_775_807
    assert number_of(str(long)) == long % 10**18
    assert number_of(str(long + 1)) - number_of(str(long)) == 1
    assert number_of("9" * 100_000) == 10**18 - 1


@given(st.text(st.characters(codec=None) | st.sampled_from("0123456789"), max_size=60))
def test_any_id_has_the_number_that_is_read_from_its_end(subject):
    """No id raises, and the number is that of the last digits, read backwards one by one."""
    digits = ""
    for character in reversed(subject):
        if character.isdecimal():
            digits = character + digits
        elif digits:
            break
    assert number_of(subject) == (int(digits[-18:]) if digits else None)


@pytest.mark.parametrize(
    "subject", ["1a" * 200_000, ("9" * 18 + "a" * 1000) * 400, "9" * 400_000, "a" * 400_000]
)
def test_a_hostile_id_costs_no_more_than_its_length(subject):
    """Four hundred thousand characters made to be read again and again are read in a moment."""
    assert number_of(subject) in {None, 1, 10**18 - 1}
