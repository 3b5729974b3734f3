"""The limits that a comparison is made under: those of a configuration, or half of each budget."""

from __future__ import annotations

import msgspec

from himaya.core.budget import Known, Principal, Principals
from himaya.core.facts import Facts
from himaya.core.policy import Budget, Budgets, Policy
from himaya.core.weights import Weights
from himaya.ledger.rows import Row


class Limits:
    """The budgets of a policy, as they would hold for a row of the ledger."""

    def __init__(self, policy: Policy) -> None:
        """Take the budgets, tiers, weights of fields and the age of new accounts of a policy."""
        self.hash = policy.hash()
        self._new_s = policy.new_account_s
        self._principals = Principals(policy)
        # Which people are protected or near is no part of a row: everybody counts by the fields alone.
        self._weights = Weights(policy, Facts())

    def units(self, row: Row) -> int:
        """Return the units that the person of a row weighs."""
        return self._weights.of_fields(row.fields)

    def principals(self, row: Row, group: str) -> list[Principal]:
        """Return the principals of a row with their limits, and with the budget of `group` ("": none)."""
        known = Known(row.actor.tier, self._is_new(row), trusted=True, batch=row.batch)
        found = self._principals.of(row.actor, known=known, surface=row.surface)
        return self._principals.in_group(found, known, group)

    def _is_new(self, row: Row) -> bool:
        created = row.actor.account_created
        if not row.actor.account or created is None:
            return False
        return round(row.at - created) < self._new_s  # ages are whole seconds in the ledger


def halved(policy: Policy) -> Policy:
    """Return a policy in which every budget is half of what it was."""
    return msgspec.structs.replace(
        policy,
        budgets=_half(policy.budgets),
        tiers={name: _half(budgets) for name, budgets in policy.tiers.items()},
        surface_budgets={name: _part(one) for name, one in policy.surface_budgets.items()},
    )


def _half(budgets: Budgets) -> Budgets:
    set_ = {
        name: _part(one)
        for name in Budgets.__struct_fields__
        if (one := getattr(budgets, name)) is not None
    }
    return msgspec.structs.replace(budgets, **set_)


def _part(budget: Budget) -> Budget:
    return Budget(*(None if n is None else n / 2 for n in (budget.hour, budget.day, budget.month)))
