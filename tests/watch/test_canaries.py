"""Canaries in what reads logs and files: found like in a gate, and in no total of people."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.watch.logs import START, line
from tests.watch.test_bulk import VIEW, bulk, exact, log_of, plain, setup

from himaya.config import loads
from himaya.core import continuing
from himaya.core.actor import Actor
from himaya.core.decision import Action
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Request
from himaya.core.facts import Facts
from himaya.core.policy import Budgets, Canary, Detectors, Policy
from himaya.core.surface import Surface
from himaya.exchanges import (
    CanariesPlaced,
    Decided,
    ExchangeWriter,
    PolicyLoaded,
    Recorded,
    Started,
    read_events,
    replay_exchanges,
)
from himaya.watch.forecast import Forecast
from himaya.watch.replay import Replay, replay_file
from himaya.watch.result import result_json
from himaya.watch.scan import ScanOptions, scan

CONFIG = loads(
    '[[surface]]\nid = "profile"\nroute = "/u/{subject}"\n[budgets]\naddress = { hour = 1000 }\n'
)
WALKER = Actor(account="w")


def told_canaries(**places: str) -> Facts:
    """Return facts that name canaries only."""
    facts = Facts()
    facts.canaries = places
    return facts


@given(st.lists(VIEW, min_size=1, max_size=60), st.integers(1, 4))
@settings(max_examples=100)
def test_bulk_equals_the_engine_with_canaries(views, chunks):
    """For any log with canaries in it, every figure and finding of the bulk is that of the engine alone."""
    facts = Facts()
    facts.canaries = {"3": "gap", "5": "sitemap", "6": "sitemap"}
    made = setup(facts)
    lines = log_of(views)
    _, one_by_one = exact(made, lines)
    _, in_bulk = bulk(made, lines, chunks)
    assert plain(in_bulk) == plain(one_by_one)
    people = set().union(*(one.people for one in in_bulk.surfaces.values()))
    assert people.isdisjoint(facts.canaries)


def _log(tmp_path, targets: str):
    path = tmp_path / "access.log"
    path.write_text(
        "".join(line(START + 10 * n, f"/u/{one}") for n, one in enumerate(targets.split()))
    )
    return str(path)


def test_a_scan_finds_who_opened_canaries_and_counts_people_alone(tmp_path):
    """Two people and two canaries: two people, two disclosures, two views apart, and one finding of value two."""
    log = _log(tmp_path, "p1 c1 p2 c2")
    facts = told_canaries(c1="gap", c2="api")
    told = result_json(scan([log], ScanOptions(config=CONFIG, facts=facts)))
    assert (told["people"], told["disclosures"], told["canary_views"]) == (2, 2, 2)
    (actor,) = told["actors"]
    assert (actor["people"], actor["disclosures"]) == (2, 2)
    assert [(each["detector"], each["value"]) for each in actor["findings"]] == [("canary", 2)]
    without = result_json(scan([log], ScanOptions(config=CONFIG)))
    assert (without["people"], without["canary_views"], without["actors"]) == (4, 0, [])


def test_whoever_saw_canaries_alone_is_in_the_result(tmp_path):
    """An actor who was shown nobody but a canary is found, with no people."""
    facts = told_canaries(c1="gap")
    (actor,) = scan([_log(tmp_path, "c1 c1")], ScanOptions(config=CONFIG, facts=facts)).actors
    assert (actor.people, actor.disclosures, actor.peak_day) == (0, 0, 0)


def test_forecast_and_replay_count_people_alone():
    """What a policy would have let pass is counted without canaries."""
    facts, forecast_facts = told_canaries(c1="gap"), told_canaries(c1="gap")
    replay = Replay(CONFIG.policy(), facts)
    forecast = Forecast(CONFIG.policy(), facts=forecast_facts)
    for number, subject in enumerate(["p1", "c1", "p2"]):
        exchange = Exchange(Request(str(number), WALKER, f"/u/{subject}"), 200)
        replay.add(exchange, START + number)
        forecast.add(exchange, START + number)
    assert replay.outcome()["people"] == {"without": 2, "with": 2}
    assert forecast.outcome()["all"]["people"]["without"] == 2


def test_an_exchanges_file_replays_with_its_canaries(tmp_path):
    """Canaries, a reload between two of them and the block that follows are decided again exactly."""
    canary = Canary(action=Action.BLOCK)
    policy = Policy(
        mode="enforce",
        surfaces=(Surface("profile", "/u/{subject}"),),
        budgets=Budgets(),
        detectors=Detectors(canary=canary),
    )
    engine = Engine(policy)
    path = tmp_path / "exchanges.jsonl"
    with ExchangeWriter(path) as writer:
        writer.write(Started(at=START, policy=policy))
        engine.watchers.place({"c1": "gap", "c2": "api"})
        writer.write(CanariesPlaced(at=START, places={"c1": "gap", "c2": "api"}))
        for number, subject in enumerate(["c1", "c2", "p1"]):
            at = START + number
            request = Request(str(number), WALKER, f"/u/{subject}")
            decision = engine.decide(request, at)
            writer.write(Decided(at=at, request=request, decision=decision))
            effects = engine.record(Exchange(request, 200, refused=not decision.passes), at)
            rows = tuple(e.disclosures for e in effects if hasattr(e, "disclosures"))
            exchange = Exchange(request, 200, refused=not decision.passes)
            writer.write(Recorded(at=at, exchange=exchange, disclosures=rows))
            continuing.reload(engine, policy)
            writer.write(PolicyLoaded(at=at, policy=policy))
    assert decision.action is Action.BLOCK
    lines = path.read_bytes().splitlines(keepends=True)
    assert all(each.same for each in replay_exchanges(read_events(lines)))
    told = replay_file(lines, str(path))
    assert (told["same"], told["people"], told["decisions"]["block"]) == (True, 0, 1)
    assert msgspec.json.encode(told)
