"""What the demo's himaya.toml declares is what the site shows."""

from __future__ import annotations

import pytest

from himaya.core.matching import Surfaces
from himaya.demo.closing import DAY_BUDGET
from himaya.demo.harvest import people_in
from himaya.gate.people_json import parse, people
from himaya.gate.people_links import linked_subjects


@pytest.fixture(name="shown")
def shown_fixture(visit, members):
    """One request per surface: id, target, answer of the site."""
    visit.sign_in(members[0].handle)
    one, phone = members[1].handle, members[1].phone
    asked = {
        "profile": (f"/u/{one}", {}),
        "friends": (f"/u/{one}/friends", {}),
        "home": ("/", {}),
        "search": ("/search", {"q": "e"}),
        "contacts": ("/contacts", {"phone": phone}),
        "api-people": ("/api/people", {}),
        "api-person": (f"/api/people/{one}", {}),
        "api-lookup": ("/api/lookup", {"phone": phone}),
        "photo": (f"/photo/{one}.svg", {}),
    }
    return {key: (path, visit.get(path, **query)) for key, (path, query) in asked.items()}


def test_every_surface_is_a_route_of_the_site(config, shown):
    """Every declared route is one the site answers, and leads to its own surface."""
    surfaces = Surfaces(config.surfaces)
    assert set(shown) == {surface.id for surface in config.surfaces}
    for key, (path, answer) in shown.items():
        assert answer.status == 200
        assert surfaces.match("GET", path).surface.id == key


def test_declared_fields_are_the_fields_shown(config, shown):
    """A scraper reads exactly the declared fields out of every surface, of everybody on it."""
    for surface in config.surfaces:
        path, answer = shown[surface.id]
        found = people_in(path, answer.content_type, answer.body)
        assert found, surface.id
        # The number was typed by the visitor; the page repeats it in its form.
        typed = {"phone"} if surface.id == "contacts" else set()
        for _, row in found:
            assert set(row) | typed == set(surface.fields), surface.id


def test_listings_fit_their_reserve(config, members):
    """No listing can show more people than its declared max_people."""
    most = {surface.id: surface.max_people for surface in config.surfaces}
    friends = max(len(member.friends) for member in members)
    assert most["home"] >= friends
    assert most["friends"] >= friends + 1
    assert (most["search"], most["api-people"]) == (20, 50)


def test_himaya_reads_the_search_page(config, shown):
    """The links himaya follows on a search page are the people shown on it."""
    path, answer = shown["search"]
    search = next(surface for surface in config.surfaces if surface.id == "search")
    shown_people = [handle for handle, _ in people_in(path, answer.content_type, answer.body)]
    linked = linked_subjects(answer.body, search.links, content_type=answer.content_type)
    assert linked == shown_people


def test_himaya_reads_the_json(config, shown):
    """The JSON paths lead to everybody in the answer, with the fields that are there."""
    api = next(surface for surface in config.surfaces if surface.id == "api-people")
    _, answer = shown["api-people"]
    found = people(parse(answer.body), api.json_subject, api.json_rows, api.fields)
    assert len(found) == 50
    assert all(set(person.fields) == set(api.fields) for person in found)


def test_said_budget_is_the_declared_one(config):
    """The day's budget that the last screen speaks of is the one in the configuration."""
    assert config.budgets.account.day == DAY_BUDGET


def test_addresses_are_believed_from_this_machine_alone(config):
    """Forwarded addresses are believed from 127.0.0.1 and from nowhere else."""
    assert config.actor.trusted_proxies == ("127.0.0.1/32",)
    assert config.mode == "enforce"
