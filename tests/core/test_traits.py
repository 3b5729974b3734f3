"""Traits: what an actor did today, as numbers, and what is not known of it."""

from __future__ import annotations

from math import isfinite, log1p

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.model_support import learned, with_model
from tests.core.signal_support import START, Site, member, paces

from himaya.core.actor import Actor
from himaya.core.detectors import Observation
from himaya.core.detectors.traits import EVERY, FEWEST, TRAITS, VERSION, Traits, Values, day_of
from himaya.core.facts import AccountFact, NearFact
from himaya.core.finding import Finding
from himaya.core.policy import Bounds
from himaya.core.window import UNIT, PeopleWindow

#: Whoever comes back to nobody is found.
MODEL = learned(first=2.0, threshold=3.0)
NAMES = [trait.name for trait in TRAITS]


class Listening:
    """A detector that keeps every description and finds nobody."""

    name = "listening"

    def __init__(self) -> None:
        self.traits = Traits(100)
        self.told: list[Values] = []

    def observe(self, seen: object) -> Finding | None:
        values = self.traits.look(seen)
        if values is not None:
            self.told.append(values)
        return None

    def tracked(self) -> int:
        return self.traits.tracked()


def described(facts=()) -> tuple[Site, Listening]:
    """Return a site, and who listens to it."""
    site, listening = Site(facts=facts), Listening()
    site.engine.watchers.attend(listening)
    return site, listening


def last(listening: Listening) -> dict[str, float | None]:
    """Return the last description by trait."""
    return dict(zip(NAMES, listening.told[-1], strict=True))


# traits ----------------------------------------------------------------------------------------


def test_a_day_is_described_at_its_sixteenth_view_and_every_eighth_from_then():
    """Before that nothing is said; pictures and lists are no views, and API keys are not described."""
    site, listening = described()
    for n in range(FEWEST + 2 * EVERY):
        site.view(member("anna"), f"p{n}")
        site.ask(member("anna"), f"/photo/p{n}", 1.0, None)
        site.lists(member("anna"), ["x", "y"])
        site.view(Actor(key="program"), f"p{n}")
    assert len(listening.told) == 3


def test_a_new_day_begins_anew():
    """After midnight (UTC) an actor is described by what it did since."""
    site, listening = described()
    for n in range(FEWEST - 1):
        site.view(member("anna"), f"p{n}", 1.0)
    site.now += 86400
    for n in range(FEWEST - 1):
        site.view(member("anna"), f"q{n}", 1.0)
    assert listening.told == []


def test_who_comes_back_is_told_from_who_does_not():
    """`first` is the share of views of somebody new."""
    site, listening = described()
    for n in range(FEWEST):
        site.view(member("anna"), f"p{n % 4}")
    assert last(listening)["first"] == 4 / 16
    for n in range(FEWEST):
        site.view(member("ben"), f"p{n}")
    assert last(listening)["first"] == 1.0


def test_what_is_not_known_is_none():
    """Without near pairs, lists, look-ups and a learned popularity nothing is said of them."""
    site, listening = described()
    for n in range(FEWEST):
        site.view(member("anna"), f"p{n}")
    unknown = {name for name, value in last(listening).items() if value is None}
    assert unknown == {"near", "alone", "popular", "listed", "misses"}


def test_near_people_steps_and_age_are_described():
    """Near views, ids next to each other and new accounts are what they are called."""
    created = AccountFact("anna", created=START - 60)
    site, listening = described((created, *(NearFact("anna", f"p{n}") for n in range(4))))
    for n in range(FEWEST):
        site.view(member("anna"), f"p{n}")
    told = last(listening)
    assert (told["near"], told["steps"], told["new"]) == (4 / 16, 1.0, 1.0)


def test_look_ups_in_vain_are_views_and_misses():
    """Somebody who only looks people up is described, too."""
    site, listening = described()
    for n in range(FEWEST):
        site.looks_up(member("guesser"), f"p{n}" if n % 4 == 0 else "")
    assert last(listening)["misses"] == 12 / 16


def test_a_clock_is_told_from_a_person():
    """Even pauses are near 0, a person's far from it."""
    site, listening = described()
    for n in range(40):
        site.view(member("clock"), f"p{n}", 3.0)
    clock = last(listening)["pace"]
    chance = paces(1)
    for n in range(40):
        site.view(member("anna"), f"p{n}", chance.lognormvariate(2, 1.2))
    assert clock == 0.0
    assert last(listening)["pace"] > 0.5


def test_a_reload_makes_no_stranger_of_a_reader():
    """What was opened is forgotten at a reload; whom the month's windows hold is still somebody known."""
    site, listening = described()
    for n in range(FEWEST):
        site.view(member("anna"), f"p{n}")
    site.engine.reload(site.engine.policy)
    site.engine.watchers.attend(listening)
    listening.traits = Traits(100)
    for n in range(FEWEST):
        site.view(member("anna"), f"p{n}")
    assert last(listening)["first"] == 0.0


def test_days_are_held_of_a_bounded_number_of_actors():
    """A flood of actors leaves no more days than the bound, and no more than a ring of gaps for each."""
    site = Site(with_model(MODEL), bounds=Bounds(standing=100, principals=1000))
    for n in range(1000):
        site.view(member(f"a{n}"), "p1", 0.1)
    for n in range(1000):
        site.view(member("busy"), f"p{n}", 0.1)
    assert site.engine.watchers.model.tracked() == 100
    held = next(reversed(site.engine.watchers.model._traits._days.values()))
    assert len(held.pace.bins) == 64


# one view at a time ----------------------------------------------------------------------------


def seen(subject: str = "p1", at: float = 60.0, name: str = "account:anna", **more) -> Observation:
    """Return a view of a profile that many seconds after the start."""
    actor = Actor(account=name.partition(":")[2])
    subjects = more.pop("subjects", (subject,) if subject else ())
    window = more.pop("window", PeopleWindow(0))
    return Observation(name, actor, "u", subjects, window, START + at, None, **more)


def after(*views: Observation) -> dict[str, float | None]:
    """Return the description that comes out once these views were repeated until one is due."""
    traits = Traits()
    for n in range(FEWEST):
        each = views[n % len(views)]
        each.now = START + 60.0 * n
        told = traits.look(each)
    assert told is not None
    return dict(zip(NAMES, told, strict=True))


def test_traits_have_names_of_their_own_and_words_both_ways():
    """A model names traits; a finding says what a high and a low one mean. The version is that of these twelve."""
    assert len(set(NAMES)) == len(NAMES) == 12
    words = [word for trait in TRAITS for word in (trait.high, trait.low)]
    assert len(set(words)) == 24
    assert all(words)
    assert VERSION == 1


@pytest.mark.parametrize(
    ("more", "is_described"),
    [
        ({}, True),
        ({"kind": "lookup"}, True),
        ({"kind": "lookup", "subject": "", "missed": True}, True),
        ({"kind": "listing"}, False),
        ({"kind": "media"}, False),
        ({"subjects": ("p1", "p2")}, False),
        ({"kind": "lookup", "subjects": ("p1", "p2")}, False),
        ({"subject": ""}, False),
        ({"cohort": "key"}, False),
        ({"cohort": "anonymous"}, True),
    ],
)
def test_a_view_is_a_profile_or_look_up_of_one_person(more, is_described):
    """Lists, pictures, several at once, nobody, and API keys are none."""
    traits = Traits()
    told = [traits.look(seen(at=60.0 * n, **more)) for n in range(FEWEST)]
    assert (told[-1] is not None) is is_described
    assert told[:-1] == [None] * (FEWEST - 1)


def test_pictures_and_keys_leave_nothing_behind():
    """What is not described is not held either."""
    traits = Traits()
    traits.look(seen(kind="media"))
    traits.look(seen(name="key:k", cohort="key"))
    assert traits.tracked() == 0
    traits.look(seen(kind="listing"))
    assert traits.tracked() == 1


def test_a_list_is_a_page_of_the_pace_and_no_view():
    """Whoever turns pages of a list between profiles pauses half as long."""
    walks, reads = Traits(), Traits()
    for n in range(FEWEST):
        walks.look(seen(f"p{n}", at=8.0 * n))
        reads.look(seen(f"p{n}", at=8.0 * n))
        reads.look(seen(at=8.0 * n + 1.0, kind="listing"))
    (walk,), (read,) = walks._days.values(), reads._days.values()
    assert walk.views == read.views == FEWEST
    assert len(walk.pace.bins) < len(read.pace.bins)
    assert walk.pace.entropy() == 0.0 < read.pace.entropy()


def test_only_first_views_say_whom_one_comes_to():
    """A profile opened of late, and one shown in this month that no list had shown, is a return."""
    assert after(seen())["first"] == 1.0
    assert after(seen(opened=True))["first"] == 0.0
    assert after(seen(fresh=False))["first"] == 0.0
    assert after(seen(fresh=False, listed=False))["first"] == 0.0
    assert after(seen(fresh=False, listed=True))["first"] == 1.0
    back = after(seen(opened=True, popular="nobody else", listed=True, near=True))
    assert (back["alone"], back["listed"], back["near"]) == (None, None, 1.0)


def test_popular_listed_and_near_are_shares_of_what_is_known():
    """What is not known of a view is in no share: two of three placed views, half of those near or far."""
    told = after(
        seen("a", popular="nobody else", listed=True, near=True),
        seen("b", popular="many others", listed=False, near=False),
        seen("c", popular="few others"),
        seen("d"),
    )
    assert told["alone"] == told["popular"] == 4 / 12
    assert told["listed"] == told["near"] == 0.5


@pytest.mark.parametrize(("known", "share"), [(4, None), (5, 1.0), (6, 1.0)])
def test_a_share_of_fewer_than_five_is_not_known(known, share):
    """Four views near somebody say nothing; five do."""
    traits = Traits()
    for n in range(FEWEST):
        told = traits.look(seen(f"p{n}", at=60.0 * n, near=True if n < known else None))
    assert dict(zip(NAMES, told, strict=True))["near"] == share


@pytest.mark.parametrize(
    ("subjects", "steps"),
    [
        (["p1", "p2"], 1.0),
        (["p1", "p4"], 1.0),
        (["p1", "p5"], 0.0),
        (["p9", "p7"], 1.0),
        (["p1", "p1"], None),
        (["anna", "ben"], None),
        (["p1", "anna", "p2", "ben"], 1.0),
    ],
)
def test_steps_go_between_ids_that_have_a_number(subjects, steps):
    """At most three apart is close, either way; the same id is no step, and what has no number is stepped over."""
    assert after(*[seen(each) for each in subjects])["steps"] == steps


def test_misses_are_a_share_of_look_ups_and_first_views_one_of_people_found():
    """A profile is no look-up, and nobody is no person to come back to."""
    told = after(
        seen(kind="lookup"),
        seen("", kind="lookup", missed=True),
        seen("p2"),
        seen("p3", opened=True),
    )
    assert told["misses"] == 0.5
    assert told["first"] == 8 / 12


def test_people_of_hour_and_day_grow_by_their_logarithm():
    """What the window counts is told in people; a refund leaves no number below nothing."""
    window = PeopleWindow(0)
    window.hour, window.day = 9 * UNIT, 99 * UNIT
    told = after(seen(window=window))
    assert (told["hour"], told["day"]) == (log1p(9), log1p(99))
    window.hour = window.day = -UNIT
    told = after(seen(window=window))
    assert (told["hour"], told["day"]) == (0.0, 0.0)


@pytest.mark.parametrize("cohort", ["new", "paid", "established", "anonymous"])
def test_a_cohort_is_new_or_paid_or_neither(cohort):
    """Of what an actor is, age and payment alone are traits."""
    told = after(seen(cohort=cohort))
    assert (told["new"], told["paid"]) == (cohort == "new", cohort == "paid")


def test_pace_is_known_from_eight_gaps():
    """Seven gaps within a sitting are too few, however many views there were."""
    for gaps, known in ((7, False), (8, True)):
        traits = Traits()
        for n in range(FEWEST):
            # The first views come all at once: no gap lies between them.
            told = traits.look(seen(f"p{n}", at=60.0 * max(0, n - (FEWEST - 1 - gaps))))
        assert (dict(zip(NAMES, told, strict=True))["pace"] is not None) is known


def test_whoever_is_forgotten_begins_the_day_anew():
    """Past the bound the actor unseen for longest leaves, and is described after sixteen views again."""
    traits = Traits(max_actors=2)
    for n in range(FEWEST - 1):
        traits.look(seen(f"p{n}", at=60.0 * n))
    for number, name in enumerate(("account:ben", "account:carla")):
        traits.look(seen("p1", at=960.0 + number, name=name))
    assert traits.tracked() == 2
    assert traits.look(seen("p99", at=990.0)) is None
    assert list(traits._days) == ["account:carla", "account:anna"]


def test_a_flood_of_actors_holds_no_more_than_the_bound():
    """Ten thousand invented actors leave a hundred days, the newest."""
    traits = Traits(max_actors=100)
    for n in range(10_000):
        traits.look(seen("p1", at=float(n), name=f"account:a{n}"))
        assert traits.tracked() <= 100
    assert next(iter(traits._days)) == "account:a9900"


@pytest.mark.parametrize(
    ("now", "day"), [(0.0, 0), (86_399.9, 0), (86_400.0, 1), (1_790_000_000.0, 20_717)]
)
def test_a_day_begins_at_midnight_in_utc(now, day):
    """Days are counted from 1970, without a time zone."""
    assert day_of(now) == day


VIEWS = st.lists(
    st.builds(
        seen,
        subject=st.sampled_from(["1", "2", "7", "anna", "9"]),
        kind=st.sampled_from(["profile", "lookup", "listing", "media"]),
        cohort=st.sampled_from(["anonymous", "new", "established", "paid", "key"]),
        near=st.sampled_from([None, True, False]),
        listed=st.sampled_from([None, True, False]),
        popular=st.sampled_from(["", "nobody else", "few others", "many others"]),
        fresh=st.booleans(),
        opened=st.booleans(),
    )
    | st.builds(seen, subject=st.just(""), kind=st.just("lookup"), missed=st.just(True)),
    min_size=FEWEST,
    max_size=80,
)


@given(VIEWS, st.lists(st.floats(0.0, 3600.0), min_size=80, max_size=80))
def test_every_number_is_finite_and_every_share_a_share(views, gaps):
    """Whatever an actor does, each trait is None or finite; all but people in hour and day lie within 0 and 1."""
    traits, now = Traits(), START
    for view, gap in zip(views, gaps, strict=False):
        now += gap
        view.now = now
        told = traits.look(view)
        if told is None:
            continue
        assert len(told) == len(TRAITS)
        assert all(value is None or isfinite(value) for value in told)
        shares = dict(zip(NAMES, told, strict=True))
        assert min(shares.pop("hour"), shares.pop("day")) >= 0.0
        assert all(value is None or 0.0 <= value <= 1.0 + 1e-9 for value in shares.values())
