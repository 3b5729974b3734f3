"""What the tests of leases share: an authority that can be killed, and workers on a clock that the test moves."""

from __future__ import annotations

from datetime import UTC, datetime

from himaya.control.messages import Admit, Record, Reply, Settled
from himaya.core import continuing
from himaya.core.actor import Actor
from himaya.core.effect import RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Person, Request, Response
from himaya.core.facts import Facts
from himaya.core.lease import Terms
from himaya.core.policy import Bounds, Budget, Budgets, Ladder, Policy
from himaya.core.surface import Surface
from himaya.gate.answers import Answers
from himaya.gate.authority import Authority
from himaya.gate.leasing.credit import Credit
from himaya.gate.leasing.office import LeaseOffice
from himaya.gate.leasing.outbox import Outbox
from himaya.gate.leasing.paying import Paying
from himaya.ledger.state import Lapse

START = 1_790_000_000.0
PROFILE = Surface(id="profile", route="/u/{subject}", fields=("name",))
CARD = Surface(id="card", route="/card/{subject}", fields=("name",), max_people=3)
SEARCH = Surface(id="search", route="/search", kind="listing", max_people=4)


def policy(*, account: int = 20, address: int = 40, settle_s: int = 120, **more) -> Policy:
    """Return a policy with small budgets of one hour."""
    return Policy(
        mode="enforce",
        surfaces=(PROFILE, CARD, SEARCH),
        budgets=Budgets(
            account=Budget(hour=float(account)),
            address=Budget(hour=float(address)),
            session=None,
            key=None,
            prefix=None,
        ),
        bounds=Bounds(settle_s=settle_s),
        **{"ladder": Ladder(challenge=False, redact=False), **more},
    )


class Notes:
    """Stands for the runner: keeps rows and gaps, as a ledger would."""

    def __init__(self):
        self.effects, self.gaps = [], []

    def perform(self, effects):
        self.effects.extend(effects)

    def note_gap(self, start, end, why, surface="", door=""):
        self.gaps.append((start, end, why, surface, door))

    @property
    def rows(self):
        return [e.disclosures for e in self.effects if isinstance(e, RecordDisclosures)]


class House:
    """An authority that lends, and dies when it is told to; `now` is everybody's clock."""

    def __init__(self, rules=None, *, people=3, for_s=2.0, facts=None, **terms):
        self.now = START
        self.rules = rules or policy()
        self.terms = Terms(people, for_s, **terms)
        self.facts = facts or Facts()
        self.notes = Notes()
        self.most = 0
        self.lapses, self.restarts = [], []
        self.begin()

    def begin(self):
        """Start from what the ledger has."""
        self.engine = Engine(self.rules, self.facts)
        self.authority = Authority(self.engine, self.notes, clock=lambda: self.now)
        self.office = LeaseOffice(self.authority, on_workers=self.note)
        self.office.offer(self.terms)
        self.answers = Answers(self.authority, None, self.office)
        for row in sorted(self.notes.rows, key=lambda row: row.at):
            continuing.recall(self.engine, row)
            self.office.recall(row)

    def note(self, workers, people):
        self.most = max(self.most, workers)

    def kill(self):
        """Lose what is in memory, and start again."""
        self.lapses.append(self.most * self.terms.people)
        at = datetime.fromtimestamp(self.now, UTC).isoformat()
        self.restarts.append(Lapse(at, self.most, self.terms.people))
        self.most = 0
        self.begin()

    def wait(self, seconds):
        self.now += seconds
        self.authority.tick()

    def ask(self, question) -> Reply:
        return self.answers.answer(question)

    def counted(self, name="account:anna") -> float:
        return self.engine.people_of(name)[0]


class Worker:
    """One process of an application, without its threads and sockets."""

    def __init__(self, house: House, name: str, most: int = 1 << 20):
        self.house = house
        self.outbox = Outbox(name, most)
        self.credit = Credit(self.outbox.give_back, lambda: house.now)
        self.every_s = 0.1
        self.asked = 0
        self._last = 0.0

    @property
    def worker(self):
        return self.outbox.worker

    def settled(self, exchange, slip):
        at = self._last = max(self.house.now, self._last + 1e-6)
        return Settled(exchange, at, slip.hand.id, slip.units)

    def ask(self, question):
        self.asked += 1
        return self.house.ask(question)

    def tell(self, *, answered=True):
        """Tell everything that waits; not `answered`: the reply of a batch is lost."""
        self.credit.sweep()
        while (batch := self.outbox.take()) is not None:
            reply = self.house.ask(batch)
            self.outbox.told(answered=answered)
            if not answered:
                return
            self.credit.end(reply.over)


class Visit:
    """One request to a worker, in the steps of the middleware: `enter`, `leave`, `finish`."""

    def __init__(self, worker: Worker, actor: Actor, target: str, rid: str, clearance: str = ""):
        self.worker = worker
        self.request = Request(rid, actor, target, sees_body=True, clearance=clearance)
        surfaces = worker.house.engine.surfaces
        self.match = surfaces.match("GET", target)
        self.paying = Paying(worker, self.request, self.match, worker.house.engine.policy.hash())
        self.shown = None
        self.leased = False

    def enter(self) -> bool:
        decision = self.paying.decision()
        if decision is None:
            if self.worker.outbox:
                self.worker.tell()
            reply = self.worker.ask(self.paying.question())
            self.paying.answered(reply)
            decision = reply.decision
        self.leased = self.paying._slip is not None
        return decision.passes

    def leave(self, *people: str) -> bool:
        """Ask whether these people may leave; tell whether they did."""
        found = tuple(Person(one) for one in people)
        admission = self.paying.admission(found)
        if admission is None:
            if self.paying.must_ask() and not self.enter():
                return False
            admission = self.worker.ask(Admit(Response(self.request.id, 200, found))).admission
        if admission.passes:
            self.shown = admission.people
        return admission.passes

    def finish(self, status=200) -> None:
        refused = self.shown is None and status == 200
        exchange = Exchange(
            self.request,
            429 if refused else status,
            self.shown,
            sent=9,
            refused=refused,
            source="wsgi",
        )
        question = self.paying.over(exchange)
        if isinstance(question, Record):
            self.worker.ask(question)
            return
        self.worker.outbox.put(question)
        self.paying.told(exchange)


def view(worker: Worker, person: str, actor: Actor, rid: str = "") -> bool:
    """Make one whole visit to a profile; tell whether the person was shown."""
    visit = Visit(
        worker, actor, f"/u/{person}", rid or f"{person}-{worker.house.now}-{worker.asked}"
    )
    passed = visit.enter() and visit.leave(person)
    visit.finish()
    return passed
