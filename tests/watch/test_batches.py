"""Entries come in the order of the logs' clocks, whatever order files and lines are in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from himaya.watch.batches import LATE_S, MAX_PILES, Batch, Piles, Stream, in_order
from himaya.watch.entry import Entry


def entries(times, account=""):
    return [
        Entry(float(at), "192.0.2.1", account, "GET", "/", 200, line=n)
        for n, at in enumerate(sorted(times), 1)
    ]


def batches(*chunks, account=""):
    return [Batch(entries(times, account)) for times in chunks if times]


def fed(*logs):
    streams = [Stream(iter(log), log[0].first if log else float("inf")) for log in logs]
    return [entry for batch in in_order(streams) for entry in batch.entries()]


SORTED = st.lists(st.integers(0, 300), max_size=40).map(sorted)


@given(st.lists(SORTED, max_size=4), st.integers(1, 7))
def test_logs_that_overlap_are_merged_by_time(logs, size):
    """Sorted logs of several servers come out as one sorted log, with every entry once."""
    made = [
        batches(*(log[n : n + size] for n in range(0, len(log), size)), account=str(number))
        for number, log in enumerate(logs)
    ]
    out = fed(*made)
    assert [e.at for e in out] == sorted(float(at) for log in logs for at in log)
    for number, log in enumerate(logs):
        assert [e.at for e in out if e.account == str(number)] == [float(at) for at in log]


def test_files_in_any_order():
    """Rotated files given newest first are read oldest first."""
    assert [e.at for e in fed(batches([50, 60]), batches([10, 20]), batches([30, 40]))] == [
        10, 20, 30, 40, 50, 60,
    ]  # fmt: skip


def piles_of(*chunks):
    late = []
    piles = Piles(late.append)
    out = [
        (number, anew, [e.at for e in part.entries()])
        for batch in batches(*chunks)
        for number, anew, part in piles.pile(batch)
    ]
    return out, piles.late, late


def test_small_disorder_stays_on_one_pile():
    """Lines a few minutes behind others are ordinary: servers write when a request ends."""
    out, late, _ = piles_of([1000, 1100], [1050, 1200], [900, 1300])
    assert {number for number, _, _ in out} == {0}
    assert late == 0


def test_what_is_far_behind_is_judged_by_itself():
    """A log that was put behind a newer one gets a clock of its own, and is told of once."""
    out, late, first = piles_of([10_000, 10_100], [100, 200], [300, 10_200])
    assert out == [
        (0, False, [10_000, 10_100]), (1, False, [100, 200]),
        (0, False, [10_200]), (1, False, [300]),
    ]  # fmt: skip
    assert late == 3
    assert [e.at for e in first] == [100, 300]


@given(st.lists(st.lists(st.integers(0, 100_000), min_size=1, max_size=5), max_size=30))
def test_piles_never_go_back_far_and_lose_nothing(chunks):
    """On every pile times rise but for the allowed slack, until the last pile begins anew."""
    out, _, _ = piles_of(*chunks)
    assert sorted(at for _, _, part in out for at in part) == sorted(at for c in chunks for at in c)
    newest = {}
    for number, anew, part in out:
        assert number < MAX_PILES
        if anew:
            newest.pop(number, None)
            continue
        for at in part:
            assert at >= newest.get(number, 0) - LATE_S
            newest[number] = max(at, newest.get(number, 0))
