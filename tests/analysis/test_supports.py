"""Coverage, synchrony and popularity: the values beside the certificate."""

from __future__ import annotations

from random import Random

import pytest
from tests.analysis.crowds import World

from himaya.analysis.groups import coverage
from himaya.analysis.groups.popularity import LEAST_POPULATION, Popularity
from himaya.analysis.groups.synchrony import SLOT_S, SLOTS, Rhythm, dispersion


def test_coverage_rises_for_whoever_looks_at_all_alike_and_falls_for_people():
    """Drawn uniformly, members' first views add to L; drawn as attention falls, a few each, they take from it."""
    world, rng = World(2000), Random(1)
    popularity = Popularity(2000)
    for _ in range(40_000):
        popularity.add(world.draw(rng))

    def score(members: list[list[int]]) -> float:
        first = [person for people in members for person in dict.fromkeys(people)]
        return sum(coverage.step(popularity.of(person), 2000) for person in first)

    assert score([[rng.randint(1, 2000) for _ in range(20)] for _ in range(20)]) > 20
    assert score([[world.draw(rng) for _ in range(20)] for _ in range(20)]) < 0


def test_a_threshold_needs_enough_honest_groups():
    """998 honest groups allow no threshold at 0.1 %, 999 do, and it is then the greatest value among them."""
    values = [float(n) for n in range(999)]
    assert coverage.threshold(values[:998], 0.001) is None
    assert coverage.threshold(values, 0.001) == 998.0
    assert coverage.threshold(values, 0.01) == 989.0
    assert coverage.threshold([], 0.5) is None


def test_members_that_come_by_themselves_are_not_synchronous():
    """Independent members give about 1 under a rhythm that all share; a crew that starts and stops as one, more."""
    rng, site, alone, together = Random(4), Rhythm(), Rhythm(), Rhythm()
    for slot in range(SLOTS):
        busy = 0.6 if slot > SLOTS // 2 else 0.2
        at, works = slot * SLOT_S + 1.0, rng.random() < busy
        for number in range(200):
            if rng.random() < busy:
                site.active(f"u{number}", at)
        for number in range(20):
            if rng.random() < busy:
                alone.active(f"a{number}", at)
            if works:
                together.active(f"t{number}", at)
    independent, crew = (dispersion(one.slots, site.slots) for one in (alone, together))
    assert independent is not None
    assert crew is not None
    assert independent < 1.5
    assert crew > 5


def test_synchrony_keeps_a_day_and_says_nothing_of_an_hour():
    """Only the slots of the last day are kept, and with few of them there is no value."""
    rhythm = Rhythm()
    for slot in range(3 * SLOTS):
        rhythm.active("u", slot * SLOT_S + 1.0)
        rhythm.active("u", slot * SLOT_S + 2.0)
    assert len(rhythm.slots) == SLOTS
    assert set(rhythm.slots.values()) == {1}
    assert dispersion({0: 3, 1: 3}, {0: 5, 1: 5}) is None


def test_nobody_is_judged_by_their_own_views():
    """What a group adds to a person's viewers does not make the person popular for that group."""
    popularity = Popularity(1000)
    for _ in range(50):
        popularity.add("p1")
    assert popularity.of("p1", 50, 50) == pytest.approx(1 / 1000)
    assert popularity.of("p1") == pytest.approx(51 / 1050)


def test_popularity_is_bounded_and_mild_where_the_site_says_nothing():
    """Past its bound further people get the floor; an unstated population is taken for a large one."""
    popularity = Popularity(0, most=10)
    for number in range(1000):
        popularity.add(number)
    assert len(popularity.viewers) == 10
    assert popularity.population == LEAST_POPULATION
    assert popularity.of(999) == 1 / (10 + LEAST_POPULATION)
