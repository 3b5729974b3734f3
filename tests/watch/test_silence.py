"""A log that goes silent is told and becomes an unobserved period; a gate that is away is told."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from himaya.watch.silence import Away, Silence


class Ear:
    """What was told and noted."""

    def __init__(self, after_s=300.0):
        self.told, self.gaps = [], []
        self.silence = Silence(after_s, self.note, self.told.append)

    def note(self, start, end, why):
        self.gaps.append((start, end))
        self.why = why


def test_a_silence_is_told_once_and_noted_from_the_last_line():
    """After five minutes without a line an alert comes, and the period from the last line to the next is unobserved."""
    ear = Ear()
    ear.silence.heard(1000.0)
    for now in range(1000, 1300):
        ear.silence.look(float(now))
    assert ear.gaps == []
    for now in range(1300, 1400):
        ear.silence.look(float(now))
    ear.silence.heard(1400.0)
    assert ear.gaps[0][0] == 1000.0
    assert ear.gaps[-1][1] == 1400.0
    assert all(a[1] == b[0] for a, b in zip(ear.gaps, ear.gaps[1:], strict=False))
    assert ear.told[0].kind == "silence"
    assert "300 s" in ear.told[0].text


def test_a_log_that_never_had_a_line_is_not_silent():
    """Before the first line nothing can be missing; a bookmark says that lines came before."""
    ear = Ear()
    ear.silence.begin(0.0, told=False)
    ear.silence.look(10_000.0)
    assert ear.gaps == []
    ear.silence.begin(0.0, told=True)
    ear.silence.look(10_000.0)
    assert ear.gaps == [(0.0, 10_000.0)]


def test_zero_never_tells():
    """With silence_s = 0 a quiet log is a quiet log."""
    ear = Ear(0.0)
    ear.silence.heard(0.0)
    ear.silence.look(1e6)
    assert (ear.gaps, ear.told) == ([], [])


@settings(max_examples=30, deadline=None)
@given(
    lines=st.lists(st.integers(0, 3000), max_size=8),
    every=st.integers(5, 40),
    after=st.integers(50, 400),
)
def test_every_long_silence_is_covered_and_no_short_one(lines, every, after):
    """Whenever lines come: pauses of the bound and more are covered whole, shorter ones are in no period."""
    ear, times = Ear(float(after)), sorted({*lines, 0, 4000})
    for now in range(0, 4001, every):
        ear.silence.look(float(now))
        for at in times:
            if now <= at < now + every and at <= 4000:
                ear.silence.heard(float(at))
    pauses = [(a, b) for a, b in pairwise(times) if b - a >= after + 2 * every]
    covered = sum(end - start for start, end in ear.gaps)
    for start, end in pauses:
        inside = [g for g in ear.gaps if start <= g[0] and g[1] <= end]
        assert inside
        assert inside[0][0] == start
        assert inside[-1][1] == end
    longest = sum(b - a for a, b in pairwise(times) if b - a >= after)
    assert covered <= longest


def test_a_gate_that_is_away_is_told_after_ten_seconds():
    """A restart of seconds is no alert; longer is, and again while it lasts."""
    told = []
    away = Away(told.append)
    for now in range(10):
        away.failed(float(now))
    away.answered()
    away.failed(20.0)
    assert told == []
    for now in range(20, 45):
        away.failed(float(now))
    assert [one.kind for one in told] == ["gate", "gate"]
