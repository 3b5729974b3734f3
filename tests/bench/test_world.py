"""The world: the same seed gives the same people, links lead where they should, numbers have one owner."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.bench.asks import Ask, Client
from himaya.bench.policy import configuration, shipped
from himaya.bench.world import fields as f
from himaya.bench.world import links as at
from himaya.bench.world.knobs import Knobs, load_knobs
from himaya.bench.world.site import World
from himaya.core.actor import Actor
from himaya.core.errors import ConfigError, InputError
from himaya.core.matching import Surfaces

SMALL = Knobs(people=600)
WORLD = World(SMALL, 1)
ME = Client(Actor(address="10.0.0.1", account="7"))


def pages(world: World) -> list[Ask]:
    """Return one ask for every page of the site."""
    popular = world.subject(int(world.people.by_popularity[0]))
    link = world.names.link(ME.viewer, world.subject(5))
    return [
        at.HOME,
        at.profile(link),
        at.friends(link),
        at.relatives(1),
        at.search("org:1"),
        at.suggest(1),
        at.api(2),
        at.followers(popular),
        at.by_phone(world.people.phones.of(5)),
        at.by_email(world.people.emails.of(5)),
        at.contacts((world.people.phones.of(5), 3, 4)),
        at.photo(link),
        at.preview(link),
    ]


def test_a_world_repeats():
    """The same knobs and seed give the same answers; another seed gives others."""
    answers = [WORLD.answer(ME, ask) for ask in pages(WORLD)]
    assert [World(SMALL, 1).answer(ME, ask) for ask in pages(WORLD)] == answers
    assert [World(SMALL, 2).answer(ME, ask) for ask in pages(WORLD)] != answers


@pytest.mark.parametrize("ids", ["sequential", "random", "per-viewer"])
def test_every_page_is_a_declared_surface(ids):
    """The shipped configuration declares each page that shows people, and its `max_people` holds."""
    knobs = Knobs(people=600, ids=ids)
    world, surfaces = World(knobs, 1), Surfaces(configuration(knobs).surfaces)
    world.accounts["7"] = 6
    found = set()
    for ask in pages(world):
        match = surfaces.match(ask.method, ask.target)
        assert match is not None, ask
        found.add(match.surface.id)
        answer = world.answer(ME, ask)
        assert answer.status == 200
        assert len(answer.people) <= match.surface.max_people
    assert found == set(surfaces.by_id)


def test_shown_fields_are_declared_but_for_the_planted_leak():
    """Every field of an answer is declared on its surface; the follower interface alone leaks, as in the incident."""
    surfaces = Surfaces(shipped().surfaces)
    leaking = set()
    for ask in pages(WORLD):
        surface = surfaces.match(ask.method, ask.target).surface
        for person in WORLD.answer(ME, ask).people:
            if set(person.fields) - set(surface.fields):
                leaking.add(surface.id)
    assert leaking == {"followers"}


def test_weights_are_those_of_the_configuration():
    """The score weighs fields as the shipped configuration does."""
    told = shipped().fields
    assert {name: told.get(name, 1.0) for name in f.WEIGHTS} == f.WEIGHTS


def test_per_viewer_links_are_worth_nothing_to_others():
    """A link made for one viewer leads nowhere for another; neither does a link that was made up."""
    world = World(Knobs(people=600, ids="per-viewer"), 1)
    mine = world.names.link("me", world.subject(5))
    assert world.names.open("me", mine) == 5
    assert world.names.open("you", mine) == -1
    assert world.names.open("me", world.subject(5)) == -1
    assert world.names.open("me", "f" * 24) == -1


@given(st.integers(0, 599))
def test_a_number_has_one_owner(person):
    """A person's telephone number and mail address lead to that person."""
    assert WORLD.people.phones.owner(WORLD.people.phones.of(person)) == person
    assert WORLD.people.emails.owner(WORLD.people.emails.of(person)) == person


def test_hits_are_as_rare_as_the_knobs_say():
    """One telephone number in ten belongs to somebody, and three mail addresses in a hundred."""
    for numbers, share in ((WORLD.people.phones, 0.1), (WORLD.people.emails, 0.03)):
        hits = sum(numbers.owner(n) >= 0 for n in range(numbers.size))
        assert hits == WORLD.count
        assert hits / numbers.size == pytest.approx(share, rel=0.01)


@given(st.text(max_size=60))
def test_nothing_asked_breaks_the_site(text):
    """Whatever the target, the site answers; it never raises."""
    for target in (
        f"/{text}",
        f"/u/{text}",
        f"/search?q={text}&page={text}",
        f"/api/people?page={text}",
    ):
        assert WORLD.answer(ME, Ask(target)).status in {200, 403, 404}


def test_an_impossible_person_is_an_error():
    """Asking for a person beyond the last names the number and the limit."""
    with pytest.raises(InputError, match="no person 600 in a world of 600"):
        WORLD.subject(600)


def test_friends_are_mutual():
    """Whoever is somebody's friend has them as a friend, and nobody is their own."""
    for person in range(0, 600, 7):
        for friend in WORLD.friends.of(person).tolist():
            assert person in WORLD.friends.of(friend).tolist()
            assert friend != person


def test_knobs_come_from_a_file(tmp_path):
    """A world file sets knobs; a mistake names file, line and key."""
    file = tmp_path / "world.toml"
    file.write_text('[world]\npeople = 500\nids = "random"\n')
    assert load_knobs(file) == Knobs(people=500, ids="random")
    file.write_text('[world]\npeople = 500\nids = "wild"\n')
    with pytest.raises(ConfigError, match=r"world\.toml:3: world\.ids"):
        load_knobs(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_knobs(tmp_path / "none.toml")
