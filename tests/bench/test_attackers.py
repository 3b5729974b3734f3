"""Attackers behave as their table says: they keep their pace, back off, rotate, solve, and stay under budgets."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import msgspec
import pytest

from himaya.bench.asks import Reply
from himaya.bench.attackers.attacker import Attacker, Operation
from himaya.bench.attackers.crew import Crew
from himaya.bench.attackers.everybody import CATALOGUE, EVERYBODY
from himaya.bench.attackers.incidents import INCIDENTS
from himaya.bench.attackers.parameters import Parameters, unlinked
from himaya.bench.defences.none import NoDefence
from himaya.bench.networks import APP, BROWSERS, LIBRARY
from himaya.bench.policy import shipped
from himaya.bench.run import START, Run
from himaya.bench.world import links as at
from himaya.bench.world.knobs import Knobs
from himaya.bench.world.site import World
from himaya.core.actor import prefix_of
from himaya.core.facts import AccountFact

WORLD = World(Knobs(people=500), 1)


class Walker(Attacker):
    """Walks its share of the list."""

    id = "X1"

    def work(self, hand, op):
        for link in op.links(hand):
            yield at.profile(link)


class Witness(NoDefence):
    """Lets pass what `verdict` lets pass, and writes down who asked when."""

    def __init__(self, verdict=None):
        super().__init__(WORLD)
        self.seen, self._verdict, self.solutions = [], verdict, 0

    def serve(self, client, ask, now, answer=None):
        self.seen.append((now, client.actor, ask.target))
        action = self._verdict(self, client, now) if self._verdict else ""
        return Reply(403, action=action) if action else super().serve(client, ask, now, answer)

    def solve(self, client, now):
        self.solutions += 1
        return True


def go(plan, defence, days=1.0, attacker=None, policy=None):
    """Return the crew after a run."""
    op = Operation(WORLD, plan, Random(1), START, days)
    crew = Crew(attacker or Walker(), op, policy)
    Run(defence, None, [crew], START + days * 86400).go()
    return crew


def test_the_table_is_what_a_front_door_sees():
    """Accounts, addresses, networks and browser classes are as many as the plan says."""
    plan = Parameters(
        accounts=30,
        addresses=12,
        prefixes=4,
        network="proxy",
        browsers=2,
        client="browser",
        pace_s=1,
    )
    witness = Witness()
    go(plan, witness)
    actors = [actor for _, actor, _ in witness.seen]
    assert len({actor.account for actor in actors}) == 30
    assert len({actor.address for actor in actors}) == 12
    assert len({prefix_of(actor.address) for actor in actors}) == 4
    assert len({actor.fingerprint for actor in actors}) <= 2


def test_no_linking_field_carries_a_label():
    """What joins an operation is what a front door could compute, in words that honest people have as well."""
    for attacker in EVERYBODY:
        plan = attacker.scaled(WORLD.knobs)
        crew = Crew(attacker, Operation(WORLD, plan, Random(1), START, 1.0))
        for fact in crew.facts():
            if isinstance(fact, AccountFact):
                address, hour = fact.batch.split(" ")
                assert "/" in address
                assert int(hour) == int(fact.created // 3600)
        seen = {hand.actor.fingerprint for hand in crew.op.hands}
        assert seen <= {*BROWSERS, LIBRARY, APP}


def test_pace_and_hours_are_kept():
    """A hand sends no faster than half its pace, and nothing out of its hours."""
    witness = Witness()
    go(Parameters(pace_s=100, hours=8), witness, days=2.0)
    times = [at_ for at_, _, _ in witness.seen]
    assert min(b - a for a, b in pairwise(times)) >= 50
    assert all((at_ - START) / 3600 % 24 < 8.01 for at_ in times)


def test_people_per_day_are_kept():
    """A plan of 40 a day takes at most 40 people in any day."""
    crew = go(Parameters(pace_s=5, per_day=40), Witness(), days=2.0)
    times = crew.op.disk.times
    assert 40 <= len(times) <= 81
    assert all(b - a > 86000 for a, b in zip(times, times[40:], strict=False))


def test_a_refused_hand_backs_off_longer_and_longer():
    """After each refusal a hand waits about twice as long, at most six hours."""
    witness = Witness(lambda *_: "block")
    go(Parameters(pace_s=1), witness, days=3.0)
    times = [at_ for at_, _, _ in witness.seen]
    gaps = [b - a for a, b in pairwise(times)]
    assert 45 <= gaps[0] <= 75
    assert gaps[5] > 5 * gaps[1]
    assert max(gaps) <= 6 * 3600 + 2  # and one step of the pace


def test_a_refused_hand_goes_on_from_elsewhere():
    """A plan that rotates tries other addresses before it backs off."""
    barred = {}

    def verdict(_, client, now):
        first = next(iter(barred), client.actor.address)
        barred[first] = None
        return "block" if client.actor.address in barred else ""

    witness = Witness(verdict)
    crew = go(Parameters(addresses=50, network="proxy", rotates=True, pace_s=1), witness, days=0.1)
    assert len(crew.op.disk.fields) == 500
    assert crew.spend()["addresses"] == 2


def test_a_new_address_after_so_many_requests():
    """A plan with `turn` changes its address after so many requests although nobody refused it."""
    witness = Witness()
    go(Parameters(addresses=100, network="proxy", rotates=True, turn=5, pace_s=1), witness)
    assert len({actor.address for _, actor, _ in witness.seen}) == 100


@pytest.mark.parametrize("price", [None, 0.002])
def test_challenges_are_solved_at_a_price(price):
    """Only a plan that pays solvers solves, and what it solved is in its spend."""
    witness = Witness(lambda self, client, now: "" if self.solutions else "challenge")
    crew = go(Parameters(pace_s=1, solver_usd=price), witness, days=0.2)
    solved = 0 if price is None else 1
    assert (crew.solved, crew.spend()["solved"]) == (solved, solved)
    assert len(crew.op.disk.fields) == 500 * solved


def test_an_informed_operation_stays_under_every_budget():
    """With the shipped configuration read, nobody reaches 90 % of any budget, of accounts or of what they share."""
    policy = shipped().policy()
    plan = Parameters(accounts=6, addresses=2, pace_s=1, age_days=400)
    witness = Witness()
    go(plan, witness, policy=policy)
    for of, limit in ((lambda a: a.account, 100), (lambda a: a.address, 200)):
        hours = {}
        for now, actor, target in witness.seen:
            hours.setdefault((of(actor), int(now // 3600)), set()).add(target)
        assert max(len(people) for people in hours.values()) <= 0.9 * limit


@pytest.mark.parametrize("attacker", CATALOGUE, ids=lambda each: each.id)
def test_an_unlinked_operation_shares_nothing(attacker):
    """Its hands have addresses, networks and browsers like ordinary people, and signed up over a year."""
    plan = unlinked(attacker.plan)
    assert plan.browsers == 0
    assert plan.addresses >= plan.count
    if plan.accounts:
        assert plan.signup_spread_h >= 24 * 365


def test_everybody_has_a_name_and_says_what_they_do():
    """Each attacker has an id, a title and a sentence; each incident says what happened and how it was scaled."""
    ids = [each.id for each in EVERYBODY]
    assert len(set(ids)) == len(ids) == 19
    assert all(each.title and each.how for each in EVERYBODY)
    for incident in INCIDENTS:
        assert len(incident.then) > 40
        assert len(incident.scaling(Knobs())) > 40


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda each: each.id)
def test_incidents_lose_undefended_about_what_was_lost(incident):
    """Without a defence an incident's share is near the published one, where one is known."""
    world = World(Knobs(people=20_000), 1)
    plan = incident.scaled(world.knobs)
    op = Operation(world, plan, Random(1), START, incident.site_days)
    Run(NoDefence(world), None, [Crew(incident, op)], START + incident.site_days * 86400).go()
    share = len(op.disk.fields) / world.count
    if incident.share_then:
        assert 0.75 * incident.share_then <= share <= 1.5 * incident.share_then


def test_spend_counts_what_was_used():
    """Spend names accounts, addresses, requests and CPU seconds of hands that worked."""
    crew = go(Parameters(accounts=4, addresses=2, pace_s=1), Witness())
    assert crew.spend() == {
        "accounts": 4,
        "addresses": 2,
        "requests": 500,
        "solved": 0,
        "solver_usd": 0.0,
        "cpu_s": 0.25,
    }
    assert crew.actors() == [f"account:x1-{n}" for n in range(4)]


def test_an_attacker_without_work_says_so():
    """A subclass that forgot `work` is told."""

    class Idle(Attacker):
        id = "X2"

    with pytest.raises(TypeError, match="Idle has no work"):
        go(Parameters(), Witness(), attacker=Idle())


def test_a_run_repeats():
    """The same seed gives the same disk with the same times."""
    first, second = (go(msgspec.structs.replace(CATALOGUE[1].plan), Witness()) for _ in range(2))
    assert first.op.disk.times == second.op.disk.times
    assert first.op.disk.fields == second.op.disk.fields
