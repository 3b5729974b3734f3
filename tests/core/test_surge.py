"""Scenarios of `surge`: rotating addresses against a crowd with a season, and who pays for it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from himaya.core.actor import Actor
from himaya.core.decision import Action, Decision
from himaya.core.detectors.surge import COHORTS, SurgeDetector
from himaya.core.detectors.watched import Watched
from himaya.core.disclosure import Disclosures
from himaya.core.effect import PublishStanding, RaiseFinding, RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Person, Request, Response
from himaya.core.facts import AccountFact, Facts, NearFact
from himaya.core.finding import Finding
from himaya.core.policy import Budget, Budgets, Detectors, Evidence, Policy, Surge
from himaya.core.surface import Surface

#: Midnight (UTC) of a Monday.
START = 1_790_553_600.0
HOUR, DAY = 3600.0, 86_400.0
#: Ten days and ten hours: the visitors of the morning are there.
TEN_DAYS = 10 * 24 + 10
FRIENDS = [f"friend{n}" for n in range(40)]
POPULAR = [f"star{n}" for n in range(60)]
SURFACES = (
    Surface(id="profile", route="/u/{subject}"),
    Surface(id="search", route="/search", kind="listing", max_people=3, people=("json",)),
    Surface(id="contact", route="/contact/{subject}", fields=("name", "email")),
    Surface(id="lookup", route="/lookup/{subject}", kind="lookup"),
)
BUDGETS = Budgets(
    account=Budget(hour=100),
    session=None,
    key=None,
    address=None,
    prefix=None,
    visitor=Budget(day=4),
    anonymous=Budget(hour=5000),
)


def policy(price: float, **changes: object) -> Policy:
    """Return a policy that enforces small budgets for visitors, and watches with a price."""
    chosen = Detectors(surge=Surge(least=100, price=price), evidence=Evidence(slots=1 << 14))
    made = Policy(mode="enforce", surfaces=SURFACES, budgets=BUDGETS, detectors=chosen)
    return msgspec.structs.replace(made, **changes)


def facts() -> Facts:
    """Return who is whose friend: every member knows four."""
    told = Facts()
    for n in range(30):
        told.add(AccountFact(f"m{n}", created=START - 900 * DAY))
        for k in range(4):
            told.add(NearFact(f"m{n}", FRIENDS[(n + k) % 40]))
    return told


@dataclass
class Town:
    """A site, its crowd with a season, and its clock; what came of all that is kept."""

    price: float = 1.0
    now: float = START
    findings: list[Finding] = field(default_factory=list)
    rows: list[Disclosures] = field(default_factory=list)
    standing: int = 0
    count: int = 0

    def __post_init__(self) -> None:
        self.engine = Engine(policy(self.price), facts())
        self.chance = random.Random(11)

    def view(self, actor: Actor, target: str) -> Decision:
        """Let somebody ask for a page and, when it may be shown, see it."""
        self.count += 1
        request = Request(id=str(self.count), actor=actor, target=target)
        decision = self.engine.decide(request, self.now)
        refused = not decision.passes
        effects = self.engine.record(Exchange(request, 200, refused=refused), self.now)
        self.findings += [e.finding for e in effects if isinstance(e, RaiseFinding)]
        self.rows += [e.disclosures for e in effects if isinstance(e, RecordDisclosures)]
        self.standing += sum(isinstance(e, PublishStanding) for e in effects)
        return decision

    def crowd(self) -> list[Decision]:
        """Let a visitor, from an address of the day, look at somebody popular, and at times a member at a friend."""
        day = int(self.now // DAY)
        visitor = Actor(address=f"10.{day % 200}.{self.chance.randrange(250)}.1")
        seen = [self.view(visitor, f"/u/{self.chance.choice(POPULAR)}")]
        if self.chance.random() < 0.2:
            n = self.chance.randrange(30)
            member = Actor(account=f"m{n}", address="192.0.2.1")
            seen.append(self.view(member, f"/u/{FRIENDS[(n + self.chance.randrange(4)) % 40]}"))
        return seen

    def busy(self) -> int:
        """Return how many visitors come in this hour: more by day, fewer at week-ends."""
        hour = int(self.now // HOUR) % 24
        return (6 + 12 * (8 <= hour < 22)) // (2 if int(self.now // DAY) % 7 in {1, 2} else 1)

    def live(self, hours: int) -> None:
        """Let the crowd live for some hours."""
        for _ in range(hours):
            people, end = self.busy(), self.now + HOUR
            for n in range(people):
                self.now = end - HOUR + n * HOUR / people
                self.crowd()
            self.now = end

    def collect(self, seconds: int, addresses: int = 500) -> tuple[int, list[Decision]]:
        """Collect strangers from many addresses, one every 3.3 seconds, among the crowd.

        Return how many were had, and what the crowd was told.
        """
        got, crowd, each = 0, list[Decision](), 10 / 3
        for n in range(int(seconds / each)):
            self.now += each
            k = n % addresses
            address = Actor(address=f"198.51.{k // 250}.{k % 250}")
            got += self.view(address, f"/u/stranger{n}").passes
            if n % (1000 // self.busy()) == 0:
                crowd += self.crowd()
        return got, crowd

    def surges(self) -> list[Finding]:
        """Return the findings of the watch."""
        return [finding for finding in self.findings if finding.detector == "surge"]

    def watched(self, cohort: str) -> Watched:
        """Return how a class is."""
        return next(one for one in self.engine.classes() if one.cohort == cohort)


def lived(price: float, hours: int) -> Town:
    """Return a town whose crowd has lived for some hours."""
    town = Town(price)
    town.live(hours)
    return town


def test_rotating_addresses_are_found_within_the_hour_and_only_strangers_cost_more() -> None:
    """0.3 requests a second through 500 addresses are found within the first hour.

    Priced, they take less, and the crowd pays what it pays without the price; with the price off nothing follows.
    """
    got, units = {}, {}
    for price in (1.0, 3.0):
        town = lived(price, 16 * 24)
        assert town.surges() == []
        began = town.now
        got[price], crowd = town.collect(3 * 3600)
        first = town.surges()[0]
        assert first.actor == "class:anonymous"
        assert first.at < began + HOUR
        assert all(decision.action is Action.ALLOW for decision in crowd)
        windows = town.engine.book.windows
        units[price] = [w.month for key, w in windows.items() if key.startswith(("a", "v10."))]
        assert town.standing == 0
        assert not town.engine.watchers.standing
    assert units[1.0] == units[3.0]
    assert got[3.0] < 0.6 * got[1.0]


def test_the_crowd_alone_is_never_found() -> None:
    """Four weeks of busy days and quiet week-ends surge in no class, and the hours of the week become the measure."""
    town = lived(1.0, 4 * 168 + 20)
    assert town.surges() == []
    one = town.watched("anonymous")
    assert (one.state, one.by) == ("usual", "hour of the week")
    assert 0 < one.usual <= one.limit


def test_a_finding_can_be_read_on_the_telephone() -> None:
    """How many, how many are usual, the limit, since when, and what follows until when; at most once an hour."""
    town = lived(3.0, TEN_DAYS)
    town.collect(3 * 3600 - 600, addresses=10_000)
    first, second, third = town.surges()
    assert first.value > first.threshold >= 100
    assert first.why.startswith(
        "visitors without an account were shown 101 people who were new to them since 10:00 UTC;"
    )
    assert "in this hour of the day 18 are usual and 100 is the limit" in first.why
    assert "above it since 2026-10-08 10:" in first.why
    assert "cost 3 times as much for visitors without an account" in first.why
    assert "until 12:00 UTC" in first.why
    assert "until 13:00 UTC" in second.why
    assert "nobody is blocked for it" in third.why
    assert [int(found.at // HOUR) % 24 for found in (first, second, third)] == [10, 11, 12]


def test_without_a_price_the_finding_says_that_nothing_follows() -> None:
    """Where the price is 1 the finding says so."""
    town = lived(1.0, TEN_DAYS)
    town.collect(2000)
    assert "nothing follows by itself, because detectors.surge.price is 1" in town.surges()[0].why


def test_a_viral_day_raises_no_price_of_who_is_viewed_by_many() -> None:
    """Many times as many visitors as usual for one star: found, and everybody sees the star for one person's price."""
    town = lived(3.0, TEN_DAYS)
    for n in range(700):
        town.now += 4
        visitor = Actor(address=f"203.0.{n // 250}.{n % 250}")
        assert town.view(visitor, "/u/star7").action is Action.ALLOW
    assert town.watched("anonymous").state == "surging"
    assert town.engine.people_of("visitor:203.0.2.199")[0] == 1


def test_nothing_is_judged_while_a_class_is_learnt() -> None:
    """Before a week is known a flood is counted, not found, and the class says that it is learning, and how far."""
    town = lived(1.0, 5 * 24)
    town.collect(3600)
    one = town.watched("anonymous")
    assert town.surges() == []
    assert (one.state, one.limit, one.price) == ("learning", 0, 1)
    assert 0 < one.known < one.hours == 168
    assert one.people > 900


def test_a_surge_ends_with_the_hour_after_the_last_that_passed_the_limit() -> None:
    """While it goes on it is prolonged; an hour after the last such hour people cost what they cost."""
    town = lived(3.0, TEN_DAYS)
    town.collect(3600)
    assert town.watched("anonymous").price == 3
    assert town.watched("established").price == 1
    town.now = (town.now // HOUR + 1) * HOUR + 5
    town.crowd()
    assert town.watched("anonymous").state == "surging"
    town.now += HOUR
    town.crowd()
    one = town.watched("anonymous")
    assert (one.state, one.price, one.since) == ("usual", 1, 0)


def test_a_restart_knows_what_the_ledger_knows() -> None:
    """Rows of the ledger, counted again, make the same usual, limit and surge, and the same people cost more."""
    town = lived(3.0, TEN_DAYS)
    town.collect(2400)
    again = Engine(policy(3.0), facts())
    for row in town.rows:
        again.recall(row)
    told = {one.cohort: one for one in again.classes()}
    known = town.watched("anonymous")
    assert told["anonymous"].state == "surging"
    assert msgspec.structs.replace(told["anonymous"], since=0.0) == msgspec.structs.replace(
        known, since=0.0
    )
    for engine in (town.engine, again):
        engine.decide(
            Request(id="x", actor=Actor(address="203.0.113.3"), target="/u/unknown"), town.now
        )
        assert engine.book.windows["v203.0.113.3"].reserved == 300


def test_an_hour_that_was_not_seen_whole_is_not_learnt() -> None:
    """The hour in which a gate starts, hours in which it is away and the one in which it comes back are left out."""
    town = Town()
    town.now += 1800
    town.crowd()
    town.now = START + HOUR
    town.live(30)
    assert town.watched("anonymous").known == 29
    town.now += 7 * HOUR
    town.live(3)
    assert town.watched("anonymous").known == 29 + 1 + 1


def test_whoever_was_shown_somebody_before_pays_nothing_more() -> None:
    """While a class surges a repetition is free, friends cost what friends cost, and a stranger costs three people."""
    town = lived(3.0, TEN_DAYS)
    engine, member = town.engine, Actor(account="m1", address="192.0.2.9")
    town.view(member, "/u/seen")
    engine.surge.surging["established"] = town.now + HOUR
    engine.facts.add(NearFact("m1", "cousin"))
    costs = []
    for target in ("/u/seen", "/u/cousin", "/u/stranger", "/u/stranger"):
        held = engine.book.windows["am1"].month
        assert town.view(member, target).passes
        costs.append(engine.book.windows["am1"].month - held)
    assert costs == [0, 100, 300, 0]


def test_the_class_as_a_whole_and_a_page_are_charged_what_people_weigh() -> None:
    """The price does not use up the budget of all visitors sooner: then they would be refused, stars included."""
    town = lived(3.0, TEN_DAYS)
    town.engine.surge.surging["anonymous"] = town.now + HOUR
    whole = town.engine.book.windows["canonymous"]
    before = whole.month
    assert town.view(Actor(address="203.0.113.3"), "/u/stranger").passes
    assert whole.month - before == 100
    assert town.engine.book.windows["v203.0.113.3"].month == 300


@pytest.mark.parametrize(("popular", "units"), [(False, 300), (True, 100)])
def test_what_is_dear_is_decided_once_for_each_request(*, popular: bool, units: int) -> None:
    """Somebody who becomes popular, or is forgotten, while a request is under way is counted as she was reserved."""
    town = lived(3.0, TEN_DAYS)
    engine, actor = town.engine, Actor(address="203.0.113.3")
    engine.surge.surging["anonymous"] = town.now + HOUR
    request = Request(id="one", actor=actor, target="/u/stranger")
    engine.surge.meet(["stranger"] * popular)
    engine.decide(request, town.now)
    if popular:
        engine.surge._popularity._fade()
    else:
        engine.surge.meet(["stranger"])
    assert engine.surge.is_cold("stranger") is popular
    engine.record(Exchange(request, 200), town.now)
    window = engine.book.windows["v203.0.113.3"]
    assert (window.month, window.reserved) == (units, 0)


def test_prices_can_be_turned_off_and_on_while_running() -> None:
    """A reload with another price holds from the next request on, and what is usual stays known."""
    town = lived(3.0, TEN_DAYS)
    town.crowd()
    known = town.watched("anonymous").known
    town.engine.surge.surging["anonymous"] = town.now + HOUR
    town.engine.reload(policy(1.0))
    town.view(Actor(address="203.0.113.3"), "/u/stranger")
    assert town.engine.book.windows["v203.0.113.3"].month == 100
    assert town.watched("anonymous").known == known
    town.engine.reload(policy(1.0, detectors=Detectors(surge=Surge(weeks=1))))
    assert town.watched("anonymous").known == 168


@pytest.mark.parametrize("cohort", list(COHORTS))
def test_every_class_is_watched(cohort: str) -> None:
    """Visitors, new, established and paying accounts and keys are each counted in their own class, by people."""
    told = facts()
    told.add(AccountFact("new", created=START))
    told.add(AccountFact("paid", created=START - 900 * DAY, paid=True))
    engine = Engine(policy(1.0), told)
    actors = {
        "anonymous": Actor(address="192.0.2.1"),
        "new": Actor(account="new", address="192.0.2.1"),
        "established": Actor(account="m1", address="192.0.2.1"),
        "paid": Actor(account="paid", address="192.0.2.1"),
        "key": Actor(key="k", address="192.0.2.1"),
    }
    people = (Person("a"), Person("b"))
    for _ in range(2):
        request = Request(id="", actor=actors[cohort], target="/search")
        engine.record(Exchange(request, 200, people), START + 60)
    engine.record(Exchange(Request(id="", actor=actors[cohort], target="/search"), 200), START + 61)
    assert {one.cohort: one.people for one in engine.classes() if one.people} == {cohort: 2 + 3}


@given(
    events=st.lists(
        st.tuples(
            st.sampled_from([0.0, 1.0, 1800.0, 3600.0, 90_000.0, 1e7, 1e10]),
            st.sampled_from(list(COHORTS)),
            st.integers(0, 5000),
        ),
        max_size=60,
    )
)
def test_counts_are_never_negative_and_the_state_does_not_grow(
    events: list[tuple[float, str, int]],
) -> None:
    """Whatever comes whenever, counts and limits are sane, findings come once an hour, and no state is added."""
    detector, now = SurgeDetector(Detectors(surge=Surge(hours=48, weeks=1, price=2.0))), START
    found: list[tuple[str, int]] = []
    for wait, cohort, people in events:
        now += wait
        detector.turn(now)
        finding = detector.count(cohort, people, now)
        if finding is not None:
            found.append((finding.actor, int(now // HOUR)))
        for one in detector.told(now):
            assert one.people >= 0
            assert 0 <= one.known <= 168
            assert one.limit == 0 or one.limit >= max(200, one.usual)
    assert len(found) == len(set(found))
    assert detector.tracked() == 5 * 168


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "ask", "end", "end", "turn", "meet", "fade"]),
        st.integers(0, 3),
        st.integers(0, 12),
        st.sampled_from(["/u/p{}", "/contact/p{}", "/search", "/lookup/p{}"]),
        st.booleans(),
    ),
    min_size=10,
    max_size=60,
)


def end(engine: Engine, request: Request, listed: list[str], now: float) -> None:
    """Let the answer to a request leave, and be recorded."""
    names = listed if request.target == "/search" else [request.target.rpartition("/")[2]]
    people = tuple(Person(name) for name in names)
    if request.sees_body:
        admission = engine.admit(Response(request.id, 200, people, can_trim=True), now)
        people = admission.people if admission.passes else ()
    engine.record(Exchange(request, 200, people), now)


@settings(deadline=None)
@given(STEPS)
def test_no_order_of_prices_overshoots_a_budget(
    steps: list[tuple[str, int, int, str, bool]],
) -> None:
    """However classes begin and cease to surge while requests are under way, no window holds more than its limit."""
    limit = 8
    each = Budget(hour=limit, day=limit)
    budgets = Budgets(account=each, session=None, key=None, address=each, prefix=None)
    chosen = policy(2.5, budgets=budgets, sensitivity={"email": 2.0})
    engine, now = Engine(chosen), START
    engine.surge.meet([f"busy{n % 50}" for n in range(4100)])
    engine.surge.surging = {"anonymous": now + 1e6}
    flying: list[Request] = []
    for number, (step, who, person, route, flag) in enumerate(steps):
        now += 1
        if step == "turn":
            engine.surge.surging = (
                {"anonymous": now + 1e6, "established": now + 1e6} if flag else {}
            )
        elif step == "meet":
            engine.surge.meet([f"p{person}"])
        elif step == "fade":
            engine.surge._popularity._fade()
        elif step == "ask":
            actor = Actor(account="ab"[who] if who < 2 else "", address=f"192.0.2.{who % 2}")
            target = route.format(person)
            request = Request(id=str(number), actor=actor, target=target, sees_body=flag)
            if engine.decide(request, now).passes:
                flying.append(request)
        elif flying:
            end(
                engine,
                flying.pop(person % len(flying)),
                [f"p{person + n}" for n in range(1 + who % 3)],
                now,
            )
        for window in engine.book.windows.values():
            assert 0 <= window.hour + window.reserved <= limit * 100
            assert window.reserved >= 0
