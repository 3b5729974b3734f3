from __future__ import annotations

import random
from math import comb, exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.errors import InputError
from himaya.marks import Marks, score
from himaya.marks.marks import bit
from himaya.marks.score import log_tail

KEY = b"k" * 32
CITY = ("Oslo", "Oslo, Norway")


def test_a_viewer_is_always_shown_the_same():
    """The choice depends on key, viewer, person and field, and on nothing else; about half are shown either."""
    marks = Marks(KEY, {"city": "location", "headline": "employment"})
    shown = [marks.choose(f"u{n}", "17", "city", CITY) for n in range(400)]
    assert shown == [
        Marks(KEY, {"city": "location"}).choose(f"u{n}", "17", "city", CITY) for n in range(400)
    ]
    assert 150 < shown.count(CITY[0]) < 250
    assert shown != [
        Marks(b"x" * 32, {"city": "location"}).choose(f"u{n}", "17", "city", CITY)
        for n in range(400)
    ]


def test_who_has_a_right_to_it_sees_the_first_rendering():
    """A person's own page, requests for data, grants and accessibility tools have no mark."""
    marks = Marks(KEY, {"city": "location"})
    for person in range(50):
        assert marks.choose(f"{person}", f"{person}", "city", CITY) == CITY[0]
        assert marks.choose("u1", f"{person}", "city", CITY, canonical=True) == CITY[0]


@pytest.mark.parametrize(
    ("field", "category"),
    [("city", "name"), ("city", "health"), ("displayName", "description"), ("birth_date", "description"),
     ("firstname", "description"), ("dob", "description"), ("birthplace", "location"), ("workemail", "employment"),
     ("email", "interest"), ("facePhoto", "description"), ("phone2", "location"), ("city", "user.contact")],
)  # fmt: skip
def test_what_must_be_exact_carries_no_mark(field, category):
    """Names, contact, health, dates and faces are refused, by category and by the words of the field's name."""
    with pytest.raises(InputError, match=field):
        Marks(KEY, {field: category})


def test_an_undeclared_field_and_a_short_key_are_refused():
    """A field whose category nobody declared carries no mark, and a key must not be guessable."""
    with pytest.raises(InputError, match="declare it"):
        Marks(KEY, {}).choose("u1", "17", "city", CITY)
    with pytest.raises(InputError, match="bytes"):
        Marks(b"short", {"city": "location"})


@given(st.integers(0, 40), st.integers(0, 41))
def test_the_tail_is_exact(draws, hits):
    """The probability is what adding up the terms gives."""
    exact = sum(comb(draws, n) for n in range(hits, draws + 1)) / 2**draws
    assert abs(exp(log_tail(draws, hits)) - exact) < 1e-9


def test_a_taker_stands_out_of_a_merged_and_damaged_file():
    """With a fifth of the marks destroyed and half the people from another source, the taker still stands out."""
    seed = random.Random(1)
    seen = [
        (f"p{n}", "city", bit(KEY, "taker" if n % 2 else "other", f"p{n}", "city"))
        for n in range(1000)
    ]
    seen = [(p, f, seed.randrange(2) if seed.random() < 0.2 else b) for p, f, b in seen]
    assert score(KEY, "taker", seen).log_p < -50
    assert max(-score(KEY, f"stranger{n}", seen).log_p for n in range(200)) < 14
