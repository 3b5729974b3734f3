"""What the engine lends to workers, and what becomes of it: each test is one promise."""

from __future__ import annotations

import pytest

from himaya.core.actor import Actor
from himaya.core.decision import Action, Reason, Standing
from himaya.core.effect import RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Person, Request
from himaya.core.facts import AccountFact, Facts, SubjectFact
from himaya.core.lease import Draw, Terms
from himaya.core.policy import Bounds, Budget, Budgets, Ladder, Policy
from himaya.core.surface import Surface

NOW = 1_790_000_000.0
PROFILE = Surface(id="profile", route="/u/{subject}", fields=("name",))
PRIVATE = Surface(id="private", route="/private/{subject}", fields=("phone",))
LOOKUP = Surface(id="lookup", route="/find/{subject}", kind="lookup")
SEARCH = Surface(id="search", route="/search", kind="listing", max_people=4)
ANNA = Actor(account="anna", address="192.0.2.7")
TERMS = Terms(people=3, for_s=2.0)


def engine(*, facts=None, **more) -> Engine:
    """Return an engine with one account budget per hour."""
    settings = {
        "mode": "enforce",
        "surfaces": (PROFILE, PRIVATE, LOOKUP, SEARCH),
        "budgets": Budgets(
            account=Budget(hour=20), address=Budget(hour=40), session=None, prefix=None
        ),
        "sensitivity": {"phone": 3.0},
        "ladder": Ladder(challenge=False),
        "bounds": Bounds(settle_s=100),
    }
    return Engine(Policy(**(settings | more)), facts)


def ask(target="/u/bob", rid="1", actor=ANNA, **more) -> Request:
    return Request(rid, actor, target, sees_body=True, **more)


def reserved(of: Engine) -> dict[str, int]:
    return {key: window.reserved for key, window in of.book.windows.items()}


def rows(effects):
    return [e.disclosures for e in effects if isinstance(e, RecordDisclosures)]


def test_what_is_lent_is_reserved_in_every_budget():
    """A lease of three people is held for account and address, and says what a person costs and until when."""
    site = engine()
    lease = site.lend(ask(), "w1", TERMS, NOW)
    assert (lease.units, lease.price, lease.for_s, lease.hold_s) == (300, 100, 2.0, 100.0)
    assert reserved(site) == {"aanna": 300, "i192.0.2.7": 300}
    assert (len(site.lending), site.lending.workers, site.stats()["leases"]) == (1, 1, 1)


def test_a_settled_exchange_takes_its_share_and_the_rest_comes_back():
    """One person of a lease becomes a row and a counted person at its own time; what was not drawn is free again."""
    site = engine()
    lease = site.lend(ask(), "w1", TERMS, NOW)
    exchange = Exchange(ask(), 200, (Person("bob"),), sent=5, source="wsgi")
    (row,) = rows(site.redeem(exchange, Draw(lease.id, 100), NOW + 1.0, NOW + 0.25))
    assert (row.at, row.shown[0].subject, row.decision) == (NOW + 0.25, "bob", "allow")
    assert site.people_of("account:anna")[0] == 1
    assert reserved(site) == {"aanna": 200, "i192.0.2.7": 200}
    site.lending.take_back(lease.id)
    assert set(reserved(site).values()) == {0}
    assert site.lending.workers == 0


def test_whoever_was_counted_already_costs_nothing_in_the_end():
    """A worker pays in full for somebody whom the actor saw before; the settlement returns it."""
    site = engine()
    site.record(Exchange(ask(), 200, (Person("bob"),)), NOW)
    lease = site.lend(ask(rid="2"), "w1", TERMS, NOW)
    site.redeem(Exchange(ask(rid="2"), 200, (Person("bob"),)), Draw(lease.id, 100), NOW, NOW)
    assert site.people_of("account:anna")[0] == 1
    assert reserved(site)["aanna"] == 200


def test_a_worker_that_says_nothing_is_charged_for_its_lease():
    """When its time is over all that is missing is counted, and one row says of how many people nobody knows."""
    site = engine()
    lease = site.lend(ask(), "w1", TERMS, NOW)
    site.redeem(Exchange(ask(), 200, (Person("bob"),)), Draw(lease.id, 100), NOW, NOW)
    assert rows(site.expire(NOW + 99)) == []
    (row,) = rows(site.expire(NOW + 100))
    assert (row.at, row.unattributed, row.source, row.actor) == (NOW + 100, 2, "unsettled", ANNA)
    assert site.people_of("account:anna")[0] == 3
    assert (len(site.lending), set(reserved(site).values())) == (0, {0})


def test_a_worker_never_has_more_than_one_lease_of_anybody():
    """Over several actors of one address a worker gets no more than the stated number of people of the address."""
    site = engine()
    other = Actor(account="bert", address="192.0.2.7")
    first = site.lend(ask(), "w1", TERMS, NOW)
    assert site.lend(ask(rid="2", actor=other), "w1", TERMS, NOW) is None
    assert site.lend(ask(rid="3", actor=other), "w2", TERMS, NOW).units == 300
    site.redeem(Exchange(ask(), 200, (Person("x"),)), Draw(first.id, 200), NOW, NOW)
    assert site.lend(ask(rid="4", actor=other), "w1", TERMS, NOW).units == 200


def test_no_more_is_lent_than_a_quarter_of_what_is_left():
    """Near a limit leases shrink, and with fewer than four people left each request is decided by the engine."""
    site = engine()
    lent = []
    for n in range(20):
        lease = site.lend(ask(f"/u/p{n}", f"l{n}"), "w1", TERMS, NOW)
        lent.append(lease.units // 100 if lease else 0)
        if lease:
            site.lending.take_back(lease.id)
        site.record(Exchange(ask(f"/u/p{n}", f"s{n}"), 200, (Person(f"p{n}"),)), NOW)
    assert lent == [3] * 9 + [2] * 4 + [1] * 4 + [0] * 3
    assert not site.decide(ask(rid="2"), NOW).passes


@pytest.mark.parametrize(
    "request_",
    [
        ask("/private/bob"),
        ask("/find/bob"),
        ask("/search"),
        ask("/elsewhere"),
        ask("/u/anna"),
        ask(method="HEAD"),
        Request("1", ANNA, "/u/bob"),
    ],
    ids=["heavy", "look-up", "listing", "no surface", "own profile", "head", "unseen"],
)
def test_what_is_always_asked_about(request_):
    """Heavy fields, look-ups, listings, one's own profile, heads and unseen answers are never lent for."""
    site = engine()
    assert site.lend(request_, "w1", TERMS, NOW) is None
    assert (reserved(site), len(site.lending)) == ({}, 0)


def test_surfaces_and_weights_are_the_sites_choice():
    """A named surface is asked about each time; a higher weight lets heavy fields be lent."""
    site = engine()
    assert site.lend(ask(), "w1", Terms(3, never=("profile",)), NOW) is None
    assert site.lend(ask("/private/bob"), "w1", Terms(3, weight=3.0), NOW).units == 300
    assert site.lend(ask("/private/carl", "2"), "w2", Terms(2, weight=3.0), NOW) is None


def test_protected_people_make_everybody_dearer():
    """Once a protected class is told of, a worker that cannot know who it is pays the highest price, or asks."""
    facts = Facts()
    facts.add(SubjectFact("kid", protected=("minor",)))
    site = engine(facts=facts)
    assert site.lend(ask(), "w1", TERMS, NOW) is None
    assert site.lend(ask(), "w1", Terms(6, weight=3.0), NOW).price == 300


def test_nothing_is_lent_while_a_decision_stands_and_what_was_lent_is_over():
    """A decision that stands ends a lease at the next settlement, and no other is given."""
    site = engine()
    lease = site.lend(ask(), "w1", TERMS, NOW)
    assert not site.lending.is_over(lease.id, NOW)
    reason = Reason("breadth", "account", "", 9, 5)
    site.watchers.stand(Standing("account:anna", Action.CHALLENGE, NOW + 60, reason))
    assert site.lending.is_over(lease.id, NOW)
    assert site.lend(ask(rid="2"), "w2", TERMS, NOW) is None
    assert site.lend(ask(rid="3"), "w2", TERMS, NOW + 61) is not None


def test_a_new_policy_ends_leases_and_keeps_what_they_hold():
    """After a reload a lease is over, but what was lent stays reserved until it is given back."""
    site = engine()
    lease = site.lend(ask(), "w1", TERMS, NOW)
    stricter = Budgets(account=Budget(hour=11), address=Budget(hour=20), session=None, prefix=None)
    site.reload(engine(budgets=stricter).policy)
    assert site.lending.is_over(lease.id, NOW)
    assert reserved(site)["aanna"] == 300
    assert site.lend(ask(rid="2"), "w2", TERMS, NOW).units == 200


def test_near_its_limit_an_actor_is_slowed_not_lent_to():
    """Where a lease would bring a window to the share from which answers are slowed, the engine decides."""
    site = engine(ladder=Ladder(challenge=False, throttle_at=0.2))
    assert site.lend(ask(), "w1", Terms(5), NOW) is None
    assert site.lend(ask(), "w1", TERMS, NOW) is not None
    assert site.decide(ask("/u/carl", "2"), NOW).action is Action.THROTTLE


def test_a_lease_that_is_over_settles_as_what_happened():
    """An exchange of a lease that nobody knows any more is counted and written like one that was not asked about."""
    site = engine()
    exchange = Exchange(ask(), 200, (Person("bob"),))
    (row,) = rows(site.redeem(exchange, Draw("gone", 100), NOW, NOW - 30))
    assert row.at == NOW - 30
    assert site.people_of("account:anna")[0] == 1


def test_an_exchange_that_showed_nobody_gives_its_share_back():
    """A 404 of a leased request frees what it drew."""
    site = engine()
    lease = site.lend(ask(), "w1", TERMS, NOW)
    assert rows(site.redeem(Exchange(ask(), 404), Draw(lease.id, 100), NOW, NOW)) == []
    assert reserved(site)["aanna"] == 200
    assert site.people_of("account:anna")[0] == 0


def test_leases_are_as_bounded_as_open_tickets():
    """However many actors come, no more leases are given than there may be open requests."""
    site = engine(bounds=Bounds(open_requests=5, settle_s=100))
    many = [
        site.lend(ask(rid=f"{n}", actor=Actor(account=f"u{n}", address=f"192.0.2.{n}")), "w", TERMS, NOW)
        for n in range(20)
    ]  # fmt: skip
    assert sum(lease is not None for lease in many) == 5
    site.expire(NOW + 200)
    assert len(site.lending) == 0


def test_detectors_see_leased_exchanges_at_their_own_time():
    """A batch that comes late tells the detectors when each page was opened, so that an even pace is found."""
    found = []
    site = engine(
        budgets=Budgets(account=Budget(hour=10**6), address=None, session=None, prefix=None)
    )
    for batch in range(40):
        lease = site.lend(ask(rid=f"l{batch}"), "w", Terms(5), NOW + batch * 10)
        for n in range(5):
            at = NOW + batch * 10 + n * 2.0
            request = ask(f"/u/p{batch}-{n}", f"{batch}-{n}")
            exchange = Exchange(request, 200, (Person(f"p{batch}-{n}"),))
            late = NOW + batch * 10 + 9.0
            found += site.redeem(exchange, Draw(lease.id, 100), late, at)
        site.lending.take_back(lease.id)
    raised = {e.finding.detector for e in found if hasattr(e, "finding")}
    assert "regularity" in raised
    assert [row.at for row in rows(found)[:3]] == [NOW, NOW + 2.0, NOW + 4.0]


def test_an_account_of_another_tier_is_lent_from_its_own_budget():
    """What is known of an account decides from which budgets is lent, as for any request."""
    facts = Facts()
    facts.add(AccountFact("anna", tier="small"))
    small = Budgets(account=Budget(hour=4), address=None, session=None, prefix=None)
    site = engine(facts=facts, tiers={"small": small})
    assert site.lend(ask(), "w1", TERMS, NOW).units == 100
