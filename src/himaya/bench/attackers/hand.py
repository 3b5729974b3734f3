"""One identity of an operation: an account or a logged-out client, with its addresses and its counts."""

from __future__ import annotations

from bisect import bisect_right
from random import Random

import msgspec

from himaya.bench.asks import Client
from himaya.core.actor import Actor

#: Most weighted people per hour, day and month.
Caps = tuple[float, float, float]


class Taken:
    """What was shown, and when: sums over any window up to a month."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._at: list[float] = []
        self._sums: list[float] = [0.0]

    def add(self, amount: float, now: float) -> None:
        """Count an amount shown now."""
        if amount:
            self._at.append(now)
            self._sums.append(self._sums[-1] + amount)

    def within(self, now: float, window_s: float) -> float:
        """Return the sum within a window that ends now."""
        return self._sums[-1] - self._sums[bisect_right(self._at, now - window_s)]


class Hand:
    """A client that works for an operation.

    `pool` are the addresses it may rotate through, `begins` is the epoch second at which it starts. An informed
    operation allows it `caps` (weighted people per hour, day, month), and `caps_here` at one address and network.
    """

    def __init__(
        self, number: int, client: Client, rng: Random, pool: list[tuple[str, int]]
    ) -> None:
        """Take an identity."""
        self.number, self.client, self.rng, self.pool = number, client, rng, pool
        self.begins = 0.0
        self.place = 0
        self.refusals = 0
        self.tries = 0
        self.solved_now = 0
        self.requests = 0
        self.used: dict[str, None] = {}
        self.caps: Caps | None = None
        self.caps_here: Caps | None = None
        self.people = Taken()
        self.here = Taken()

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
        self.here = Taken()
        if not client.actor.account and not client.actor.key:
            client.clearance = ""
            client.viewer = client.actor.session or address
        return True
