"""Who there is: community, employer, surname, popularity, settings, telephone number and mail address."""

from __future__ import annotations

import numpy as np

from himaya.bench.world.knobs import Knobs

#: Shares of people who hide a field from others, or who are minors. Assumptions of this world, not measurements.
HIDES_PHONE, HIDES_EMAIL, NOT_FINDABLE, MINOR = 0.6, 0.7, 0.3, 0.01

Ints = np.ndarray[tuple[int], np.dtype[np.int32]]


class People:
    """All people as columns; a person is a number from 0.

    `by_popularity` lists people, most popular first; `cumulative` is the running share of attention in
    that order. `setting` holds bits: 1 shows the telephone number, 2 shows the mail address, 4 can be found by either,
    8 is a minor.
    """

    def __init__(self, knobs: Knobs, rng: np.random.Generator) -> None:
        """Draw everybody."""
        n = self.count = knobs.people
        self.communities = max(1, n // knobs.community)
        self.employers = max(1, n // knobs.employers)
        self.surnames = max(1, n // 60)
        # Ids say nothing about who somebody is, so communities and ids are drawn independently.
        self.community: Ints = rng.integers(0, self.communities, n, dtype=np.int32)
        self.employer: Ints = rng.integers(0, self.employers, n, dtype=np.int32)
        self.surname: Ints = (self.surnames * rng.random(n) ** 2).astype(np.int32)
        self.by_popularity: Ints = rng.permutation(n).astype(np.int32)
        attention = np.arange(1, n + 1, dtype=np.float64) ** -knobs.popularity
        self.cumulative = np.cumsum(attention / attention.sum())
        self.setting = _settings(n, rng)
        self.phones = Numbers(n, knobs.phone_space, rng)
        self.emails = Numbers(n, knobs.email_space, rng)
        self.in_community = Lists(self.community, self.communities)
        self.at_employer = Lists(self.employer, self.employers)
        self.of_surname = Lists(self.surname, self.surnames)

    def popular(self, u: float) -> int:
        """Return the person that a draw `u` in 0..1 falls on, popular people more often."""
        place = int(np.searchsorted(self.cumulative, u))
        return int(self.by_popularity[min(place, self.count - 1)])


def _settings(n: int, rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    setting = np.zeros(n, np.uint8)
    for bit, hidden in ((1, HIDES_PHONE), (2, HIDES_EMAIL), (4, NOT_FINDABLE)):
        setting[rng.random(n) >= hidden] |= bit
    setting[rng.random(n) < MINOR] |= 8
    return setting


class Numbers:
    """A space of numbers of which a share belongs to people, spread evenly and without order.

    Number = (person * a + b) mod size, with `a` prime to the size, so both directions are one
    multiplication and nothing is stored.
    """

    def __init__(self, people: int, size: int, rng: np.random.Generator) -> None:
        """Draw the constants of a space of `size` numbers."""
        self.people, self.size = people, size
        self._b = int(rng.integers(self.size))
        self._a = _prime_to(self.size, int(rng.integers(self.size // 3, self.size)))
        self._inverse = pow(self._a, -1, self.size)

    def of(self, person: int) -> int:
        """Return the number of a person."""
        return (person * self._a + self._b) % self.size

    def owner(self, number: int) -> int:
        """Return whom a number belongs to, -1 for nobody."""
        if not 0 <= number < self.size:
            return -1
        person = (number - self._b) * self._inverse % self.size
        return person if person < self.people else -1


def _prime_to(size: int, start: int) -> int:
    a = max(1, start) | 1
    while np.gcd(a, size) != 1:
        a += 2
    return a


class Lists:
    """The people of each community, employer or surname, in one array with offsets."""

    def __init__(self, column: Ints, count: int) -> None:
        """Sort people by their group; within a group by number."""
        self._people: Ints = np.argsort(column, kind="stable").astype(np.int32)
        self._starts = np.searchsorted(column[self._people], np.arange(count + 1))

    def of(self, group: int) -> Ints:
        """Return the people of a group, nobody for a group that does not exist."""
        if not 0 <= group < len(self._starts) - 1:
            return self._people[:0]
        return self._people[self._starts[group] : self._starts[group + 1]]
