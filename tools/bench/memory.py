"""What one actor costs in memory: RSS of a fresh process before and after it tracked many.

Run as `python -m tools.bench.memory --actors N --share 0.4 --shape account`; prints bytes as JSON. Actors and
people reach the engine through `decide` and `record` alone, with strings made anew for each request.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
from pathlib import Path

from himaya.core.actor import Actor
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Request
from himaya.core.policy import Budgets, Policy
from himaya.core.surface import Surface

MEAN_PEOPLE = 4.3
SUBJECTS = 1_000_000
START = 1_760_000_000.0
PAGE = os.sysconf("SC_PAGE_SIZE")


def policy(shape: str) -> Policy:
    """Return the policy for a shape: `account` has one budget per actor, `default` all of them."""
    surfaces = (Surface(id="profile", route="/u/{subject}"),)
    if shape == "default":
        return Policy(surfaces=surfaces)
    only = Budgets(session=None, key=None, address=None, prefix=None)
    return Policy(surfaces=surfaces, budgets=only)


def actor(shape: str, number: int) -> Actor:
    """Return an actor; in the default shape it also has an address in one of 2^16 networks."""
    if shape == "account":
        return Actor(account=f"u{number}")
    return Actor(account=f"u{number}", address=f"10.{number % 65536 >> 8}.{number % 256}.7")


def fill(engine: Engine, shape: str, actors: int, share: float, seed: int = 7) -> int:
    """Let `actors` actors ask for profiles; a `share` of them sees people, the others miss (404)."""
    draw = random.Random(seed)
    shown = 0
    for number in range(actors):
        now = START + number * 0.01
        people = 0
        if draw.random() < share:
            people = _people(draw)
        shown += people
        for _ in range(people or 1):
            request = Request(f"r{number}", actor(shape, number), f"/u/p{draw.randrange(SUBJECTS)}")
            engine.decide(request, now)
            engine.record(Exchange(request, 200 if people else 404), now)
    return shown


def _people(draw: random.Random) -> int:
    """Draw how many people one actor sees: 1 or more, 4.3 on average, most of them few."""
    return 1 + int(draw.expovariate(1 / (MEAN_PEOPLE - 0.5)))


def rss() -> int:
    """Return the resident bytes of this process."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def main() -> None:
    """Measure one shape and print it."""
    options = argparse.ArgumentParser()
    options.add_argument("--actors", type=int, default=1_000_000)
    options.add_argument("--share", type=float, default=0.4)
    options.add_argument("--shape", choices=["account", "default"], default="account")
    chosen = options.parse_args()
    engine = Engine(policy(chosen.shape))
    before = rss()
    shown = fill(engine, chosen.shape, chosen.actors, chosen.share)
    after = rss()
    found = {"before": before, "after": after, "people": shown, "stats": engine.stats()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
