"""An engine goes on: under another policy, and after a restart. What it knew of canaries shown is not lost."""

from __future__ import annotations

from himaya.core.disclosure import Disclosures
from himaya.core.engine import Engine
from himaya.core.policy import Policy


def reload(engine: Engine, policy: Policy) -> None:
    """Let an engine decide by a new policy; see `Engine.reload`. Who was shown canaries stays known."""
    before = engine.watchers
    engine.reload(policy)
    engine.watchers.inherit(before)


def recall(engine: Engine, row: Disclosures) -> None:
    """Count a row of the ledger again; see `Engine.recall`. Canaries that it shows are remembered."""
    engine.recall(row)
    if engine.facts.canaries:
        engine.watchers.canary.recall(row)
