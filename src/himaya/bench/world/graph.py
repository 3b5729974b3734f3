"""Who knows whom: friendships within communities, a few beyond, stored as one array with offsets."""

from __future__ import annotations

import numpy as np

from himaya.bench.world.knobs import Knobs
from himaya.bench.world.people import Ints, People

#: Spread of the number of friends: log-normal, as counts of contacts in social networks are.
_SIGMA = 0.8


class Friends:
    """An undirected graph; `of` returns a person's friends in the order of their numbers."""

    def __init__(self, knobs: Knobs, people: People, rng: np.random.Generator) -> None:
        """Draw the friendships."""
        pairs = np.zeros(0, np.int64) if knobs.graph == "none" else _pairs(knobs, people, rng)
        n = people.count
        self._friends: Ints = (pairs % n).astype(np.int32)
        self._starts = np.searchsorted(pairs // n, np.arange(n + 1))

    def of(self, person: int) -> Ints:
        """Return a person's friends."""
        return self._friends[self._starts[person] : self._starts[person + 1]]


def _pairs(
    knobs: Knobs, people: People, rng: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return both directions of each friendship as `person * n + friend`, sorted, each once."""
    n = people.count
    mean = np.log(knobs.friends / 2) - _SIGMA**2 / 2
    wanted = np.clip(rng.lognormal(mean, _SIGMA, n), 1, 300).astype(np.int32)
    who = np.repeat(np.arange(n, dtype=np.int64), wanted)
    other = (
        rng.integers(0, n, len(who))
        if knobs.graph == "random"
        else _neighbours(knobs, people, who, rng)
    )
    apart = who != other
    who, other = who[apart], other[apart]
    return np.unique(np.concatenate([who * n + other, other * n + who]))


def _neighbours(
    knobs: Knobs,
    people: People,
    who: np.ndarray[tuple[int], np.dtype[np.int64]],
    rng: np.random.Generator,
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Draw a friend for each: mostly of the own community, else anybody, popular people more often."""
    lists, count = people.in_community, len(who)
    home = people.community[who]
    starts, ends = lists._starts[home], lists._starts[home + 1]  # noqa: SLF001  (one draw for all)
    inside = lists._people[starts + (rng.random(count) * (ends - starts)).astype(np.int64)]  # noqa: SLF001
    places = np.searchsorted(people.cumulative, rng.random(count))
    outside = people.by_popularity[np.minimum(places, people.count - 1)]
    return np.where(rng.random(count) < knobs.near_share, inside, outside).astype(np.int64)
