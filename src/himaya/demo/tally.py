"""What is counted while the story runs: one tally per scraper and side, one for the crowd and side."""

from __future__ import annotations

from himaya.bench.live.client import Reply, is_challenge, is_refusal
from himaya.demo.harvest import Haul


class Tally:
    """One scraper on one side: what it asked for, what it got, how often it was stopped."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.haul = Haul()
        self.requests = 0
        self.refused = 0
        self.challenged = 0
        self.solved = 0
        self.broken = 0

    @property
    def people(self) -> int:
        """Return how many different people this scraper holds."""
        return len(self.haul.people)

    def take(self, target: str, reply: Reply) -> None:
        """Count a reply and read the people out of it when it is a page of the site."""
        self.requests += 1
        if reply.status == 200:
            self.haul.read(target, reply.headers.get("content-type", ""), reply.body)
        elif is_challenge(reply):
            self.challenged += 1
        elif is_refusal(reply):
            self.refused += 1
        elif reply.status == 0 or reply.status >= 500:
            self.broken += 1


class CrowdTally:
    """The honest people of one side, and which of them were ever stopped or failed."""

    def __init__(self, size: int) -> None:
        """Count a crowd of `size` people."""
        self.size = size
        self.requests = 0
        self.broken = 0
        self.touched: set[int] = set()

    def take(self, person: int, reply: Reply) -> None:
        """Count a reply to one person of the crowd."""
        self.requests += 1
        if is_challenge(reply) or is_refusal(reply):
            self.touched.add(person)
        elif reply.status == 0 or reply.status >= 500:
            self.broken += 1
