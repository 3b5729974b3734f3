"""How people with an account browse: some days, in some sittings, so many people, mostly near ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import exp, sqrt
from random import Random

import msgspec

from himaya.bench.asks import Client
from himaya.bench.crowd import dress, rhythm
from himaya.bench.crowd import figures as fig
from himaya.bench.crowd.circle import Circle
from himaya.bench.crowd.group import Member, Setting, Visit
from himaya.bench.crowd.sitting import Manner, Sitting
from himaya.bench.world import links

#: Returns the client of a sitting that begins at an epoch second.
Dressed = Callable[[float], Client]


class Habits(msgspec.Struct, frozen=True):
    """How much somebody looks at.

    `profiles` is the median of different profiles on a day on which they come, over all people; `people` and `days`
    are the log-normal spreads between people and between days, `most` the most. `comes` (from, to): on which share of
    days. `work`: during working hours. `searches`, `lists`, `shares`: in which share of sittings.
    """

    profiles: float = fig.PROFILES_P50
    people: float = fig.SPREAD_PEOPLE
    days: float = fig.SPREAD_DAYS
    most: int = fig.PROFILES_MAX
    comes: tuple[float, float] = (fig.COMES_FROM, fig.COMES_TO)
    per_sitting: float = fig.PER_SITTING
    work: bool = False
    searches: float = fig.SEARCHES
    lists: float = fig.LISTS
    shares: float = fig.SHARES
    manner: Manner = Manner()


class Life:
    """One member's days of a run."""

    def __init__(self, member: Member, setting: Setting, habits: Habits, client: Dressed) -> None:
        """Draw who they are in this respect: how busy, how often they come, whom they know."""
        rng = self._rng = member.rng
        self._member, self._setting, self._habits, self._client = member, setting, habits, client
        self._circle = Circle(setting.world, member.person, rng)
        self._rate = habits.profiles * exp(habits.people * rng.gauss(0.0, 1.0))
        least, most = habits.comes
        self._comes = least + (most - least) * rng.random()
        self._ahead = rhythm.clock(rng)

    def visits(self) -> Iterator[Visit]:
        """Return every visit of the run."""
        work = self._habits.work
        for day in rhythm.attends(self._rng, self._setting, self._comes, work=work):
            yield from self.day(day)

    def day(self, day: int) -> Iterator[Visit]:
        """Return the visits of a day on which they come."""
        rng, work = self._rng, self._habits.work
        people = self._circle.choose(self._count(rng))
        parts = rhythm.split(rng, people, self._sittings(len(people))) if people else []
        begins = rhythm.moments(rng, self._setting, day, self._ahead, len(parts), work=work)
        over = 0.0
        for at, part in zip(begins, parts, strict=True):
            # Nobody is at two sittings at once; whoever is still busy comes back a little later.
            sitting = self._sit(max(at, over + 300 + 600 * rng.random()), part)
            over = sitting.at
            yield sitting.visit()
            yield from self._shared(sitting, part)

    def _count(self, rng: Random) -> int:
        habits = self._habits
        drawn = min(habits.most, self._rate * exp(habits.days * rng.gauss(0.0, 1.0)))
        return max(1, round(drawn * self._setting.intensity))

    def _sittings(self, people: int) -> int:
        usual = self._habits.per_sitting * sqrt(self._setting.intensity)
        return max(1, round(people / usual * exp(0.3 * self._rng.gauss(0.0, 1.0))))

    def _sit(self, at: float, people: list[int]) -> Sitting:
        """Come in at the front page, look around, open one profile after the other."""
        rng, habits, world = self._rng, self._habits, self._setting.world
        sitting = Sitting(self._setting, self._client(at), at, rng, habits.manner)
        sitting.listing(links.HOME)
        if rng.random() < habits.searches:
            sitting.search(f"name:{world.people.surname[people[0]]}")
        elif rng.random() < habits.lists:
            sitting.listing(links.friends(sitting.link(self._circle.friend())))
        if rng.random() < fig.OWN and self._member.person >= 0:
            sitting.ask(links.profile(sitting.link(self._member.person)))
        sitting.look_all(people)
        return sitting

    def _shared(self, sitting: Sitting, people: list[int]) -> Iterator[Visit]:
        """Share a link in a messenger now and then: its server fetches the card."""
        rng = self._rng
        if rng.random() < self._habits.shares:
            yield card(self._setting, people[-1], sitting.at + 5 + 20 * rng.random(), rng)


def card(setting: Setting, person: int, at: float, rng: Random) -> Visit:
    """Return a messenger's fetch of the card of somebody's profile."""
    client, world = dress.messenger(rng), setting.world
    link = world.names.link(client.viewer, world.subject(person))
    return Visit(client, [(at, links.preview(link))])
