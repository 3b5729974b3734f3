"""Budgets that tie accounts together, what near people cost, and the share kept for accounts with a history."""

from __future__ import annotations

import pytest
from tests.core.review_support import NONE, NOW, SURFACES, ask, people, view

from himaya.core.actor import Actor
from himaya.core.effect import RaiseFinding
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Response
from himaya.core.facts import AccountFact, Facts, NearFact
from himaya.core.policy import Bounds, Budget, Budgets, Distance, Ladder, Policy, Reserve

DAY = 86400.0


def engine(facts=(), **settings):
    """Return an enforcing engine that knows these facts; budgets not named are lifted."""
    named = {k: settings.pop(k) for k in list(settings) if k in Budgets.__struct_fields__}
    known = Facts()
    for fact in facts:
        known.add(fact)
    base = {field: getattr(NONE, field) for field in Budgets.__struct_fields__}
    policy = Policy(
        mode="enforce",
        surfaces=SURFACES,
        budgets=Budgets(**{**base, **named}),
        ladder=Ladder(challenge=False),
        **settings,
    )
    return Engine(policy, known)


def passed(of, actors, per=1):
    """Let actors look at different people in turn; return how many views passed."""
    views = [
        view(of, f"/u/p{n}-{turn}", at=NOW + n + turn, actor=actor)
        for turn in range(per)
        for n, actor in enumerate(actors)
    ]
    return sum(views)


LINKS = [
    ("asn", [Actor(account=f"a{n}", address=f"10.{n}.0.1", asn=64500) for n in range(9)]),
    (
        "fingerprint",
        [Actor(account=f"a{n}", address=f"10.{n}.0.1", fingerprint="odd") for n in range(9)],
    ),
    ("prefix", [Actor(account=f"a{n}", address=f"10.0.0.{n}") for n in range(9)]),
]


@pytest.mark.parametrize(("kind", "actors"), LINKS, ids=[kind for kind, _ in LINKS])
def test_accounts_that_share_something_share_a_budget(kind, actors):
    """Nine accounts with one provider, browser class or network are shown what that one budget allows."""
    assert passed(engine(**{kind: Budget(day=5)}), actors) == 5
    assert passed(engine(), actors) == 9


def test_accounts_that_signed_up_together_share_a_budget():
    """Accounts of one sign-up batch, as the application told, spend one budget; others do not."""
    facts = [AccountFact(f"a{n}", batch="tuesday" if n < 6 else "") for n in range(9)]
    actors = [Actor(account=f"a{n}", address=f"10.{n}.0.1") for n in range(9)]
    assert passed(engine(facts, batch=Budget(day=2)), actors) == 2 + 3


def test_new_and_old_accounts_of_one_browser_class_are_apart():
    """A class of browsers has one budget for new accounts and another for old ones."""
    facts = [AccountFact(f"a{n}", NOW - (1 if n < 4 else 400) * DAY) for n in range(8)]
    actors = [Actor(account=f"a{n}", fingerprint="odd") for n in range(8)]
    assert passed(engine(facts, fingerprint=Budget(day=3)), actors) == 3 + 3


def test_a_tier_has_its_own_share_of_a_provider():
    """Accounts of a tier do not use up the budget that a provider's other customers have."""
    paid = Budgets(
        **{**{f: getattr(NONE, f) for f in Budgets.__struct_fields__}, "asn": Budget(day=50)}
    )
    actors = [Actor(account=f"a{n}", asn=64500, tier="paid" if n % 2 else "") for n in range(8)]
    assert passed(engine(asn=Budget(day=2), tiers={"paid": paid}), actors) == 2 + 4


def test_a_surface_has_a_budget_for_everybody_together():
    """Whoever asks, one surface shows as many people as its budget says; other surfaces are not touched."""
    actors = [Actor(account=f"a{n}", address=f"10.{n}.0.1") for n in range(9)]
    one = engine(surface_budgets={"profile": Budget(day=4)})
    assert passed(one, actors) == 4
    assert view(one, "/number/q1", actor=actors[0])


def test_near_people_cost_less():
    """People told to be near cost the configured part of a person, others the whole."""
    facts = [NearFact("anna", f"p{n}") for n in range(20)]
    one = engine(facts, account=Budget(day=2), distance=Distance(near=0.1))
    anna = Actor(account="anna")
    assert sum(view(one, f"/u/p{n}", actor=anna) for n in range(30)) == 20
    assert not view(one, "/u/q1", actor=anna)
    stranger = Actor(account="ben")
    assert sum(view(one, f"/u/p{n}", actor=stranger) for n in range(30)) == 2


def test_people_of_ones_own_organisation_are_near_where_the_policy_says_so():
    """With `organisation`, colleagues cost what near people cost; without a fact they cost the whole."""
    facts = [AccountFact("anna", organisation="acme")]
    facts += [AccountFact(f"p{n}", organisation="acme" if n < 5 else "other") for n in range(10)]
    for organisation, most in ((True, 5), (False, 1)):
        distance = Distance(near=0.1, organisation=organisation)
        one = engine(facts, account=Budget(day=1), distance=distance)
        assert sum(view(one, f"/u/p{n}", actor=Actor(account="anna")) for n in range(10)) == most


def test_a_shared_window_pays_the_difference_for_somebody_far():
    """A person whom one member of a network saw as near costs the rest when another sees them as far."""
    one = engine([NearFact("anna", "p1")], prefix=Budget(day=1), distance=Distance(near=0.5))
    assert view(one, "/u/p1", actor=Actor(account="anna", address="10.0.0.1"))
    assert one.people_of("prefix:10.0.0.0/24")[1] == 0.5
    assert view(one, "/u/p1", at=NOW + 1, actor=Actor(account="ben", address="10.0.0.2"))
    assert one.people_of("prefix:10.0.0.0/24")[1] == 1.0


def test_a_share_is_kept_for_accounts_with_a_history():
    """Whoever has no history uses a network's budget up to its open part; an old account still gets in."""
    facts = [AccountFact("old", NOW - 400 * DAY), AccountFact("young", NOW - DAY)]
    one = engine(facts, prefix=Budget(day=10), reserve=Reserve(share=0.3))
    strangers = [Actor(address=f"10.0.0.{n}") for n in range(1, 20)]
    assert passed(one, strangers) == 7
    assert not view(one, "/u/x1", at=NOW + 60, actor=Actor(account="young", address="10.0.0.50"))
    old = Actor(account="old", address="10.0.0.51")
    assert [view(one, f"/u/y{n}", at=NOW + 60, actor=old) for n in range(5)].count(True) == 3


def test_without_a_share_everybody_may_use_all_of_it():
    """The twin: with nothing kept, strangers use the whole budget, and the old account is refused."""
    one = engine([AccountFact("old", NOW - 400 * DAY)], prefix=Budget(day=10))
    assert passed(one, [Actor(address=f"10.0.0.{n}") for n in range(1, 20)]) == 10
    assert not view(one, "/u/y1", at=NOW + 60, actor=Actor(account="old", address="10.0.0.51"))


def test_a_used_up_common_budget_is_an_alarm():
    """When somebody is refused because many used a budget up, the operator is told which, once an hour."""
    one = engine(prefix=Budget(day=2))
    found = []
    for n in range(6):
        request = ask(f"/u/p{n}", f"r{n}", Actor(account=f"a{n}", address=f"10.0.0.{n}"))
        decision = one.decide(request, NOW + n)
        effects = one.record(Exchange(request, 200, refused=not decision.passes), NOW + n)
        found += [e.finding for e in effects if isinstance(e, RaiseFinding)]
    (alarm,) = [finding for finding in found if finding.detector == "exhaustion"]
    assert (alarm.actor, alarm.value, alarm.threshold) == ("prefix:10.0.0.0/24", 3, 2)
    assert "this network would have seen 3 people within one day" in alarm.why


def test_an_answer_that_is_cut_for_a_common_budget_is_an_alarm_too():
    """The alarm comes as well when the people of a response do not fit into what is left."""
    one = engine(prefix=Budget(day=2))
    request = ask("/search", "r", Actor(account="a", address="10.0.0.1"), sees_body=True)
    one.decide(request, NOW)
    told = one.admit(Response("r", 200, people(*"bcde"), can_trim=True), NOW)
    assert len(told.people) == 2
    effects = one.record(Exchange(request, 200, told.people), NOW)
    named = [e.finding.actor for e in effects if isinstance(e, RaiseFinding)]
    assert "prefix:10.0.0.0/24" in named


def test_using_up_ones_own_budget_alarms_nobody():
    """An address that is refused by its own budget is no exhaustion."""
    one = engine(address=Budget(day=1))
    effects = []
    for n in range(3):
        request = ask(f"/u/p{n}", f"r{n}", Actor(address="10.0.0.1"))
        decision = one.decide(request, NOW)
        effects += one.record(Exchange(request, 200, refused=not decision.passes), NOW)
    assert not [e for e in effects if isinstance(e, RaiseFinding)]


def test_made_up_classes_share_windows_when_the_book_is_full():
    """A hostile client that invents a browser class per request cannot grow the book past its bound."""
    one = engine(fingerprint=Budget(day=5), bounds=Bounds(principals=100))
    for n in range(5000):
        view(one, f"/u/p{n % 7}", at=NOW + n, actor=Actor(address="10.0.0.1", fingerprint=f"f{n}"))
    assert len(one.book.windows) <= 100 + 100


def test_every_reason_can_be_read_aloud():
    """Reasons of the new kinds are sentences without identities."""
    one = engine(asn=Budget(day=0), fingerprint=Budget(day=0))
    actor = Actor(account="a", asn=64500, fingerprint="odd")
    decision = one.decide(ask("/u/p1", actor=actor), NOW)
    words = [reason.words() for reason in decision.reasons]
    assert words == [
        "this provider's network would have seen 1 people within one day; the limit is 0",
        "this class of browsers would have seen 1 people within one day; the limit is 0",
    ]
