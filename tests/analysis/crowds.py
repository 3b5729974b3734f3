"""Made-up viewers: people with an interest in popular people, and crews that split a list."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from himaya.analysis.groups import Search, Settings, Sighting

NOON = 1_760_000_000.0 // 86400 * 86400 + 43_200


class World:
    """People numbered by popularity, 1/rank; `draw` returns one as attention falls."""

    def __init__(self, people: int) -> None:
        self.people = people
        self._sums: list[float] = []
        total = 0.0
        for rank in range(1, people + 1):
            total += 1.0 / rank
            self._sums.append(total)

    def draw(self, rng: Random) -> int:
        low, high, want = 0, self.people - 1, rng.random() * self._sums[-1]
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self._sums[middle] >= want else (middle + 1, high)
        return low + 1


def view(at: float, actor: str, person: int, **facets) -> Sighting:
    """Return one view; ages and facets are as given."""
    facets = {"access": "account", "age_s": 86400.0, **facets}
    return Sighting(at, actor, f"p{person}", **facets)


def crew(
    people: int, members: int, views: int, rng: Random, name: str = "crew", **facets
) -> Iterator[Sighting]:
    """Yield the views of a crew that splits a shuffled list, one second apart."""
    targets = rng.sample(range(1, people + 1), views)
    for number, person in enumerate(targets):
        yield view(NOON + number, f"account:{name}{number % members}", person, **facets)


def crowd(
    world: World, members: int, views: int, rng: Random, name: str = "u", **facets
) -> Iterator[Sighting]:
    """Yield views by members who look at whom everybody looks at, one second apart."""
    for number in range(members * views):
        actor = f"account:{name}{rng.randrange(members)}"
        yield view(NOON + number, actor, world.draw(rng), **facets)


def search(people: int, **more) -> Search:
    """Return a search over a site of so many people at the error rate the reference's figures use."""
    return Search(Settings(**{"population": people, "alpha": 0.001, **more}))


def fed(state: Search, views: Iterator[Sighting], every: int = 50) -> list[str]:
    """Show views to a search, asking now and then; return the ids of groups found."""
    found: dict[str, None] = {}
    for number, one in enumerate(views):
        state.observe(one)
        if number % every == every - 1:
            found.update((group.id, None) for group in state.conclude(one.at))
    found.update((group.id, None) for group in state.conclude(NOON))
    return list(found)
