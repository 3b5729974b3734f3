"""The gauge holds against an actor exactly what the detectors do, and looks at proven actors only."""

from __future__ import annotations

import random

import msgspec
import pytest
from tests.watch.calibration import crowd
from tests.watch.logs import START

from himaya.config import loads
from himaya.core.actor import Actor
from himaya.core.effect import RaiseFinding
from himaya.core.engine import Engine
from himaya.core.errors import InputError
from himaya.core.exchange import Exchange, Person, Request
from himaya.core.facts import AccountFact, Facts
from himaya.watch.calibration.gauge import Gauge
from himaya.watch.calibration.statistic import NEVER, PEOPLE, SIGNALS, STATISTICS

POLICY = loads(crowd.CONFIG + "[detectors.provenance]\nshare = 0\n").policy()

#: Low settings, so that many are found: statistic, then detector and its keys.
SETTINGS = {
    "breadth_hour": ("breadth", {"hour": 6, "day": 10**9}),
    "breadth_day": ("breadth", {"hour": 10**9, "day": 7}),
    "evidence": ("evidence", {"established": 4.0, "new": 4.0, "paid": 4.0}),
    "velocity": ("velocity", {"people": 3}),
    "enumeration": ("enumeration", {"run": 2}),
    "sharing": ("sharing", {"networks": 1}),
    "provenance": ("provenance", {"run": 4}),
    "regularity": ("regularity", {"bits": 3.0}),
    "misses": ("misses", {"odds": 20.0}),
}


def view(at: float, name: str, person: str, address: str = "192.0.2.1", **more):
    actor = Actor(address=address, account=name, **more)
    return Exchange(Request("", actor, f"/u/{person}"), 200), at


def miss(at: float, name: str, number: int):
    actor = Actor(address="192.0.2.1", account=name)
    return Exchange(Request("", actor, f"/lookup?phone={number}"), 404), at


def traffic(seed: int = 5):
    """Readers, a farm, accounts that look up in vain, that walk, that change networks, that follow a clock."""
    rng = random.Random(seed)
    told = [view(*each) for each in crowd.readers(60, seed=seed) + crowd.farm(4, 90)]
    for n in range(8):
        first = START + rng.random() * crowd.DAY
        told += [miss(first + k, f"m{n}", k) for k in range(rng.randrange(2, 9))]
        told += [view(START + 9 * k, f"v{n}", str(k)) for k in range(1 + n)]
        told += [view(first + 99 * k, f"w{n}", str(500 + k)) for k in range(rng.randrange(2, 6))]
        told += [view(first + k, f"s{n}", "7", f"10.{k}.0.1") for k in range(rng.randrange(1, 4))]
        told += [
            view(first + k * (30 + n * rng.random() * k), f"c{n}", str(rng.randrange(99)))
            for k in range(80)
        ]
    return sorted(told, key=lambda pair: pair[1])


def facts():
    """Tell that some readers are new, and a few accounts at the very beginning."""
    known = Facts()
    for n in range(0, 60, 3):
        known.add(AccountFact(f"r{n}", created=START - 60 * n))
    for n in range(8):
        known.add(AccountFact(f"v{n}", created=START))
    return known


def found_by(detector: str, keys: dict[str, float]) -> set[str]:
    """Return whom the detector itself finds under these settings."""
    own = msgspec.structs.replace(getattr(POLICY.detectors, detector), **keys)
    detectors = msgspec.structs.replace(POLICY.detectors, **{detector: own})
    engine = Engine(msgspec.structs.replace(POLICY, detectors=detectors), facts())
    found = set()
    for exchange, at in traffic():
        for effect in engine.record(exchange, at):
            if isinstance(effect, RaiseFinding) and effect.finding.detector == detector:
                found.add(effect.finding.actor)
    return {name for name in found if name.startswith("account:")}


@pytest.fixture(name="gauge", scope="module")
def _gauge():
    """Look at everybody."""
    told = traffic()
    names = {exchange.request.actor.name for exchange, _ in told}
    gauge = Gauge(POLICY, facts(), names)
    for exchange, at in told:
        gauge.add(exchange, at)
    return gauge


def highest(gauge: Gauge, name: str) -> dict[str, float]:
    """Return the highest score of each actor in a statistic, over cohorts and days."""
    table, measures = (
        (gauge.people, PEOPLE) if STATISTICS[name] in PEOPLE else (gauge.signals, SIGNALS)
    )
    place = measures.index(STATISTICS[name])
    found: dict[str, float] = {}
    for actors in table.values():
        for actor, days in actors.items():
            scores = [held[place] for held in days.values()]
            found[actor] = max(found.get(actor, NEVER), *scores)
    return found


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_whoever_a_detector_finds_passes_its_setting_and_nobody_else(gauge, name):
    """For each statistic the actors whose highest value crosses a setting are those its detector finds with it."""
    detector, keys = SETTINGS[name]
    key = {"breadth_day": "day"}.get(name, next(iter(keys)))
    scores = highest(gauge, name)
    crossing = {who for who, score in scores.items() if STATISTICS[name].crosses(score, keys[key])}
    assert crossing == found_by(detector, keys)
    assert crossing
    assert len(crossing) < len(scores)


def test_budgets_count_what_the_gauge_counts(gauge):
    """People per month are those of the account's window, each once."""
    scores = highest(gauge, "people_month")
    people: dict[str, set[str]] = {}
    for exchange, _ in traffic():
        if exchange.request.target.startswith("/u/"):
            people.setdefault(exchange.request.actor.name, set()).add(exchange.request.target)
    assert {who: len(seen) for who, seen in people.items()} == {
        who: score for who, score in scores.items() if who in people
    }


def test_only_the_proven_are_looked_at_and_everybody_is_replayed():
    """Unproven traffic leaves no value, and yet makes people popular for whom it looked at."""
    alone = [view(START + 60 * n, "r", str(n)) for n in range(50)]
    crowded = sorted(
        [view(START - 9000 + n, f"o{n}", str(n % 60)) for n in range(9000)] + alone,
        key=lambda pair: pair[1],
    )
    sums = []
    for told in (alone, crowded):
        gauge = Gauge(POLICY, None, {"account:r"})
        for exchange, at in told:
            gauge.add(exchange, at)
        assert gauge.names() == {"account:r"}
        sums.append(highest(gauge, "evidence")["account:r"])
    assert sums[1] < sums[0]


def test_what_comes_before_the_period_only_warms_up():
    """People seen before the period still stand in the windows, and no value is noted before it begins."""
    told = [view(START + 60 * n, "r", str(n)) for n in range(20)]
    gauge = Gauge(POLICY, None, {"account:r"}, start=START + 60 * 15)
    for exchange, at in told:
        gauge.add(exchange, at)
    assert (gauge.first, gauge.exchanges) == (START + 900, 5)
    assert highest(gauge, "people_hour") == {"account:r": 20.0}


def test_values_stand_under_the_cohort_in_which_they_came_about():
    """An account counts as new while it is, then as established; tiers and keys stand for themselves."""
    known = Facts()
    known.add(AccountFact("r", created=START))
    known.add(AccountFact("g", tier="gold"))
    known.add(AccountFact("p", paid=True, created=START - 10**8))
    week = 8 * crowd.DAY
    told = [view(START + n, "r", str(n)) for n in range(9)]
    told += [view(START + week, name, "1", **more) for name, more in (("g", {}), ("p", {}))]
    told += [view(START + week, "", "1", key="k"), view(START + week + 1, "r", "1")]
    gauge = Gauge(POLICY, known, {"account:r", "account:g", "account:p", "key:k"})
    for exchange, at in told:
        gauge.add(exchange, at)
    assert {cohort: set(actors) for cohort, actors in gauge.people.items()} == {
        "new": {"account:r"},
        "established": {"account:r"},
        "tier:gold": {"account:g"},
        "paid": {"account:p"},
        "key": {"key:k"},
    }
    assert set(gauge.signals["paid"]) == {"account:g", "account:p"}
    new, old = (gauge.people[cohort]["account:r"] for cohort in ("new", "established"))
    assert max(day[0] for day in new.values()) == 9
    assert max(day[0] for day in old.values()) == 1


def test_people_are_counted_under_the_table_of_budgets_that_holds():
    """A paying account that is new spends the new ones'; with a key an account is itself; a tiered key is left out."""
    known = Facts()
    known.add(AccountFact("p", paid=True, created=START))
    gauge = Gauge(POLICY, known, {"account:p", "account:a", "key:k", "key:t"})
    gauge.add(*view(START + 1, "p", "1"))
    gauge.add(*view(START + 2, "a", "1", key="k"))
    gauge.add(*view(START + 3, "", "1", key="k"))
    gauge.add(*view(START + 4, "", "1", key="t", tier="gold"))
    assert {cohort: set(actors) for cohort, actors in gauge.people.items()} == {
        "new": {"account:p"},
        "established": {"account:a"},
        "key": {"key:k"},
    }
    assert set(gauge.signals["paid"]) == {"account:p"}
    assert set(gauge.signals["key"]) == {"account:a", "key:k", "key:t"}


def test_a_listing_of_people_nobody_can_read_is_no_view_of_a_person():
    """An answer without names counts in people, and in no signal."""
    text = (
        crowd.CONFIG + '[[surface]]\nid = "list"\nroute = "/s"\nkind = "listing"\nmax_people = 5\n'
    )
    policy = loads(text + 'people = ["header"]\n').policy()
    gauge = Gauge(policy, None, {"account:r"})
    request = Request("", Actor(address="192.0.2.1", account="r"), "/s")
    gauge.add(Exchange(request, 200), START)
    assert highest(gauge, "people_hour") == {"account:r": 5.0}
    assert highest(gauge, "sharing") == {"account:r": NEVER}
    gauge.add(Exchange(request, 200, (Person("1"), Person("2"))), START + 1)
    assert highest(gauge, "people_hour") == {"account:r": 7.0}
    assert highest(gauge, "sharing") == {"account:r": 1.0}


class Stray:
    """Stands before another object; what it is given by name is its own."""

    def __init__(self, other, **own):
        self._other = other
        self.__dict__.update(own)

    def __getattr__(self, name):
        return getattr(self._other, name)


def test_a_gauge_refuses_values_under_any_other_cohort():
    """Even if the core had a cohort by a trait, no value would be noted under it."""
    gauge = Gauge(POLICY, None, {"account:r"})
    gauge.engine.watchers.keep(frozenset())
    accounts = Stray(gauge.engine.accounts, cohort=lambda actor, age_s: "disability")
    gauge.engine = Stray(gauge.engine, accounts=accounts)
    with pytest.raises(InputError, match="'disability' is no cohort"):
        gauge.add(*view(START, "r", "1"))
    assert gauge.people == {}
    assert gauge.signals == {}
