"""What is missing of what the engine knew: purchases in time that is no longer readable, and rows under other numbers.

A purse pays only for what no budget does. So what was paid with a missing one shows as an excess while it can have
been spent, and all that is over later because of it is no more than that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from himaya.analysis.bound.purses import FLIGHT_S
from himaya.core.budget import Principal
from himaya.ledger.rows import Row


class Over(Protocol):
    """A window of a principal that holds `over` units too many."""

    @property
    def principal(self) -> Principal: ...

    @property
    def over(self) -> int: ...


class Missing:
    """What may have been paid for, by principal. Rows come earliest first."""

    def __init__(
        self, until: float = 0.0, valid_s: float = 0.0, numbers: Collection[int] = ()
    ) -> None:
        """Rows before `until` (epoch seconds) are gone, purchases live `valid_s`, `numbers` were given up in part."""
        self._spendable = until + valid_s + FLIGHT_S if until else 0.0
        self._paid: dict[Principal, int] = {}
        self._of: dict[str, int] = {}
        self._numbers = frozenset(numbers)
        #: The same as windows name people.
        self.subjects = frozenset(map(str, self._numbers))

    def paid(self, row: Row, principals: Iterable[Principal], excess: Iterable[Over]) -> bool:
        """Tell whether a purchase that is missing can have paid for all that is too much."""
        found = list(excess)
        if row.at < self._spendable:
            self._note(row.actor.name, principals, max(one.over for one in found))
        return all(one.over <= self._paid.get(one.principal, 0) for one in found)

    def _note(self, actor: str, principals: Iterable[Principal], over: int) -> None:
        """Suppose that a viewer paid for what is over, out of every window it is counted in."""
        more = over - self._of.get(actor, 0)
        if more > 0:
            self._of[actor] = over
            for principal in principals:
                self._paid[principal] = self._paid.get(principal, 0) + more

    def is_split(self, row: Row) -> bool:
        """Tell whether other rows of a row's viewer stand under other numbers."""
        return row.actor_id in self._numbers
