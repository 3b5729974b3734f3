"""Figures: what an engine holds and how often a table was full, by one set of names."""

from __future__ import annotations

from tests.core.flood import START, Flood, site

from himaya.core.policy import Bounds

SMALL = Bounds(principals=200, people=200, open_requests=50, clearances=50, standing=50, assets=50)


def test_every_table_that_can_be_full_says_how_often_it_was() -> None:
    """After a flood each eviction has its table in the figures, every one was full, and none holds more than it may."""
    engine, _ = site(SMALL, "shadow")
    Flood(engine, START, 0.1).send(3000)
    held, gone = engine.stats(), engine.evictions()
    assert set(gone) <= set(held)
    assert all(gone.values())
    assert held["clearances"] <= 50
    assert held["assets"] <= 50
    assert held["standing"] <= 50


def test_a_new_engine_holds_nothing_and_gave_nothing_up() -> None:
    """All evictions are 0 before anybody asked."""
    engine, _ = site(Bounds(), "shadow")
    assert set(engine.evictions().values()) == {0}
