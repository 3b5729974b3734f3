"""The exchanges file: what a gate asked its engine replays to the same answers and rows."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.actor import Actor
from himaya.core.decision import Action, Reason, Standing
from himaya.core.effect import RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.errors import HimayaError, InputError, ServiceError
from himaya.core.exchange import Exchange, Person, Request, Response
from himaya.core.facts import AccountFact, NearFact, SubjectFact
from himaya.core.policy import Budget, Budgets, ChallengePolicy, Policy
from himaya.core.surface import Surface
from himaya.exchanges import (
    Admitted,
    Cleared,
    Decided,
    ExchangeWriter,
    Expired,
    FactTold,
    PolicyLoaded,
    Recalled,
    Recorded,
    Started,
    Stood,
    Switched,
    read_events,
    replay_exchanges,
)

SURFACES = (
    Surface("profile", "/u/{subject}"),
    Surface("search", "/search", kind="listing", max_people=4, people=("header",)),
)
BUDGET = Budget(hour=6.0, day=12.0)


def policy(hour=6.0, mode="enforce"):
    budgets = Budgets(account=Budget(hour=hour, day=12.0), address=BUDGET)
    return Policy(
        mode=mode, surfaces=SURFACES, budgets=budgets, challenge=ChallengePolicy(people=2)
    )


class Gate:
    """A gate in miniature: asks an engine, and writes down every question and answer."""

    def __init__(self, path):
        self.writer = ExchangeWriter(path)
        self.engine = Engine(policy())
        self.now = 1_700_000_000.0
        self.ids = itertools.count(1)
        self.open = []
        self.rows = []
        self.decisions = []
        self.writer.write(Started(at=self.now, policy=self.engine.policy))

    def step(self, name, number):
        self.now += number * 7.5
        getattr(self, name)(number)

    def actor(self, number):
        return Actor(
            address=f"192.0.2.{number % 3}", account=f"u{number % 2}" if number % 5 else ""
        )

    def decide(self, number):
        target = f"/u/{number}" if number % 3 else "/search"
        request = Request(
            str(next(self.ids)),
            self.actor(number),
            target,
            sees_body=number % 2 == 0,
            clearance=f"c{number % 4}",
        )
        decision = self.engine.decide(request, self.now)
        self.writer.write(Decided(at=self.now, request=request, decision=decision))
        self.decisions.append(decision)
        self.open.append(request)

    def admit(self, number):
        if not self.open:
            return
        people = tuple(Person(str(number + each)) for each in range(number % 5))
        response = Response(self.open[-1].id, 200, people if number % 4 else None, bool(number % 2))
        admission = self.engine.admit(response, self.now)
        self.writer.write(Admitted(at=self.now, response=response, admission=admission))

    def record(self, number):
        if not self.open:
            return
        request = self.open.pop(number % len(self.open))
        people = (Person(str(number), ("name",)),) if number % 3 else None
        status = (200, 200, 206, 304, 404)[number % 5]
        exchange = Exchange(request, status, people, refused=number % 7 == 0, source="proxy")
        # Settling from a log comes with the log's time, which may be behind the gate's clock.
        at = self.now - number % 4
        rows = self.taken(self.engine.record(exchange, at))
        self.writer.write(Recorded(at=at, exchange=exchange, disclosures=rows))

    def tick(self, number):
        rows = self.taken(self.engine.expire(self.now))
        if rows:
            self.writer.write(Expired(at=self.now, disclosures=rows))
        else:
            self.writer.tick(self.now)

    def clear(self, number):
        actor = self.actor(number)
        granted = self.engine.clear(f"c{number % 4}", actor, self.now)
        self.writer.write(
            Cleared(at=self.now, clearance=f"c{number % 4}", actor=actor, granted=granted)
        )

    def tell(self, number):
        facts = (
            AccountFact("u1", created=self.now - number, subject=str(number)),
            SubjectFact(str(number), protected=("minor",)),
            NearFact("u1", str(number)),
        )
        fact = facts[number % 3]
        self.engine.facts.add(fact)
        self.writer.write(FactTold.of(self.now, fact))

    def reload(self, number):
        new = policy(float(4 + number % 5), "enforce" if number % 3 else "shadow")
        self.engine.reload(new)
        self.writer.write(PolicyLoaded(at=self.now, policy=new))

    def stand(self, number):
        reason = Reason("breadth", "account", "", 1.0, 1.0)
        standing = Standing(f"account:u{number % 2}", Action.BLOCK, self.now + 60, reason)
        self.engine.watchers.stand(standing)
        self.writer.write(Stood(at=self.now, standing=standing))

    def recall(self, number):
        if self.rows:
            row = self.rows[number % len(self.rows)]
            self.engine.recall(row)
            self.writer.write(Recalled(at=row.at, disclosures=row))

    def switch(self, number):
        self.writer.write(Switched(at=self.now, on=bool(number % 2), why="test"))

    def taken(self, effects):
        rows = tuple(e.disclosures for e in effects if isinstance(e, RecordDisclosures))
        self.rows += rows
        return rows


KINDS = ("decide", "decide", "decide", "admit", "record", "record", "tick", "clear", "tell",
         "reload", "stand", "recall", "switch")  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 40)), max_size=60)


@given(STEPS)
def test_a_replay_gives_the_same_decisions_and_rows(tmp_path_factory, steps):
    """For any course of calls, replaying the file answers the same and discloses the same, exactly."""
    path = tmp_path_factory.mktemp("x") / "exchanges.jsonl"
    gate = Gate(path)
    for name, number in steps:
        gate.step(name, number)
    gate.writer.close()
    with path.open("rb") as lines:
        replayed = list(replay_exchanges(read_events(lines, str(path))))
    assert all(each.same for each in replayed)
    assert [each.decision for each in replayed if each.decision] == gate.decisions
    assert [row for each in replayed for row in each.disclosures] == gate.rows


def test_another_policy_decides_otherwise(tmp_path):
    """With a policy of one's own the same requests are decided by it."""
    gate = Gate(tmp_path / "x")
    for number in range(1, 30):
        gate.decide(number * 3 + 1)
    gate.writer.close()
    wide = Policy(mode="enforce", surfaces=SURFACES, budgets=Budgets(account=None, address=None))
    with (tmp_path / "x").open("rb") as lines:
        decisions = [r.decision for r in replay_exchanges(read_events(lines), wide) if r.decision]
    assert {decision.action for decision in decisions} == {Action.ALLOW}
    assert {decision.action for decision in gate.decisions} != {Action.ALLOW}


def test_the_file_is_private_and_goes_on_after_a_kill(tmp_path):
    """The file has mode 0600; a torn last line is cut off, and a new run begins behind the old one."""
    path = tmp_path / "x"
    with ExchangeWriter(path) as writer:
        writer.write(Started(at=1.0, policy=policy()))
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open("ab") as file:
        file.write(b'{"what":"decide","at":2.0,"seq":2,"requ')
    with path.open("rb") as lines:
        assert len(list(read_events(lines))) == 1
    with ExchangeWriter(path) as writer:
        writer.write(Started(at=3.0, policy=policy()))
    with path.open("rb") as lines:
        assert [event.at for event in read_events(lines)] == [1.0, 3.0]


def test_the_file_is_bounded(tmp_path):
    """Past its bound the file says that it stops, and drops are counted."""
    with ExchangeWriter(tmp_path / "x", max_bytes=5000) as writer:
        for number in range(200):
            writer.write(Switched(at=float(number), on=True, why="x" * 50))
        assert writer.dropped > 50
    with (tmp_path / "x").open("rb") as lines:
        events = list(read_events(lines))
    assert "5000 bytes" in events[-1].why
    assert (tmp_path / "x").stat().st_size < 6000


def test_a_hole_in_the_file_is_refused(tmp_path):
    """A missing event would replay to something that never happened: it is named by its line."""
    with ExchangeWriter(tmp_path / "x") as writer:
        for number in range(5):
            writer.write(Switched(at=float(number), on=True))
    lines = (tmp_path / "x").read_bytes().splitlines(keepends=True)
    with pytest.raises(InputError, match=r"x:3: .*missing"):
        list(read_events([*lines[:2], *lines[3:]], "x"))


@given(
    st.lists(st.binary(max_size=60).map(lambda data: data.replace(b"\n", b"") + b"\n"), max_size=5)
)
def test_what_is_no_event_is_an_input_error(lines):
    """Whatever the bytes, reading ends with an InputError or not at all."""
    try:
        assert list(read_events(lines)) == []
    except HimayaError as problem:
        assert isinstance(problem, InputError)  # noqa: PT017 - either outcome is right


def test_a_file_that_begins_in_the_middle_is_refused():
    """Without the start nobody knows the policy."""
    with pytest.raises(InputError, match="begin with a start"):
        list(replay_exchanges([Switched(at=1.0, on=True)]))


def test_an_unwritable_file_is_a_service_error(tmp_path):
    """A path that cannot be written is an error with the path."""
    with pytest.raises(ServiceError, match="cannot write"):
        ExchangeWriter(tmp_path / "missing" / "x")
