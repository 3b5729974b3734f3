"""The matcher of times, against one that tries everything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.watch.reconcile.reference import most

from himaya.watch.reconcile.match import assign

_spans = st.tuples(st.integers(0, 30), st.integers(0, 8)).map(
    lambda s: (float(s[0]), float(sum(s)))
)


@given(
    st.lists(st.integers(0, 40).map(float), max_size=9).map(sorted), st.lists(_spans, max_size=9)
)
def test_as_many_pairs_as_there_can_be(points, spans):
    """Every pair fits in time, no span is taken twice, and no other choice makes more pairs."""
    taken = assign(points, spans)
    pairs = [(point, index) for point, index in zip(points, taken, strict=True) if index >= 0]
    assert len({index for _, index in pairs}) == len(pairs)
    assert all(spans[index][0] <= point <= spans[index][1] for point, index in pairs)
    assert len(pairs) == most(points, spans)
