"""One identity of an operation: an account or a logged-out client, with its addresses and its counts."""

from __future__ import annotations

from bisect import bisect_right
from random import Random

import msgspec

from himaya.bench.asks import Client
from himaya.core.actor import Actor


class Hand:
    """A client that works for an operation.

    `own` is the subject of its own profile. `pool` are the addresses it may rotate through. `caps` are people per hour,
    day and month that an informed operation allows it; `begins` is the epoch second at which it starts.
    """

    def __init__(
        self, number: int, client: Client, rng: Random, pool: list[tuple[str, int]], own: str = ""
    ) -> None:
        """Take an identity."""
        self.number, self.client, self.rng, self.pool, self.own = number, client, rng, pool, own
        self.begins = 0.0
        self.place = 0
        self.refusals = 0
        self.tries = 0
        self.solved_now = 0
        self.requests = 0
        self.used: dict[str, None] = {}
        self.caps: tuple[float, float, float] | None = None
        self.taken: list[float] = []

    @property
    def actor(self) -> Actor:
        """Return who it is to a front door."""
        return self.client.actor

    def rotate(self) -> bool:
        """Go on from the next address of the pool; False after a whole round."""
        if len(self.pool) < 2:
            return False
        self.place = (self.place + 1) % len(self.pool)
        address, asn = self.pool[self.place]
        client = self.client
        client.actor = msgspec.structs.replace(client.actor, address=address, asn=asn)
        if not client.actor.account and not client.actor.key:
            client.clearance = ""
            client.viewer = client.actor.session or address
        return True

    def took(self, people: int, now: float) -> None:
        """Count people shown now."""
        self.taken.extend([now] * people)
        if len(self.taken) > 100_000:
            month = now - 30 * 86400
            self.taken = [at for at in self.taken if at > month]

    def recent(self, now: float, window_s: float) -> int:
        """Return how many people were shown to it within a window."""
        return len(self.taken) - bisect_right(self.taken, now - window_s)
