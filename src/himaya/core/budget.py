"""Budgets by principal: which principals a request has, and the limits of each, in units."""

from __future__ import annotations

from typing import NamedTuple

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
    "asn": "n",
    "fingerprint": "f",
    "batch": "b",
    "surface": "u",
    "visitor": "v",
    "visitor_prefix": "w",
    "assetless": "c",
}

#: Kinds of principals shared by people who do not know each other: a share is kept for accounts with a history.
SHARED = frozenset({"address", "prefix", "asn", "fingerprint", "batch", "surface", "assetless"})
#: Kinds that are everybody of a class or of a page: no price rises there, or all of them would be refused sooner.
WHOLE = frozenset({"anonymous", "new_account", "surface", "assetless"})
#: Shared kinds and the two classes: when one of these is used up, people are refused for what others did.
COMMON = SHARED | {"anonymous", "new_account", "visitor_prefix"}


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
        "asn",
        "assetless",
        "batch",
        "fingerprint",
        "group",
        "key",
        "new_account",
        "prefix",
        "session",
        "visitor",
        "visitor_prefix",
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
        self.asn = limits_of(budgets.asn)
        self.fingerprint = limits_of(budgets.fingerprint)
        self.batch = limits_of(budgets.batch)
        self.visitor = limits_of(budgets.visitor)
        self.visitor_prefix = limits_of(budgets.visitor_prefix)
        self.assetless = limits_of(budgets.assetless)


class Known(NamedTuple):
    """What is known of whoever asks: budget tier, whether the account is new, has a history, and its sign-up batch."""

    tier: str = ""
    new: bool = False
    trusted: bool = False
    batch: str = ""


class Principals:
    """Finds the principals of an actor under a policy."""

    def __init__(self, policy: Policy, groups: Groups | None = None) -> None:
        """Precompute the limits of every tier; `groups` says who belongs together."""
        self._groups = groups or Groups(1)
        self._default = TierLimits(policy.budgets)
        self._tiers = {name: TierLimits(budgets) for name, budgets in policy.tiers.items()}
        self._surfaces = {name: limits_of(b) for name, b in policy.surface_budgets.items()}
        self._open = 1.0 - policy.reserve.share
        self._cache: dict[tuple[Actor, Known], list[Principal]] = {}

    def of(
        self,
        actor: Actor,
        tier: str = "",
        *,
        new: bool = False,
        known: Known | None = None,
        surface: str = "",
    ) -> list[Principal]:
        """Return the principals of an actor on a surface; the first is the one reports name it by.

        That first principal is always present, with or without a budget; the others only when the tier has
        a budget for their kind. `known` says more than `tier` and `new`.
        """
        known = known or Known(tier, new)
        key = (actor, known)
        found = self._cache.get(key)
        if found is None:
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            found = self._cache[key] = self._shares(self._find(actor, known), known)
        limits = self._surfaces.get(surface) if self._surfaces else None
        if limits is None:
            return found
        whole: Principal = ("surface", "u" + surface, limits)
        return [*found, *self._shares([whole], known)]

    def with_group(
        self, found: list[Principal], actor: Actor, known: Known, now: float
    ) -> list[Principal]:
        """Return principals with the group the actor belongs to at `now`, if any."""
        if not self._groups.members:
            return found
        return self.in_group(found, known, self._groups.of(actor, now, new=known.new))

    def in_group(self, found: list[Principal], known: Known, group: str) -> list[Principal]:
        """Return principals with a group ("": none)."""
        limits = self._tiered(known.tier).group
        return [*found, ("group", "g" + group, limits)] if group and limits else found

    def with_assetless(self, found: list[Principal], actor: Actor, known: Known) -> list[Principal]:
        """Return principals with the one of all who ask for no assets.

        A tier without a budget for it, or with one that has no limit, spends nothing of what the others have.
        """
        limits = self._tiered(_tier(actor, known)).assetless
        if limits is None or limits == NO_LIMIT:
            return found
        whole: Principal = ("assetless", "cassetless", limits)
        return [*found, *self._shares([whole], known)]

    def _tiered(self, tier: str) -> TierLimits:
        return self._tiers.get(tier, self._default) if self._tiers else self._default

    def _find(self, actor: Actor, known: Known) -> list[Principal]:
        tiered = self._tiered(_tier(actor, known))
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
        found.extend(_linked(actor, known, tiered))
        if not actor.account and not actor.key:
            found.extend(_strange(actor, tiered))
        elif known.new and tiered.new_account:
            found.append(("new_account", "cnew_account", tiered.new_account))
        return found

    def _shares(self, found: list[Principal], known: Known) -> list[Principal]:
        """Keep a share of what many use for those with a history."""
        if known.trusted or self._open >= 1.0:
            return found
        return [
            (kind, key, self._part(limits) if kind in SHARED else limits)
            for kind, key, limits in found
        ]

    def _part(self, limits: Triple) -> Triple:
        hour, day, month = (
            units if units >= UNLIMITED else int(units * self._open) for units in limits
        )
        return hour, day, month


def _strange(actor: Actor, tiered: TierLimits) -> list[Principal]:
    """Return the principals of whoever has neither account nor key: at an address, in a network, all of them."""
    found: list[Principal] = []
    if tiered.visitor and actor.address:
        found.append(("visitor", "v" + actor.address, tiered.visitor))
    if tiered.visitor_prefix and actor.address:
        found.append(("visitor_prefix", "w" + prefix_of(actor.address), tiered.visitor_prefix))
    if tiered.anonymous:
        found.append(("anonymous", "canonymous", tiered.anonymous))
    return found


def _tier(actor: Actor, known: Known) -> str:
    """Return the tier whose budgets hold: what the site told, else `new` or `anonymous` where they apply."""
    if known.tier:
        return known.tier
    if known.new:
        return "new"
    return "" if actor.account or actor.key else "anonymous"


def _linked(actor: Actor, known: Known, tiered: TierLimits) -> list[Principal]:
    """Return the principals that tie accounts together: provider and tier, browser class and age, sign-up batch."""
    found: list[Principal] = []
    if tiered.asn and actor.asn:
        found.append(("asn", f"n{actor.asn}:{known.tier or actor.access}", tiered.asn))
    if tiered.fingerprint and actor.fingerprint:
        age = "new" if known.new else "old" if actor.account else "none"
        found.append(("fingerprint", f"f{actor.fingerprint}:{age}", tiered.fingerprint))
    if tiered.batch and known.batch:
        found.append(("batch", "b" + known.batch, tiered.batch))
    return found
