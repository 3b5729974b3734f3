"""Plays one long story and prints a digest of everything the engine said: equal digests, equal engines."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.core.flood import START, Flood, site
from tools.bench.workload import Traffic, canaries, everything

from himaya.core import engine
from himaya.core.policy import Bounds

SMALL = Bounds(principals=500, people=500, open_requests=100, clearances=100, standing=100)


def ordinary(told: engine.Engine, steps: int) -> str:
    """Return the digest of every decision and effect of ordinary traffic."""
    digest = hashlib.sha256()
    for step in Traffic(told=True).steps(steps):
        decision = told.decide(step.request, step.now)
        digest.update(msgspec.json.encode(decision))
        if decision.passes:
            for effect in told.record(step.exchange, step.now):
                digest.update(msgspec.json.encode(effect))
    return digest.hexdigest()


def flooded(actors: int) -> str:
    """Return what an engine with small bounds counts after a flood."""
    crowded, honest = site(SMALL, "enforce")
    flood = Flood(crowded, START, 1.0)
    flood.send(actors)
    return f"{flood.refused} {honest.visit(flood.now + 1000, '')} {crowded.stats()}"


print(engine.__file__)
print(ordinary(engine.Engine(everything(), canaries()), 4000), flooded(3000))
