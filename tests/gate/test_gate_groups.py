"""The search beside a running gate: what the ledger shows becomes a budget, a case and a finding, and ends with it."""

from __future__ import annotations

import pytest
from tests.analysis.crowds import NOON
from tests.analysis.ledgers import crew_rows

from himaya.analysis.bound import audit_bound
from himaya.analysis.cases import CaseStore, State, cases_path
from himaya.bootstrap.groups import GroupWatch, find, open_reader
from himaya.bootstrap.parts import make_engine, make_runner, open_ledger
from himaya.config import loads
from himaya.core.actor import Actor
from himaya.core.exchange import Exchange, Request
from himaya.gate.authority import Authority

TEXT = """
mode = "enforce"
[site]
population = 5000
[owner]
name = "Somebody"
contact = "a@example.org"
[retention]
identified_days = 31
[budgets]
group = { hour = 4, day = 6, month = 8 }
[groups]
every_s = 5
[[surface]]
id = "profile"
route = "/u/{subject}"
"""


class Gate:
    """An authority over a ledger, with a clock of the test; `tick` lets the thread answer and takes it over."""

    def __init__(self, folder, text: str = TEXT, now: float = NOON + 4000) -> None:
        self.config = loads(text, directory=folder)
        self.now = now
        self.ledger = open_ledger(self.config, self.now)
        self.findings = []
        runner = make_runner(self.config, self.ledger)
        runner.on_finding = self.findings.append
        self.authority = Authority(make_engine(self.config), runner, clock=lambda: self.now)
        self.watch = GroupWatch(self.config, self.authority, lambda: self.now)
        self.authority.also = self.watch.take
        with open_reader(self.config) as reader:
            self.restored = self.watch.restore(reader)
        self.count = 0

    def write(self, rows) -> None:
        for one in rows:
            self.ledger.append(one)
        self.ledger.flush()

    def tick(self) -> None:
        self.now += 6
        self.authority.tick()
        self.watch.close()
        self.authority.tick()

    def shown(self, accounts, each: int = 3) -> int:
        """Let accounts ask for new people; return how many they were shown."""
        passed = 0
        for name in accounts * each:
            self.count += 1
            request = Request(f"r{self.count}", Actor(account=name), f"/u/new{self.count}")
            if self.authority.decide(request).passes:
                self.authority.record(Exchange(request, 200))
                passed += 1
        return passed

    def cases(self) -> CaseStore:
        return CaseStore(cases_path(self.ledger.layout.directory))

    def close(self) -> None:
        self.watch.close()
        self.authority.stop("the test")
        self.authority.runner.close(self.now)
        self.ledger.close()


@pytest.fixture
def gate(tmp_path):
    """Give a gate over an empty ledger."""
    made = Gate(tmp_path)
    yield made
    made.close()


CREW = [f"c{n}" for n in range(30)]


def test_a_crew_is_found_and_spends_one_budget_within_a_tick(gate):
    """Rows in the ledger become members of a group in the engine, a case, and one finding that names members."""
    assert gate.shown(["c1", "c2"], 10) == 20
    gate.write(crew_rows(800))
    gate.tick()
    assert gate.shown(CREW, 2) == 4
    assert gate.shown(["honest"], 10) == 10
    (finding,) = gate.findings
    assert finding.detector == "group"
    assert set(finding.members) == {f"account:{name}" for name in CREW}
    with gate.cases() as store:
        (case,) = store.all()
    assert case.state is State.SUSPECTED
    assert finding.actor == f"group:{case.id}"


def test_a_group_is_told_of_once(gate):
    """Later ticks raise no second finding and open no second case."""
    gate.write(crew_rows(800))
    for _ in range(3):
        gate.tick()
    gate.write(crew_rows(60, NOON + 4000, 800))
    gate.tick()
    assert len(gate.findings) == 1
    with gate.cases() as store:
        assert len(store.all()) == 1


def test_what_a_group_spent_is_judged_by_the_audit(tmp_path):
    """The rows of a gate that found a crew say which group was charged, and the audit finds its budget kept."""
    gate = Gate(tmp_path)
    gate.write(crew_rows(800))
    gate.tick()
    assert gate.shown(CREW, 2) == 4
    with gate.cases() as store:
        (name,) = store.states()
    gate.close()
    with open_reader(gate.config) as reader:
        answer = audit_bound(reader)
    (peak,) = [one for one in answer.peaks if one.kind == "group"]
    assert (peak.principal, peak.value, peak.limit) == (f"group:{name}", 4, 4)
    assert answer.holds


def test_closing_a_case_frees_its_members_within_a_tick(gate):
    """Whoever closes the case on the command line ends the group in the running gate."""
    gate.write(crew_rows(800))
    gate.tick()
    assert gate.shown(CREW, 2) == 4
    with gate.cases() as store:
        name = next(iter(store.states()))
        store.move(name, State.CONFIRMED, why="looked", by="me", at=gate.now)
    gate.tick()
    assert gate.shown(CREW, 2) == 0
    with gate.cases() as store:
        store.move(name, State.CLOSED, why="our partner", by="me", at=gate.now)
    gate.tick()
    assert gate.shown(CREW, 2) == 60


def test_a_group_outlives_a_restart(tmp_path):
    """An open case is a group again after a restart, before any row is counted; a closed one is not."""
    first = Gate(tmp_path)
    first.write(crew_rows(800))
    first.tick()
    first.close()
    second = Gate(tmp_path, now=NOON + 5000)
    assert second.restored == 1
    assert second.shown(CREW, 2) == 4
    with second.cases() as store:
        store.move(next(iter(store.states())), State.CLOSED, why="over", by="me", at=second.now)
    second.close()
    third = Gate(tmp_path, now=NOON + 6000)
    assert third.restored == 0
    third.tick()
    assert third.shown(CREW, 1) == 30
    assert third.findings == []
    third.close()


def test_a_group_found_by_hand_is_taken_over(tmp_path):
    """`himaya case find` opens a case; a running gate that does not look by itself is told with the next question."""
    gate = Gate(tmp_path)
    gate.write(crew_rows(800))
    ((case, new),) = find(gate.config, 0.0, gate.now)
    assert new
    gate.watch._search.upto = int(1e18)  # the gate itself has nothing left to find
    gate.tick()
    assert gate.shown(CREW, 2) == 4
    ((again, new),) = find(gate.config, 0.0, gate.now)
    assert (again.id, new) == (case.id, False)
    gate.close()


def test_a_site_may_do_without(tmp_path):
    """every_s = 0 asks nothing, ever; without a group budget a case opens and nobody is held."""
    gate = Gate(tmp_path, TEXT.replace("every_s = 5", "every_s = 0"))
    gate.write(crew_rows(800))
    gate.tick()
    assert gate.findings == []
    gate.close()


def test_a_ledger_that_cannot_be_read_stops_nobody(gate, caplog):
    """A question that fails is said once and tried again; the gate goes on."""
    key = gate.ledger.layout.directory.with_name("ledger.key")
    secret = key.read_bytes()
    key.unlink()
    gate.tick()
    gate.tick()
    assert "tried again" in caplog.text
    assert caplog.text.count("tried again") == 1
    key.write_bytes(secret)
    key.chmod(0o600)
    gate.write(crew_rows(800))
    gate.tick()
    assert gate.watch.problem == ""
    assert len(gate.findings) == 1
