"""Popularity: how much attention each person gets, counted in viewers and smoothed.

Views by the group under test are left out, so nobody is judged by their own views:

    pi_g(p) = (c(p) - c_g(p) + 1) / (T - T_g + N)

c(p) are the actors who saw p, c_g(p) those of them in the group, T and T_g their sums, N the people of the site. The
added 1 pulls towards "everybody alike": for what is popular pi is then too small, and the test the milder for it.
"""

from __future__ import annotations

#: A site that does not say how many people it shows is taken for at least this large: a larger N is the milder one.
LEAST_POPULATION = 10_000

Id = str | int


class Popularity:
    """Viewers per person. At most `most` people are counted one by one; further ones get the smoothed floor."""

    __slots__ = ("_most", "_stated", "total", "viewers")

    def __init__(self, population: int = 0, most: int = 1_000_000) -> None:
        """Start with nobody seen; `population` 0 is not stated."""
        self.viewers: dict[Id, int] = {}
        self.total = 0
        self._stated = population
        self._most = most

    @property
    def population(self) -> int:
        """Return N: what the site states, else the people seen so far, and not fewer than the floor."""
        return self._stated or max(LEAST_POPULATION, 2 * len(self.viewers))

    def add(self, person: Id) -> None:
        """Count one more viewer of a person."""
        known = self.viewers.get(person)
        if known is not None:
            self.viewers[person] = known + 1
        elif len(self.viewers) < self._most:
            self.viewers[person] = 1
        else:
            return
        self.total += 1

    def of(self, person: Id, inside: int = 0, total_inside: int = 0) -> float:
        """Return pi of a person, without `inside` of the viewers and `total_inside` of all views."""
        outside = max(0, self.viewers.get(person, 0) - inside)
        return (outside + 1) / (max(0, self.total - total_inside) + self.population)
