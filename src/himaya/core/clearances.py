"""Clearances in the engine: a solved challenge is a purse of people, for a while, no more."""

from __future__ import annotations

from collections import OrderedDict

from himaya.core.actor import Actor
from himaya.core.clearance import binding_of
from himaya.core.exchange import Request
from himaya.core.policy import Bounds, ChallengePolicy, Policy
from himaya.core.window import UNIT


class Purse:
    """Units left to spend, until when, and what it is bound to (`binding_of` the actor who bought it)."""

    __slots__ = ("binding", "left", "until")

    def __init__(self, binding: str, left: int, until: float) -> None:
        """Fill a purse with `left` units until `until` (epoch seconds)."""
        self.binding = binding
        self.left = left
        self.until = until


_NO_BOUND = 1 << 60


def group_purchases(policy: Policy) -> int:
    """Return how many solved challenges all members of a group may turn into people a day.

    Together they buy no more than their day's budget once again: whoever has three hundred accounts would otherwise
    buy three hundred times what one person may. Without a group budget a group holds nobody back, here neither.
    """
    budget, most = policy.budgets.group, policy.challenge.per_day
    if budget is None:
        return _NO_BOUND
    if budget.day is None:
        return most
    return min(most, max(1, int(budget.day // max(1, policy.challenge.people))))


class Clearances:
    """All purses and how many each actor bought today; both bounded, the oldest leaves first."""

    def __init__(self, policy: ChallengePolicy, bounds: Bounds) -> None:
        """Take what a challenge buys and how much may be held."""
        self.policy = policy
        #: What all members of a group may buy in a day together.
        self.group_per_day = policy.per_day
        self.most = bounds.clearances
        #: Purses forgotten because too many were held.
        self.evicted = 0
        self.purses: OrderedDict[str, Purse] = OrderedDict()
        self._bought: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._latest: OrderedDict[str, str] = OrderedDict()

    def buy(self, clearance: str, actor: Actor, now: float, group: str = "") -> bool:
        """Open a purse for a solved challenge; False when known already or today's number is used.

        `group` is the group the actor belongs to: its members share a number of their own.
        """
        name, binding = actor.name, binding_of(actor)
        if clearance in self.purses or not self.may_buy(name, now, group):
            return False
        self.recall(name, now, group)
        left = self.policy.people * UNIT + self._leftover(name, binding, now)
        self.purses[clearance] = Purse(binding, left, now + self.policy.valid_s)
        self._latest[name] = clearance
        self._latest.move_to_end(name)
        self.evicted += max(0, len(self.purses) - self.most)
        for table in (self.purses, self._latest):
            while len(table) > self.most:
                table.popitem(last=False)
        return True

    def _leftover(self, name: str, binding: str, now: float) -> int:
        """Empty the actor's last purse: solving again adds up, so that any answer can be paid for."""
        purse = self._valid(self._latest.get(name, ""), binding, now)
        if purse is None:
            return 0
        left, purse.left = purse.left, 0
        return left

    def recall(self, name: str, now: float, group: str = "") -> None:
        """Count a purchase of before a restart; what was left of it is gone, today's number is not."""
        self._count_one(name, now)
        if group:
            self._count_one(f"group:{group}", now)

    def _count_one(self, name: str, now: float) -> None:
        day = int(now // 86400)
        self._bought[name] = (day, self._count(name, day) + 1)
        self._bought.move_to_end(name)
        while len(self._bought) > self.most:
            self._bought.popitem(last=False)

    def may_buy(self, name: str, now: float, group: str = "") -> bool:
        """Tell whether the actor, and the group it belongs to, may still buy today (UTC)."""
        day = int(now // 86400)
        if group and self._count(f"group:{group}", day) >= self.group_per_day:
            return False
        return self._count(name, day) < self.policy.per_day

    def _count(self, name: str, day: int) -> int:
        on, count = self._bought.get(name, (day, 0))
        return count if on == day else 0

    def purse(self, request: Request, now: float) -> Purse | None:
        """Return the purse of a request's clearance that still counts, or None; it is spent by its buyer alone."""
        if not request.clearance:
            return None
        return self._valid(request.clearance, binding_of(request.actor), now)

    def _valid(self, clearance: str, binding: str, now: float) -> Purse | None:
        purse = self.purses.get(clearance)
        if purse is None or purse.until <= now or purse.left <= 0 or purse.binding != binding:
            return None
        return purse
