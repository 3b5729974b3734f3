"""A flood of forged actors: each is new in whatever names an actor, and each shape fills another table."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter_ns
from typing import Literal

from himaya.core.actor import Actor
from himaya.core.decision import Action
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Person, Request, Response
from himaya.core.facts import AccountFact, Facts
from himaya.core.policy import (
    AssetPolicy,
    Bounds,
    Breadth,
    Budget,
    Budgets,
    Canary,
    ChallengeBehaviour,
    Detectors,
    Distance,
    Drift,
    Enumeration,
    Evidence,
    Impostor,
    Ladder,
    Misses,
    Policy,
    Provenance,
    Regularity,
    Reserve,
    Sharing,
    Surge,
    Velocity,
)
from himaya.core.surface import Surface

Mode = Literal["shadow", "enforce"]

START = 1_790_000_000.0
DAY_S = 86_400.0
SURFACES = (
    Surface(id="profile", route="/u/{subject}", fields=("name", "photo")),
    Surface(id="search", route="/search", kind="listing", max_people=5, people=("json",)),
    Surface(id="number", route="/number/{subject}", kind="lookup"),
    Surface(id="lookup", route="/lookup", kind="lookup", query="phone"),
    Surface(id="card", route="/card/{subject}", fields=("city",), redact=("city",)),
)
_STANDS = Action.CHALLENGE
#: Every detector, and every finding stands. Where members do otherwise, one view of a forged actor is enough.
DETECTORS = Detectors(
    breadth=Breadth(action=_STANDS),
    enumeration=Enumeration(action=_STANDS),
    sharing=Sharing(networks=1, action=_STANDS),
    velocity=Velocity(people=1, action=_STANDS),
    misses=Misses(odds=1.2, action=_STANDS),
    provenance=Provenance(action=_STANDS),
    evidence=Evidence(anonymous=1.0, new=1.0, slots=4096, action=_STANDS),
    regularity=Regularity(action=_STANDS),
    drift=Drift(strip=True),
    challenge_behaviour=ChallengeBehaviour(unsolved=1, actors=5, action=_STANDS),
    impostor=Impostor(crawlers={"crawler": ("192.0.2.0/24",)}),
    canary=Canary(action=_STANDS),
    surge=Surge(price=3.0),
)
_EACH = Budget(hour=100, day=300, month=3000)
_COMMON = Budget(hour=4000, day=20_000)
#: A budget for every kind of principal; half of what many share is kept for accounts with a history.
BUDGETS = Budgets(
    account=_EACH,
    session=_EACH,
    key=_EACH,
    address=_EACH,
    prefix=_COMMON,
    anonymous=_COMMON,
    new_account=_COMMON,
    group=_EACH,
    asn=_COMMON,
    fingerprint=_COMMON,
    batch=_EACH,
    visitor=_EACH,
    visitor_prefix=_COMMON,
    assetless=_COMMON,
)
#: One of ten people does not exist.
CANARIES = {f"p{n}": ("gap", "sitemap")[n // 10 % 2] for n in range(0, 5000, 10)}


def policy(bounds: Bounds, mode: Mode) -> Policy:
    """Return a policy with every budget and every detector on."""
    return Policy(
        mode=mode,
        surfaces=SURFACES,
        budgets=BUDGETS,
        surface_budgets={"profile": _COMMON},
        distance=Distance(near=0.5, organisation=True),
        assets=AssetPolicy(after=2, share=0.0),
        reserve=Reserve(share=0.5),
        ladder=Ladder(throttle_at=0.9),
        detectors=DETECTORS,
        bounds=bounds,
    )


def v4(n: int) -> str:
    """Return an address in a network of its own, for 16 million numbers."""
    return f"{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}.7"


def v6(n: int) -> str:
    """Return an address in a /48 of its own, for four thousand million numbers."""
    return f"2001:{n >> 16 & 65535:x}:{n & 65535:x}::7"


class Flood:
    """Forged actors against one engine, `step_s` seconds apart; every call of an actor is timed together."""

    def __init__(self, engine: Engine, now: float, step_s: float) -> None:
        """Take the engine and the time of the first actor."""
        self.engine, self.now, self.step_s = engine, now, step_s
        self.count = self.refused = 0
        self.times = array("q")
        self._shapes: tuple[Callable[[int], None], ...] = (
            self._address,
            self._network,
            self._session,
            self._account,
            self._key,
            self._program,
            self._guesser,
            self._solver,
            self._walker,
            self._silent,
            self._lister,
            self._group,
        )

    def send(self, actors: int) -> None:
        """Let so many more actors come, all shapes in turn."""
        for n in range(self.count, self.count + actors):
            self.now += self.step_s
            shape = self._shapes[n % len(self._shapes)]
            began = perf_counter_ns()
            shape(n)
            self.times.append(perf_counter_ns() - began)
        self.count += actors

    def medians(self) -> tuple[float, float]:
        """Return the median time per actor in the first and the last tenth, in microseconds."""
        tenth = len(self.times) // 10
        return median(self.times[:tenth]) / 1000, median(self.times[-tenth:]) / 1000

    # -- one exchange --------------------------------------------------------------------------

    def ask(
        self,
        n: int,
        actor: Actor,
        target: str,
        status: int = 200,
        *,
        people: tuple[Person, ...] | None = None,
        clearance: str = "",
        agent: str = "",
    ) -> bool:
        """Decide, admit where people are told, and settle; tell whether anything was shown."""
        sees_body = people is not None
        request = Request(
            f"r{n}", actor, target, clearance=clearance, agent=agent, sees_body=sees_body
        )
        passes = self.engine.decide(request, self.now).passes
        if passes and people is not None:
            response = Response(request.id, status, people, can_trim=True)
            admission = self.engine.admit(response, self.now)
            passes, people = admission.passes, admission.people
        self.refused += not passes
        exchange = Exchange(request, status if passes else 403, people, refused=not passes)
        self.engine.record(exchange, self.now)
        return passes

    # -- the shapes ----------------------------------------------------------------------------

    def _address(self, n: int) -> None:
        """An address in a network of its own, at a route of its own that shows nobody, then a profile."""
        self.engine.decide(Request(f"n{n}", Actor(address=v4(n)), f"/nothing/{n}"), self.now)
        self.ask(n, Actor(address=v4(n)), f"/u/p{n % 5000}")

    def _network(self, n: int) -> None:
        self.ask(n, Actor(address=v6(n)), f"/card/p{n % 5000}")

    def _session(self, n: int) -> None:
        self.ask(n, Actor(address=v4(n % 100_000), session=f"s{n}"), f"/u/p{n % 5000}")

    def _account(self, n: int) -> None:
        """An account that signed up a moment ago, in a batch of its own, opens two profiles."""
        batch = f"b{n}" if n % 24 else f"b{n % 960}"
        self.engine.facts.add(AccountFact(f"a{n}", created=self.now, batch=batch))
        actor = Actor(address=v4(n), account=f"a{n}", session=f"sa{n}", asn=1 + n % 70_000)
        self.ask(n, actor, f"/u/p{n % 5000}")
        self.ask(n, actor, f"/u/p{(n + 1) % 5000}")

    def _key(self, n: int) -> None:
        self.ask(n, Actor(address=v4(n), key=f"k{n}"), f"/u/p{n % 5000}")

    def _program(self, n: int) -> None:
        """A fingerprint, a provider and an agent string of its own; the account is known by its first sight."""
        actor = Actor(address=v6(n), account=f"f{n}", fingerprint=f"{n:012x}", asn=n)
        self.ask(n, actor, f"/u/p{n % 5000}", agent=f"crawler {n}")

    def _guesser(self, n: int) -> None:
        """Look-ups that find nobody: by a parameter and by path."""
        actor = Actor(address=v4(n), fingerprint=f"g{n}")
        self.ask(n, actor, f"/lookup?phone={n}", 404)
        self.ask(n, actor, f"/number/{n}", 404)

    def _solver(self, n: int) -> None:
        """Solves a challenge, and spends what that buys."""
        actor = Actor(address=v6(n), account=f"c{n}")
        self.engine.clear(f"clearance{n}", actor, self.now)
        self.ask(n, actor, f"/u/p{n % 5000}", clearance=f"clearance{n}")

    def _walker(self, n: int) -> None:
        """One of forty accounts that ask for people nobody ever heard of."""
        self.ask(n, Actor(address=v4(n % 40), account=f"w{n % 40}"), f"/u/made-up-{n}")

    def _silent(self, n: int) -> None:
        """Asks, and nobody ever sees the end."""
        actor = Actor(address=v4(n), account=f"z{n}")
        self.engine.decide(Request(f"r{n}", actor, f"/u/p{n % 5000}"), self.now)

    def _lister(self, n: int) -> None:
        """A list, with a field that nobody declared, and then somebody else's profile."""
        actor = Actor(address=v4(n), account=f"l{n}", session=f"sl{n}")
        people = tuple(Person(f"p{(n + m) % 5000}", ("name", f"field{n}")) for m in range(5))
        self.ask(n, actor, "/search", people=people)
        self.ask(n, actor, f"/u/p{(n + 9) % 5000}")

    def _group(self, n: int) -> None:
        """Somebody of a group that was found a moment ago."""
        actor = Actor(address=v6(n), account=f"m{n}")
        self.engine.join(f"group{n}", [actor.name], self.now)
        self.ask(n, actor, f"/u/p{n % 5000}")


def friends(n: int) -> Iterator[str]:
    """Yield the people whom an honest member visits; the numbers of their ids jump about."""
    return (f"friend{(n + 1) * 7919 * (m + 3) % 104_729}" for m in range(5))


class Honest:
    """Members with a history: half of them the site told of, half are known by their first sight."""

    def __init__(self, engine: Engine, count: int = 20) -> None:
        """Let them visit their friends every second day, from forty days before the flood on."""
        self.engine = engine
        self.actors = [
            Actor(address=f"192.0.2.{n}", account=f"honest{n}", session=f"sh{n}", asn=64500)
            for n in range(count)
        ]
        for n, actor in enumerate(self.actors[::2]):
            created = START - 900 * DAY_S
            engine.facts.add(AccountFact(actor.account, created=created, batch=f"spring{n}"))
        engine.accounts.begin(START - 60 * DAY_S)
        for day in range(-40, 0, 2):
            self.visit(START + day * DAY_S, "")

    def visit(self, now: float, suffix: str) -> int:
        """Let each visit its five friends, or five whose names end otherwise; return how many were refused."""
        refused = 0
        for n, actor in enumerate(self.actors):
            for m, friend in enumerate(friends(n)):
                at = now + 2.0 ** ((3 * m + n + int(now // DAY_S)) % 10)
                request = Request(f"h{n}-{m}-{at}", actor, f"/u/{suffix}{friend}")
                passes = self.engine.decide(request, at).passes
                refused += not passes
                status = 200 if passes else 403
                self.engine.record(Exchange(request, status, refused=not passes), at)
        return refused


def site(bounds: Bounds, mode: Mode) -> tuple[Engine, Honest]:
    """Return an engine with every budget and detector, and the members that have a history with it."""
    facts = Facts(bounds.principals)
    facts.canaries = CANARIES
    engine = Engine(policy(bounds, mode), facts)
    return engine, Honest(engine)
