"""What the tests of a hostile asker share: an engine with one account budget, and a shorthand for requests."""

from __future__ import annotations

from himaya.core.actor import Actor
from himaya.core.decision import Decision
from himaya.core.disclosure import Disclosures
from himaya.core.effect import Effect, RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Person, Request
from himaya.core.facts import Facts
from himaya.core.policy import Budget, Budgets, Ladder, Policy
from himaya.core.surface import Surface

NOW = 1_790_000_000.0
ANNA = Actor(account="anna", address="192.0.2.7")
PROFILE = Surface(id="profile", route="/u/{subject}", fields=("name", "city"))
SEARCH = Surface(id="search", route="/search", kind="listing", max_people=20)
LOOKUP = Surface(id="lookup", route="/lookup", kind="lookup")
NUMBER = Surface(id="number", route="/number/{subject}", kind="lookup")
FRIENDS = Surface(id="friends", route="/f/{subject}", people=("path", "json"), max_people=5)
CARD = Surface(id="card", route="/card/{subject}", fields=("city",), redact=("city",))
SURFACES = (PROFILE, SEARCH, LOOKUP, NUMBER, FRIENDS, CARD)
NONE = Budgets(account=None, session=None, key=None, address=None, prefix=None)


def site(account: int = 10, facts: Facts | None = None, **more: object) -> Engine:
    """Return an enforcing engine with one account budget per hour."""
    settings: dict[str, object] = {
        "mode": "enforce",
        "surfaces": SURFACES,
        "budgets": Budgets(
            account=Budget(hour=account), session=None, key=None, address=None, prefix=None
        ),
        "ladder": Ladder(challenge=False),
    }
    return Engine(Policy(**(settings | more)), facts)  # type: ignore[arg-type]  # settings by name


def ask(target: str, rid: str = "1", actor: Actor = ANNA, **more: object) -> Request:
    """Return a request."""
    return Request(id=rid, actor=actor, target=target, **more)  # type: ignore[arg-type]  # by name


def people(*names: str) -> tuple[Person, ...]:
    """Return people by name."""
    return tuple(Person(name) for name in names)


def view(
    engine: Engine,
    target: str,
    at: float = NOW,
    status: int = 200,
    actor: Actor = ANNA,
    **more: object,
) -> bool:
    """Decide and settle one request whose answer is not seen; tell whether it passed."""
    request = ask(target, f"{target}@{at}", actor, **more)
    if not engine.decide(request, at).passes:
        engine.record(Exchange(request, 403, refused=True), at)
        return False
    engine.record(Exchange(request, status), at)
    return True


def decided(
    engine: Engine, target: str, at: float = NOW, rid: str = "1", **more: object
) -> Decision:
    """Decide one request and leave it open."""
    return engine.decide(ask(target, rid, **more), at)


def rows(effects: list[Effect]) -> list[Disclosures]:
    """Return the disclosures among effects."""
    return [e.disclosures for e in effects if isinstance(e, RecordDisclosures)]


def named(effects: list[Effect]) -> list[str]:
    """Return the subjects of all rows among effects."""
    return [shown.subject for row in rows(effects) for shown in row.shown]


def hour(engine: Engine, name: str = "account:anna") -> float:
    """Return the people a principal has in the hour."""
    return engine.people_of(name)[0]
