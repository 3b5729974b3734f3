"""No order of calls gets a principal more people than its budget and what it bought."""

from __future__ import annotations

import math

import msgspec
import pytest
from tests.core.review_support import (
    ANNA,
    NONE,
    NOW,
    ask,
    decided,
    hour,
    named,
    people,
    rows,
    site,
    view,
)

from himaya.core.actor import Actor
from himaya.core.decision import Action, Reason, Standing
from himaya.core.exchange import Exchange, Person, Response
from himaya.core.facts import AccountFact, Facts, SubjectFact
from himaya.core.policy import Bounds, Budget, ChallengePolicy, Ladder


def stand(action: Action) -> Standing:
    """Return a standing decision about anna for an hour."""
    reason = Reason("enumeration", "account", "", 30, 20)
    return Standing("account:anna", action, NOW + 3600, reason)


@pytest.mark.parametrize("action", [Action.THROTTLE, Action.ALLOW])
def test_a_mild_standing_decision_does_not_lift_the_budget(action: Action) -> None:
    """Whoever is only to be slowed, or allowed, is still held to the budget."""
    engine = site(account=3)
    engine.watchers.stand(stand(action))
    assert [view(engine, f"/u/p{n}") for n in range(6)] == [True] * 3 + [False] * 3
    assert decided(engine, "/u/p0").action is action


def test_a_standing_challenge_can_be_solved_and_buys_its_number() -> None:
    """While a challenge stands, a solved one lets exactly the bought people through, again and again asked for."""
    engine = site(account=100, ladder=Ladder(), challenge=ChallengePolicy(people=3))
    engine.watchers.stand(stand(Action.CHALLENGE))
    assert decided(engine, "/u/p0").action is Action.CHALLENGE
    assert engine.clear("c1", ANNA, NOW)
    assert [view(engine, f"/u/p{n}", clearance="c1") for n in range(5)] == [True] * 3 + [False] * 2
    assert not view(engine, "/u/p0", clearance="c1")


def test_a_standing_challenge_is_paid_person_by_person_in_a_listing() -> None:
    """A door that can trim shows as many of a listing as were bought."""
    engine = site(account=100, ladder=Ladder(), challenge=ChallengePolicy(people=3))
    engine.watchers.stand(stand(Action.CHALLENGE))
    engine.clear("c1", ANNA, NOW)
    assert decided(engine, "/search", sees_body=True, clearance="c1").passes
    told = engine.admit(Response("1", 200, people(*"abcde"), can_trim=True), NOW)
    assert [p.subject for p in told.people] == ["a", "b", "c"]


def test_a_purse_is_spent_by_its_buyer_alone() -> None:
    """Another account that shows the same clearance gets nothing for it."""
    engine = site(account=1, ladder=Ladder(), challenge=ChallengePolicy(people=5))
    eve = Actor(account="eve", address="192.0.2.7")
    engine.clear("c1", ANNA, NOW)
    assert view(engine, "/u/p0", actor=eve, clearance="c1")
    assert not view(engine, "/u/p1", actor=eve, clearance="c1")
    assert [view(engine, f"/u/p{n}", clearance="c1") for n in range(7)] == [True] * 6 + [False]


def test_an_anonymous_buyer_keeps_a_purse_within_the_network() -> None:
    """A phone that gets another address of its network still has what it solved for."""
    engine = site(ladder=Ladder(), challenge=ChallengePolicy(people=2))
    engine.watchers.stand(
        Standing("address:192.0.2.9", Action.CHALLENGE, NOW + 60, Reason("x", "address", "", 1, 1))
    )
    engine.clear("c1", Actor(address="192.0.2.8"), NOW)
    assert view(engine, "/u/p1", actor=Actor(address="192.0.2.9"), clearance="c1")


def test_what_was_paid_for_and_not_needed_goes_back_to_the_purse() -> None:
    """A listing that shows fewer people than were reserved takes only those out of the purse."""
    engine = site(account=1, ladder=Ladder(), challenge=ChallengePolicy(people=25))
    view(engine, "/u/p0")
    engine.clear("c1", ANNA, NOW)
    request = ask("/search", sees_body=True, clearance="c1")
    assert engine.decide(request, NOW).passes
    assert engine.admit(Response("1", 200, people("a", "b")), NOW).passes
    engine.record(Exchange(request, 404), NOW)
    assert engine.clearances.purses["c1"].left == 2500
    assert hour(engine) == 1


def test_an_answer_after_its_deadline_is_debited_all_the_same() -> None:
    """Whoever makes an answer take longer than a ticket lives gets no more people for it."""
    engine = site(account=25)
    request = ask("/search", sees_body=True)
    assert engine.decide(request, NOW).passes
    told = engine.admit(Response("1", 200, people(*map(str, range(90))), can_trim=True), NOW + 400)
    assert len(told.people) == 25
    assert len(named(engine.record(Exchange(request, 200, told.people), NOW + 401))) == 25


def test_an_unread_answer_after_its_deadline_needs_its_whole_reserve() -> None:
    """An answer nobody can read that comes late is not let out on a reservation that is gone."""
    engine = site(account=15)
    assert decided(engine, "/search", sees_body=True).passes
    assert not engine.admit(Response("1", 200, None), NOW + 400).passes


def test_other_people_on_ones_own_page_cost() -> None:
    """One's own profile is free; the friends it shows are not."""
    engine = site(account=3)
    mine = ask("/f/anna", sees_body=True)
    assert engine.decide(mine, NOW).passes
    told = engine.admit(Response("1", 200, people("anna", *"abcde"), can_trim=True), NOW)
    assert [p.subject for p in told.people] == ["anna", "a", "b", "c"]
    engine.record(Exchange(mine, 200, told.people), NOW)
    assert hour(engine) == 3
    assert not decided(engine, "/f/anna", rid="2").passes


def test_a_profile_that_shows_others_reserves_them_where_the_answer_is_not_seen() -> None:
    """Parallel requests to profiles with related people cannot show more than the budget."""
    engine = site(account=10)
    flying = [
        ask(f"/f/p{n}", str(n)) for n in range(9) if decided(engine, f"/f/p{n}", rid=str(n)).passes
    ]
    for request in flying:
        others = [f"{request.id}-{n}" for n in range(4)]
        engine.record(Exchange(request, 200, people(f"p{request.id}", *others)), NOW)
    assert hour(engine) <= 10


def test_a_profile_whose_others_nobody_named_is_charged_for_them() -> None:
    """What is not named of the declared people is charged, and is an unattributed row."""
    engine = site(account=10)
    request = ask("/f/bob")
    engine.decide(request, NOW)
    told = rows(engine.record(Exchange(request, 200), NOW))
    assert [[s.subject for s in row.shown] for row in told] == [["bob"], []]
    assert [row.unattributed for row in told] == [0, 4]
    assert hour(engine) == 5


def test_protected_people_in_an_unseen_listing_fit_the_reserve() -> None:
    """Where minors are known, a listing that nobody saw before it left reserves as if it showed minors."""
    facts = Facts()
    for n in range(60):
        facts.add(SubjectFact(f"kid{n}", protected=("minor",)))
    engine = site(account=60, facts=facts)
    flying = [
        ask("/search", str(n)) for n in range(3) if decided(engine, "/search", rid=str(n)).passes
    ]
    for request in flying:
        kids = [f"kid{20 * int(request.id) + n}" for n in range(20)]
        engine.record(Exchange(request, 200, people(*kids)), NOW)
    assert hour(engine) == 60


def test_a_look_up_asked_for_its_head_alone_counts() -> None:
    """HEAD tells whether somebody has a number as well as GET does, so it costs the same."""
    engine = site(account=2)
    passed = [view(engine, f"/lookup?n={n}", status=status, method="HEAD") for n, status in
              enumerate([200, 404, 200])]  # fmt: skip
    assert passed == [True, True, False]


def test_a_conditional_look_up_counts() -> None:
    """`If-None-Match: *` is answered 304 for whoever is there; that is an answer."""
    engine = site(account=1)
    request = ask("/lookup?n=1")
    assert engine.decide(request, NOW).passes
    assert rows(engine.record(Exchange(request, 304), NOW))[0].unattributed == 1
    assert not decided(engine, "/lookup?n=2").passes


def test_the_same_miss_again_costs_nothing_more() -> None:
    """A number that nobody has costs one person, however often it is asked for; a budget is not overdrawn."""
    engine = site(account=1)
    assert [view(engine, "/number/555", status=s) for s in (200, 404, 404, 404)] == [True] * 4
    assert hour(engine) == 1


def test_look_ups_are_not_redacted() -> None:
    """A look-up without its fields still tells who is there, so over budget it is refused."""
    card = site().surfaces.by_id["card"]
    lookup = type(card)(id="l", route="/l", kind="lookup", fields=("city",), redact=("city",))
    engine = site(account=0, surfaces=(lookup,))
    assert decided(engine, "/l").action is Action.BLOCK


def test_a_ticket_lives_no_longer_than_a_bucket_whatever_the_policy_says() -> None:
    """A `settle_s` above 300 cannot stretch a reservation over the slack that makes it safe."""
    engine = site(account=1, bounds=Bounds(settle_s=4000))
    request = ask("/u/bob")
    engine.decide(request, NOW)
    assert named(engine.expire(NOW + 301)) == ["bob"]


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, 1e300])
def test_impossible_times_are_the_latest_time_seen(wrong: float) -> None:
    """A time that cannot be neither raises, nor moves the clock, nor frees a budget."""
    engine = site(account=1)
    assert view(engine, "/u/p0")
    assert not view(engine, "/u/p1", at=wrong)
    engine.expire(wrong)
    assert not view(engine, "/u/p1", at=NOW + 10)
    assert view(engine, "/u/p1", at=NOW + 4000)


def test_an_account_that_the_log_tells_late_is_charged() -> None:
    """An account nobody knew when the request was decided is counted when the log line names it."""
    engine = site(account=2)
    asked = ask("/u/bob", actor=Actor(address="192.0.2.7"))
    engine.decide(asked, NOW)
    engine.record(Exchange(ask("/u/bob"), 200), NOW)
    assert hour(engine) == hour(engine, "address:192.0.2.7") == 1
    assert engine.stats()["open"] == 0


def test_a_late_account_is_not_blamed_for_its_address() -> None:
    """What a whole address saw is no finding about the one account that was told late."""
    engine = site(account=1000)
    for n in range(150):
        view(engine, f"/u/p{n}", actor=Actor(address="192.0.2.7"))
    request = ask("/u/bob", actor=Actor(address="192.0.2.7"))
    engine.decide(request, NOW)
    effects = engine.record(Exchange(ask("/u/bob"), 200), NOW)
    assert [e for e in effects if type(e).__name__ == "RaiseFinding"] == []


def test_reload_takes_over_bounds() -> None:
    """A new policy's bounds hold from the next request on."""
    engine = site(account=5)
    engine.reload(site(account=5, bounds=Bounds(principals=2, clearances=1)).policy)
    for n in range(10):
        view(engine, "/u/bob", actor=Actor(account=f"a{n}", address="192.0.2.1"))
        engine.clear(f"c{n}", Actor(account=f"a{n}"), NOW)
    assert engine.stats()["principals"] <= 3
    assert engine.stats()["clearances"] == 1


def test_a_redacted_request_that_outlives_enforcing_passes() -> None:
    """After a change to shadow mode nothing is refused, also not what was decided before."""
    engine = site(account=0)
    request = ask("/card/bob", sees_body=True)
    assert engine.decide(request, NOW).action is Action.REDACT
    engine.reload(site(account=0, mode="shadow").policy)
    assert engine.admit(Response("1", 200, people("bob")), NOW).passes


def test_ones_own_profile_is_free_in_every_door() -> None:
    """The profile that the application calls the account's own costs nothing, whether its body is seen or not."""
    facts = Facts()
    facts.add(AccountFact("anna", subject="17"))
    engine = site(account=1, facts=facts)
    for sees_body in (False, True):
        request = ask("/u/17", sees_body=sees_body)
        assert engine.decide(request, NOW).passes
        assert engine.admit(Response("1", 200, (Person("17"),)), NOW).passes
        assert engine.record(Exchange(request, 200, (Person("17"),)), NOW) == []
    assert hour(engine) == 0


def test_a_purse_that_paid_for_an_overdraft_is_not_filled_again() -> None:
    """What a purse pays beyond a limit that became stricter is paid once, not given back while it still counts."""
    engine = site(10, challenge=ChallengePolicy(people=5, per_day=1))
    for number in range(10):
        assert view(engine, f"/u/p{number}")
    stricter = msgspec.structs.replace(NONE, account=Budget(hour=8))
    engine.reload(msgspec.structs.replace(engine.policy, budgets=stricter))
    assert engine.clear("c", ANNA, NOW)
    shown = 0
    for number in range(10, 20):
        request = ask(f"/u/p{number}", f"r{number}", clearance="c", sees_body=True)
        if engine.decide(request, NOW).passes:
            engine.admit(Response(request.id, 200, people(f"p{number}")), NOW)
            engine.record(Exchange(request, 200, people(f"p{number}")), NOW)
            shown += 1
    assert shown == 3  # two of the five people bought made up for the ten already seen
