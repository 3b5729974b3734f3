"""Room: what somebody else may decide for a moment, and whether a request fits in."""

from __future__ import annotations

from himaya.core.actor import Actor
from himaya.core.decision import Action, Reason, Standing
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Request
from himaya.core.policy import Budget, Budgets, Policy
from himaya.core.surface import Surface

ANNA = Actor(account="anna", address="192.0.2.1")
NOW = 1_790_000_000.0
REASON = Reason("evidence", "account", "", 60.0, 55.0)


def engine() -> Engine:
    """Return an engine with ten people an hour for an account."""
    budgets = Budgets(account=Budget(hour=10), address=None, prefix=None, session=None, key=None)
    surfaces = (Surface(id="profile", route="/u/{subject}"),)
    return Engine(Policy(mode="enforce", surfaces=surfaces, budgets=budgets))


def shown(site: Engine, number: int) -> None:
    """Let Anna see one more person."""
    request = Request(f"r{number}", ANNA, f"/u/p{number}")
    assert site.decide(request, NOW).passes
    site.record(Exchange(request, 200), NOW)


def test_room_is_what_is_left_of_each_budget() -> None:
    """Three people of ten leave seven, and asking takes none of them."""
    site = engine()
    for number in range(3):
        shown(site, number)
    surface = site.surfaces.by_id["profile"]
    assert site.room(ANNA, surface, NOW) == {"aanna": 700}
    assert site.room(ANNA, surface, NOW) == {"aanna": 700}
    assert site.heaviest(surface) == 100


def test_whoever_is_held_back_has_no_room() -> None:
    """A standing decision leaves nothing for others to decide."""
    site = engine()
    site.watchers.standing = {
        "account:anna": Standing("account:anna", Action.BLOCK, NOW + 60, REASON)
    }
    assert site.room(ANNA, site.surfaces.by_id["profile"], NOW) == {}
