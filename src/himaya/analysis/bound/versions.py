"""The configurations that the chain keeps, read back as the policies that rows were decided by."""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from himaya.config import Config
from himaya.config.decode import decode
from himaya.core.budget import Principals
from himaya.core.errors import LedgerError
from himaya.core.facts import Facts
from himaya.core.policy import Budget, Budgets, Policy
from himaya.core.surface import Surface
from himaya.core.weights import Weights
from himaya.core.window import UNIT
from himaya.ledger import entries as e
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.schema import bounded, micros


class Version:
    """One policy: its budgets, its surfaces by the id that rows carry, and whether it was enforced.

    `exact`: this release reads the kept text as the same policy, so nothing had to be supposed.
    """

    def __init__(self, config: Config, raw: dict[str, Any], policy_hash: str) -> None:
        """Take what `himaya.toml` said; kinds of budget it does not name were not in force."""
        policy = config.policy()
        self.exact = policy.hash() == policy_hash
        self.policy = policy if self.exact else _as_written(policy, raw.get("budgets", {}))
        self.config = config
        self.enforced = policy.mode == "enforce"
        self.surfaces = {bounded(surface.id): surface for surface in policy.surfaces}
        self.principals = Principals(self.policy)
        every = (self.policy.budgets, *self.policy.tiers.values())
        self.asks_age = any(budgets.new_account is not None for budgets in every)


class Versions:
    """All policies of a chain by their hash, and what fields weigh under all that were in force."""

    def __init__(
        self,
        kept: dict[str, Version],
        used: Sequence[str],
        since: Sequence[tuple[float, str]] = (),
    ) -> None:
        """Take the policies, the hashes of those that were in force or that rows name, and since when each was."""
        self._kept = kept
        self._since = [at for at, _ in since]
        self._order = [name for _, name in since]
        policies = [kept[name].policy for name in used if name in kept]
        self._weights = Weights(_lightest(policies), Facts())
        least = [factor for policy in policies for factor in policy.protected.values()]
        # Who was near is a fact that rows do not keep: everybody is taken for near, which accuses nobody wrongly.
        near = min([policy.distance.near for policy in policies], default=1.0)
        self._factor = near * (min(1.0, *least) if least else 1.0)
        weights = [w for policy in policies for w in policy.sensitivity.values()]
        self.lightest = self._scaled(min(UNIT, *(max(1, round(w * UNIT)) for w in weights), UNIT))
        self.inexact = sorted(name for name in used if name in kept and not kept[name].exact)
        self.used = [kept[name] for name in used if name in kept]

    @property
    def valid_s(self) -> float:
        """Return the longest time, in seconds, that a purchase can be spent in."""
        return max((version.policy.challenge.valid_s for version in self.used), default=0.0)

    def of(self, policy_hash: str) -> Version | None:
        """Return the policy of a row, None when the chain does not keep it."""
        return self._kept.get(policy_hash)

    def new_ages(self) -> dict[str, int]:
        """Return up to which age in seconds an account is new, by policy."""
        return {name: version.policy.new_account_s for name, version in self._kept.items()}

    def lately(self, at: float, seconds: float) -> list[Version]:
        """Return the policies that were in force, by the chain, at `at` or up to so many seconds before."""
        number = bisect_right(self._since, at) - 1
        found: dict[str, None] = {}
        while number >= 0:
            found[self._order[number]] = None
            if self._since[number] <= at - seconds:
                break
            number -= 1
        return [self._kept[name] for name in found if name in self._kept]

    def weigh(self, fields: tuple[str, ...]) -> int:
        """Return the units that showing these fields weighs at the least."""
        return self._scaled(self._weights.of_fields(fields))

    def _scaled(self, units: int) -> int:
        return max(1, int(units * self._factor)) if self._factor < 1.0 else units


def read_versions(reader: Reader, start: int, end: int) -> Versions:
    """Return the policies of a ledger for the rows of a period. Raises LedgerError when a text does not open."""
    entries = reader.state().configs
    texts = {entry.digest: reader.keys.open_text(entry.text) for entry in entries if entry.text}
    kept: dict[str, Version] = {}
    for entry in entries:
        if entry.policy not in kept and entry.digest in texts:
            version = _read(texts[entry.digest], entry.policy)
            if version is not None:
                kept[entry.policy] = version
    used = {**dict.fromkeys(reader.policies(start, end)), **_in_force(entries, start, end)}
    return Versions(kept, tuple(used), [(_seconds(entry), entry.policy) for entry in entries])


def _in_force(entries: Sequence[e.Config], start: int, end: int) -> dict[str, None]:
    """Return the policies that were in force in a period, by the times of the chain: also such as no row names."""
    times = [micros(_seconds(entry)) for entry in entries]
    ends = [*times[1:], FOREVER][: len(times)]
    spans = zip(entries, times, ends, strict=True)
    return {entry.policy: None for entry, at, until in spans if at < end and until > start}


def _seconds(entry: e.Config) -> float:
    return datetime.fromisoformat(entry.at).timestamp()


def _read(text: str, policy_hash: str) -> Version | None:
    """Return the policy of a kept text, None when this release cannot read it."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise LedgerError(
            f"the configuration of policy {policy_hash} is no TOML: {problem}"
        ) from None
    config, _ = decode(raw)
    return None if config is None else Version(config, raw, policy_hash)


def _as_written(policy: Policy, raw: dict[str, Any]) -> Policy:
    """Take away budgets that the text does not name: its release did not know them."""
    named = raw.get("tier", {})
    tiers = {name: _named(budgets, named.get(name, {})) for name, budgets in policy.tiers.items()}
    return msgspec.structs.replace(policy, budgets=_named(policy.budgets, raw), tiers=tiers)


def _named(budgets: Budgets, raw: dict[str, Any]) -> Budgets:
    unnamed = [
        field.name
        for field in msgspec.structs.fields(budgets)
        if field.encode_name not in raw and isinstance(getattr(budgets, field.name), Budget)
    ]
    return msgspec.structs.replace(budgets, **dict.fromkeys(unnamed)) if unnamed else budgets


def _lightest(policies: list[Policy]) -> Policy:
    """Return a policy in which every field weighs what it weighed at the least.

    An engine that starts anew counts old rows by its new weights, so no higher one may be supposed.
    """
    names = {name for policy in policies for name in policy.sensitivity}
    return Policy(
        sensitivity={
            name: min(policy.sensitivity.get(name, 1.0) for policy in policies)
            for name in sorted(names)
        }
    )


def names_person(surface: Surface) -> bool:
    """Tell whether the path of a surface names the person, so that the engine knew whom a row without one is about."""
    return "{subject}" in surface.route
