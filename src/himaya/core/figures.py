"""Figures of an engine: how much each of its tables holds, and how often one was full. No identities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from himaya.core.flight import Flight

if TYPE_CHECKING:
    from himaya.core.engine import Engine


def held(engine: Engine, flight: Flight) -> dict[str, int]:
    """Return how much state is held, by kind."""
    accounts, lending = engine.accounts, engine.lending
    return engine.book.held() | {
        "accounts": accounts.tracked(),
        "open": len(flight),
        "standing": len(engine.watchers.standing),
        "grouped": len(engine.groups.members),
        "clearances": len(engine.clearances.purses),
        "leases": len(lending),
        "lessees": lending.workers,
        "assets": len(accounts.assets),
    }


def evictions(engine: Engine, flight: Flight) -> dict[str, int]:
    """Return how often each table was full and something had to give way, by the names of `held`.

    For `principals` it is how often a newcomer had to share a window.
    """
    return {
        "principals": engine.book.overflowed,
        "accounts": engine.accounts.evicted,
        "open": flight.evicted,
        "standing": engine.watchers.evicted,
        "grouped": engine.groups.evicted,
        "clearances": engine.clearances.evicted,
        "assets": engine.accounts.assets.evicted,
    }
