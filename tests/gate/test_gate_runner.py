"""The runner: effects are performed off the request path, and a ledger that fails stops nobody."""

import threading

from tests.gate.gate_support import wait_for

from himaya.core.actor import Actor
from himaya.core.decision import Action, Reason, Standing
from himaya.core.disclosure import Certainty, Disclosures, Shown
from himaya.core.effect import PublishStanding, RecordDisclosures
from himaya.core.errors import LedgerError
from himaya.runner import Runner


def shown(at=1.0, people=1):
    persons = tuple(Shown(str(n), ("name",), Certainty.SERVED) for n in range(people))
    return Disclosures(at, "s", "listing", Actor(account="u1"), "account", 200, shown=persons)


class Shelf:
    """A ledger of the test: `fails` is what it raises when written."""

    def __init__(self):
        self.taken, self.gaps, self.flushed = [], [], 0
        self.fails = None

    def append(self, disclosures):
        self.taken.append(disclosures)

    def note_gap(self, start, end, why, surface="", door=""):
        self.gaps.append((start, end, why, surface, door))

    def flush(self):
        if self.fails:
            raise self.fails
        self.flushed += 1


def test_rows_wait_until_drained_in_order():
    """Performing costs no disk; draining hands everything over in order and makes it durable."""
    shelf = Shelf()
    runner = Runner(shelf)
    runner.perform([RecordDisclosures(shown(1.0, 3)), RecordDisclosures(shown(2.0))])
    runner.note_gap(3.0, 4.0, "why", "s", "proxy")
    assert (shelf.taken, runner.pending) == ([], 3)
    runner.drain(9.0)
    assert [one.at for one in shelf.taken] == [1.0, 2.0]
    assert shelf.gaps == [(3.0, 4.0, "why", "s", "proxy")]
    assert (shelf.flushed, runner.pending, runner.last_flush) == (1, 0, 9.0)
    assert (runner.disclosures, runner.people, runner.gaps) == (2, 4, 1)


def test_tick_drains_at_least_twice_a_second():
    """Owners without a loop call tick as often as they like; it drains every half second."""
    shelf = Shelf()
    runner = Runner(shelf)
    for step in range(100):
        runner.tick(1000.0 + step / 50)
    assert shelf.flushed == 4


def test_a_failing_ledger_stops_nobody_and_loses_nothing_within_its_room():
    """While the disk refuses, rows wait and the problem is told; afterwards everything is there."""
    shelf = Shelf()
    runner = Runner(shelf)
    shelf.fails = LedgerError("no space left")
    for n in range(5):
        runner.perform([RecordDisclosures(shown(float(n)))])
        runner.drain(float(n))
    assert runner.problem == "no space left"
    shelf.fails = None
    runner.drain(9.0)
    assert runner.problem == ""
    assert [one.at for one in shelf.taken] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert shelf.gaps == []


def test_rows_without_room_become_a_gap():
    """Rows are bounded while they wait; the times of those that found no room are an unobserved period."""
    shelf = Shelf()
    runner = Runner(shelf, max_pending=3)
    for n in range(10):
        runner.perform([RecordDisclosures(shown(100.0 + n))])
    assert (runner.pending, runner.lost) == (3, 7)
    runner.drain(200.0)
    assert [one.at for one in shelf.taken] == [100.0, 101.0, 102.0]
    ((start, end, why, _, _),) = shelf.gaps
    assert (start, end) == (103.0, 109.0)
    assert "could not be written" in why


def test_upkeep_runs_beside_and_is_tried_again(caplog):
    """Sealing and retention run in a thread of their own, rarely; a failure is told and tried again."""
    calls, go_on = [], threading.Event()

    def maintain(now):
        calls.append(now)
        assert go_on.wait(5)
        if len(calls) == 1:
            raise LedgerError("cannot seal")

    shelf = Shelf()
    runner = Runner(shelf, maintain=maintain, maintain_s=10.0)
    for now in (100.0, 101.0, 102.0):
        runner.drain(now)
    assert shelf.flushed == 3
    go_on.set()
    wait_for(lambda: runner.maintenance_problem == "cannot seal")
    runner.drain(105.0)
    runner.drain(111.0)
    wait_for(lambda: len(calls) == 2 and not runner.maintenance_problem)
    runner.close(112.0)
    assert calls == [100.0, 111.0]
    assert "tried again" in caplog.text


def test_without_a_ledger_nothing_is_kept():
    """A runner without a ledger counts and forgets."""
    runner = Runner(None)
    runner.perform([RecordDisclosures(shown())])
    runner.note_gap(1.0, 2.0, "why")
    runner.drain(3.0)
    assert (runner.disclosures, runner.pending) == (1, 0)


def test_standing_decisions_are_told_without_names(caplog):
    """The log says that a decision stands, and for what kind of principal, never for whom."""
    caplog.set_level("INFO")
    reason = Reason("breadth", "account", "hour", 1, 2)
    Runner(None).perform([PublishStanding(Standing("account:u17", Action.BLOCK, 9.0, reason))])
    assert "one account: block" in caplog.text
    assert "u17" not in caplog.text


def test_upkeep_comes_sooner_when_it_is_urgent_and_after_a_clock_that_went_back():
    """Full segments are seen to within seconds; a clock that goes back stops no upkeep."""
    times: list[float] = []
    runner = Runner(Shelf(), maintain=times.append)

    def drain(now):
        runner.drain(now)
        wait_for(lambda: not runner._maintaining.is_alive())

    for now in (10_000.0, 10_011.0):
        drain(now)
    runner.urgent = lambda: True
    for now in (10_005.0, 10_011.0, 10_012.0):
        drain(now)
    runner.urgent = None
    drain(9_000.0)
    assert times == [10_000.0, 10_011.0, 9_000.0]
