"""The anti-birthday test keeps its promise about honest viewers and its speed about crews."""

from __future__ import annotations

from math import sqrt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.crowds import NOON, World, crew, crowd, fed, search, view

from himaya.analysis.groups.birthday import AntiBirthday, disjointness, people_needed


def test_the_wealth_of_honest_groups_is_at_most_one_on_average():
    """Where viewers meet exactly as often as assumed, E is 1 on average whenever one looks: it is an e-value."""
    rng, runs, length = Random(7), 4000, 120
    for stop in (20, length):
        total = squares = 0.0
        for _ in range(runs):
            test, seen = AntiBirthday(), 0.0
            for _ in range(stop):
                h = test.expected(seen, 0.0)
                met = rng.random() < h
                test.bet(h, met=met)
                seen = min(1.0, seen + (0.0 if met else 0.01))
            total += test.value
            squares += test.value**2
        mean = total / runs
        error = sqrt(max(0.0, squares / runs - mean**2) / runs)
        assert mean <= 1.0 + 4 * error


def test_certificates_of_honest_groups_are_as_rare_as_promised():
    """Looking after every view, at most a share alpha of honest groups is ever certified (Ville)."""
    rng, runs, alpha, certified = Random(11), 3000, 0.05, 0
    for _ in range(runs):
        test, seen = AntiBirthday(), 0.0
        for _ in range(150):
            h = test.expected(seen, 0.0)
            met = rng.random() < h
            test.bet(h, met=met)
            seen = min(1.0, seen + 0.005)
            if test.certifies(alpha):
                certified += 1
                break
    assert certified / runs <= alpha + 3 * sqrt(alpha / runs)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.booleans()), max_size=200),
)
def test_the_wealth_is_never_negative(views):
    """Whatever the popularity, also one that adds up to more than all, E is never below 0 and h is a share."""
    test = AntiBirthday()
    for seen, own, met in views:
        h = test.expected(seen, own)
        assert 0.0 <= h <= 0.5
        test.bet(h, met=met)
        assert test.value >= 0.0


@pytest.mark.parametrize(("people", "needed"), [(10_000, 608), (100_000, 1915), (1_000_000, 6050)])
def test_a_perfect_partition_is_certified_after_the_people_that_were_computed(people, needed):
    """A crew that splits the list is certified at 0.1 % after sqrt(N) people: 608 of 10,000, 6,050 of a million."""
    test = AntiBirthday()
    for shown in range(people):
        test.bet(test.expected(shown / people, 0.0), met=False)
        if test.certifies(0.001):
            break
    assert shown + 1 == pytest.approx(needed, rel=0.02)
    assert people_needed(people, 0.001) == pytest.approx(needed, rel=0.1)


def test_the_number_of_accounts_does_not_matter():
    """Fifty accounts and four hundred lose the same number of people before the crew is found."""
    for members in (50, 400):
        state = search(10_000)
        views = crew(10_000, members, 800, Random(3), fingerprint="x")
        shown = next(
            n for n, one in enumerate(views, 1) if (state.observe(one), state.conclude(one.at))[1]
        )
        assert 560 < shown < 720


def test_honest_groups_of_popular_viewing_are_never_certified():
    """Sixty groups who look at whom everybody looks at: none is found, in a small site and in a large one."""
    for people in (2000, 20_000):
        world, rng = World(people), Random(5)
        state = search(people)
        fed(state, crowd(world, 200, 20, rng, "background"))
        for number in range(30):
            fed(state, crowd(world, 3 + number, 40, rng, f"g{number}-", fingerprint=f"f{number}"))
        assert state.groups == {}


def test_people_of_distant_circles_are_not_found_in_a_site_of_some_size():
    """Members who each stay in their own circle but for popular people meet rarely, and are still no group."""
    world, rng, state = World(20_000), Random(9), search(20_000)
    fed(state, crowd(world, 200, 30, rng, "background"))
    for number in range(600):
        member = rng.randrange(12)
        person = world.draw(rng) if rng.random() < 0.4 else 5000 + 100 * member + rng.randrange(100)
        state.observe(view(NOON + number, f"account:far{member}", person, fingerprint="far"))
    assert state.conclude(NOON) == []


def test_overlap_on_purpose_defeats_the_test():
    """A crew that shows every third person twice is missed for long: the docs say so, and this is the measure of it."""
    rng, state = Random(2), search(10_000)
    targets = rng.sample(range(1, 10_001), 1000)
    for number, person in enumerate(targets):
        state.observe(view(NOON + number, f"account:a{number % 20}", person, fingerprint="x"))
        if number % 3 == 0:
            again = view(NOON + number, f"account:a{(number + 1) % 20}", person, fingerprint="x")
            state.observe(again)
    assert state.conclude(NOON) == []


def test_two_groups_are_one_when_they_avoid_each_other():
    """A second crew that leaves out whom the first one saw is certain to be the same; chance meetings are not."""
    assert disjointness(700, 0, 0.05) > 1000
    assert disjointness(700, 35, 0.05) < 1
    assert disjointness(20, 0, 0.05) < 2
