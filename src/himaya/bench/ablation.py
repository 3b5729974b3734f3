"""The controls of a configuration, and the same configuration without each of them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from himaya.config import Config
from himaya.core.decision import Action
from himaya.core.policy import Budget, Budgets, Detectors

#: Challenges left unsolved that nobody reaches.
_NEVER = 1 << 31


def controls(config: Config) -> dict[str, Config]:
    """Return each control that is in force, by its key in `himaya.toml`, with the configuration that lacks it.

    What makes a policy milder (`distance`, `groups.authorised`) is no control, and what only reports is none either.
    """
    found = [*_budgets(config), *_detectors(config), *_ladder(config), *_weights(config)]
    if config.reserve.share:
        reserve = msgspec.structs.replace(config.reserve, share=0.0)
        found.append(("reserve", msgspec.structs.replace(config, reserve=reserve)))
    return dict(found)


def _budgets(config: Config) -> Iterator[tuple[str, Config]]:
    """Yield the configuration without the budget of each kind of principal, in every tier."""
    every = (config.budgets, *config.tiers.values())
    for kind in Budgets.__struct_fields__:
        if any(getattr(each, kind) not in {None, Budget()} for each in every):
            yield f"budgets.{kind}", _without_budget(config, kind)
    if config.budgets.surface:
        budgets = msgspec.structs.replace(config.budgets, surface={})
        yield "budgets.surface", msgspec.structs.replace(config, budgets=budgets)


def _without_budget(config: Config, kind: str) -> Config:
    lifted = {kind: Budget()}
    tiers = {name: msgspec.structs.replace(each, **lifted) for name, each in config.tiers.items()}
    budgets = msgspec.structs.replace(config.budgets, tier=tiers, **lifted)
    return msgspec.structs.replace(config, budgets=budgets)


def _detectors(config: Config) -> Iterator[tuple[str, Config]]:
    """Yield the configuration in which a detector that leads to something only reports."""
    for name in Detectors.__struct_fields__:
        detector = getattr(config.detectors, name)
        if getattr(detector, "action", Action.ALLOW) is not Action.ALLOW:
            yield f"detectors.{name}", _with_detector(config, name, action=Action.ALLOW)
        elif getattr(detector, "strip", False):
            yield f"detectors.{name}", _with_detector(config, name, strip=False)
        elif getattr(detector, "price", 1.0) > 1.0:
            yield f"detectors.{name}", _with_detector(config, name, price=1.0)


def _with_detector(config: Config, name: str, **changes: object) -> Config:
    detector = msgspec.structs.replace(getattr(config.detectors, name), **changes)
    detectors = msgspec.structs.replace(config.detectors, **{name: detector})
    return msgspec.structs.replace(config, detectors=detectors)


def _ladder(config: Config) -> Iterator[tuple[str, Config]]:
    """Yield the configuration without each rung that is used."""
    ladder = config.ladder
    rungs: list[tuple[str, bool, dict[str, object]]] = [
        ("throttle_at", ladder.throttle_at < 1.0, {"throttle_at": 1.0}),
        ("challenge", ladder.challenge, {"challenge": False}),
        ("redact", ladder.redact, {"redact": False}),
        ("challenges_before_block", ladder.challenge, {"challenges_before_block": _NEVER}),
    ]
    for name, is_used, changes in rungs:
        if is_used:
            less = msgspec.structs.replace(ladder, **changes)
            yield f"ladder.{name}", msgspec.structs.replace(config, ladder=less)


def _weights(config: Config) -> Iterator[tuple[str, Config]]:
    """Yield the configuration in which no field, and nobody, weighs more than another."""
    if config.fields:
        yield "fields", msgspec.structs.replace(config, fields={})
    if config.protected:
        yield "protected", msgspec.structs.replace(config, protected={})
