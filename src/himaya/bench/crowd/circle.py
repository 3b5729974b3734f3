"""Whom somebody looks at: friends, their community, popular people, now and then anybody."""

from __future__ import annotations

from random import Random

from himaya.bench.crowd import figures as fig
from himaya.bench.world.site import World

#: Among friends, the first ones are looked at most; the exponent is an assumption.
_CLOSE = 1.6


class Circle:
    """The people around one person, or around nobody (-1): then popular people and strangers."""

    __slots__ = ("_community", "_friends", "_mix", "_person", "_rng", "_world")

    def __init__(self, world: World, person: int, rng: Random) -> None:
        """Draw whose company this person keeps, and in which mix."""
        self._world, self._person, self._rng = world, person, rng
        self._friends: list[int] = []
        self._community: list[int] = []
        if person >= 0:
            self._friends = world.friends.of(person).tolist()
            rng.shuffle(self._friends)
            home = int(world.people.community[person])
            self._community = world.people.in_community.of(home).tolist()
        self._mix = _mix(rng)

    def pick(self) -> int:
        """Return somebody to look at."""
        rng, (friends, near, popular) = self._rng, self._mix
        draw = rng.random()
        if draw < friends and self._friends:
            return self._friends[int(len(self._friends) * rng.random() ** _CLOSE)]
        if draw < near and self._community:
            return self._community[int(len(self._community) * rng.random())]
        if draw < popular:
            return self._world.people.popular(rng.random())
        return rng.randrange(self._world.count)

    def choose(self, count: int) -> list[int]:
        """Return `count` different people but oneself in the order of looking; fewer when there are not so many."""
        found: dict[int, None] = {}
        for _ in range(4 * count + 8):
            if len(found) >= count:
                break
            person = self.pick()
            if person != self._person:
                found[person] = None
        return list(found)

    def friend(self) -> int:
        """Return a friend, or somebody popular when there is none."""
        if self._friends:
            return self._friends[int(len(self._friends) * self._rng.random() ** _CLOSE)]
        return self._world.people.popular(self._rng.random())


def cold(world: World, rng: Random) -> int:
    """Return whom a search engine led somebody to: a popular person, or one whom hardly anybody looks for."""
    if rng.random() < fig.COLD_NAMES:
        return rng.randrange(world.count)
    return world.people.popular(rng.random())


def _mix(rng: Random) -> tuple[float, float, float]:
    """Draw one person's mix; return the running shares of friends, community and popular people."""
    parts = [rng.gammavariate(fig.MIX_CONCENTRATION * share, 1.0) for share in fig.MIX]
    total = sum(parts) or 1.0
    friends, near, popular = (part / total for part in parts[:3])
    return friends, friends + near, friends + near + popular
