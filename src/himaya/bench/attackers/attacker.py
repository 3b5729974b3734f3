"""The interface of an attacker: what it has, and what each of its hands does."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from random import Random

from himaya.bench.asks import Ask, Reply
from himaya.bench.attackers.hand import Hand
from himaya.bench.attackers.parameters import Parameters
from himaya.bench.disk import Disk
from himaya.bench.world.knobs import Knobs
from himaya.bench.world.site import World

#: What `work` yields: an ask, answered by a reply; or seconds to wait, answered by None.
Step = Ask | float
Work = Generator[Step, Reply | None, None]


class Operation:
    """What all hands of an attacker share: the world they see, their disk, a source of chance.

    `days` is how long it may last, `start` when it begins.
    """

    def __init__(
        self,
        world: World,
        plan: Parameters,
        rng: Random,
        start: float,
        days: float,
        *,
        informed: bool = False,
    ) -> None:
        """Begin with an empty disk."""
        self.world, self.plan, self.rng = world, plan, rng
        self.start, self.days = start, days
        self.disk = Disk()
        self.hands: list[Hand] = []
        #: Links that wait to be opened and all that were ever found, for hands that crawl together.
        self.waiting: deque[str] = deque()
        self.known: set[str] = set()
        self._order: list[int] | None = None

    def links(self, hand: Hand) -> list[str]:
        """Return the profile links that this hand has of the whole site, in the plan's order, its share of them only.

        Such a list comes from a site map, an old dump, or from counting; per-viewer ids make it worthless, and
        then it is empty.
        """
        if self.world.names.per_viewer:
            return []
        order = self._ordered()
        return [self.world.names.subjects[n] for n in order[hand.number :: len(self.hands)]]

    def _ordered(self) -> list[int]:
        if self._order is None:
            self._order = list(range(self.world.count))
            if self.plan.order != "sequence":
                self.rng.shuffle(self._order)
        return self._order

    def seen(self, hand: Hand, reply: Reply | None) -> list[str]:
        """Return the links of the people in a reply, as this hand was shown them."""
        if reply is None:
            return []
        names = self.world.names
        return [names.link(hand.client.viewer, person.subject) for person in reply.people]


class Attacker:
    """Somebody who collects people. Subclass it, set the four words, write `work`.

    `site_days` is how long it is let work when that is not the run's own length (0: the run's).
    """

    id = ""
    title = ""
    how = ""
    plan = Parameters()
    site_days = 0.0

    def work(self, hand: Hand, op: Operation) -> Work:
        """Yield what one hand does: asks, each answered by a reply, and seconds to wait."""
        raise TypeError(f"{type(self).__name__} has no work(hand, op)")

    def scaled(self, knobs: Knobs) -> Parameters:
        """Return the plan for a world of this size; by default the same for every size."""
        return self.plan

    def dressed(self, hand: Hand, op: Operation) -> None:
        """Change a hand before it begins, for instance to let it share an address with honest people."""

    def near(self, hand: Hand, op: Operation) -> list[str]:
        """Return the subjects who accepted this account as a friend, as the site would know."""
        return []

    def scaling(self, knobs: Knobs) -> str:
        """Return in words how published figures were scaled to this world; "" when nothing was."""
        return ""
