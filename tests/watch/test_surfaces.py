"""Guessing which routes show people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.watch.logs import real_log

from himaya.core.matching import Surfaces
from himaya.watch.paths import PathCounts
from himaya.watch.sample import sample_logs
from himaya.watch.surfaces import SURE, discover_surfaces

NAMES = [
    "anna",
    "bernd",
    "chloe",
    "dmitri",
    "elena",
    "farid",
    "greta",
    "hugo",
    "ines",
    "jamal",
    "kaya",
    "liam",
]
IDS = [str(17 * number % 9973) for number in range(40)]
UUIDS = [f"{n:08x}-1111-4222-8333-{n:012x}" for n in range(12)]


def guessed(*targets, status=200):
    counts = PathCounts()
    for target in targets:
        counts.add("GET", target, status)
    return discover_surfaces(counts)


def sure(*targets):
    return {g.surface.route: g.surface.kind for g in guessed(*targets) if g.confidence >= SURE}


@pytest.mark.parametrize(
    ("targets", "route"),
    [
        ([f"/u/{n}" for n in IDS], "/u/{subject}"),
        ([f"/user/{n}" for n in NAMES], "/user/{subject}"),
        ([f"/profile/{n}" for n in NAMES], "/profile/{subject}"),
        ([f"/api/users/{n}" for n in IDS], "/api/users/{subject}"),
        ([f"/api/v2/users/{n}.json" for n in IDS], "/api/v2/users/{subject}.json"),
        ([f"/people/{n}" for n in UUIDS], "/people/{subject}"),
        ([f"/@{n}" for n in NAMES], "/{subject}"),
        ([f"/mitglieder/{n}" for n in IDS], "/mitglieder/{subject}"),
        ([f"/fr/membres/{n}" for n in NAMES], "/fr/membres/{subject}"),
        ([f"/org/{n % 5}/members/{n}" for n in range(60)], "/org/{part1}/members/{subject}"),
    ],
)
def test_profiles_are_found(targets, route):
    """Routes whose ids are people are found, in several shapes and languages."""
    assert sure(*targets) == {route: "profile"}


def test_words_beside_ids_are_pages_of_their_own():
    """`/users/new` and `/users/search` are no people."""
    found = sure(*(f"/users/{n}" for n in NAMES), "/users/new", "/users/search?q=a")
    assert found == {"/users/{subject}": "profile", "/users/search": "listing"}


def test_pages_below_a_profile_are_pages_of_the_person():
    """What stands behind the id belongs to the same person."""
    found = sure(*(f"/u/{n}/photos" for n in IDS), *(f"/u/{n}" for n in IDS))
    assert found == {"/u/{subject}": "profile", "/u/{subject}/photos": "profile"}


def test_listings_look_ups_and_pictures():
    """Searches, contact look-ups and portraits are told apart."""
    found = sure(
        *(f"/u/{n}" for n in IDS),
        *(f"/search?q={n}" for n in NAMES),
        *(f"/people?page={n}" for n in range(5)),
        *(f"/api/contacts/lookup?phone=+49{n}" for n in range(9)),
        *(f"/avatars/{n}.jpg" for n in IDS),
    )
    assert found == {
        "/u/{subject}": "profile",
        "/search": "listing",
        "/people": "listing",
        "/api/contacts/lookup": "lookup",
        "/avatars/{subject}.jpg": "media",
    }


def test_a_member_chosen_by_query():
    """`/members?id=5` is found as a look-up by that parameter."""
    (guess,) = guessed(*(f"/member.php?id={n}" for n in IDS))
    assert (guess.surface.kind, guess.surface.query) == ("lookup", "id")


@pytest.mark.parametrize(
    "targets",
    [
        [f"/blog/{n}" for n in IDS],
        [f"/product/{n}" for n in IDS],
        [f"/tag/{n}" for n in NAMES * 3],
        [f"/static/{n}.js" for n in IDS],
        [f"/p/{n}" for n in IDS],
        [f"/{n}" for n in NAMES],
        [f"/search?q={n}" for n in NAMES],
        ["/", "/about", "/contact"],
        [],
    ],
)
def test_other_things_are_not_called_people(targets):
    """Articles, products, assets and a search on a site without people are not acted on."""
    assert sure(*targets) == {}


def test_an_ambiguous_route_is_told_with_its_doubt():
    """`/p/17` may be a person or a post: it is told, with a low confidence and the reason."""
    (guess,) = guessed(*(f"/p/{n}" for n in IDS))
    assert 0 < guess.confidence < SURE
    assert "may be people or things" in guess.why
    assert guess.people == 40


def test_the_real_blog_has_no_people():
    """On the log of an ordinary blog no route is called people."""
    path, _ = real_log()
    assert [g for g in discover_surfaces(sample_logs([str(path)])) if g.confidence >= SURE] == []


def test_refused_and_missing_pages_tell_nothing():
    """A scanner that asks for a thousand missing profiles makes no surface."""
    assert guessed(*(f"/u/{n}" for n in IDS), status=404) == []


def test_paths_are_bounded():
    """Past the bound new paths are counted as dropped, not kept."""
    counts = PathCounts(max_paths=10)
    for number in range(50):
        counts.add("GET", f"/u/{number}", 200)
    assert (len(counts.paths), counts.dropped, counts.requests) == (10, 40, 50)


TARGET = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=40)


@given(st.lists(TARGET, max_size=60))
def test_guessing_never_raises_and_its_routes_match(targets):
    """Whatever was asked for, every guessed route compiles, and ids are unique."""
    found = guessed(*(f"/{target}" for target in targets))
    Surfaces(tuple(g.surface for g in found))
    assert len({g.surface.id for g in found}) == len(found)


@given(st.lists(st.sampled_from([*NAMES, *IDS, *UUIDS]), min_size=6, unique=True))
def test_a_guessed_route_matches_what_it_was_guessed_from(ids):
    """A profile route matches all the paths it came from, and names the person."""
    guesses = guessed(*(f"/u/{one}" for one in ids))
    surfaces = Surfaces(tuple(g.surface for g in guesses))
    for one in ids:
        match = surfaces.match("GET", f"/u/{one}")
        assert match is None or match.subject == one
