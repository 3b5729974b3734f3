"""Models made by hand: what each trait weighs, and where the line is."""

from __future__ import annotations

from typing import Any

import msgspec

from himaya.core.decision import Action
from himaya.core.detectors.traits import TRAITS, VERSION
from himaya.core.learned import FORMAT, Judged, Learned, Side, Weight
from himaya.core.policy import Detectors, Model

SIDE = Side("2026-09-01", "2026-09-10", 60, 50, 400)


def weight(trait: str, weighs: float) -> Weight:
    """Return a trait that is 0.5 on average, give or take 0.25."""
    return Weight(trait, 0.5, 0.25, weighs, edges=(0.25, 0.75), shares=(0.2, 0.5, 0.2), unknown=0.1)


def learned(threshold: float = 1.0, intercept: float = 0.0, **weights: float) -> Learned:
    """Return a model in which these traits weigh something. It has learned members, no visitors."""
    return Learned(
        format=FORMAT,
        traits=VERSION,
        made="2026-09-30",
        policy="08a51c8c55eca1a5",
        intercept=intercept,
        weights=tuple(weight(trait.name, weights.get(trait.name, 0.0)) for trait in TRAITS),
        threshold=threshold,
        rate=0.02,
        cohorts={"new": 20, "established": 40},
        trained=SIDE,
        held_out=SIDE,
        judged=Judged(0.97, 1, 0.0, 0.09, 40, 0.66, 0.9),
        known={"appeal": 70, "case": 50},
        everybody=1000,
        flagged=12,
    ).sealed()


def with_model(model: Learned, action: Action = Action.CHALLENGE, **others: Any) -> Detectors:
    """Return detectors of which this model is one."""
    settings = Model(file="m.json", digest=model.digest, action=action, for_s=600, learned=model)
    return Detectors(model=settings, **others)


def written(model: Learned, **changes: Any) -> bytes:
    """Return a model file in which some keys were changed, and the digest made anew."""
    changed = msgspec.structs.replace(model, **changes)
    return msgspec.json.encode(changed.sealed() if "digest" not in changes else changed)
