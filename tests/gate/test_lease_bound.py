"""Many workers, one budget: whatever is lent, lost and told again, nobody is shown more than the stated bound."""

from __future__ import annotations

import os

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.analysis.memory import Memory
from tests.core.naive import NaiveLedger
from tests.gate.lease_support import House, Visit, Worker

from himaya.config import loads
from himaya.core.actor import Actor

ACCOUNT, ADDRESS, PEOPLE, WORKERS = 13, 18, 3, 3
ACTORS = [
    Actor(account="anna", address="192.0.2.7"),
    Actor(account="bert", address="192.0.2.7"),
    Actor(account="anna", address="192.0.2.8"),
]


CONFIG = loads(f"""
mode = "enforce"
[owner]
name = "The desk"
contact = "desk@example.org"
[retention]
identified_days = 31
[budgets]
account = {{ hour = {ACCOUNT} }}
address = {{ hour = {ADDRESS} }}
prefix = {{}}
[bounds]
settle_s = 120
[ladder]
challenge = false
[[surface]]
id = "profile"
route = "/u/{{subject}}"
[[surface]]
id = "card"
route = "/card/{{subject}}"
max_people = 3
""")


class Workers(RuleBasedStateMachine):
    """Workers with leases that die, an authority that dies, batches whose replies are lost, slow requests."""

    def __init__(self):
        super().__init__()
        self.house = House(CONFIG.policy(), people=PEOPLE, for_s=30.0)
        self.workers = [Worker(self.house, f"w{n}") for n in range(WORKERS)]
        self.flying = []
        self.truth = NaiveLedger()
        self.count = 0

    def begin(self, worker, actor, target):
        self.count += 1
        visit = Visit(self.workers[worker], ACTORS[actor], target, f"r{self.count}")
        if visit.enter():
            self.flying.append(visit)
        else:
            visit.finish()
        return visit

    def let_out(self, visit, people):
        if visit.leave(*people):
            actor = visit.request.actor
            for person in visit.shown:
                for name in (f"account:{actor.account}", f"address:{actor.address}"):
                    self.truth.show(name, self.house.now, person.subject)

    @rule(worker=st.integers(0, WORKERS - 1), actor=st.integers(0, 2), person=st.integers(0, 30))
    def open_a_profile(self, worker, actor, person):
        self.begin(worker, actor, f"/u/p{person}")

    @rule(worker=st.integers(0, WORKERS - 1), actor=st.integers(0, 2), first=st.integers(0, 30))
    def look_at_profiles(self, worker, actor, first):
        for number in range(first, first + 4):
            visit = self.begin(worker, actor, f"/u/p{number}")
            if visit in self.flying:
                self.flying.remove(visit)
                self.let_out(visit, [f"p{number}"])
                visit.finish()

    @rule(worker=st.integers(0, WORKERS - 1), actor=st.integers(0, 2), person=st.integers(0, 30))
    def open_a_card(self, worker, actor, person):
        self.begin(worker, actor, f"/card/p{person}")

    @precondition(lambda self: self.flying)
    @rule(number=st.integers(0, 99), also=st.lists(st.integers(0, 30), max_size=2))
    def answer(self, number, also):
        visit = self.flying[number % len(self.flying)]
        if visit.shown is None:
            others = [f"p{n}" for n in also] if visit.match.surface.id == "card" else []
            self.let_out(visit, [visit.match.subject, *others])

    @precondition(lambda self: self.flying)
    @rule(number=st.integers(0, 99), status=st.sampled_from([200, 200, 404]))
    def end(self, number, status):
        visit = self.flying.pop(number % len(self.flying))
        visit.finish(200 if visit.shown is not None else status)

    @rule(worker=st.integers(0, WORKERS - 1), answered=st.booleans())
    def tell(self, worker, answered):
        self.workers[worker].tell(answered=answered)

    @rule(seconds=st.sampled_from([0.0, 0.5, 10.0, 29.9, 31.0, 119.0, 121.0, 301.0, 3000.0]))
    def wait(self, seconds):
        self.house.wait(seconds)

    @rule(worker=st.integers(0, WORKERS - 1))
    def lose_a_worker(self, worker):
        lost = self.workers[worker]
        self.flying = [visit for visit in self.flying if visit.worker is not lost]
        self.count += 1
        self.workers[worker] = Worker(self.house, f"w{worker}-{self.count}")

    @rule()
    def kill_the_authority(self):
        # What was asked about one by one and is still under way is another story: it has no lease.
        for visit in [visit for visit in self.flying if not visit.leased]:
            self.flying.remove(visit)
            if visit.shown is not None:
                visit.finish()
        self.house.kill()

    @invariant()
    def nobody_is_shown_more(self):
        allowed = sum(self.house.lapses)
        for name in self.truth.shown:
            budget = ACCOUNT if name.startswith("account") else ADDRESS
            assert self.truth.most(name, "hour") <= budget + allowed

    @invariant()
    def no_worker_has_more_than_a_lease(self):
        for out in self.house.engine.lending._out.values():
            assert max(out.values()) <= PEOPLE * 100

    def teardown(self):
        for worker in self.workers:
            worker.tell()
        self.house.wait(4000.0)
        lending, stats = self.house.engine.lending, self.house.engine.stats()
        assert (len(lending), lending._out, stats["open"]) == (0, {}, 0)
        assert all(not window.reserved for window in self.house.engine.book.windows.values())
        self.audit()

    def audit(self):
        """Let the audit judge the rows; nothing that workers did breaks the bound that it prints."""
        memory = Memory()
        memory.items = self.house.notes.rows
        memory.texts[CONFIG.policy().hash()] = CONFIG.canonical
        judge = memory.judge(self.house.restarts)
        assert judge.named == []


Workers.TestCase.settings = settings(
    max_examples=1000 if os.environ.get("HIMAYA_SOAK") == "1" else 60,
    stateful_step_count=50,
    deadline=None,
)

TestWorkers = Workers.TestCase
