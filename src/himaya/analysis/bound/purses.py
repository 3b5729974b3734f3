"""What solved challenges bought, to whom it is bound, and until when it can have been spent.

The ledger says when people were bought, not when the purchase was spent. A purse lives `valid_s`, and what is left
of it goes into the next one; so purchases that follow each other within that time are one purse here, which may have
been spent whole until the last of them ran out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from himaya.core.actor import Actor
from himaya.core.clearance import binding_of
from himaya.core.policy import ChallengePolicy
from himaya.core.window import UNIT
from himaya.ledger.rows import Row
from himaya.ledger.schema import DAY_S

#: A purse that paid for a request in flight may pay again for its answer, this long after.
FLIGHT_S = 300.0


class _Purse:
    """Units bought, and the last moment at which they can have been spent."""

    __slots__ = ("units", "until")

    def __init__(self, until: float, units: int) -> None:
        self.until, self.units = until, units


class Purses:
    """All purses by what they are bound to; `units` is everything bought."""

    def __init__(self) -> None:
        """Start with nothing bought."""
        self.units = 0
        self._of: dict[str, list[_Purse]] = {}
        self._sold: Counter[str] = Counter()
        self._day = 0

    def buy(self, row: Row, policies: Iterable[ChallengePolicy]) -> int:
        """Take a purchase; return how many people it may have bought: none past the actor's daily number.

        `policies` are those that may have been in force. Rows come earliest first.
        """
        rules = tuple(policies)
        day, name = int(row.at // DAY_S), row.actor.name
        if day != self._day:
            self._day, self._sold = day, Counter()
        self._sold[name] += 1
        if self._sold[name] > max(rule.per_day for rule in rules):
            return 0
        people = max(rule.people for rule in rules)
        valid_s = max(rule.valid_s for rule in rules)
        self._fill(binding_of(row.actor), row.at, min(row.count, people) * UNIT, valid_s)
        return people

    def _fill(self, binding: str, at: float, units: int, valid_s: int) -> None:
        self.units += units
        purses = self._of.setdefault(binding, [])
        until = at + valid_s + FLIGHT_S
        if purses and purses[-1].until >= at:
            purses[-1].units += units
            purses[-1].until = max(until, purses[-1].until)
        else:
            purses.append(_Purse(until, units))

    def bindings(self, actor: Actor) -> list[str]:
        """Return the purses that an actor may spend, of those that were ever filled."""
        if not self._of:
            return []
        names = [binding_of(actor)]
        if actor.account and actor.session:
            # The account may have become known only after the purse of its session had paid.
            names.append(f"session:{actor.session}")
        return [name for name in names if name in self._of]

    def worth(self, bindings: Iterable[str], since: float) -> int:
        """Return the units of these purses that can have been spent at `since` or later."""
        return sum(
            purse.units
            for name in bindings
            for purse in self._of.get(name, ())
            if purse.until >= since
        )
