"""Informed operations: they have read the configuration, and stay at 90 % of every budget that covers them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from himaya.bench.asks import Reply
from himaya.bench.attackers.hand import Caps, Hand
from himaya.core.budget import Known, Principal, Principals
from himaya.core.facts import AccountFact
from himaya.core.policy import Policy

#: The share of a budget that is used, and the principals that an address brings along.
SHARE = 0.9
_HERE = frozenset({"address", "prefix", "asn", "visitor", "visitor_prefix"})
_FREE: Caps = (float("inf"),) * 3


def weighing(policy: Policy | None) -> Callable[[Reply], float]:
    """Return what a reply weighs in budgets; without a policy every person, and every miss, weighs one.

    Minors are not known to whoever asks, so an informed operation takes everybody for the heaviest there is.
    """
    if policy is None:
        return lambda reply: float(len(reply.people) or reply.status == 404)
    weights, heaviest = policy.sensitivity, max(1.0, *policy.protected.values())

    def weigh(reply: Reply) -> float:
        people = [
            max((weights.get(f, 1.0) for f in p.fields or ()), default=1.0) for p in reply.people
        ]
        return heaviest * (sum(people) or float(reply.status == 404))

    return weigh


def inform(
    hands: Sequence[Hand], policy: Policy, facts: Mapping[str, AccountFact], start: float
) -> None:
    """Give each hand its part of 90 % of every budget that covers it: shared ones are divided by the own hands."""
    principals, found, users = Principals(policy), list[list[Principal]](), Counter[str]()
    for hand in hands:
        mine = _principals(principals, policy, hand, facts.get(hand.actor.account), start)
        found.append(mine)
        users.update({key for _, key, _ in mine})
    for hand, mine in zip(hands, found, strict=True):
        hand.caps_here = _least([p for p in mine if p[0] in _HERE], users)
        hand.caps = _least([p for p in mine if p[0] not in _HERE], users)


def _principals(
    principals: Principals, policy: Policy, hand: Hand, fact: AccountFact | None, start: float
) -> list[Principal]:
    """Return the principals of a hand on every surface that has a budget of its own, each once."""
    age = None if fact is None or fact.created is None else start - fact.created
    known = Known(
        tier=fact.tier if fact else hand.actor.tier,
        new=age is not None and age < policy.new_account_s,
        trusted=age is not None and age >= policy.reserve.history_s,
        batch=fact.batch if fact else "",
    )
    every: dict[str, Principal] = {}
    for surface in ("", *policy.surface_budgets):
        for each in principals.of(hand.actor, known=known, surface=surface):
            every[each[1]] = each
    return list(every.values())


def _least(mine: Sequence[Principal], users: Counter[str]) -> Caps:
    limits = [[SHARE * units / 100 / users[key] for units in triple] for _, key, triple in mine]
    hour, day, month = (
        (min(column) for column in zip(*limits, _FREE, strict=True)) if limits else _FREE
    )
    return hour, day, month
