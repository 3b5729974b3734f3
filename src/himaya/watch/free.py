"""The past as it was: an engine that lets everything pass, counts who was shown, and finds who stands out."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from himaya.core.effect import Effect, RaiseFinding
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange
from himaya.core.facts import Facts
from himaya.core.policy import Budgets, Policy
from himaya.watch.shown import MAX_ACTORS, Shown

_NO_BUDGETS = Budgets(account=None, session=None, key=None, address=None, prefix=None)


class Free:
    """Counts exchanges as they happened. `found` holds, per actor with findings, the detectors in order of time."""

    def __init__(self, policy: Policy, facts: Facts | None = None) -> None:
        """Take surfaces and detectors of a policy, and none of its budgets."""
        free = msgspec.structs.replace(policy, mode="shadow", budgets=_NO_BUDGETS, tiers={})
        self.engine = Engine(free, facts)
        self.shown = Shown(self.engine.facts.canaries)
        self.found: dict[str, dict[str, str]] = {}

    def add(self, exchange: Exchange, at: float) -> None:
        """Count one exchange."""
        effects = self.engine.record(exchange, at)
        self.shown.add(effects)
        self._find(effects)

    def _find(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if not isinstance(effect, RaiseFinding):
                continue
            finding = effect.finding
            if finding.actor in self.found or len(self.found) < MAX_ACTORS:
                self.found.setdefault(finding.actor, {}).setdefault(finding.detector, finding.why)
