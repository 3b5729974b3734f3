"""One sitting at the site: pages that follow each other at a human pace, photos with them, tabs in bursts."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, sqrt
from random import Random

import msgspec

from himaya.bench.asks import Ask, Client
from himaya.bench.crowd import figures as fig
from himaya.bench.crowd.group import Setting, Visit
from himaya.bench.world import links


class Manner(msgspec.Struct, frozen=True):
    """How somebody moves about the site.

    `think_s` is the median time between two pages. `photo` is the share of views that fetch the photo, `again` of views
    that are repeated, `tabs` of pages after which several people are opened at once, `back` of views after which the
    list they came from is loaded again. `suggests`: names are suggested while typing, which needs JavaScript.
    """

    think_s: float = fig.THINK_S
    photo: float = fig.PHOTO
    again: float = fig.AGAIN
    tabs: float = fig.TAB_BURST
    back: float = 0.0
    acts: float = fig.ACTS
    suggests: bool = True


class Sitting:
    """Collects the asks of one client from a moment on; `at` is now."""

    __slots__ = (
        "_burst",
        "_last",
        "_listing",
        "_manner",
        "_median",
        "_rng",
        "_world",
        "asks",
        "at",
        "client",
    )

    def __init__(
        self, setting: Setting, client: Client, at: float, rng: Random, manner: Manner
    ) -> None:
        """Begin at `at`; in a busier setting people are quicker, too."""
        self.client, self.at, self._rng, self._manner = client, at, rng, manner
        self._world = setting.world
        self._median = manner.think_s / sqrt(setting.intensity)
        self._burst = 0
        self._last = -1
        self._listing: Ask | None = None
        self.asks: list[tuple[float, Ask]] = []

    def visit(self) -> Visit:
        """Return what was asked as one visit."""
        return Visit(self.client, self.asks)

    def link(self, person: int) -> str:
        """Return the link under which this client is shown somebody."""
        world = self._world
        return world.names.link(self.client.viewer, world.subject(person))

    def ask(self, ask: Ask, after_s: float | None = None) -> None:
        """Ask for a page after so many seconds, by default after a look at the one before."""
        if self.asks:
            self.at += self._think() if after_s is None else after_s
        self.asks.append((self.at, ask))

    def listing(self, ask: Ask, after_s: float | None = None) -> None:
        """Ask for a page that people are opened from."""
        self._listing = ask
        self.ask(ask, after_s)

    def search(self, words: str, page: int = 0) -> None:
        """Search; a name is typed, so a few suggestions come before it."""
        kind, _, number = words.partition(":")
        if kind == "name" and self._manner.suggests and not page:
            for _ in range(1 + (self._rng.random() < 0.5)):
                self.ask(links.suggest(int(number)), 1.0 + 2 * self._rng.random())
        self.listing(links.search(words, page))

    def look(self, person: int) -> None:
        """Open somebody's profile, and what comes with it."""
        rng, manner, link = self._rng, self._manner, self.link(person)
        self.ask(links.profile(link))
        if rng.random() < manner.photo:
            self.asks.append((self.at + 0.2 + rng.random(), links.photo(link)))
        if rng.random() < manner.back and self._listing is not None:
            self.ask(self._listing)
        if rng.random() < manner.acts:
            self.ask(links.SETTINGS)
        if self._last >= 0 and rng.random() < manner.again:
            self.ask(links.profile(self.link(self._last)))
        self._last = person

    def look_all(self, people: Iterable[int]) -> None:
        """Open one profile after the other."""
        for person in people:
            self.look(person)

    def _think(self) -> float:
        """Return the seconds until the next page; within a burst of tabs they are few."""
        rng = self._rng
        if self._burst:
            self._burst -= 1
            return fig.TAB_S * (0.5 + rng.random())
        if rng.random() < self._manner.tabs:
            self._burst = rng.randrange(2, 6)
        return self._median * exp(fig.THINK_SPREAD * rng.gauss(0.0, 1.0))
