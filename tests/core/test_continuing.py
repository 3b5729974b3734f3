"""An engine goes on: neither another policy nor a restart forgets who was shown which canary."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.signal_support import START, SURFACES, Site, member

from himaya.core import continuing
from himaya.core.actor import Actor
from himaya.core.decision import Action
from himaya.core.disclosure import Certainty, Disclosures, Shown
from himaya.core.effect import RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Person, Request
from himaya.core.policy import Bounds, Canary, Detectors, Impostor, Policy

PLACES = {"c1": "gap", "c2": "gap", "c3": "sitemap", "c4": "api"}
BLOCKS = Canary(action=Action.BLOCK, for_s=60)
CRAWLERS = Impostor(crawlers={"Searchbot": ("198.51.100.0/24",)})
WALKER = member("walker")


def site(canary: Canary = BLOCKS, *, bounds: Bounds | None = None) -> Site:
    """Return an enforcing site with four canaries in three places."""
    made = Site(Detectors(canary=canary, impostor=CRAWLERS), mode="enforce", bounds=bounds)
    made.engine.watchers.place(PLACES)
    return made


def asks(made: Site, actor: Actor) -> Action:
    """Return what an actor meets at the next profile."""
    return made.engine.decide(Request(id="next", actor=actor, target="/u/p1"), made.now).action


def row(actor: Actor, *subjects: str, at: float = START, **more: object) -> Disclosures:
    """Return a row of the ledger: an answer that showed these people."""
    people = tuple(Shown(each, ("name",), Certainty.SERVED) for each in subjects)
    base = {"surface": "profile", "kind": "profile", "access": actor.access, "status": 200}
    return Disclosures(at=at, actor=actor, shown=people, **{**base, **more})


def independent(made: Site, actor: Actor = WALKER) -> float:
    """Return how many independent canaries an actor has met once it meets one of a fourth place."""
    made.engine.watchers.place({**PLACES, "last": "last"})
    made.view(actor, "last")
    return made.of("canary")[-1].value


# another policy --------------------------------------------------------------------------------


def test_another_policy_forgets_no_canary():
    """A reload between the two views changes nothing, and a shorter list lets go of what is none any more."""
    made = site()
    made.view(WALKER, "c1")
    continuing.reload(made.engine, made.engine.policy)
    made.view(WALKER, "c3")
    assert asks(made, WALKER) is Action.BLOCK
    made.engine.watchers.place({})
    made.view(member("ben"), "c3")
    assert {each.actor for each in made.of("canary")} == {"account:walker"}


def test_another_policy_keeps_the_windows_and_decides_by_itself():
    """People counted stay counted; the new policy's mode, detectors and hash hold from the next request on."""
    made = site()
    made.view(WALKER, "c1")
    made.view(WALKER, "p1")
    before = made.engine.people_of(WALKER.name)
    shadow = msgspec.structs.replace(made.engine.policy, mode="shadow")
    continuing.reload(made.engine, shadow)
    assert made.engine.people_of(WALKER.name) == before != (0.0, 0.0, 0.0)
    made.view(WALKER, "c3")
    decision = made.engine.decide(Request(id="n", actor=WALKER, target="/u/p1"), made.now)
    assert (decision.enforced, decision.policy) == (False, shadow.hash())


def test_another_window_holds_for_what_was_shown_before():
    """What a shorter window of the new policy does not reach counts no more."""
    made = site()
    made.view(WALKER, "c1")
    shorter = Detectors(canary=msgspec.structs.replace(BLOCKS, window_s=3600), impostor=CRAWLERS)
    continuing.reload(made.engine, msgspec.structs.replace(made.engine.policy, detectors=shorter))
    made.view(WALKER, "c3", 3700.0)
    assert made.of("canary")[-1].value == 1


def test_what_was_counted_of_exempt_actors_goes_on():
    """The number in `himaya status` does not begin at nothing with each reload."""
    made = site(msgspec.structs.replace(BLOCKS, exempt=(WALKER.name,)))
    made.view(WALKER, "c1")
    continuing.reload(made.engine, made.engine.policy)
    made.view(WALKER, "c3")
    assert made.engine.watchers.canary.exempted == 2


def test_a_smaller_bound_lets_the_oldest_go():
    """A policy that holds fewer actors keeps those who met a canary last."""
    made = site()
    for n in range(50):
        made.view(member(f"m{n}"), "c1")
    smaller = msgspec.structs.replace(made.engine.policy, bounds=Bounds(standing=10))
    continuing.reload(made.engine, smaller)
    assert made.engine.watchers.canary.tracked() == 10
    made.view(member("m49"), "c3")
    assert asks(made, member("m49")) is Action.BLOCK
    made.view(member("m0"), "c3")
    assert asks(made, member("m0")) is Action.ALLOW


# a restart -------------------------------------------------------------------------------------


def test_a_restart_forgets_no_canary():
    """Rows of the ledger bring back who was shown which; a crawler's address is not held against it."""
    made = site()
    for actor in (WALKER, Actor(address="198.51.100.7")):
        row = Disclosures(
            at=START,
            surface="profile",
            kind="profile",
            actor=actor,
            access=actor.access,
            status=200,
            shown=(Shown("c1", ("name",), Certainty.SERVED),),
        )
        continuing.recall(made.engine, row)
    assert made.engine.watchers.canary.tracked() == 1
    made.view(WALKER, "c3")
    assert asks(made, WALKER) is Action.BLOCK


def test_without_canaries_a_restart_remembers_people_only():
    """Where none is placed no row is looked at for them, and the windows are filled all the same."""
    made = Site(Detectors(canary=BLOCKS), mode="enforce")
    continuing.recall(made.engine, row(WALKER, "c1"))
    assert made.engine.watchers.canary.tracked() == 0
    assert made.engine.people_of(WALKER.name) == (1.0, 1.0, 1.0)


def test_what_one_list_showed_is_one_source_after_a_restart_too():
    """Rows of a list, and of any answer that showed several, join their places as they did when they were shown."""
    for more in ({"surface": "search", "kind": "listing"}, {}):
        made = site()
        continuing.recall(made.engine, row(WALKER, "c1", "c3", "p1", **more))
        assert independent(made) == 2
    made = site()
    for subject in ("c1", "c3"):
        continuing.recall(made.engine, row(WALKER, subject))
    assert independent(made) == 3


def test_a_row_of_a_surface_that_is_no_more_still_says_who_was_shown_a_canary():
    """A surface that left the configuration fills no window; its canaries were shown nevertheless."""
    made = site()
    continuing.recall(made.engine, row(WALKER, "c1", surface="gone"))
    assert made.engine.people_of(WALKER.name) == (0.0, 0.0, 0.0)
    made.view(WALKER, "c3")
    assert asks(made, WALKER) is Action.BLOCK


@pytest.mark.parametrize(
    "told",
    [
        row(WALKER, "p1", "p2"),
        row(WALKER),
        row(WALKER, miss=True, surface="lookup", kind="lookup", status=404),
        row(WALKER, kind="clearance", surface=""),
        row(member("staff"), "c1", "c3"),
        row(Actor(address="198.51.100.7"), "c1"),
    ],
    ids=["people", "nobody", "miss", "clearance", "exempt", "crawler"],
)
def test_rows_that_hold_nothing_against_anybody(told):
    """People, misses, clearances, named actors and crawlers' addresses leave no actor behind."""
    made = site(msgspec.structs.replace(BLOCKS, exempt=("account:staff",)))
    continuing.recall(made.engine, told)
    assert made.engine.watchers.canary.tracked() == 0


def test_a_restart_with_a_flood_of_rows_stays_within_the_bound():
    """Past `bounds.standing` whoever met a canary longest ago is forgotten while the ledger is read, too."""
    made = site(bounds=Bounds(standing=100))
    for n in range(1000):
        continuing.recall(made.engine, row(member(f"m{n}"), "c1", at=START + n))
    assert made.engine.watchers.canary.tracked() == 100
    made.now = START + 1000
    made.view(member("m999"), "c3")
    assert made.of("canary")[-1].value == 2


# any story -------------------------------------------------------------------------------------

PEOPLE = st.lists(st.sampled_from([*PLACES, "p1", "p2"]), min_size=1, max_size=3, unique=True)
STEP = st.tuples(PEOPLE, st.sampled_from(["goes on", "goes on", "reloads", "restarts"]))


def engine() -> Engine:
    """Return an engine that has counted nobody."""
    made = Engine(Policy(mode="enforce", surfaces=SURFACES, detectors=Detectors(canary=BLOCKS)))
    made.watchers.place(PLACES)
    return made


def show(engine: Engine, people: list[str], now: float) -> list[Disclosures]:
    """Show people to the walker: one alone, several in a list; return the rows of the ledger."""
    target = f"/u/{people[0]}" if len(people) == 1 else "/search"
    told = None if len(people) == 1 else tuple(Person(each) for each in people)
    effects = engine.record(Exchange(Request("", WALKER, target), 200, told), now)
    return [each.disclosures for each in effects if isinstance(each, RecordDisclosures)]


@settings(deadline=None, max_examples=60)
@given(st.lists(STEP, max_size=12))
def test_no_reload_and_no_restart_changes_what_is_known_of_an_actor(story):
    """Reloaded and restarted at any moment, an engine knows the people and canaries that an unbroken one knows."""
    unbroken, broken, ledger = engine(), engine(), []
    for number, (people, then) in enumerate(story):
        now = START + 400.0 * number
        show(unbroken, people, now)
        ledger += show(broken, people, now)
        if then == "reloads":
            continuing.reload(broken, broken.policy)
        if then == "restarts":
            broken = engine()
            for each in ledger:
                continuing.recall(broken, each)
        assert broken.people_of(WALKER.name) == unbroken.people_of(WALKER.name)
        sights = [each.watchers.canary._actors.get(WALKER.name) for each in (unbroken, broken)]
        assert (sights[0] is None) == (sights[1] is None)
        if sights[0] is not None:
            assert sights[0].independent() == sights[1].independent()
            assert (sights[0].alone, sights[0].listed) == (sights[1].alone, sights[1].listed)
