"""The ladder takes the weakest rung that holds, and says why in words."""

from __future__ import annotations

from himaya.core.actor import Actor
from himaya.core.decision import Action, Reason
from himaya.core.disclosure import Disclosures
from himaya.core.effect import RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Person, Request, Response
from himaya.core.facts import AccountFact, Facts, NearFact, SubjectFact
from himaya.core.policy import Bounds, Budget, Budgets, ChallengePolicy, Ladder, Policy
from himaya.core.surface import Surface

NOW = 1_790_000_000.0
ANNA = Actor(account="anna", address="192.0.2.7")


def engine(account: int, ladder: Ladder, **more: object) -> Engine:
    """Return an enforcing engine with one account budget per hour."""
    settings: dict[str, object] = {
        "mode": "enforce",
        "surfaces": (
            Surface(id="profile", route="/u/{subject}"),
            Surface(id="search", route="/search", kind="listing", max_people=20),
        ),
        "budgets": Budgets(
            account=Budget(hour=account), address=None, session=None, key=None, prefix=None
        ),
        "ladder": ladder,
    }
    return Engine(Policy(**(settings | more)))  # type: ignore[arg-type]  # settings by name


def ask(site: Engine, n: int, **more: object) -> Action:
    """Ask for one more person, settle when it passes, and return the action."""
    request = Request(id=str(n), actor=ANNA, target=f"/u/p{n}", **more)  # type: ignore[arg-type]  # by name
    decision = site.decide(request, NOW + n)
    if decision.passes:
        site.record(Exchange(request, 200), NOW + n)
    return decision.action


def test_near_the_limit_answers_are_slowed() -> None:
    """From the stated share of a budget on, answers are slowed and still given."""
    site = engine(10, Ladder(throttle_at=0.8, throttle_s=2.0))
    actions = [ask(site, n) for n in range(10)]
    assert actions == [Action.ALLOW] * 7 + [Action.THROTTLE] * 3


def test_unsolved_challenges_end_in_a_block() -> None:
    """An actor who leaves the stated number of challenges unsolved is blocked."""
    site = engine(1, Ladder(challenges_before_block=3))
    actions = [ask(site, n) for n in range(6)]
    assert actions == [Action.ALLOW] + [Action.CHALLENGE] * 3 + [Action.BLOCK] * 2


def test_a_solved_challenge_starts_the_count_again() -> None:
    """Who solves a challenge is challenged again before any block."""
    site = engine(1, Ladder(challenges_before_block=2), challenge=ChallengePolicy(people=1))
    assert [ask(site, n) for n in range(3)][-1] is Action.CHALLENGE
    site.clear("c1", ANNA, NOW + 3)
    assert ask(site, 4, clearance="c1") is Action.ALLOW
    assert ask(site, 5) is Action.CHALLENGE


def test_a_listing_passes_when_the_body_is_seen_and_something_is_left() -> None:
    """A door that sees bodies asks the site while one person is left, and shows exactly that one."""
    site = engine(3, Ladder(challenge=False))
    for n in range(2):
        ask(site, n)
    request = Request(id="s", actor=ANNA, target="/search", sees_body=True)
    assert site.decide(request, NOW + 9).passes
    people = (Person("p0"), Person("p1"), Person("new1"), Person("new2"))
    admission = site.admit(Response("s", 200, people, can_trim=True), NOW + 9)
    assert [p.subject for p in admission.people] == ["p0", "p1", "new1"]


def test_reasons_are_sentences_without_identities() -> None:
    """A reason names kind, window, value and limit, and nobody."""
    words = Reason("budget", "address", "day", 601, 600).words()
    assert words == "this address would have seen 601 people within one day; the limit is 600"
    assert "anna" not in Reason("breadth", "account", "", 120, 100).words()


def test_clearances_are_bounded() -> None:
    """A flood of solved challenges keeps no more purses than the bound."""
    site = engine(1, Ladder(), bounds=Bounds(clearances=10))
    for n in range(100):
        site.clear(f"c{n}", Actor(address=f"10.0.0.{n}"), NOW)
    assert site.stats()["clearances"] == 10


def test_facts_are_bounded_and_the_oldest_leaves() -> None:
    """Past the bound the oldest facts are forgotten, and their holders count as unknown again."""
    facts = Facts(max_facts=16)
    for n in range(100):
        facts.add(AccountFact(f"a{n}", tier="gold"))
        facts.add(SubjectFact(f"s{n}"))
        facts.add(NearFact(f"a{n}", f"s{n}"))
    assert max(len(facts.accounts), len(facts.subjects), len(facts.near)) <= 16
    assert "a99" in facts.accounts
    assert "a0" not in facts.accounts


def test_a_window_past_its_people_bound_counts_on() -> None:
    """Past the bound on people a window remembers no more of them, and each view counts as new."""
    site = engine(1000, Ladder(), bounds=Bounds(people=5))
    for n in range(10):
        ask(site, n)
    assert site.people_of("account:anna")[0] == 10
    ask(site, 9)
    assert site.people_of("account:anna")[0] == 11


def test_a_tier_has_budgets_of_its_own() -> None:
    """An account of a tier is held to the tier's budget."""
    tiers = {"recruiter": Budgets(account=Budget(hour=5), address=None, session=None, prefix=None)}
    site = engine(2, Ladder(challenge=False), tiers=tiers)
    site.facts.add(AccountFact("anna", tier="recruiter"))
    assert [ask(site, n) for n in range(6)].count(Action.ALLOW) == 5


def test_a_policy_is_replaced_without_losing_counts() -> None:
    """After a reload the new limits hold for people counted before it."""
    site = engine(10, Ladder(challenge=False))
    for n in range(5):
        ask(site, n)
    site.reload(engine(5, Ladder(challenge=False)).policy)
    assert ask(site, 6) is Action.BLOCK


def test_refused_actors_without_people_keep_no_state() -> None:
    """Requests that end in 404 or a refusal leave no window behind."""
    site = engine(5, Ladder(challenge=False))
    for n in range(50):
        actor = Actor(account=f"a{n}", address="192.0.2.1")
        request = Request(id=str(n), actor=actor, target="/u/ghost")
        site.decide(request, NOW)
        site.record(Exchange(request, 404), NOW)
    assert site.stats()["principals"] == 0


def test_a_listing_of_people_seen_already_stays_open_at_the_cap() -> None:
    """With nothing left of a budget, a page of people who count already is still shown."""
    site = engine(2, Ladder(challenge=False))
    for n in range(2):
        ask(site, n)
    request = Request(id="s", actor=ANNA, target="/search", sees_body=True)
    assert site.decide(request, NOW + 9).passes
    admission = site.admit(Response("s", 200, (Person("p0"), Person("p1"))), NOW + 9)
    assert admission.passes
    assert len(admission.people) == 2


def test_an_unread_body_passes_only_when_all_of_it_was_reserved() -> None:
    """A body nobody could read is refused when less was reserved than it may show."""
    site = engine(3, Ladder(challenge=False))
    request = Request(id="s", actor=ANNA, target="/search", sees_body=True)
    assert site.decide(request, NOW).passes
    assert not site.admit(Response("s", 200, None), NOW).passes
    site.record(Exchange(request, 429, refused=True), NOW)
    assert site.people_of("account:anna")[0] == 0
    wide = engine(30, Ladder(challenge=False))
    assert wide.decide(request, NOW).passes
    assert wide.admit(Response("s", 200, None), NOW).passes


def test_solving_again_adds_up() -> None:
    """What is left of the last clearance is added to the next, so that a whole page can be paid for."""
    site = engine(1, Ladder(), challenge=ChallengePolicy(people=2))
    ask(site, 0)
    site.clear("c1", ANNA, NOW)
    site.clear("c2", ANNA, NOW)
    people = tuple(Person(f"n{n}") for n in range(4))
    request = Request(id="s", actor=ANNA, target="/search", sees_body=True, clearance="c2")
    site.decide(request, NOW)
    assert site.admit(Response("s", 200, people), NOW).passes
    old = Request(id="t", actor=ANNA, target="/u/more", clearance="c1")
    assert not site.decide(old, NOW).passes


def test_what_was_bought_counts_again_after_a_restart() -> None:
    """People bought before a restart are not held against the budget after it."""
    site = engine(1, Ladder(), challenge=ChallengePolicy(people=2))
    rows: list[Disclosures] = []
    for n in range(3):
        request = Request(id=str(n), actor=ANNA, target=f"/u/p{n}", clearance="c1" if n else "")
        if n == 1:
            site.clear("c1", ANNA, NOW)
        assert site.decide(request, NOW + n).passes
        effects = site.record(Exchange(request, 200), NOW + n)
        rows += [e.disclosures for e in effects if isinstance(e, RecordDisclosures)]
    fresh = Engine(site.policy)
    for row in rows:
        fresh.recall(row)
    assert fresh.people_of("account:anna")[0] == 1
    assert ask(fresh, 9) is Action.CHALLENGE
