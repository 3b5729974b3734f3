"""Lapses: what workers may have spent of leases that a new gate did not know of."""

from __future__ import annotations

from himaya.analysis.bound.lapses import Lapses
from himaya.ledger.state import Lapse

AT = "2026-03-02T09:00:00+00:00"
SECOND = 1_772_442_000.0


def test_without_restarts_nothing_is_added() -> None:
    """A ledger of one gate adds no term."""
    assert Lapses().units(0.0, SECOND * 2) == 0


def test_each_worker_may_have_spent_its_lease_after_each_restart() -> None:
    """Two restarts, three workers and two workers, five people each: 25 people of weight 1 in the window with both."""
    lapses = Lapses([Lapse(AT, 3, 5), Lapse("2026-03-02T10:00:00+00:00", 2, 5)])
    assert lapses.units(SECOND, SECOND + 3600) == 2500
    assert lapses.units(SECOND, SECOND + 60) == 1500


def test_a_restart_counts_ten_minutes_to_both_sides() -> None:
    """Rows of a lease may be a little older or younger than the restart; farther away it adds nothing."""
    lapses = Lapses([Lapse(AT, 1, 1)])
    assert lapses.units(SECOND + 600, SECOND + 900) == 100
    assert lapses.units(SECOND - 900, SECOND - 600) == 100
    assert lapses.units(SECOND + 601, SECOND + 900) == 0
