"""What workers may have spent of leases that a new gate did not know of: after each restart, of each principal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from himaya.core.window import UNIT
from himaya.ledger.state import Lapse

#: A lease lives no longer than any ticket, and rows of it may be that much older or younger than the restart.
_AROUND_S = 600.0


class Lapses:
    """The restarts of a ledger after which leases of before may still have been spent."""

    def __init__(self, lapses: Iterable[Lapse] = ()) -> None:
        """Take them, earliest first."""
        self._at = [(datetime.fromisoformat(one.at).timestamp(), one) for one in lapses]

    def within(self, since: float, until: float) -> list[Lapse]:
        """Return those whose leases may count in a window from `since` to `until` (epoch seconds)."""
        return [one for at, one in self._at if since - _AROUND_S <= at <= until + _AROUND_S]

    def units(self, since: float, until: float) -> int:
        """Return the units that one principal may have obtained by such leases in that time."""
        if not self._at:
            return 0
        return sum(one.workers * one.people * UNIT for one in self.within(since, until))
