"""Clearances in the engine: a solved challenge is a purse of people, for a while, no more."""

from __future__ import annotations

from collections import OrderedDict

from himaya.core.policy import Bounds, ChallengePolicy
from himaya.core.window import UNIT


class Purse:
    """Units left to spend, until when, and for which actor (name)."""

    __slots__ = ("actor", "left", "until")

    def __init__(self, actor: str, left: int, until: float) -> None:
        """Fill a purse with `left` units until `until` (epoch seconds)."""
        self.actor = actor
        self.left = left
        self.until = until


class Clearances:
    """All purses and how many each actor bought today; both bounded, the oldest leaves first."""

    def __init__(self, policy: ChallengePolicy, bounds: Bounds) -> None:
        """Take what a challenge buys and how much may be held."""
        self.policy = policy
        self._max = bounds.clearances
        self.purses: OrderedDict[str, Purse] = OrderedDict()
        self._bought: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._latest: OrderedDict[str, str] = OrderedDict()

    def buy(self, clearance: str, actor: str, now: float) -> bool:
        """Open a purse for a solved challenge; False when known already or today's number is used."""
        day = int(now // 86400)
        if clearance in self.purses or not self.may_buy(actor, now):
            return False
        count = self._count(actor, day)
        self._bought[actor] = (day, count + 1)
        self._bought.move_to_end(actor)
        left = self.policy.people * UNIT + self._leftover(actor, now)
        self.purses[clearance] = Purse(actor, left, now + self.policy.valid_s)
        self._latest[actor] = clearance
        self._latest.move_to_end(actor)
        for table in (self.purses, self._bought, self._latest):
            if len(table) > self._max:
                table.popitem(last=False)
        return True

    def _leftover(self, actor: str, now: float) -> int:
        """Empty the actor's last purse: solving again adds up, so that any answer can be paid for."""
        purse = self.purse(self._latest.get(actor, ""), now)
        if purse is None or purse.actor != actor:
            return 0
        left, purse.left = purse.left, 0
        return left

    def recall(self, actor: str, now: float) -> None:
        """Count a purchase of before a restart; what was left of it is gone, today's number is not."""
        day = int(now // 86400)
        self._bought[actor] = (day, self._count(actor, day) + 1)
        self._bought.move_to_end(actor)
        if len(self._bought) > self._max:
            self._bought.popitem(last=False)

    def may_buy(self, actor: str, now: float) -> bool:
        """Tell whether the actor may still buy today (UTC)."""
        return self._count(actor, int(now // 86400)) < self.policy.per_day

    def _count(self, actor: str, day: int) -> int:
        on, count = self._bought.get(actor, (day, 0))
        return count if on == day else 0

    def purse(self, clearance: str, now: float) -> Purse | None:
        """Return the purse of a clearance that still counts, or None."""
        if not clearance:
            return None
        purse = self.purses.get(clearance)
        if purse is None or purse.until <= now or purse.left <= 0:
            return None
        return purse
