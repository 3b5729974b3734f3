"""The promise of bounded loss: no interleaving discloses more than a budget in any window."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.core.naive import NaiveLedger

from himaya.core.actor import Actor
from himaya.core.decision import Action, Reason, Standing
from himaya.core.disclosure import Disclosures
from himaya.core.effect import Effect, RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Person, Request, Response
from himaya.core.facts import AccountFact, Facts, NearFact, SubjectFact
from himaya.core.policy import (
    Bounds,
    Budget,
    Budgets,
    ChallengePolicy,
    Distance,
    Ladder,
    Policy,
)
from himaya.core.surface import Surface

START = 1_790_000_000.0
LIMITS = {
    "account": (4, 6, 8),
    "address": (6, 9, 12),
    "anonymous": (5, 7, 9),
    "asn": (7, 9, 13),
    "fingerprint": (6, 8, 11),
    "batch": (5, 8, 10),
    "surface": (7, 10, 14),
    "group": (3, 5, 7),
}
#: Accounts that signed up together, and who is near whom.
BATCHES = {"a": "spring", "b": "spring"}
NEAR, NEAR_WEIGHT = {("a", "p2"), ("a", "p3"), ("b", "p4")}, 0.5
SURFACES = (
    Surface(id="profile", route="/u/{subject}"),
    Surface(id="contact", route="/contact/{subject}", fields=("name", "email")),
    Surface(id="friends", route="/f/{subject}", people=("path", "json"), max_people=3),
    Surface(id="card", route="/card/{subject}", fields=("city",), redact=("city",)),
    Surface(id="search", route="/search", kind="listing", max_people=3),
    Surface(id="phone", route="/lookup", kind="lookup"),
    Surface(id="number", route="/number/{subject}", kind="lookup"),
)
POLICY = Policy(
    mode="enforce",
    surfaces=SURFACES,
    sensitivity={"email": 2.0},
    protected={"minor": 2.0},
    budgets=Budgets(
        account=Budget(*LIMITS["account"]),
        asn=Budget(*LIMITS["asn"]),
        fingerprint=Budget(*LIMITS["fingerprint"]),
        batch=Budget(*LIMITS["batch"]),
        address=Budget(*LIMITS["address"]),
        anonymous=Budget(*LIMITS["anonymous"]),
        group=Budget(*LIMITS["group"]),
        session=None,
        key=None,
        prefix=None,
    ),
    surface_budgets={"profile": Budget(*LIMITS["surface"])},
    distance=Distance(near=NEAR_WEIGHT),
    challenge=ChallengePolicy(people=2, per_day=2),
)
ROUTES = ("/u/{}", "/contact/{}", "/f/{}", "/card/{}", "/search", "/lookup?n=1", "/number/{}")
SUBJECTS = [f"p{n}" for n in range(12)]
MINOR = "p11"
ACTORS = st.builds(
    Actor,
    account=st.sampled_from(["a", "b", "p1", ""]),
    address=st.sampled_from(["192.0.2.1", "192.0.2.2"]),
    asn=st.sampled_from([0, 64500]),
    fingerprint=st.sampled_from(["", "browser"]),
)
BOUNDS = st.builds(
    Bounds,
    principals=st.sampled_from([1, 3, 1000]),
    people=st.sampled_from([2, 1000]),
    open_requests=st.sampled_from([1, 3, 1000]),
    settle_s=st.sampled_from([60, 300, 3000]),
)
WAITS = [
    0.0,
    0.5,
    20.0,
    290.0,
    299.0,
    301.0,
    1800.0,
    3400.0,
    3900.0,
    20_000.0,
    90_000.0,
    2_600_000.0,
]


SHARED_NAMES = (
    "asn:64500:account",
    "asn:64500:anonymous",
    "fingerprint:browser:old",
    "fingerprint:browser:none",
    "batch:spring",
)


@dataclass
class InFlight:
    """One request that was let pass; its answer may still come."""

    request: Request
    surface: Surface
    subject: str
    began: float
    redacted: bool
    passed: tuple[Person, ...] | None = None
    answered: bool = False
    group: str = ""


@dataclass
class Truth:
    """What really left: per principal, and who was named to which actor."""

    shown: NaiveLedger = field(default_factory=NaiveLedger)
    named: set[tuple[str, str]] = field(default_factory=set)
    nameless: int = 0


def weight_of(surface: Surface, subject: str, viewer: str = "") -> float:
    """Return what a person weighs on a surface for a viewer."""
    weight = (2.0 if "email" in surface.fields else 1.0) * (2.0 if subject == MINOR else 1.0)
    return weight * (NEAR_WEIGHT if (viewer, subject) in NEAR else 1.0)


def principals_of(actor: Actor, surface: str = "") -> list[str]:
    """Return the principals of an actor by name."""
    first = f"account:{actor.account}" if actor.account else "anonymous:anonymous"
    found = [first, f"address:{actor.address}"]
    access = "account" if actor.account else "anonymous"
    found += [f"asn:{actor.asn}:{access}"] if actor.asn else []
    age = "old" if actor.account else "none"
    found += [f"fingerprint:{actor.fingerprint}:{age}"] if actor.fingerprint else []
    found += [f"batch:{BATCHES[actor.account]}"] if actor.account in BATCHES else []
    return [*found, "surface:profile"] if surface == "profile" else found


class Interleavings(RuleBasedStateMachine):
    """Requests of a few actors, decided, admitted and settled in any order at any time, or never."""

    @initialize(challenges=st.booleans(), bounds=BOUNDS)
    def begin(self, *, challenges: bool, bounds: Bounds) -> None:
        """Start an engine, with or without clearances being bought, with much or little room."""
        self.policy = msgspec.structs.replace(POLICY, bounds=bounds)
        self.engine = self._fresh()
        self.now = START
        self.flying: list[InFlight] = []
        self.truth = Truth()
        self.count = 0
        self.ids: list[str] = ["first"]
        self.clearances: list[str] = [""]
        self.bought: dict[str, float] = {}
        self.challenges = challenges
        self.rows: list[Disclosures] = []
        self.linked: dict[str, tuple[str, float]] = {}

    def _fresh(self) -> Engine:
        facts = Facts()
        facts.add(SubjectFact(MINOR, protected=("minor",)))
        for account, batch in BATCHES.items():
            facts.add(AccountFact(account, batch=batch))
        for viewer, subject in sorted(NEAR):
            facts.add(NearFact(viewer, subject))
        return Engine(self.policy, facts)

    def _take(self, effects: list[Effect]) -> None:
        self.rows += [e.disclosures for e in effects if isinstance(e, RecordDisclosures)]

    def _show(self, flight: InFlight, people: tuple[Person, ...]) -> None:
        actor = flight.request.actor
        for person in people:
            if person.subject != actor.account:
                self.truth.named.add((actor.name, person.subject))
                self._count(flight, person.subject)

    def _count(self, flight: InFlight, subject: str) -> None:
        if subject == flight.request.actor.account:
            return
        actor = flight.request.actor
        names = principals_of(actor, flight.surface.id)
        for name in [*names, flight.group] if flight.group else names:
            weight = weight_of(flight.surface, subject, actor.account)
            self.truth.shown.show(name, self.now, subject, weight)

    def _show_nameless(self, flight: InFlight) -> None:
        """Show as many people as the surface declares, of whom only the route's has a name."""
        own = flight.subject == flight.request.actor.account
        if flight.subject and not own:
            self._show(flight, (Person(flight.subject),))
        rest = flight.surface.max_people - bool(flight.subject)
        self.truth.nameless += rest
        for n in range(rest):
            self._count(flight, f"nameless{self.count}-{n}")

    @rule(
        actor=ACTORS,
        route=st.sampled_from(ROUTES),
        subject=st.sampled_from(SUBJECTS),
        sees_body=st.booleans(),
        again=st.integers(0, 9),
        clearance=st.integers(0, 9),
        method=st.sampled_from(["GET", "GET", "GET", "HEAD"]),
    )
    def ask(
        self,
        actor: Actor,
        route: str,
        subject: str,
        again: int,
        clearance: int,
        method: str,
        *,
        sees_body: bool,
    ) -> None:
        """An actor asks, perhaps under an id used before and with anybody's clearance."""
        self.count += 1
        # A door that sees bodies makes its own ids; others are told them, perhaps by whoever asks.
        reused = again == 0 and not sees_body
        rid = f"first of {actor}" if reused else f"r{self.count}"
        request = Request(
            id=rid,
            actor=actor,
            target=route.format(subject),
            method=method,
            clearance=self.clearances[clearance % len(self.clearances)],
            sees_body=sees_body,
        )
        if not sees_body:
            self.ids.append(rid)
        decision = self.engine.decide(request, self.now)
        if not decision.passes:
            return
        if method == "HEAD" and "lookup" not in route and "number" not in route:
            return
        surface = self.engine.surfaces.by_id[decision.surface]
        named = subject if "{}" in route else ""
        redacted = decision.action is Action.REDACT
        flight = InFlight(request, surface, named, self.now, redacted)
        # Whoever joins while a request is under way spends the group's budget from the next one on.
        flight.group = self.linked.get(actor.name, ("", 0.0))[0]
        self.flying.append(flight)

    def _pick(self, index: int, *, sees_body: bool, late: bool = False) -> InFlight | None:
        """Pick a request whose answer leaves now; one that no door sees leaves before its time is over."""
        settle_s = min(300, self.policy.bounds.settle_s)
        ready = [
            f
            for f in self.flying
            if f.request.sees_body is sees_body
            and f.request.method == "GET"
            and (late or self.now < f.began + settle_s)
        ]
        return ready[index % len(ready)] if ready else None

    def _is_known(self, flight: InFlight) -> bool:
        """Tell whether the engine still knows of the request; past its bounds it forgets late ones."""
        self._take(self.engine.expire(self.now))
        known = self.engine._flight
        return flight.request.id in known._open or flight.request.id in known._late

    @rule(
        index=st.integers(0, 50),
        size=st.integers(0, 4),
        first=st.integers(0, 11),
        read=st.sampled_from([True, True, False]),
        can_trim=st.booleans(),
    )
    def answer(self, index: int, size: int, first: int, *, read: bool, can_trim: bool) -> None:
        """An answer arrives, however late, at a door that sees bodies; what may pass leaves at once."""
        flight = self._pick(index, sees_body=True, late=True)
        if flight is None or flight.answered or not self._is_known(flight):
            return
        flight.answered = True
        fields = () if flight.redacted else None
        names = [flight.subject] if flight.subject else []
        if flight.surface.id in {"search", "friends", "phone"}:
            names += [SUBJECTS[(first + n) % 12] for n in range(size)]
        people = tuple(Person(name, fields) for name in names) if read else None
        response = Response(flight.request.id, 200, people, can_trim=can_trim)
        admission = self.engine.admit(response, self.now)
        if not admission.passes:
            flight.passed = ()
        elif people is None:
            self._show_nameless(flight)
        else:
            flight.passed = admission.people
            self._show(flight, () if flight.redacted else admission.people)
            if flight.surface.kind == "lookup" and not people:
                self._count(flight, f"miss{self.count}-{index}")

    @rule(index=st.integers(0, 50), aborted=st.booleans())
    def settle(self, index: int, *, aborted: bool) -> None:
        """A door that sees bodies settles what it answered, or what it could not get."""
        flight = self._pick(index, sees_body=True, late=True)
        if flight is None:
            return
        self.flying.remove(flight)
        if not flight.answered:
            self._take(self.engine.record(Exchange(flight.request, 502, ()), self.now))
            return
        refused = flight.passed == () and not flight.redacted and flight.surface.kind != "lookup"
        exchange = Exchange(
            flight.request,
            200,
            flight.passed,
            aborted=aborted,
            sent=10,
            refused=refused and not flight.passed and flight.surface.id != "search",
        )
        self._take(self.engine.record(exchange, self.now))

    @rule(
        index=st.integers(0, 50),
        status=st.sampled_from([200, 200, 206, 404, 304, 302]),
        named=st.booleans(),
        told=st.booleans(),
    )
    def finish(self, index: int, status: int, *, named: bool, told: bool) -> None:
        """An exchange that no door saw ends; its log line comes at once or never, and names people or not."""
        flight = self._pick(index, sees_body=False)
        if flight is None:
            return
        self.flying.remove(flight)
        people: tuple[Person, ...] | None = None
        if named and flight.surface.id in {"search", "friends", "phone"}:
            size = max(1, flight.surface.max_people - bool(flight.subject))
            names = [flight.subject] if flight.subject else []
            names += [SUBJECTS[(index + n) % 12] for n in range(size)]
            people = tuple(Person(name) for name in names)
        if flight.redacted:
            people = None
        elif status in {200, 206} and people is not None and told:
            self._show(flight, people)
        elif status in {200, 206}:
            self._show_nameless(flight)
        elif flight.surface.kind == "lookup" and status in {404, 304}:
            self._count(flight, flight.subject or f"answer{self.count}-{index}")
        if told:
            self._take(self.engine.record(Exchange(flight.request, status, people), self.now))

    @rule(index=st.integers(0, 50), status=st.sampled_from([200, 404]))
    def finish_head(self, index: int, status: int) -> None:
        """A look-up was asked for its head alone: the answer tells of one person."""
        heads = [f for f in self.flying if f.request.method == "HEAD"]
        heads = [f for f in heads if self.now < f.began + min(300, self.policy.bounds.settle_s)]
        if not heads:
            return
        flight = heads[index % len(heads)]
        self.flying.remove(flight)
        self._count(flight, flight.subject or f"head{self.count}-{index}")
        self._take(self.engine.record(Exchange(flight.request, status, ()), self.now))

    @rule(index=st.integers(0, 50))
    def tell_again(self, index: int) -> None:
        """A log line comes late, or a second time."""
        told = [
            row
            for row in self.rows
            if row.surface == "profile" and row.shown and self.now < row.at + 60
        ]
        if not told:
            return
        row = told[index % len(told)]
        rid = self.ids[index % len(self.ids)]
        request = Request(id=rid, actor=row.actor, target=f"/u/{row.shown[0].subject}")
        if self.engine._flight.get(rid) is None:
            self._take(self.engine.record(Exchange(request, 200), self.now))

    @rule(actor=ACTORS)
    def solve(self, actor: Actor) -> None:
        """A challenge is solved and buys two people for one actor."""
        if not self.challenges:
            return
        self.count += 1
        clearance = f"c{self.count}"
        if self.engine.clear(clearance, actor, self.now):
            self.clearances.append(clearance)
            self._pay(actor)

    def _pay(self, actor: Actor) -> None:
        # A clearance of an account goes with it to any address, one of a network to any of its addresses.
        names = {principals_of(actor)[0], *(f"address:192.0.2.{n}" for n in (1, 2))}
        # It pays in whatever else covers the request that it is spent on.
        names |= {*SHARED_NAMES, "surface:profile"}
        if self.policy.bounds.principals < 100:
            # Whoever shares a window in a full book shares what any of them bought.
            names |= {"account:a", "account:b", "account:p1", "anonymous:anonymous"}
            names |= set(self.truth.shown.shown)
        if self.policy.bounds.principals < 100 or actor.name in self.linked:
            names |= {"group:1", "group:2"}
        for name in names:
            self.bought[name] = self.bought.get(name, 0) + 2

    @rule(actor=ACTORS, action=st.sampled_from(list(Action)))
    def stand(self, actor: Actor, action: Action) -> None:
        """A decision stands for an actor for an hour."""
        reason = Reason("enumeration", "account", "", 30, 20)
        self.engine.watchers.stand(Standing(actor.name, action, self.now + 3600, reason))

    @rule(actor=ACTORS, group=st.sampled_from(["1", "2"]))
    def link(self, actor: Actor, group: str) -> None:
        """An actor is found to belong to a group; whoever is in one stays in it."""
        self.engine.join(group, [actor.name], self.now)
        self.linked.setdefault(actor.name, (f"group:{group}", self.now))

    @rule(challenge=st.booleans(), redact=st.booleans())
    def reload(self, *, challenge: bool, redact: bool) -> None:
        """The same budgets are loaded again with other rungs."""
        ladder = Ladder(challenge=challenge, redact=redact, throttle_at=0.5)
        self.engine.reload(msgspec.structs.replace(self.policy, ladder=ladder))

    @rule(seconds=st.sampled_from(WAITS))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    @rule(seconds=st.sampled_from([1.0, 4000.0, float("inf"), float("nan")]))
    def go_back(self, seconds: float) -> None:
        """A call comes with a time that is over, or is none."""
        self._take(self.engine.expire(self.now - seconds))

    @rule()
    def restart(self) -> None:
        """The gate stops when nothing is under way, and counts the rows of its ledger again."""
        self.now += 301
        self._take(self.engine.expire(self.now))
        self.flying.clear()
        self.engine = self._fresh()
        self.clearances = [""]
        for name, (group, since) in self.linked.items():
            self.engine.join(group.removeprefix("group:"), [name], since)
        for row in sorted(self.rows, key=lambda row: row.at):
            self.engine.recall(row)

    @invariant()
    def nobody_exceeds_a_budget(self) -> None:
        """In every window of true length, people shown are within budget plus what was bought."""
        if not hasattr(self, "truth"):
            return
        for name in self.truth.shown.shown:
            limits = LIMITS[name.partition(":")[0]]
            for span, limit in zip(("hour", "day", "month"), limits, strict=True):
                most = self.truth.shown.most(name, span)
                assert most <= limit + self.bought.get(name, 0), (name, span)

    @invariant()
    def reservations_are_those_of_open_tickets(self) -> None:
        """What windows reserve is what open tickets hold, and people remembered are counted right."""
        if not hasattr(self, "engine"):
            return
        windows = {id(w): w for w in self.engine.book.windows.values()}
        tickets = self.engine._flight._open.values()
        held: dict[int, int] = {}
        for ticket in tickets:
            for window, units in zip(ticket.windows, ticket.held, strict=True):
                held[id(window)] = held.get(id(window), 0) + units
                assert id(window) in windows
        assert {k: w.reserved for k, w in windows.items() if w.reserved} == {
            k: units for k, units in held.items() if units
        }
        flying = sum(len(ticket.windows) for ticket in tickets)
        assert sum(w.flying for w in windows.values()) == flying
        assert self.engine.book.people == sum(len(w.seen) for w in windows.values())

    def teardown(self) -> None:
        """Everybody who was named to an actor is in a row of that actor."""
        if not hasattr(self, "truth"):
            return
        self._take(self.engine.expire(self.now + 301))
        written = {(row.actor.name, s.subject) for row in self.rows for s in row.shown}
        assert self.truth.named <= written
        assert self.engine.stats()["open"] == 0


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
