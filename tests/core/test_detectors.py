"""Scenarios of breadth, enumeration, sharing and velocity: what each finds, and what it leaves alone.

The signals that want more than who saw whom stand in `test_signals.py`; here they are switched off.
"""

from __future__ import annotations

import random

import pytest

from himaya.core.actor import Actor
from himaya.core.effect import RaiseFinding
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Request
from himaya.core.facts import AccountFact
from himaya.core.finding import Finding
from himaya.core.policy import Bounds, Budgets, Detectors, Policy
from himaya.core.surface import Surface

START = 1_790_000_000.0
NOBODY = Budgets(account=None, session=None, key=None, address=None, prefix=None)

#: One view: seconds after the start, the actor, the subject.
View = tuple[float, Actor, str]


def found(views: list[View], *, facts: tuple[AccountFact, ...] = ()) -> list[Finding]:
    """Return the findings of a scenario played through the engine with the default thresholds."""
    surfaces = (Surface(id="profile", route="/u/{subject}"),)
    engine = Engine(Policy(surfaces=surfaces, budgets=NOBODY, detectors=Detectors()))
    engine.watchers.keep(frozenset({"breadth", "enumeration", "sharing", "velocity"}))
    for fact in facts:
        engine.facts.add(fact)
    findings: list[Finding] = []
    for at, actor, subject in views:
        request = Request(id="", actor=actor, target=f"/u/{subject}")
        effects = engine.record(Exchange(request, 200), START + at)
        findings += [e.finding for e in effects if isinstance(e, RaiseFinding)]
    return findings


def account(name: str, address: str = "192.0.2.1") -> Actor:
    """Return a signed-in actor."""
    return Actor(account=name, address=address)


def shuffled(count: int) -> list[str]:
    """Return `count` subjects whose order means nothing, the same at every run."""
    names = [f"p{n * 7919 % 1_000_003}" for n in range(count)]
    random.Random(4).shuffle(names)
    return names


def test_breadth_finds_an_hour_of_many_people() -> None:
    """An account that reaches 150 people within an hour is found once, with the value and the reason."""
    views = [(n * 10.0, account("fast"), s) for n, s in enumerate(shuffled(150))]
    (finding,) = found(views)
    assert (finding.detector, finding.actor) == ("breadth", "account:fast")
    assert finding.value == 101
    assert "within one hour" in finding.why


def test_breadth_finds_a_day_of_many_people() -> None:
    """An account that keeps below the hour but passes the day's figure is found."""
    views = [(n * 60.0, account("slow"), s) for n, s in enumerate(shuffled(420))]
    assert [f.detector for f in found(views)] == ["breadth"]


def test_breadth_leaves_a_devoted_reader_alone() -> None:
    """A thousand views of sixty friends are sixty people, and no finding."""
    friends = shuffled(60)
    views = [(n * 3.0, account("anna"), friends[n % 60]) for n in range(1000)]
    assert found(views) == []


def test_enumeration_finds_a_walk() -> None:
    """Ids asked for in order are found after twenty steps, long before the hour is full."""
    views = [(n * 5.0, Actor(address="203.0.113.9"), str(1000 + n)) for n in range(40)]
    (finding,) = found(views)
    assert (finding.detector, finding.value) == ("enumeration", 20)


@pytest.mark.parametrize("step", [-1, 2, 3])
def test_enumeration_finds_walks_in_either_direction_and_with_gaps(step: int) -> None:
    """Walking backwards or over small gaps is a walk too."""
    views = [(n * 5.0, Actor(address="203.0.113.9"), f"u{5000 + step * n}") for n in range(40)]
    assert [f.detector for f in found(views)] == ["enumeration"]


def test_enumeration_leaves_jumping_about_alone() -> None:
    """A reader who jumps between ids is not found, nor one who turns back and forth."""
    views = [(n * 60.0, account("anna"), s) for n, s in enumerate(shuffled(40))]
    to_and_fro = [(n * 60.0, account("ben"), str(500 + (n % 2))) for n in range(60)]
    assert found(views + to_and_fro) == []


def test_sharing_finds_one_credential_on_forty_networks() -> None:
    """One account from forty networks within minutes is found as sharing."""
    views = [(n * 10.0, account("hired", f"198.51.{n}.7"), s) for n, s in enumerate(shuffled(40))]
    (finding,) = found(views)
    assert (finding.detector, finding.actor) == ("sharing", "account:hired")


def test_sharing_leaves_a_moving_telephone_alone() -> None:
    """A telephone between Wi-Fi, mobile and a friend's Wi-Fi is not found."""
    homes = ("192.0.2.1", "198.51.100.4", "203.0.113.80")
    views = [(n * 20.0, account("anna", homes[n // 5 % 3]), s) for n, s in enumerate(shuffled(60))]
    assert found(views) == []


def test_velocity_finds_a_new_account_in_a_hurry() -> None:
    """An account that reaches 70 people in its first half hour is found."""
    views = [(n * 20.0, account("new"), s) for n, s in enumerate(shuffled(70))]
    facts = (AccountFact("new", created=START - 60),)
    (finding,) = found(views, facts=facts)
    assert (finding.detector, finding.value) == ("velocity", 61)


def test_velocity_leaves_newcomers_and_unknown_ages_alone() -> None:
    """Fifty people on the first evening, or an account of unknown age, are not found."""
    newcomer = [(n * 30.0, account("new"), s) for n, s in enumerate(shuffled(50))]
    unknown = [(n * 30.0, account("old"), s) for n, s in enumerate(shuffled(90))]
    facts = (AccountFact("new", created=START - 60),)
    assert found(newcomer + unknown, facts=facts) == []


def test_detectors_hold_a_bounded_number_of_actors() -> None:
    """A flood of actors leaves each detector with no more state than its bound."""
    policy = Policy(
        surfaces=(Surface(id="profile", route="/u/{subject}"),),
        budgets=NOBODY,
        bounds=Bounds(standing=100, principals=1000),
    )
    engine = Engine(policy)
    for n in range(5000):
        actor = account(f"a{n}", f"10.{n // 250}.{n % 250}.1")
        engine.facts.add(AccountFact(f"a{n}", created=START))
        engine.record(Exchange(Request(id="", actor=actor, target=f"/u/{n}"), 200), START + n)
    assert all(detector.tracked() <= 100 for detector in engine.watchers.detectors)
