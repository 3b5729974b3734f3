"""Impostor: an agent string claims a known crawler, and the address is not one of that crawler's.

Anybody can write the name of a search engine's crawler into a header. Which names are known, and from which networks
they come, the site's configuration says. A claim without proof is reported, and nothing follows from it.
"""

from __future__ import annotations

from himaya.core.crawlers import Crawlers
from himaya.core.detectors import Observation
from himaya.core.finding import Finding


class ImpostorDetector:
    """Asks the known crawlers; holds nothing of actors."""

    name = "impostor"

    def __init__(self, crawlers: Crawlers) -> None:
        """Take the known crawlers; without any nobody is judged."""
        self._crawlers = crawlers

    def observe(self, seen: Observation) -> Finding | None:
        """Find a claim that the address does not bear out."""
        claimed = self._crawlers.claimed(seen.agent)
        if not claimed or self._crawlers.comes_from(claimed, seen.actor.address):
            return None
        return Finding(
            detector=self.name,
            actor=seen.name,
            at=seen.now,
            value=1,
            threshold=0,
            why=f"the agent string claims {claimed}, and {seen.actor.address or 'no address'} is none of its addresses",
            claimed=claimed,
        )

    def tracked(self) -> int:
        """Return 0: nothing is held of actors."""
        return 0
