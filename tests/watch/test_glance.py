"""A first look at lines of JSON finds the same people as reading them in full."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.surface import Surface
from himaya.watch.formats import read_chunk
from himaya.watch.jsonlines import JsonLines
from himaya.watch.keep import KeepSurfaces
from himaya.watch.source import Chunk

KEEP = KeepSurfaces((Surface(id="profile", route="/u/{subject}", fields=("name",)),))
FORM = JsonLines({word: word for word in ("at", "address", "method", "target", "status", "agent")})

TARGETS = st.one_of(
    st.sampled_from(
        ["/u/1", "/page", "//u/2", "/%75/3", "/a/../u/4", "/u", "", "-", "u/5", "/a\\x2fu/6"]
    ),
    st.text(max_size=12),
    st.none(),
    st.integers(),
)
TIMES = st.one_of(
    st.floats(1e9, 2e9).map(lambda at: round(at, 3)),
    st.sampled_from(["2026-03-02T09:15:00+00:00", "17/May/2015:10:05:03 +0000", "never", "", 5, None, 1e300, True]),
)  # fmt: skip
LINE = st.fixed_dictionaries(
    {"at": TIMES, "target": TARGETS, "status": st.sampled_from([200, 404, "-"])},
    optional={"agent": st.text(max_size=5), "address": st.just("203.0.113.9")},
).map(lambda told: msgspec.json.encode(told).decode())
ODD = st.sampled_from(
    ["", "no json", "[1]", "{}", 'x {"at":1772442900.5,"target":"/u/7","status":200}']
)


@given(st.lists(st.one_of(LINE, LINE, LINE, ODD), min_size=1, max_size=30))
def test_a_first_look_finds_what_reading_finds(lines):
    """Entries, their line numbers, counts and times are the same, whatever stands in the lines."""
    chunk = Chunk("\n".join(lines).encode(), 100)
    whole, lean = (read_chunk(FORM, chunk, KEEP, lean=lean) for lean in (False, True))
    for name in ("entries", "lines", "parsed", "malformed", "samples"):
        assert getattr(lean, name) == getattr(whole, name), name
    assert (lean.first, lean.last) == (whole.first, whole.last)
