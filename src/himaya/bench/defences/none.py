"""No defence: everything passes, nothing is recorded."""

from __future__ import annotations

from collections.abc import Iterable

from himaya.bench.asks import Answer, Ask, Client, Reply
from himaya.bench.defences.base import Exposed, Grouped, passed
from himaya.bench.world.site import World


class NoDefence:
    """The yardstick of loss."""

    def __init__(self, world: World) -> None:
        """Stand before nothing."""
        self._world = world

    def serve(self, client: Client, ask: Ask, now: float, answer: Answer | None = None) -> Reply:
        """Return the site's answer."""
        return passed(self._world, client, ask, answer)

    def solve(self, client: Client, now: float) -> bool:
        """Return False: there are no challenges."""
        return False

    def exposed(self, actors: Iterable[str]) -> Exposed | None:
        """Return None: nothing is recorded."""
        return None

    def grouped(self, actors: Iterable[str]) -> Grouped | None:
        """Return None: nothing is recorded."""
        return None

    def close(self) -> None:
        """There is nothing to close."""
