"""Scenarios of canaries: what a collector meets that people never meet, and what follows from it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.core.signal_support import Site, member

from himaya.core.actor import Actor
from himaya.core.crawlers import Crawlers
from himaya.core.decision import Action
from himaya.core.detectors import Observation
from himaya.core.detectors.canary import NEEDED, CanaryDetector
from himaya.core.effect import RaiseFinding
from himaya.core.exchange import Exchange, Request
from himaya.core.finding import Finding
from himaya.core.policy import Bounds, Canary, Detectors, Impostor
from himaya.core.window import PeopleWindow

PLACES = {"c1": "gap", "c2": "gap", "c3": "sitemap", "c4": "api"}
BLOCKS = Canary(action=Action.BLOCK, for_s=60)
CRAWLERS = Impostor(crawlers={"Searchbot": ("198.51.100.0/24",)})
WALKER = member("walker")


def site(canary: Canary = BLOCKS, *, mode: str = "enforce", bounds: Bounds | None = None) -> Site:
    """Return a site with four canaries in three places."""
    made = Site(Detectors(canary=canary, impostor=CRAWLERS), mode=mode, bounds=bounds)
    made.engine.watchers.place(PLACES)
    return made


def asks(made: Site, actor: Actor, target: str = "/u/p1") -> Action:
    """Return what an actor meets at the next profile."""
    return made.engine.decide(Request(id="next", actor=actor, target=target), made.now).action


def test_one_canary_is_a_finding_and_nothing_follows():
    """The first canary is reported whatever the policy says; the actor goes on like anybody."""
    made = site()
    made.view(WALKER, "c1")
    (found,) = made.of("canary")
    assert (found.actor, found.value, found.threshold) == ("account:walker", 1, NEEDED)
    assert found.report_only
    assert "gap" in found.why
    assert "c1" not in found.why
    assert asks(made, WALKER) is Action.ALLOW


def test_two_canaries_of_one_place_are_one():
    """Canaries of the same place are not independent, however many are opened."""
    made = site()
    for subject in ("c1", "c2", "c1"):
        made.view(WALKER, subject)
    assert asks(made, WALKER) is Action.ALLOW
    assert all(found.report_only for found in made.of("canary"))


def test_two_independent_canaries_lead_to_the_action():
    """The second place within the window is found at once, although the first was reported within the hour."""
    made = site()
    made.view(WALKER, "c1")
    made.view(WALKER, "c3", 5.0)
    assert [(each.value, each.report_only) for each in made.of("canary")] == [(1, True), (2, False)]
    assert asks(made, WALKER) is Action.BLOCK
    made.now += 61
    assert asks(made, WALKER) is Action.ALLOW


def test_allow_only_reports():
    """With the default action two canaries are a finding, and nobody is touched."""
    made = site(Canary())
    made.view(WALKER, "c1")
    made.view(WALKER, "c3")
    assert made.of("canary")[-1].value == 2
    assert asks(made, WALKER) is Action.ALLOW


def test_the_window_ends():
    """A canary that was shown before the window counts no more."""
    made = site(Canary(window_s=3600, action=Action.BLOCK))
    made.view(WALKER, "c1")
    made.view(WALKER, "c3", 3700.0)
    assert made.of("canary")[-1].value == 1
    assert asks(made, WALKER) is Action.ALLOW


def test_what_one_list_shows_is_one_place():
    """A list that shows canaries of two places counts as one, on whatever pages, also when both are opened from it."""
    made = site()
    made.lists(WALKER, ["p1", "c1", "c3"])
    made.lists(WALKER, ["c4", "p2"])
    made.lists(WALKER, ["c1", "c4"])
    made.view(WALKER, "c1")
    made.view(WALKER, "c3")
    assert max(each.value for each in made.of("canary")) == 1
    assert asks(made, WALKER) is Action.ALLOW


def test_a_list_and_another_place_are_two():
    """A canary of a list and one that no list showed are independent."""
    made = site()
    made.lists(WALKER, ["c4"])
    made.view(WALKER, "c1")
    assert asks(made, WALKER) is Action.BLOCK


def test_an_answer_nobody_could_read_counts_nothing():
    """A list whose people nobody could read may hold canaries or not: nothing is found."""
    made = site()
    for _ in range(5):
        made.ask(WALKER, "/search", 1.0, None)
    assert made.of("canary") == []
    assert made.engine.watchers.canary.tracked() == 0


def test_people_who_never_meet_a_canary_are_not_looked_at():
    """Without a canary among them, a thousand people opened say nothing here, and nobody is remembered."""
    made = site()
    for n in range(1000):
        made.view(member(f"m{n % 50}"), f"p{n}")
    assert made.of("canary") == []
    assert made.engine.watchers.canary.tracked() == 0


def test_without_a_list_nothing_watches():
    """Off is off: no detector runs, and the same views find nothing."""
    made = Site(Detectors(canary=BLOCKS), mode="enforce")
    made.view(WALKER, "c1")
    made.view(WALKER, "c3")
    assert made.of("canary") == []
    assert "canary" not in {each.name for each in made.engine.watchers.detectors}
    assert asks(made, WALKER) is Action.ALLOW


def test_a_verified_crawler_is_exempt_and_counted():
    """Who claims a crawler from its network may see canaries; who claims it from elsewhere is an actor like others."""
    made = site()
    for address in ("198.51.100.7", "203.0.113.9"):
        for subject in ("c1", "c3"):
            made.now += 60
            request = Request("", Actor(address=address), f"/u/{subject}", agent="Searchbot/2.1")
            effects = made.engine.record(Exchange(request, 200), made.now)
            made.findings += [e.finding for e in effects if isinstance(e, RaiseFinding)]
    assert {each.actor for each in made.of("canary")} == {"address:203.0.113.9"}
    assert made.engine.watchers.canary.exempted == 2


def test_named_actors_are_exempt():
    """Staff whom the site names see canaries without a finding."""
    made = site(Canary(action=Action.BLOCK, exempt=("account:walker",)))
    made.view(WALKER, "c1")
    made.view(WALKER, "c3")
    assert made.of("canary") == []
    assert made.engine.watchers.canary.exempted == 2


def test_an_address_is_challenged_at_most_and_members_behind_it_are_not():
    """Who else is behind an address cannot help it: strangers there may be challenged, nobody is shut out."""
    made = site()
    stranger = Actor(address="203.0.113.9")
    made.view(stranger, "c1")
    made.view(stranger, "c3")
    assert made.engine.watchers.standing["address:203.0.113.9"].action is Action.CHALLENGE
    assert asks(made, stranger) is Action.CHALLENGE
    assert asks(made, member("anna", "203.0.113.9")) is Action.ALLOW


def test_a_canary_costs_what_anybody_costs():
    """A collector cannot tell a canary by its price: it spends the budget of one person."""
    made = site()
    made.view(WALKER, "p1")
    made.view(WALKER, "c1")
    assert made.engine.people_of("account:walker") == (2.0, 2.0, 2.0)
    assert len(made.of("canary")) == 1


def test_a_list_that_shows_canaries_to_members_is_reported():
    """Three members with a history who are shown a canary by a list say that it is not hidden there; once an hour."""
    made = site()
    for name in ("anna", "ben"):
        made.lists(member(name), ["c4", "p1"])
    assert [each for each in made.findings if each.actor == "surface:search"] == []
    for name in ("carla", "dora"):
        made.lists(member(name), ["c4", "p1"])
    (leak,) = [each for each in made.findings if each.actor == "surface:search"]
    assert leak.report_only
    assert "not hidden" in leak.why
    assert "surface:search" not in made.engine.watchers.standing


def test_visitors_and_exempt_actors_do_not_make_a_list_leak():
    """Strangers in a list are what canaries are for; staff see everything."""
    made = site(Canary(exempt=tuple(f"account:s{n}" for n in range(9))))
    for n in range(9):
        made.lists(Actor(address=f"203.0.113.{n}"), ["c4"])
        made.lists(member(f"s{n}"), ["c4"])
    assert [each for each in made.findings if each.actor == "surface:search"] == []


def test_the_actors_are_bounded():
    """Past `bounds.standing` whoever met a canary longest ago is forgotten; the places are the operator's number."""
    made = site(bounds=Bounds(standing=100))
    for n in range(1000):
        made.view(Actor(address=f"10.0.{n // 250}.{n % 250}"), "c1")
        made.lists(Actor(address=f"10.0.{n // 250}.{n % 250}"), ["c3"])
    watchers = made.engine.watchers
    assert all(each.tracked() <= 100 for each in watchers.detectors)
    assert len(watchers.standing) <= 100


SIGHT = st.tuples(st.sampled_from([*PLACES, "p1"]), st.sampled_from(["", "", "l1", "l2"]))


@given(st.lists(SIGHT, max_size=30))
def test_the_count_is_that_of_places_no_list_joins(sights):
    """In whatever order, the value is the number of places after joining those that one list showed together."""
    detector = CanaryDetector(Canary(), PLACES, Crawlers(Impostor()))
    value = 0
    for number, (subject, surface) in enumerate(sights):
        found = _shown(detector, subject, surface, float(number))
        value = value if found is None else int(found.value)
        assert found is None or found.report_only == (found.value < NEEDED)
    assert value == _joined([(PLACES[s], surface) for s, surface in sights if s in PLACES])


def _shown(detector: CanaryDetector, subject: str, surface: str, now: float) -> Finding | None:
    kind, actor = "listing" if surface else "profile", Actor(account="a")
    seen = Observation(
        actor.name, actor, surface or "u", (subject,), PeopleWindow(0), now, None, kind
    )
    return detector.observe(seen)


def _joined(sights: list[tuple[str, str]]) -> int:
    """Count places naively: join any two that share a list, until nothing changes."""
    label = {place: place for place, _ in sights}
    for _ in PLACES:
        for one, first in sights:
            for other, second in sights:
                if first and first == second:
                    least = min(label[one], label[other])
                    label = {
                        p: least if v in {label[one], label[other]} else v for p, v in label.items()
                    }
    return len(set(label.values()))
