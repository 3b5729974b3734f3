"""`audit bound` over random traffic: what the real engine let pass never breaks the bound."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.memory import Memory
from tests.analysis.site import CONFIG, START, Site

from himaya.analysis.bound import audit_bound
from himaya.core.actor import Actor
from himaya.core.clearance import binding_of
from himaya.core.exchange import Exchange
from himaya.core.facts import AccountFact, SubjectFact
from himaya.ledger.reader import Reader

DAY = 86_400.0
_ACTORS = [
    Actor(address="203.0.113.9"),
    Actor(address="203.0.113.77", session="s1"),
    Actor(address="203.0.113.9", account="u1"),
    Actor(address="198.51.100.4", account="u1", session="s2"),
    Actor(address="203.0.113.9", account="u2", account_created=START - DAY),
    Actor(address="203.0.113.77", account="u3", tier="gold", account_created=START - 6.9 * DAY),
    Actor(address="2001:db8::1", key="k1"),
    Actor(address="2001:db8::2", key="k1", account="u4"),
]
_PEOPLE = [f"p{n}" for n in range(40)]

_actor = st.integers(0, len(_ACTORS) - 1)
_person = st.sampled_from(_PEOPLE)
_wait = st.sampled_from(
    [0.0, 0.0, 1.0, 59.5, 250.0, 299.9, 301.0, 1700.0, 3600.0, 4300.0, DAY, 8 * DAY]
)
_step = st.one_of(
    st.tuples(st.just("wait"), _wait),
    st.tuples(st.just("view"), _actor, st.lists(_person, min_size=1, max_size=12), st.booleans()),
    st.tuples(st.just("open"), _actor, _person, st.booleans()),
    st.tuples(st.just("search"), _actor, st.lists(_person, max_size=4), st.booleans()),
    st.tuples(st.just("blind"), _actor),
    st.tuples(st.just("lookup"), _actor, st.lists(_person, max_size=1), st.booleans()),
    st.tuples(st.just("settle"), st.integers(0, 30)),
    st.tuples(st.just("drop"), st.integers(0, 30)),
    st.tuples(st.just("buy"), _actor),
    st.tuples(
        st.just("fact"),
        st.sampled_from(["u1", "u2", "u3", "u4"]),
        st.sampled_from(["", "gold"]),
        st.sampled_from(["", "spring", "spring", "autumn"]),
    ),
    st.tuples(st.just("join"), st.sampled_from(["g-1", "g-1", "g-2"]), _actor),
    st.tuples(st.just("protect"), _person),
    st.tuples(st.just("restart")),
    st.tuples(st.just("reload"), st.integers(0, 1)),
)

_STRICTER = CONFIG.replace("hour = 10", "hour = 6").replace("city = 2", "city = 1")


class Crowd:
    """Plays steps on a site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.flying: list[tuple[object, tuple[str, ...] | None]] = []
        self.bought: dict[str, str] = {}

    def play(self, step: tuple) -> None:
        getattr(self, step[0])(*step[1:])

    def wait(self, seconds: float) -> None:
        self.site.now += seconds
        self.site.perform(self.site.engine.expire(self.site.now))

    def _ask(self, actor: int, target: str, *, sees: bool = False) -> object:
        who = _ACTORS[actor]
        clearance = self.bought.get(binding_of(who), "")
        request = self.site.ask(who, target, clearance=clearance, sees=sees)
        if not self.site.passed:
            self.site.record(Exchange(request, 429, refused=True))
            return None
        return request

    def view(self, actor: int, people: list[str], sees) -> None:
        for person in people:
            request = self._ask(actor, f"/u/{person}", sees=sees)
            if request is not None:
                self.site.answer(request, (person,) if sees else None)

    def open(self, actor: int, person: str, sees) -> None:
        request = self._ask(actor, f"/u/{person}", sees=sees)
        if request is not None:
            self.flying.append((request, (person,) if sees else None))

    def search(self, actor: int, people: list[str], sees) -> None:
        request = self._ask(actor, "/search", sees=sees)
        if request is not None:
            self.flying.append((request, tuple(people)))

    def blind(self, actor: int) -> None:
        request = self._ask(actor, "/list")
        if request is not None:
            self.flying.append((request, None))

    def lookup(self, actor: int, people: list[str], sees) -> None:
        request = self._ask(actor, "/lookup?phone=1", sees=sees)
        if request is not None:
            self.site.answer(request, tuple(people), 200 if people else 404)

    def settle(self, number: int) -> None:
        if self.flying:
            self.site.answer(*self.flying.pop(number % len(self.flying)))

    def drop(self, number: int) -> None:
        if self.flying:
            self.flying.pop(number % len(self.flying))

    def buy(self, actor: int) -> None:
        self.bought[binding_of(_ACTORS[actor])] = self.site.buy(_ACTORS[actor])

    def join(self, group: str, actor: int) -> None:
        self.site.join(group, _ACTORS[actor].name)

    def fact(self, account: str, tier: str, batch: str) -> None:
        # What becomes known while a request is under way is among what the ledger cannot know.
        open_ = self.site.engine._flight._open.values()
        if any(ticket.request.actor.account == account for ticket in open_):
            return
        fact = AccountFact(account, created=START - 5 * DAY, tier=tier, batch=batch, subject="me")
        self.site.facts.add(fact)

    def protect(self, person: str) -> None:
        self.site.facts.add(SubjectFact(person, protected=("minor",)))

    def restart(self) -> None:
        self.site.restart()
        self.flying.clear()
        self.bought.clear()

    def reload(self, which: int) -> None:
        self.site.reload((CONFIG, _STRICTER)[which])


def _play(site: Site, steps: list[tuple]) -> Site:
    crowd = Crowd(site)
    for step in steps:
        crowd.play(step)
    return site


def _assert_held(steps: list[tuple]) -> None:
    memory = Memory()
    site = _play(Site(None, memory=memory), steps)
    site.close()
    judge = memory.judge()
    assert judge.named == []
    inequality = judge.cover.inequality(judge.purses.units, 50)
    assert inequality.holds, msgspec.to_builtins(inequality)
    assert judge.rows >= site.shown


@given(st.lists(_step, max_size=80))
@settings(max_examples=150, deadline=None)
def test_what_the_engine_lets_pass_never_breaks_the_bound(steps):
    """Random requests, challenges, restarts and new policies under small budgets: the audit passes."""
    _assert_held(steps)


@pytest.mark.slow
@given(st.lists(_step, min_size=100, max_size=300))
@settings(max_examples=600 if os.environ.get("HIMAYA_SOAK") == "1" else 40, deadline=None)
def test_long_random_traffic_never_breaks_the_bound(steps):
    """The same over long runs, which cross hours, days and restarts many times."""
    _assert_held(steps)


@given(st.lists(_step, max_size=40))
@settings(max_examples=12, deadline=None)
def test_the_audit_of_a_real_ledger_passes(steps):
    """Written to disk, sealed and read back, the same traffic passes; every row is looked at."""
    with tempfile.TemporaryDirectory() as folder:
        site = _play(Site(Path(folder)), steps)
        with Reader.open(site.close()) as reader:
            answer = audit_bound(reader)
    assert answer.named == ()
    assert answer.holds
    assert answer.rows >= site.shown
