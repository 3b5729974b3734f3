"""What the engine does with single requests: each test is one promise."""

from __future__ import annotations

from himaya.core.actor import Actor
from himaya.core.decision import Action
from himaya.core.disclosure import Certainty, Disclosures
from himaya.core.effect import Effect, RaiseFinding, RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Person, Request, Response
from himaya.core.facts import AccountFact, Facts, SubjectFact
from himaya.core.policy import (
    Budget,
    Budgets,
    ChallengePolicy,
    Detectors,
    Enumeration,
    Ladder,
    Policy,
)
from himaya.core.surface import Surface

NOW = 1_790_000_000.0
PROFILE = Surface(id="profile", route="/u/{subject}", fields=("name", "city"))
SEARCH = Surface(id="search", route="/search", kind="listing", max_people=20)
LOOKUP = Surface(id="lookup", route="/lookup", kind="lookup", query="phone")
ANNA = Actor(account="anna", address="192.0.2.7")


def engine(*surfaces: Surface, mode: str = "enforce", account: int = 10, **more: object) -> Engine:
    """Return an engine with one account budget per hour."""
    settings: dict[str, object] = {
        "mode": mode,
        "surfaces": surfaces or (PROFILE, SEARCH, LOOKUP),
        "budgets": Budgets(
            account=Budget(hour=account), address=None, session=None, key=None, prefix=None
        ),
        "ladder": Ladder(challenge=False),
    }
    return Engine(Policy(**(settings | more)))  # type: ignore[arg-type]  # settings by name


def ask(target: str, rid: str = "1", actor: Actor = ANNA, **more: object) -> Request:
    """Return a request."""
    return Request(id=rid, actor=actor, target=target, **more)  # type: ignore[arg-type]  # by name


def view(site: Engine, subject: str, at: float = NOW, status: int = 200) -> bool:
    """Decide and settle one profile view; tell whether it passed."""
    request = ask(f"/u/{subject}", f"{subject}{at}")
    if not site.decide(request, at).passes:
        site.record(Exchange(request, 429, refused=True), at)
        return False
    site.record(Exchange(request, status), at)
    return True


def rows(effects: list[Effect]) -> list[Disclosures]:
    """Return the disclosures among effects."""
    return [e.disclosures for e in effects if isinstance(e, RecordDisclosures)]


def test_the_hundredth_person_passes_and_the_next_is_refused() -> None:
    """With a budget of n people the n-th distinct person is shown and the next is not."""
    site = engine(account=100)
    assert [view(site, f"p{n}") for n in range(101)] == [True] * 100 + [False]


def test_one_person_a_thousand_times_costs_one() -> None:
    """Viewing one profile again and again uses the budget of one person."""
    site = engine(account=2)
    assert all(view(site, "bob", NOW + n) for n in range(1000))
    assert site.people_of("account:anna")[0] == 1
    assert view(site, "carl", NOW + 1000)


def test_own_profile_is_free_and_no_disclosure() -> None:
    """A person who looks at their own profile spends nothing and makes no row."""
    site = engine(account=1)
    request = ask("/u/anna")
    assert site.decide(request, NOW).action is Action.ALLOW
    assert site.record(Exchange(request, 200), NOW) == []
    assert site.people_of("account:anna") == (0, 0, 0)


def test_a_404_gives_the_reservation_back() -> None:
    """A profile that is not there costs nothing."""
    site = engine(account=1)
    assert view(site, "ghost", status=404)
    assert view(site, "bob")


def test_budget_frees_when_the_window_has_passed() -> None:
    """After the hour and its slack bucket the budget is free again, not before the hour is over."""
    site = engine(account=1)
    assert view(site, "bob", NOW)
    assert not view(site, "carl", NOW + 3599)
    assert view(site, "carl", NOW + 3600 + 600)


def test_parallel_requests_cannot_slip_between() -> None:
    """While one request holds the last person of a budget, another one is refused."""
    site = engine(account=1)
    assert site.decide(ask("/u/bob", "1"), NOW).passes
    assert not site.decide(ask("/u/carl", "2"), NOW).passes


def test_an_unseen_listing_reserves_its_declared_size() -> None:
    """A door that sees no body reserves `max_people` and is refused where that does not fit."""
    site = engine(account=30)
    assert site.decide(ask("/search?q=a", "1"), NOW).passes
    assert not site.decide(ask("/search?q=b", "2"), NOW).passes


def test_a_settled_listing_costs_the_people_it_showed() -> None:
    """When the log names the people of a listing, the rest of the reservation is freed."""
    site = engine(account=30)
    request = ask("/search?q=a")
    site.decide(request, NOW)
    effects = site.record(Exchange(request, 200, (Person("bob"), Person("carl"))), NOW)
    assert site.people_of("account:anna")[0] == 2
    assert [s.subject for s in rows(effects)[0].shown] == ["bob", "carl"]


def test_an_unnamed_listing_is_charged_and_never_listed() -> None:
    """People nobody could name are charged to the budget and stay off the exposure list."""
    site = engine(account=30)
    request = ask("/search?q=a")
    site.decide(request, NOW)
    row = rows(site.record(Exchange(request, 200), NOW))[0]
    assert (row.unattributed, row.shown) == (20, ())
    assert site.people_of("account:anna")[0] == 20


def test_admit_takes_out_the_people_beyond_the_budget() -> None:
    """A door that can take rows out shows as many people as the budget allows."""
    site = engine(account=3)
    request = ask("/search?q=a", sees_body=True)
    assert site.decide(request, NOW).passes
    people = tuple(Person(f"p{n}") for n in range(5))
    admission = site.admit(Response("1", 200, people, can_trim=True), NOW)
    assert admission.action is Action.REDACT
    assert [p.subject for p in admission.people] == ["p0", "p1", "p2"]
    assert [p.subject for p in admission.withheld] == ["p3", "p4"]
    effects = site.record(Exchange(request, 200, admission.people), NOW)
    assert [s.subject for s in rows(effects)[0].shown] == ["p0", "p1", "p2"]


def test_admit_refuses_the_whole_body_where_rows_cannot_be_taken_out() -> None:
    """A body that cannot be cut is refused whole and nobody in it is charged."""
    site = engine(account=3)
    request = ask("/search?q=a", sees_body=True)
    site.decide(request, NOW)
    admission = site.admit(Response("1", 200, tuple(Person(f"p{n}") for n in range(5))), NOW)
    assert not admission.passes
    site.record(Exchange(request, 429, refused=True), NOW)
    assert site.people_of("account:anna")[0] == 0


def test_shadow_passes_all_and_says_what_would_have_happened() -> None:
    """In shadow mode nothing is refused, everything is recorded, and the action is told."""
    site = engine(mode="shadow", account=1)
    view(site, "bob")
    decision = site.decide(ask("/u/carl", "2"), NOW)
    assert decision.passes
    assert decision.action is Action.BLOCK
    assert "limit is 1" in decision.reasons[0].words()
    effects = site.record(Exchange(ask("/u/carl", "2"), 200), NOW)
    assert rows(effects)[0].decision == "block"


def test_a_solved_challenge_buys_a_stated_number_of_people() -> None:
    """A clearance lets exactly the bought number of further people through."""
    challenge = ChallengePolicy(people=3, per_day=1)
    site = engine(account=2, challenge=challenge, ladder=Ladder())
    assert view(site, "p0")
    assert view(site, "p1")
    assert site.decide(ask("/u/p2", "x"), NOW).action is Action.CHALLENGE
    assert site.clear("c1", ANNA, NOW)
    assert not site.clear("c2", ANNA, NOW)
    passed = 0
    for n in range(2, 12):
        request = ask(f"/u/p{n}", f"n{n}", clearance="c1")
        if site.decide(request, NOW).passes:
            site.record(Exchange(request, 200), NOW)
            passed += 1
    assert passed == 3


def test_an_unused_clearance_is_given_back() -> None:
    """People bought but not shown (a 404) stay in the purse."""
    site = engine(account=1, challenge=ChallengePolicy(people=1), ladder=Ladder())
    view(site, "p0")
    site.clear("c1", ANNA, NOW)
    for subject, status in (("ghost", 404), ("p1", 200)):
        request = ask(f"/u/{subject}", subject, clearance="c1")
        assert site.decide(request, NOW).passes
        site.record(Exchange(request, status), NOW)
    assert not site.decide(ask("/u/p2", "z", clearance="c1"), NOW).passes


def test_sensitive_fields_and_protected_people_weigh_more() -> None:
    """Raising a field's weight or a person's protection lowers the number of people obtained."""
    facts = Facts()
    facts.add(SubjectFact("kid", protected=("minor",)))
    site = Engine(engine(account=6, sensitivity={"city": 2.0}).policy, facts)
    assert view(site, "kid")
    assert site.people_of("account:anna")[0] == 6
    assert not view(site, "bob")


def test_a_lookup_that_finds_nobody_counts_as_one() -> None:
    """A look-up miss is charged like a person and is a row of its own."""
    site = engine(account=2)
    for n in range(2):
        request = ask(f"/lookup?phone={n}", str(n))
        assert site.decide(request, NOW).passes
        row = rows(site.record(Exchange(request, 404), NOW))[0]
        assert row.miss
    assert not site.decide(ask("/lookup?phone=9", "9"), NOW).passes


def test_a_lookup_that_answers_with_nobody_is_a_miss_too() -> None:
    """A look-up answered 200 without anybody in it costs as much as a 404, in either kind of door."""
    site = engine(account=2)
    seen = ask("/lookup?phone=1", "1", sees_body=True)
    assert site.decide(seen, NOW).passes
    assert site.admit(Response("1", 200, ()), NOW).passes
    assert rows(site.record(Exchange(seen, 200, ()), NOW))[0].miss
    unseen = ask("/lookup?phone=2", "2")
    assert site.decide(unseen, NOW).passes
    assert rows(site.record(Exchange(unseen, 200, ()), NOW))[0].miss
    assert site.people_of("account:anna")[0] == 2
    assert not site.decide(ask("/lookup?phone=3", "3"), NOW).passes


def test_an_exchange_nobody_settles_is_counted_as_authorised_only() -> None:
    """A ticket whose end is never seen is charged and recorded as authorised, not served."""
    site = engine(account=5)
    site.decide(ask("/u/bob"), NOW)
    row = rows(site.expire(NOW + 301))[0]
    assert row.shown[0].certainty is Certainty.AUTHORISED_ONLY
    assert site.people_of("account:anna")[0] == 1
    assert rows(site.record(Exchange(ask("/u/bob"), 200), NOW + 400)) == []


def test_redaction_shows_nothing_personal() -> None:
    """Over budget, a surface that can do without its fields is shown without them, and nobody is disclosed."""
    surface = Surface(id="profile", route="/u/{subject}", fields=("city",), redact=("city",))
    site = engine(surface, account=1)
    view(site, "bob")
    request = ask("/u/carl", "2", sees_body=True)
    decision = site.decide(request, NOW)
    assert (decision.action, decision.redact) == (Action.REDACT, ("city",))
    assert site.admit(Response("2", 200, (Person("carl", ()),)), NOW).passes
    assert not site.admit(Response("2", 200, (Person("carl"),)), NOW).passes
    assert site.record(Exchange(request, 200, (Person("carl", ()),)), NOW) == []


def test_every_principal_of_a_request_is_debited() -> None:
    """Many accounts behind one address share the address's budget."""
    budgets = Budgets(
        account=Budget(hour=10), address=Budget(hour=15), session=None, key=None, prefix=None
    )
    site = engine(budgets=budgets)
    passed = 0
    for n in range(40):
        actor = Actor(account=f"a{n % 4}", address="192.0.2.7")
        request = ask(f"/u/p{n}", str(n), actor)
        if site.decide(request, NOW).passes:
            passed += 1
            site.record(Exchange(request, 200), NOW)
    assert passed == 15


def test_a_finding_can_stand_as_a_decision() -> None:
    """A detector whose action is block stops its actor until the stated time."""
    detectors = Detectors(enumeration=Enumeration(run=5, action=Action.BLOCK, for_s=60))
    site = engine(account=1000, detectors=detectors)
    passed = [view(site, f"id{n}") for n in range(10)]
    assert passed == [True] * 6 + [False] * 4
    assert view(site, "id99", NOW + 61)


def test_a_surface_that_understates_its_size_is_found() -> None:
    """A listing that shows more people than it declares raises a finding."""
    site = engine(account=1000)
    request = ask("/search?q=a")
    site.decide(request, NOW)
    people = tuple(Person(f"p{n}") for n in range(25))
    effects = site.record(Exchange(request, 200, people), NOW)
    names = [e.finding.detector for e in effects if isinstance(e, RaiseFinding)]
    assert "max_people" in names


def test_time_never_goes_back() -> None:
    """An exchange with an earlier time counts at the latest time seen."""
    site = engine(account=5)
    view(site, "bob", NOW)
    view(site, "carl", NOW - 7200)
    assert site.people_of("account:anna")[0] == 2


def test_windows_are_rebuilt_from_ledger_rows() -> None:
    """After a restart, recalling the ledger's rows gives the same counts."""
    site = engine(account=50)
    recorded: list[Disclosures] = []
    for n in range(30):
        request = ask(f"/u/p{n}", str(n))
        site.decide(request, NOW + n * 500)
        recorded += rows(site.record(Exchange(request, 200), NOW + n * 500))
    fresh = Engine(site.policy)
    for row in recorded:
        fresh.recall(row)
    assert fresh.people_of("account:anna") == site.people_of("account:anna")


def test_a_new_account_has_a_class_budget() -> None:
    """Accounts younger than the policy's age share the new-account budget."""
    budgets = Budgets(
        account=Budget(hour=10),
        new_account=Budget(hour=12),
        address=None,
        session=None,
        key=None,
        prefix=None,
    )
    site = engine(budgets=budgets)
    for n in range(5):
        site.facts.add(AccountFact(f"new{n}", created=NOW - 60))
    passed = 0
    for n in range(50):
        request = ask(f"/u/p{n}", str(n), Actor(account=f"new{n % 5}", address="192.0.2.7"))
        if site.decide(request, NOW).passes:
            passed += 1
            site.record(Exchange(request, 200), NOW)
    assert passed == 12
