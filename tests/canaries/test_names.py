"""Names of invented syllables: nobody's, the same for the same draws, and of nothing but letters."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.canaries import names
from himaya.canaries.make import make
from himaya.ledger.keys import Keys

KEYS = Keys(bytes(range(32)))
NUMBERS = st.integers(0, 2**32 - 1)


def drawing(seed: int):
    """Return draws that follow from a number: Knuth's linear congruential generator (MMIX)."""
    state = seed

    def draw(below: int) -> int:
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (state >> 33) % below

    return draw


def replaying(numbers: list[int]):
    """Return draws that are these numbers, one after the other."""
    left = iter(numbers)
    return lambda below: next(left) % below


@given(st.integers(0, 100_000))
def test_no_name_is_a_real_one(number):
    """No name is in the list of common real names, or holds one; each begins with a capital and is of letters."""
    (one,) = make(KEYS, 1, [f"place{number}"])
    for word in (one.given_name, one.family_name):
        assert word.isascii()
        assert word.isalpha()
        assert word.istitle()
        assert word.lower() not in names.REAL
        assert not any(len(real) > 3 and real in word.lower() for real in names.REAL)


@given(NUMBERS)
def test_the_same_draws_give_the_same_name(seed):
    """A name is a function of its draws: two of the same seed are equal."""
    assert names.name(drawing(seed)) == names.name(drawing(seed))


@given(NUMBERS)
def test_a_name_has_no_form_of_an_address_or_number(seed):
    """No digit, no @, no dot, no blank, no sign: neither word reads as a mail address or a phone number."""
    for word in names.name(drawing(seed)):
        assert re.fullmatch(r"[A-Z][a-z]{5,24}", word)


def test_a_real_name_is_drawn_anew(monkeypatch):
    """Where the syllables make a common name, the next draws are taken, without a trace of the first."""
    first = [0] * 6
    given, family = names.name(replaying([*first, *[1] * 9]))
    assert given == "Vrovro"
    monkeypatch.setattr(names, "REAL", frozenset({"vrovro"}))
    again, other = names.name(replaying([*first, *[2] * 6, *[1] * 9]))
    assert again == names.name(replaying([*[2] * 6, *[1] * 9]))[0] != given
    assert other == family


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("anna", True),
        ("ANNA", True),
        ("Vrannako", True),  # holds a name of four letters
        ("kim", True),
        ("Zlkimo", False),  # three letters within others are no name
        ("Vrouzlae", False),
        ("", False),
    ],
)
def test_what_resembles_a_name(word, told):
    """A common name itself, whatever its case, or a word that holds one of four letters or more."""
    assert names.resembles(word) is told


def test_the_common_names_are_small_words_of_several_languages():
    """The list that names are held against is not thinner than it says."""
    assert len(names.REAL) > 200
    assert all(re.fullmatch(r"[a-z]{3,}|leo", one) for one in names.REAL)
    assert {"mohammed", "nguyen", "garcia", "smith", "ivanov", "suzuki", "sharma"} <= names.REAL
