"""What may have been in force when a row's request was decided: a row is written up to five minutes later.

A row carries the policy, tier and age of the moment it was written. Where one of them changed within a request's
longest time in flight, the earlier one counts too, and a row breaks the bound only when it breaks it under both.
"""

from __future__ import annotations

import msgspec

from himaya.analysis.bound.versions import Version, Versions
from himaya.core.budget import Known, Principal
from himaya.ledger.rows import Row

#: Seconds a request is in flight at most (`bounds.settle_s`).
FLIGHT_S = 300.0


class Rules(msgspec.Struct, frozen=True):
    """A policy, and what it was told of an account: its tier, and whether it is new."""

    version: Version
    tier: str
    new: bool

    def principals(self, row: Row) -> list[Principal]:
        """Return the principals of a row, those of the engine, each with its whole limit.

        The row says which sign-up batch and which group were charged. Who asked for no assets it does not say: that
        budget is not judged.
        """
        known = Known(self.tier, self.new, trusted=True, batch=row.batch)
        of = self.version.principals
        return of.in_group(of.of(row.actor, known=known, surface=row.surface), known, row.group)

    @property
    def holds_groups(self) -> bool:
        """Tell whether groups have a budget."""
        return bool(self.version.principals.in_group([], Known(self.tier), "any"))


class Recent:
    """Remembers the last change of the policy, and of every account."""

    def __init__(self, versions: Versions) -> None:
        """Start with nothing seen; the chain says which policies were in force."""
        self._kept = versions
        self._policy: tuple[Version, Version, float] | None = None
        self._accounts: dict[str, tuple[tuple[str, bool], tuple[str, bool], float]] = {}

    def rules(self, row: Row, version: Version) -> list[Rules]:
        """Return what may have held for a row, its own first. Rows come earliest first."""
        versions = self._versions(row.at, version)
        known = self._known(row, version)
        return [Rules(each, tier, new) for each in versions for tier, new in known]

    def _versions(self, at: float, version: Version) -> list[Version]:
        now, before, since = self._policy or (version, version, at)
        if now is not version:
            now, before, since = version, now, at
        self._policy = now, before, since
        seen = [now, before] if at < since + FLIGHT_S else [now]
        # In order, and each once: dicts of objects keep the order in which they were put in.
        return list(dict.fromkeys([*seen, *self._kept.lately(at, FLIGHT_S)]))

    def _known(self, row: Row, version: Version) -> list[tuple[str, bool]]:
        told = row.actor.tier, is_new(row, version)
        if not row.actor.account:
            return [told]
        now, before, since = self._accounts.get(row.actor.account, (told, told, row.at))
        if now != told:
            now, before, since = told, now, row.at
        self._accounts[row.actor.account] = now, before, since
        return [now, before] if before != now and row.at < since + FLIGHT_S else [now]


def is_new(row: Row, version: Version) -> bool:
    """Tell whether a row says that its account was new; one of unknown age is not."""
    created = row.actor.account_created
    if not row.actor.account or created is None:
        return False
    return round(row.at - created) < version.policy.new_account_s
