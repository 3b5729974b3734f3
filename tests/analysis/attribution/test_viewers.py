"""How many actors saw a person, roughly: near enough to sort people, and everybody is sorted."""

from __future__ import annotations

import random

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.analysis.attribution.viewers import estimates, word

SURROGATE = st.integers(1, 2**63 - 1)


def seen(actors):
    """Return the word of these actors, as the engine counts it."""
    rows = ibis.memtable(pa.table({"actor": pa.array(actors, pa.int64())}))
    return ibis.duckdb.connect().to_pyarrow(rows.aggregate(seen=word(rows.actor))).column("seen")


@given(st.lists(SURROGATE, min_size=1, max_size=6))
def test_seeing_somebody_again_does_not_count(actors):
    """Rows of the same actors give the same word, in whatever order and how often they come."""
    one = np.bitwise_or.reduce([np.int64(1) << np.int64(actor % 62) for actor in actors])
    other = np.bitwise_or.reduce([np.int64(1) << np.int64(a % 62) for a in [*actors, *actors]])
    assert estimates(np.array([one]))[0] == estimates(np.array([other]))[0] >= 1


@pytest.mark.parametrize("actors", [1, 3, 10, 30, 100])
def test_the_estimate_is_near(actors):
    """Of many draws the mean estimate is within a tenth of the number of actors, or half an actor."""
    draw = random.Random(actors)
    rows = [[draw.randrange(1, 2**63) for _ in range(actors)] for _ in range(200)]
    words = np.array([np.bitwise_or.reduce([1 << (a % 62) for a in row]) for row in rows])
    found = estimates(words)
    known = found[found > 0]
    assert len(known) > 150
    assert abs(known.mean() - actors) < max(0.5, actors / 10)


def test_a_full_word_says_nothing():
    """Who was seen by many actors has the estimate 0 and is counted another way."""
    draw = random.Random(7)
    words = seen([draw.randrange(1, 2**63) for _ in range(2000)]).to_numpy()
    assert estimates(words).tolist() == [0]
    assert estimates(seen([5, 5, 5]).to_numpy()).tolist() == [1]
