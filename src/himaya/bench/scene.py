"""What all runs of one seed share: the world, its crowd, what the site knows, the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from himaya.bench.crowd.group import Group, Setting
from himaya.bench.crowd.plan import Plan, draw
from himaya.bench.policy import configuration
from himaya.bench.run import START
from himaya.bench.world.knobs import Knobs
from himaya.bench.world.site import World
from himaya.config import Config
from himaya.core.facts import Fact, Facts


class Options(msgspec.Struct, frozen=True):
    """How large, how long, how busy; which configuration."""

    knobs: Knobs = Knobs()
    days: float = 3.0
    members: int = 3000
    intensity: float = 1.0
    policy: Path | None = None


class Scene:
    """One seed's world with its crowd. Read-only once made, so that processes share it."""

    def __init__(self, options: Options, groups: Sequence[Group], seed: int) -> None:
        """Draw world and crowd. Raises ConfigError for a configuration that cannot be used."""
        self.options, self.seed = options, seed
        self.world = World(options.knobs, seed)
        self.config: Config = configuration(options.knobs, options.policy)
        self._groups = groups
        self._plans: dict[float, Plan] = {}
        self._facts: dict[float, Facts] = {}
        self.plan(options.intensity)

    def plan(self, intensity: float) -> Plan:
        """Return the crowd, `intensity` times as busy as people are."""
        plan = self._plans.get(intensity)
        if plan is None:
            setting = Setting(self.world, START, self.options.days, intensity)
            plan = draw(self._groups, self.options.members, setting, self.seed)
            self._plans[intensity] = plan
            self._facts[intensity] = _told(plan.facts)
        return plan

    def forget(self, intensity: float) -> None:
        """Let go of a crowd that is not needed any more."""
        self._plans.pop(intensity, None)
        self._facts.pop(intensity, None)

    def facts(self, intensity: float, more: Sequence[Fact]) -> Facts:
        """Return what the site tells himaya: of the crowd, and of the accounts of operations."""
        self.plan(intensity)
        base, facts = self._facts[intensity], Facts()
        facts.accounts, facts.subjects = dict(base.accounts), base.subjects
        facts.near, facts.classes = dict(base.near), base.classes
        for fact in more:
            facts.add(fact)
        return facts


def _told(known: Sequence[Fact]) -> Facts:
    facts = Facts()
    for fact in known:
        facts.add(fact)
    return facts
