"""A site in small: the real engine, the real ledger, a clock that the test moves."""

from __future__ import annotations

from pathlib import Path

import msgspec
from tests.analysis.memory import Memory

from himaya.bootstrap.parts import rebuild
from himaya.config import Config, loads
from himaya.core.actor import Actor
from himaya.core.effect import RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Person, Request, Response
from himaya.core.facts import Facts
from himaya.ledger import Ledger
from himaya.ledger.reader import Reader
from himaya.ledger.rows import Row

START = 1_790_000_000.0

CONFIG = """
mode = "enforce"
[site]
population = 1000
[owner]
name = "The desk"
contact = "desk@example.org"
[[surface]]
id = "profile"
route = "/u/{subject}"
fields = ["name", "city"]
people = ["path", "header"]
[[surface]]
id = "search"
route = "/search"
kind = "listing"
max_people = 4
people = ["header"]
[[surface]]
id = "blind"
route = "/list"
kind = "listing"
max_people = 3
[[surface]]
id = "lookup"
route = "/lookup"
kind = "lookup"
query = "phone"
people = ["header"]
[fields]
city = 2
photo = 0.5
[budgets]
account = { hour = 10, day = 20, month = 60 }
session = { hour = 8 }
key = { day = 15 }
address = { hour = 16, day = 40 }
prefix = { hour = 30, day = 60 }
anonymous = { hour = 12, day = 24 }
new_account = { hour = 12, day = 25 }
batch = { hour = 13, day = 30 }
group = { hour = 11, day = 24 }
[budgets.tier.gold]
account = { hour = 14 }
batch = { hour = 15 }
group = { hour = 9 }
[retention]
identified_days = 31
[challenge]
people = 5
per_day = 3
valid_s = 1800
[ladder]
redact = false
"""


class Site:
    """Requests are decided, admitted, recorded and written; the clock goes on by itself or by the test."""

    def __init__(self, folder: Path | None, text: str = CONFIG, *, memory: Memory | None = None):
        self.directory, self.now = (folder or Path()) / "ledger", START
        self.facts = Facts()
        self.memory = memory
        self.ledger = memory or Ledger.open(self.directory, clock=lambda: self.now)
        self.config: Config = loads(text)
        self.note_config()
        self.engine = Engine(self.config.policy(), self.facts)
        self.number = self.clearances = self.shown = 0
        self.opened: dict[str, tuple[float, list[str]]] = {}

    def note_config(self) -> None:
        self.ledger.config_version(self.config.policy().hash(), self.config.canonical, self.now)

    def reload(self, text: str) -> None:
        """Take another configuration over, without a restart."""
        self.config = loads(text)
        self.engine.reload(self.config.policy())
        self.note_config()

    def restart(self) -> None:
        """Stop, and begin anew from the ledger; what is in flight is lost."""
        self.perform(self.engine.expire(self.now))
        self.ledger.flush()
        self.engine = Engine(self.config.policy(), self.facts)
        for group, (opened, members) in self.opened.items():
            self.engine.join(group, members, opened)
        if self.memory is not None:
            counted_again(self.engine.recall, self.memory.rows(), self.now)
            return
        with Reader.open(self.directory) as reader:
            rebuild(self.engine.recall, reader, self.now)

    def ask(self, actor: Actor, target: str, *, clearance: str = "", sees: bool = False) -> Request:
        """Decide a request; one that passes is in flight, until `settle`."""
        self.number += 1
        request = Request(str(self.number), actor, target, clearance=clearance, sees_body=sees)
        self.passed = self.engine.decide(request, self.now).passes
        return request

    def answer(self, request: Request, people: tuple[str, ...] | None, status: int = 200) -> None:
        """Admit what a response shows, and record it."""
        named = None if people is None else tuple(Person(name) for name in people)
        refused = False
        if request.sees_body:
            response = Response(request.id, status, named, can_trim=True)
            admission = self.engine.admit(response, self.now)
            named = None if named is None else admission.people
            refused = not admission.passes
        self.record(Exchange(request, 403 if refused else status, named, refused=refused))

    def record(self, exchange: Exchange) -> None:
        self.perform(self.engine.record(exchange, self.now))

    def perform(self, effects) -> None:
        for effect in effects:
            if isinstance(effect, RecordDisclosures):
                self.shown += len(effect.disclosures.shown)
                self.ledger.append(effect.disclosures)

    def view(self, actor: Actor, subject: str, **more) -> bool:
        """Ask for a profile and be answered; tell whether it passed."""
        request = self.ask(actor, f"/u/{subject}", **more)
        if self.passed:
            self.record(Exchange(request, 200))
        else:
            self.record(Exchange(request, 429, refused=True))
        return self.passed

    def buy(self, actor: Actor) -> str:
        """Solve a challenge."""
        self.clearances += 1
        name = f"c{self.clearances}"
        self.engine.clear(name, actor, self.now)
        self.perform(self.engine.expire(self.now))
        return name

    def join(self, group: str, name: str) -> None:
        """Let somebody belong to a group from now on; after a restart from the group's first time on."""
        self.opened.setdefault(group, (self.now, []))[1].append(name)
        self.engine.join(group, [name], self.now)

    def close(self) -> Path:
        """Settle everything and close the ledger; return where it is."""
        self.now += 400
        self.perform(self.engine.expire(self.now))
        self.ledger.close()
        return self.directory


class _Rows:
    """What `rebuild` asks of a reader."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows

    def rows(self, start: int) -> list[Row]:
        return [row for row in self._rows if row.at * 1e6 >= start]


def counted_again(recall, rows: list[Row], now: float) -> None:
    rebuild(recall, _Rows(rows), now)


def plant(directory: Path, row) -> None:
    """Append a row by hand."""
    with Ledger.open(directory) as ledger:
        ledger.append(row)


def with_tier(actor: Actor, tier: str) -> Actor:
    return msgspec.structs.replace(actor, tier=tier)
