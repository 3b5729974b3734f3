"""Everything that is counted while the story runs, on both sides; the table and the last screen read it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from himaya.demo.scrapers import Scraper
from himaya.demo.tally import CrowdTally, Tally

BARE = "bare"
GATED = "gated"
SIDES = (BARE, GATED)


class Scene:
    """The tallies of every scraper and of the crowd, per side, and how far the story is."""

    def __init__(
        self, scrapers: Sequence[Scraper], population: int, crowd: int, seconds: float
    ) -> None:
        """Start with everybody at nothing."""
        self.scrapers = tuple(scrapers)
        self.population = population
        self.seconds = seconds
        self.elapsed = 0.0
        self.tallies = {side: {s.key: Tally() for s in scrapers} for side in SIDES}
        self.crowds = {side: CrowdTally(crowd) for side in SIDES}

    def name_key(self, actor: str) -> None:
        """Note the name by which the ledger knows the API key."""
        self.scrapers = tuple(
            msgspec.structs.replace(scraper, actor=actor)
            if scraper.actor.startswith("key:")
            else scraper
            for scraper in self.scrapers
        )

    def taken(self, side: str) -> int:
        """Return how many different people all scrapers of a side hold together."""
        everybody: set[str] = set()
        for tally in self.tallies[side].values():
            everybody.update(tally.haul.people)
        return len(everybody)

    def requests(self, side: str) -> int:
        """Return how many requests one side was sent, by everybody."""
        scraped = sum(tally.requests for tally in self.tallies[side].values())
        return scraped + self.crowds[side].requests

    def broken(self) -> int:
        """Return how many requests of either side ended without an answer or with a server error."""
        scraped = sum(t.broken for side in SIDES for t in self.tallies[side].values())
        return scraped + sum(self.crowds[side].broken for side in SIDES)

    def worst(self) -> Scraper:
        """Return the scraper that obtained most people in spite of himaya."""
        return max(self.scrapers, key=lambda scraper: self.tallies[GATED][scraper.key].people)

    def patient(self) -> Scraper:
        """Return the scraper that stays under every budget."""
        return next(scraper for scraper in self.scrapers if scraper.patient)
