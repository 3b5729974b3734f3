"""A day at a time, and what reaches over midnight."""

from __future__ import annotations

import gzip
import json

from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.making import DAY, NOON, disclosed
from tests.watch.reconcile.making import view
from tests.watch.reconcile.reference import most

from himaya.watch.reconcile.asked import Line
from himaya.watch.reconcile.days import Days
from himaya.watch.reconcile.units import Unit


def test_days_follow_each_other(case):
    """Days are compared one by one, packed logs and several of them in any order, empty days included."""
    times = [NOON + 43_195 + step for step in range(10)] + [NOON + 2 * DAY]
    case.write(
        *(disclosed(at, "u1", f"p{n}") for n, at in enumerate(times)),
        disclosed(NOON + 1.5 * DAY, "u1", "z"),
    )
    lines = [view(at, f"/u/p{n}") for n, at in enumerate(times)]
    old, new = case.path / "a.log.1.gz", case.path / "a.log"
    old.write_bytes(gzip.compress("".join(lines[:6]).encode()))
    new.write_text("".join(lines[6:]))
    said = json.loads(case.run("--json", "--pending-s", "0", logs=(new, old)))
    assert said["sums"]["matched"] == 11
    assert said["sums"]["only_in_ledger"] == 1


SECONDS = 86_400.0


def _line(at: float) -> Line:
    return Line(at, "a.log", 1, "profile", "anna", 7, "account", 3, 5, "account:u1")


class _Kept:
    """Stands for the ledger: one actor's rows of one person, with how far a line may be."""

    def __init__(self, rows):
        self.rows, self.read = rows, 0

    def between(self, start, end):
        found = [(at, slack) for at, slack in self.rows if start <= at < end]
        self.read += len(found)
        return [
            Unit(at, at - slack, at + slack, "profile", 7, 3, 0, 5, "proxy") for at, slack in found
        ]


def test_a_long_log_is_not_held():
    """A day is decided ten minutes into the next one: no more lines than that are in memory."""
    read: list[float] = []

    def lines():
        for hour in range(24 * 5):
            read.append(hour * 3600.0)
            yield _line(hour * 3600.0)

    for day in Days(_Kept([]), 2.0, 7.0, frozenset()).of(lines()):
        if day.lines:
            assert read[-1] <= day.lines[-1].at + 2 * 3600


def test_lines_out_of_order_at_midnight_are_kept():
    """A line written minutes late, after the first one of the next day, is compared like any other."""
    lines = [_line(SECONDS + 5), _line(SECONDS - 2), _line(4 * SECONDS)]
    days = list(Days(_Kept([(SECONDS - 2, 2.0)]), 2.0, 7.0, frozenset()).of(lines))
    assert [line.at for day in days for line in day.lines] == [
        SECONDS - 2,
        SECONDS + 5,
        4 * SECONDS,
    ]
    assert sum(day.exact for day in days) == 1


_near_midnight = st.integers(-20, 20).map(lambda s: 20 * SECONDS + s)


_times = st.one_of(_near_midnight, _near_midnight.map(lambda at: at + SECONDS))


@given(
    st.lists(_times, min_size=1, max_size=8).map(sorted),
    st.lists(st.tuples(_times, st.sampled_from([2.0, 9.0])), max_size=8),
)
def test_days_one_by_one_are_as_good_as_all_at_once(lines, rows):
    """Reading a day at a time loses no pair at midnight, reads no row twice, and accounts for every row once."""
    kept = _Kept(rows)
    days = list(Days(kept, 2.0, 7.0, frozenset()).of(map(_line, lines)))
    assert sum(day.exact for day in days) == most(
        lines, [(at - slack, at + slack) for at, slack in rows]
    )
    assert [line.at for day in days for line in day.lines] == lines
    within = [at for at, _ in rows if lines[0] - 2 <= at <= lines[-1] + 2]
    gone = [unit.at for day in days for unit in day.gone]
    matched = sum(day.exact for day in days)
    assert kept.read <= len(rows)
    assert len(gone) <= len(within) <= len(gone) + matched
