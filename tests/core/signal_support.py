"""A small site for scenarios of signals: profiles, a list, pictures, look-ups; and who visits it."""

from __future__ import annotations

import random

from himaya.core.actor import Actor
from himaya.core.effect import RaiseFinding
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Person, Request
from himaya.core.facts import Fact
from himaya.core.finding import Finding
from himaya.core.policy import Bounds, Budgets, Detectors, Policy
from himaya.core.surface import Surface

START = 1_790_000_000.0
NOBODY = Budgets(account=None, session=None, key=None, address=None, prefix=None)
SURFACES = (
    Surface(id="profile", route="/u/{subject}", fields=("name", "photo")),
    Surface(id="search", route="/search", kind="listing", fields=("name",), max_people=20),
    Surface(id="photo", route="/photo/{subject}", kind="media", fields=("photo",)),
    Surface(id="lookup", route="/lookup", kind="lookup", fields=("name",), query="phone"),
)


def member(name: str, address: str = "192.0.2.1") -> Actor:
    """Return a signed-in actor with a session."""
    return Actor(account=name, address=address, session=f"s-{name}")


class Site:
    """An engine and a clock. Every call is one exchange `after` seconds later; `findings` is what came of it."""

    def __init__(
        self,
        detectors: Detectors | None = None,
        *,
        facts: tuple[Fact, ...] = (),
        bounds: Bounds | None = None,
        mode: str = "shadow",
    ) -> None:
        policy = Policy(
            mode=mode,
            surfaces=SURFACES,
            budgets=NOBODY,
            detectors=detectors or Detectors(),
            bounds=bounds or Bounds(),
        )
        self.engine = Engine(policy)
        for fact in facts:
            self.engine.facts.add(fact)
        self.now = START
        self.findings: list[Finding] = []

    def of(self, detector: str) -> list[Finding]:
        """Return the findings of one detector."""
        return [finding for finding in self.findings if finding.detector == detector]

    def view(self, actor: Actor, subject: str, after: float = 60.0) -> None:
        """Let somebody open a profile."""
        self.ask(actor, f"/u/{subject}", after, None)

    def lists(self, actor: Actor, subjects: list[str], after: float = 60.0) -> None:
        """Let somebody be shown a list."""
        self.ask(actor, "/search", after, tuple(Person(each) for each in subjects))

    def looks_up(self, actor: Actor, found: str, after: float = 5.0) -> None:
        """Let somebody look somebody up; "": nobody is found."""
        people = (Person(found),) if found else ()
        self.ask(actor, "/lookup?phone=1", after, people, 200 if found else 404)

    def ask(
        self,
        actor: Actor,
        target: str,
        after: float,
        people: tuple[Person, ...] | None,
        status: int = 200,
    ) -> None:
        """Let one exchange happen."""
        self.now += after
        request = Request(id="", actor=actor, target=target)
        effects = self.engine.record(Exchange(request, status, people), self.now)
        self.findings += [e.finding for e in effects if isinstance(e, RaiseFinding)]


def paces(seed: int) -> random.Random:
    """Return a source of chance that is the same at every run."""
    return random.Random(seed)
