"""The promise of bounded loss: no interleaving discloses more than a budget in any window."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.core.naive import NaiveLedger

from himaya.core.actor import Actor
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Person, Request, Response
from himaya.core.policy import Bounds, Budget, Budgets, ChallengePolicy, Policy
from himaya.core.surface import Surface

START = 1_790_000_000.0
LIMITS = {"account": (4, 6, 8), "address": (6, 9, 12)}
POLICY = Policy(
    mode="enforce",
    surfaces=(
        Surface(id="profile", route="/u/{subject}"),
        Surface(id="search", route="/search", kind="listing", max_people=3),
        Surface(id="phone", route="/lookup", kind="lookup", max_people=1),
        Surface(id="contact", route="/contact/{subject}", fields=("name", "email")),
    ),
    sensitivity={"email": 2.0},
    budgets=Budgets(
        account=Budget(hour=4, day=6, month=8),
        address=Budget(hour=6, day=9, month=12),
        session=None,
        key=None,
        prefix=None,
    ),
    challenge=ChallengePolicy(people=2, per_day=2),
)
ROUTES = ("/u/{}", "/contact/{}", "/search?q=x", "/lookup?phone=1")
SUBJECTS = [f"p{n}" for n in range(12)]


@dataclass
class InFlight:
    """One request that was let pass and is not over."""

    request: Request
    subject: str
    weight: float
    began: float
    passed: tuple[Person, ...] | None = None


class Interleavings(RuleBasedStateMachine):
    """Requests of a few actors, decided, admitted and settled in any order at any time."""

    @initialize(challenges=st.booleans())
    def begin(self, *, challenges: bool) -> None:
        """Start an engine, with or without clearances being bought."""
        self.engine = Engine(POLICY)
        self.now = START
        self.flying: list[InFlight] = []
        self.truth = NaiveLedger()
        self.count = 0
        self.clearances: dict[str, str] = {}
        self.challenges = challenges

    def _show(self, flight: InFlight, people: tuple[Person, ...]) -> None:
        actor = flight.request.actor
        for person in people:
            if person.subject == actor.account:
                continue
            for name in (f"account:{actor.account}", f"address:{actor.address}"):
                self.truth.show(name, self.now, person.subject, flight.weight)

    @rule(
        account=st.sampled_from(["a", "b", "p1"]),
        address=st.sampled_from(["192.0.2.1", "192.0.2.2"]),
        route=st.sampled_from(ROUTES),
        subject=st.sampled_from(SUBJECTS),
        sees_body=st.booleans(),
    )
    def ask(self, account: str, address: str, route: str, subject: str, *, sees_body: bool) -> None:
        """An actor asks; when it passes, it is in flight."""
        self.count += 1
        request = Request(
            id=str(self.count),
            actor=Actor(account=account, address=address),
            target=route.format(subject),
            clearance=self.clearances.get(account, ""),
            sees_body=sees_body,
        )
        decision = self.engine.decide(request, self.now)
        if decision.passes:
            weight = 2.0 if "contact" in route else 1.0
            self.flying.append(InFlight(request, subject, weight, self.now))

    def _pick(self, index: int) -> InFlight | None:
        self.flying = [f for f in self.flying if self.now < f.began + 300]
        return self.flying[index % len(self.flying)] if self.flying else None

    @rule(index=st.integers(0, 50), size=st.integers(0, 3), first=st.integers(0, 11))
    def answer(self, index: int, size: int, first: int) -> None:
        """A response arrives at a door that sees bodies; what may pass leaves at once."""
        flight = self._pick(index)
        if flight is None or flight.passed is not None or not flight.request.sees_body:
            return
        subjects = [SUBJECTS[(first + n) % 12] for n in range(size)]
        if "/u/" in flight.request.target or "/contact/" in flight.request.target:
            subjects = [flight.subject]
        people = tuple(Person(s) for s in subjects)
        can_trim = bool(index % 2)
        admission = self.engine.admit(
            Response(flight.request.id, 200, people, can_trim=can_trim), self.now
        )
        flight.passed = admission.people if admission.passes else ()
        self._show(flight, flight.passed)

    @rule(index=st.integers(0, 50), status=st.sampled_from([200, 200, 404, 304]))
    def finish(self, index: int, status: int) -> None:
        """An exchange ends and is settled; a door that saw no body settles by the route."""
        flight = self._pick(index)
        if flight is None:
            return
        self.flying.remove(flight)
        people = flight.passed
        if flight.request.sees_body:
            shown = Exchange(flight.request, 200 if people else 404, people)
            self.engine.record(shown, self.now)
            return
        if flight.request.target.startswith("/search"):
            people = tuple(Person(SUBJECTS[(index + n) % 12]) for n in range(3))
        if flight.request.target.startswith("/lookup"):
            people = (Person(SUBJECTS[index % 12]),)
        if status == 200:
            self._show(flight, people or (Person(flight.subject),))
        self.engine.record(Exchange(flight.request, status, people), self.now)

    @rule(account=st.sampled_from(["a", "b"]), address=st.sampled_from(["192.0.2.1", "192.0.2.2"]))
    def solve(self, account: str, address: str) -> None:
        """A challenge is solved and buys two people for one actor."""
        if not self.challenges:
            return
        self.count += 1
        clearance = f"c{self.count}"
        actor = Actor(account=account, address=address)
        if self.engine.clear(clearance, actor, self.now):
            self.clearances[account] = clearance
            self.truth.buy("all", self.now, 2)

    @rule(seconds=st.sampled_from([0.5, 20.0, 290.0, 301.0, 1800.0, 3400.0, 20_000.0, 90_000.0]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    @invariant()
    def nobody_exceeds_a_budget(self) -> None:
        """In every window of true length, people shown are within budget plus what was bought."""
        if not hasattr(self, "truth"):
            return
        bought = sum(people for _, people in self.truth.bought.get("all", []))
        for name in self.truth.shown:
            limits = LIMITS[name.partition(":")[0]]
            for span, limit in zip(("hour", "day", "month"), limits, strict=True):
                assert self.truth.most(name, span) <= limit + bought


Interleavings.TestCase.settings = settings(deadline=None, stateful_step_count=60)
TestInterleavings = Interleavings.TestCase


@given(
    gaps=st.lists(st.sampled_from([1.0, 299.0, 300.0, 3599.0, 3600.0, 86_400.0]), max_size=40),
    people=st.lists(st.sampled_from(SUBJECTS), min_size=40, max_size=40),
)
def test_counts_never_fall_below_the_naive_count(gaps: list[float], people: list[str]) -> None:
    """A window's count is at least the naive count of its true length and at most one bucket longer."""
    engine = Engine(Policy(surfaces=POLICY.surfaces, budgets=Budgets()))
    truth, now = NaiveLedger(), START
    actor = Actor(account="a", address="192.0.2.1")
    for gap, subject in zip(gaps, people, strict=False):
        now += gap
        request = Request(id="", actor=actor, target=f"/u/{subject}")
        engine.record(Exchange(request, 200), now)
        truth.show("a", now, subject)
        counted = engine.people_of("account:a")
        spans = ((3600, 300), (86_400, 3600), (30 * 86_400, 86_400))
        for have, (length, bucket) in zip(counted, spans, strict=True):
            exact = {s for at, s, _ in truth.shown["a"] if at > now - length}
            longer = {s for at, s, _ in truth.shown["a"] if at > now - length - bucket}
            assert len(exact) <= have <= len(longer)


def test_a_flood_of_forged_actors_shares_one_budget() -> None:
    """Past the bound on principals, new actors share an overflow budget and state stops growing."""
    policy = Policy(
        mode="enforce",
        surfaces=POLICY.surfaces,
        budgets=Budgets(address=Budget(hour=5), account=None, session=None, key=None, prefix=None),
        bounds=Bounds(principals=50),
    )
    engine = Engine(policy)
    passed = 0
    for n in range(500):
        actor = Actor(address=f"198.51.{n // 250}.{n % 250}")
        request = Request(id=str(n), actor=actor, target=f"/u/p{n}")
        if engine.decide(request, START + n).passes:
            passed += 1
            engine.record(Exchange(request, 200), START + n)
    assert engine.stats()["principals"] <= 51
    assert passed <= 50 + 5


def test_open_tickets_are_bounded() -> None:
    """Past the bound on open requests the oldest ticket is counted as shown, never dropped."""
    policy = Policy(
        mode="enforce",
        surfaces=POLICY.surfaces,
        budgets=Budgets(account=Budget(hour=1000), address=None, session=None, key=None),
        bounds=Bounds(open_requests=10),
    )
    engine = Engine(policy)
    actor = Actor(account="a", address="192.0.2.1")
    for n in range(100):
        engine.decide(Request(id=str(n), actor=actor, target=f"/u/p{n}"), START)
    assert engine.stats()["open"] == 10
    assert engine.people_of("account:a")[0] == 90
