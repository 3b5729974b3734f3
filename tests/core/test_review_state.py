"""A flood of invented actors, ids and people neither grows the state without end nor stops the gate for a moment."""

from __future__ import annotations

import msgspec
import pytest
from tests.core.review_support import NONE, NOW, PROFILE, ask, decided, rows, site, view

from himaya.core import book
from himaya.core.actor import Actor
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange
from himaya.core.policy import Bounds, Budget, Budgets, ChallengePolicy, Policy

SESSIONS = Budgets(account=None, key=None, address=None, prefix=None, session=Budget(hour=3, day=9))


def crowded(principals: int, **more: object) -> Engine:
    """Return an engine whose book a flood of session cookies has filled."""
    engine = site(budgets=SESSIONS, bounds=Bounds(principals=principals), **more)
    for n in range(2 * principals):
        assert view(engine, "/u/bob", actor=Actor(account=f"a{n % 7}", session=f"flood{n}"))
    return engine


def test_newcomers_behind_a_flood_do_not_all_share_one_budget() -> None:
    """While invented sessions fill the book, many honest newcomers still see their few people each."""
    engine = crowded(8000)
    passed = sum(
        view(engine, f"/u/p{n}-{m}", actor=Actor(account=f"h{n}", session=f"honest{n}"))
        for n in range(20)
        for m in range(2)
    )
    assert passed >= 36


def test_nobody_gets_a_second_budget_when_there_is_room_again() -> None:
    """Whoever shared a window in a full book goes on in it, with what it has counted."""
    engine = site(budgets=SESSIONS, bounds=Bounds(principals=20))
    for n in range(10):
        view(engine, "/u/bob", actor=Actor(address=f"192.0.2.{n}", session=f"s{n}"))
    mallory = Actor(address="192.0.2.77", session="mallory")
    assert [view(engine, f"/u/p{n}", actor=mallory) for n in range(5)] == [True] * 3 + [False] * 2
    for key in ("i192.0.2.1", "i192.0.2.2", "ss1", "ss2"):
        del engine.book.windows[key]
    assert not view(engine, "/u/p9", actor=mallory)


def test_what_one_bought_is_not_credited_to_a_shared_window() -> None:
    """After a restart into a full book, nobody gets the people that somebody else bought."""
    engine = site(account=2, bounds=Bounds(principals=1), challenge=ChallengePolicy(people=9))
    engine.clear("c1", Actor(account="buyer", address="192.0.2.1"), NOW)
    told = rows(engine.expire(NOW + 1))
    fresh = Engine(engine.policy)
    fresh.recall(msgspec.structs.replace(told[0], actor=Actor(account="first")))
    for row in told:
        fresh.recall(row)
    eve = Actor(account="eve", address="192.0.2.1")
    assert [view(fresh, f"/u/p{n}", at=NOW + 2, actor=eve) for n in range(4)].count(True) == 2


def test_a_full_book_is_swept_a_little_at_a_time() -> None:
    """A newcomer to a full book waits for a few hundred windows to be looked at, never for all of them."""
    engine = crowded(3000)
    later = NOW + 40 * 86_400
    before = engine.stats()["principals"]
    view(engine, "/u/bob", at=later, actor=Actor(account="late", session="late"))
    freed = before - engine.stats()["principals"]
    assert 0 < freed <= 2 * book._LOOK


def test_people_in_all_windows_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """In shadow mode on a site that answers any made-up id, people stop being remembered, and count on."""
    monkeypatch.setattr(book, "_FEWEST", 50)
    engine = Engine(
        Policy(surfaces=(PROFILE,), budgets=NONE, bounds=Bounds(principals=5)),
    )
    for n in range(300):
        actor = Actor(account=f"a{n % 4}", address="192.0.2.1")
        engine.record(Exchange(ask(f"/u/made-up-{n}", actor=actor), 200), NOW)
    held = sum(len(window.seen) for window in engine.book.windows.values())
    assert held == engine.book.people == 50
    assert sum(engine.people_of(f"account:a{n}")[0] for n in range(4)) == 300
    engine.record(Exchange(ask("/u/bob"), 200), NOW + 40 * 86_400)
    engine.people_of("account:a0")
    held = sum(len(window.seen) for window in engine.book.windows.values())
    assert held == engine.book.people


def test_open_reservations_keep_no_long_targets() -> None:
    """A hundred thousand open requests with targets of 8 KB must not be kept as they came."""
    engine = site(account=1000)
    decided(engine, "/u/bob?" + "x" * 8000)
    ticket = engine._flight.get("1")
    assert ticket is not None
    assert len(ticket.request.target) < 2000
