"""Budgets by principal: which principals a request has, and the limits of each, in units."""

from __future__ import annotations

from himaya.core.actor import Actor, prefix_of
from himaya.core.groups import Groups
from himaya.core.policy import Budget, Budgets, Policy
from himaya.core.window import UNIT, UNLIMITED, Triple

#: One principal of a request: its kind, its key in the engine's table, its limits.
Principal = tuple[str, str, Triple]

NO_LIMIT: Triple = (UNLIMITED, UNLIMITED, UNLIMITED)

#: Actors whose principals are remembered; the table is emptied when full.
_CACHED = 10_000

#: First letter of a principal's key; the rest is the name. Short keys keep a million actors small.
KEY_OF = {
    "account": "a",
    "session": "s",
    "key": "k",
    "address": "i",
    "prefix": "p",
    "anonymous": "c",
    "new_account": "c",
    "group": "g",
}


def limits_of(budget: Budget | None) -> Triple | None:
    """Return a budget as units per hour, day and month; a missing figure is no limit."""
    if budget is None:
        return None
    hour, day, month = (
        UNLIMITED if people is None else round(people * UNIT)
        for people in (budget.hour, budget.day, budget.month)
    )
    return hour, day, month


def key_of(name: str) -> str:
    """Return the table key of a principal's name such as `account:u1` or `address:203.0.113.9`."""
    kind, _, rest = name.partition(":")
    return KEY_OF.get(kind, "?") + rest


class TierLimits:
    """The limits of one tier in units; None where the tier has no budget for a kind."""

    __slots__ = (
        "account",
        "address",
        "anonymous",
        "group",
        "key",
        "new_account",
        "prefix",
        "session",
    )

    def __init__(self, budgets: Budgets) -> None:
        """Translate people into units once."""
        self.account = limits_of(budgets.account)
        self.session = limits_of(budgets.session)
        self.key = limits_of(budgets.key)
        self.address = limits_of(budgets.address)
        self.prefix = limits_of(budgets.prefix)
        self.anonymous = limits_of(budgets.anonymous)
        self.new_account = limits_of(budgets.new_account)
        self.group = limits_of(budgets.group)


class Principals:
    """Finds the principals of an actor under a policy."""

    def __init__(self, policy: Policy, groups: Groups) -> None:
        """Precompute the limits of every tier; `groups` says who belongs together."""
        self._groups = groups
        self._default = TierLimits(policy.budgets)
        self._tiers = {name: TierLimits(budgets) for name, budgets in policy.tiers.items()}
        self._cache: dict[tuple[str, str, str, str, str, bool], list[Principal]] = {}

    def of(self, actor: Actor, tier: str, now: float, *, new: bool) -> list[Principal]:
        """Return the principals of an actor; the first is the one reports name it by.

        That first principal is always present, with or without a budget; the others only when
        the tier has a budget for their kind. `new`: the account is younger than the policy's age.
        """
        key = (actor.account, actor.key, actor.address, actor.session, tier, new)
        found = self._cache.get(key)
        if found is None:
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            found = self._cache[key] = self._find(actor, tier, new=new)
        if self._groups.members:
            group = self._groups.of(actor, now, new=new)
            limits = self._tiered(tier).group
            if group and limits:
                return [*found, ("group", "g" + group, limits)]
        return found

    def _tiered(self, tier: str) -> TierLimits:
        return self._tiers.get(tier, self._default) if self._tiers else self._default

    def _find(self, actor: Actor, tier: str, *, new: bool) -> list[Principal]:
        tiered = self._tiered(tier)
        found: list[Principal] = []
        if actor.account:
            found.append(("account", "a" + actor.account, tiered.account or NO_LIMIT))
        if actor.key and (tiered.key or not found):
            found.append(("key", "k" + actor.key, tiered.key or NO_LIMIT))
        if tiered.address or not found:
            address = actor.address or "unknown"
            found.append(("address", "i" + address, tiered.address or NO_LIMIT))
        if tiered.session and actor.session:
            found.append(("session", "s" + actor.session, tiered.session))
        if tiered.prefix and actor.address:
            found.append(("prefix", "p" + prefix_of(actor.address), tiered.prefix))
        if not actor.account and not actor.key:
            if tiered.anonymous:
                found.append(("anonymous", "canonymous", tiered.anonymous))
        elif new and tiered.new_account:
            found.append(("new_account", "cnew_account", tiered.new_account))
        return found
