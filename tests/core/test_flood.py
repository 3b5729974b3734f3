"""A flood of forged actors: what is held stays within the bounds, no call gets slower, and members are let be.

Twelve shapes of forged actors take turns, every budget and every detector is on, and all containers that can be
reached from the engine are counted by name. With HIMAYA_SOAK=1 ten million actors come, or as many as HIMAYA_FLOOD
says, over bounds a hundred times as large.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import resource
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from pathlib import Path
from types import ModuleType

import pytest
from tests.core.census import Census
from tests.core.flood import CANARIES, DAY_S, START, SURFACES, Flood, Mode, site

import himaya.core
from himaya.core import book, budget, crawlers, matching
from himaya.core.accounts import Accounts
from himaya.core.actor import Actor
from himaya.core.budget import KEY_OF
from himaya.core.detectors import drift
from himaya.core.facts import Facts
from himaya.core.policy import Bounds
from himaya.core.window import PeopleWindow

SOAK = os.environ.get("HIMAYA_SOAK") == "1"
SMALL = Bounds(
    principals=1000, people=1000, open_requests=250, clearances=250, standing=250, assets=250
)
ACTORS = int(os.environ.get("HIMAYA_FLOOD", "10_000_000"))
LARGE = Bounds(
    principals=100_000,
    people=100_000,
    open_requests=25_000,
    clearances=25_000,
    standing=25_000,
    assets=25_000,
)
BOUNDS = LARGE if SOAK else SMALL
#: Bounds that no setting moves, by the names of their modules; small where few actors come.
FIXED = ((book, "_FEWEST", 5000), (budget, "_CACHED", 500), (matching, "_REMEMBERED", 500))
FIXED += ((drift, "_MOST", 500), (crawlers, "_MOST", 500))
#: Small things that no actor can make grow: declared surfaces, thresholds, names of settings.
FEW = 64
#: Principals, windows and units of one ticket: one for every kind.
KINDS = len(KEY_OF)


def allowed(bounds: Bounds) -> dict[str, int]:
    """Return what every container that grows may hold under the bounds, by the name that a census gives it."""
    actors = min(bounds.standing, bounds.principals)
    windows = bounds.principals + KINDS * max(1, bounds.principals // 64)
    tickets = KINDS * 2 * bounds.open_requests
    each = {
        "Book.windows": windows,
        "list_iterator": windows,
        "PeopleWindow.seen": max(book._FEWEST, 8 * bounds.principals) + FEW,
        "PeopleWindow.units": 80 * windows,
        "Accounts._first": bounds.principals,
        "Accounts._known": bounds.principals,
        "Accounts._minutes": 100_001,
        "Facts.accounts": bounds.principals,
        "Principals._cache": budget._CACHED,
        "Principals._cache[]": budget._CACHED * KINDS,
        "Surfaces._nobody": matching._REMEMBERED,
        "Weights._cache": 4096,
        "Popularity._counts": 1_048_576,
        "DriftDetector._found": drift._MOST,
        "DriftDetector._fine": drift._MOST,
        "Crawlers._claims": crawlers._MOST,
        "Groups.members": bounds.standing,
        "Watchers._standing": bounds.standing,
        "Assets._held": bounds.assets,
        "CanaryDetector._actors": actors,
        "_Sights.alone": 2 * actors,
        "_Sights.listed": len(SURFACES) * actors,
        "_Sights.listed[]": 2 * len(SURFACES) * actors,
        "ListedCanaryDetector._members": len(CANARIES),
        "CanaryDetector.places": len(CANARIES),
        "Facts.canaries": len(CANARIES),
        "Watchers._raised": bounds.standing,
        "Flight._open": bounds.open_requests,
        "Flight._late": bounds.open_requests,
        "Clearances.purses": bounds.clearances,
        "Clearances._bought": bounds.clearances,
        "Clearances._latest": bounds.clearances,
        "Ladder._unsolved": bounds.clearances,
        "EnumerationDetector._runs": actors,
        "SharingDetector._networks": actors,
        "SharingDetector._networks[]": 88 * actors,
        "VelocityDetector._people": actors,
        "VelocityDetector._people[]": 10 * actors,
        "MissesDetector._bets": actors,
        "_Bet.capital": 5 * actors,
        "ProvenanceDetector._sessions": actors,
        "Recent._people": 2 * actors,
        "Recent._people[]": 2 * max(10_000, 8 * actors),
        "EvidenceDetector._sums": actors,
        "_Sum.cells": 25 * actors,
        "RegularityDetector._paces": actors,
        "Pace.bins": 64 * actors,
        "ChallengeBehaviourDetector._unsolved": actors,
        "ChallengeBehaviourDetector._groups": actors,
        "_Group.names": 5 * actors,
    }
    of_ticket = ("principals", "windows", "held", "credit")
    return each | {f"Ticket.{name}": tickets for name in of_ticket}


@pytest.mark.slow
@pytest.mark.timeout(7200 if SOAK else 120)
@pytest.mark.parametrize(("mode", "actors"), [("enforce", 30_000), ("shadow", 18_000)])
def test_a_flood_of_forged_actors_stays_within_the_bounds(
    mode: Mode,
    actors: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing grows beyond its bound, the last actors cost no more than the first, and members see their people."""
    for module, name, most in () if SOAK else FIXED:
        monkeypatch.setattr(module, name, most)
    actors = ACTORS if SOAK else actors
    engine, honest = site(BOUNDS, mode)
    flood = Flood(engine, START, DAY_S / actors)
    flood.send(actors // 2)
    half = Census(engine)
    assert half.beyond(allowed(BOUNDS), FEW) == {}
    flood.send(actors - actors // 2)
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    end = Census(engine)
    assert end.beyond(allowed(BOUNDS), FEW) == {}
    assert end.size < 1.5 * half.size
    early, late = flood.medians()
    with capsys.disabled():
        if SOAK:
            held = f"{resident >> 20:,} MiB resident"
            print(f"\n{mode}: {actors:,} actors, {flood.refused:,} refused, {held}")
            print(f"{early:.0f} us in the first tenth, {late:.0f} us in the last; {engine.stats()}")
    assert late < 3 * early
    assert engine.stats()["overflowed"] > BOUNDS.principals
    assert (honest.visit(flood.now + 1000, ""), honest.visit(flood.now + 5000, "new")) == (0, 0)


def test_a_window_holds_few_units_however_often_somebody_comes_back() -> None:
    """Somebody who is charged in every five minutes of forty days costs at most 80 entries, and counts as before."""
    window = PeopleWindow(0)
    for bucket in range(40 * 288):
        window.advance(bucket)
        window.charge(100, bucket)
        window.commit(f"p{bucket % 50}", 100, 1000, bucket)
        assert len(window.units or ()) <= 80
    hours, days = 40 * 24 - 1, 40 - 1
    since_hour, since_day, since_month = 40 * 288 - 13, (hours - 24) * 12, (days - 30) * 288
    charged = [40 * 288 - since for since in (since_hour, since_day, since_month)]
    people = (13, 50, 50)
    held = (window.hour, window.day, window.month)
    assert held == tuple(100 * (n + m) for n, m in zip(charged, people, strict=True))


def test_a_flood_of_new_accounts_does_not_make_members_new_again() -> None:
    """Whoever came back after the first week is remembered when the table of first sightings is flooded."""
    accounts = Accounts(Facts(), int(7 * DAY_S), 800)
    accounts.begin(START)
    member = Actor(account="member")
    for day in (8, 16):
        accounts.meet(member, START + day * DAY_S)
    for n in range(5000):
        accounts.meet(Actor(account=f"forged{n}"), START + 17 * DAY_S)
        assert accounts.tracked() <= 800
    assert not accounts.meet(member, START + 17 * DAY_S).new
    assert accounts.meet(Actor(account="forged0"), START + 17 * DAY_S).new


def test_an_account_in_flight_stays_known_in_a_flood_of_accounts() -> None:
    """Between its question and its answer an account is not forgotten, so it counts as new in both."""
    accounts = Accounts(Facts(), int(7 * DAY_S), 800)
    accounts.begin(START)
    newcomer, now = Actor(account="newcomer"), START + 8 * DAY_S
    for n in range(2000):
        accounts.meet(Actor(account=f"forged{n}"), now)
    accounts.meet(newcomer, now)
    for n in range(90):
        accounts.meet(Actor(account=f"other{n}"), now)
    assert accounts.is_new(newcomer, now)


def test_what_the_core_remembers_for_all_engines_is_bounded() -> None:
    """Every cache at the level of a module of the core has a most."""
    caches = [
        (module.__name__, name, thing.cache_parameters()["maxsize"])
        for module in _modules()
        for name, thing in vars(module).items()
        if isinstance(thing, _lru_cache_wrapper)
    ]
    assert len(caches) >= 3
    assert [each for each in caches if not each[2] or each[2] > 100_000] == []


def test_a_container_that_nobody_thought_of_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count that the flood is judged by names whatever grows, also when it was not there yesterday."""
    engine, _ = site(SMALL, "shadow")
    monkeypatch.setattr(engine.facts, "forgotten", {"x": [[0] * 70]}, raising=False)
    assert Census(engine).beyond(allowed(SMALL), FEW) == {"Facts.forgotten[][]": 70}


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(himaya.core.__path__, "himaya.core."):
        yield importlib.import_module(found.name)
