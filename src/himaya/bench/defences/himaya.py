"""himaya in front of the world: the engine, configuration, runner and ledger of the gate, on a virtual clock.

The three calls are those the proxy makes: decide, admit with the people of the answer, record. There is no
other way in; what the engine is not told by a front door, it is not told here.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from himaya.analysis.groups import Group, Search, names_of
from himaya.analysis.groups.asking import sightings_of
from himaya.bench.asks import Answer, Ask, Client, Reply
from himaya.bench.defences.base import NOBODY, Exposed, Grouped
from himaya.bench.world.site import World
from himaya.bootstrap.parts import make_runner, open_ledger, search_settings
from himaya.config import Config
from himaya.core.decision import Action, Admission, Decision
from himaya.core.detectors.drift import watched
from himaya.core.effect import Effect, RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Person, Request, Response
from himaya.core.facts import Facts
from himaya.ledger.reader import Reader

#: Rows of so many exchanges wait before they are written.
_BATCH = 20_000
#: Groups are looked for after so many seconds, or so many exchanges where it is busier: a gate asks every few seconds.
_ASK_S, _ASK_EXCHANGES = 60.0, 100


class Himaya:
    """One gate for one run, with a ledger in a directory of its own that `close` removes."""

    def __init__(self, world: World, config: Config, facts: Facts, start: float) -> None:
        """Open an empty ledger and begin with empty windows at `start` (epoch seconds)."""
        self._world = world
        self._directory = Path(tempfile.mkdtemp(prefix="himaya-bench-"))
        ledger = msgspec.structs.replace(
            config.ledger, directory=str(self._directory / "ledger"), key_file=""
        )
        self._config = msgspec.structs.replace(
            config, ledger=ledger, alerts=msgspec.structs.replace(config.alerts, command="")
        )
        self.engine = Engine(self._config.policy(), facts)
        self._ledger = open_ledger(self._config, start)
        self._runner = make_runner(self._config, self._ledger)
        self._trims = {s.id: bool(s.json_rows) for s in self._config.surfaces}
        # From JSON the gate reads declared and watched fields; whatever else stands there it does not see.
        seen = watched(config.detectors.drift, config.surfaces)
        self._read_fields = {
            s.id: {*s.fields, *seen} for s in config.surfaces if "json" in s.people
        }
        self._number = 0
        self._now = start
        self._named: dict[str, int] = {}
        self.search = Search(search_settings(self._config))
        self._unread: list[RecordDisclosures] = []
        self._ask_at = start
        self._groups: dict[str, str] = {}

    def serve(self, client: Client, ask: Ask, now: float, answer: Answer | None = None) -> Reply:
        """Decide, ask the site, admit, record; return what is left of the answer."""
        self._now = now
        self._number += 1
        request = Request(
            id=str(self._number),
            actor=client.actor,
            target=ask.target,
            method=ask.method,
            agent=client.agent,
            clearance=client.clearance,
            sees_body=True,
        )
        decision = self.engine.decide(request, now)
        if not decision.passes:
            return Reply(_status(decision.action), action=str(decision.action))
        found = answer or self._world.answer(client, ask)
        surface = decision.surface
        if not surface:
            return Reply(found.status, found.people, more=found.more)
        if decision.redact:
            # The application is told what to leave out (`Himaya-Redact`), and does.
            left = tuple([_without(person, decision.redact) for person in found.people])
            found = msgspec.structs.replace(found, people=left)
        read = self._read(surface, found.people)
        admission = self.engine.admit(
            Response(request.id, found.status, read, self._trims[surface]), now
        )
        return self._settled(request, found, admission, decision, now)

    def _read(self, surface: str, people: tuple[Person, ...]) -> tuple[Person, ...]:
        """Return people as the gate reads them from an answer."""
        names = self._read_fields.get(surface)
        if names is None or all(names.issuperset(p.fields or ()) for p in people):
            return people
        return tuple(
            [Person(p.subject, tuple([f for f in p.fields or () if f in names])) for p in people]
        )

    def _settled(
        self,
        request: Request,
        found: Answer,
        admission: Admission,
        decision: Decision,
        now: float,
    ) -> Reply:
        """Record what left, or that nothing did, and return it."""
        refused = not admission.passes
        people = () if refused else admission.people
        told = Exchange(
            request,
            429 if refused else found.status,
            people=people,
            refused=refused,
            source="proxy",
        )
        self._perform(told, now)
        if refused:
            return Reply(_status(admission.action), action=str(admission.action))
        action = Action.REDACT if admission.withheld else decision.action
        left = found.people
        if len(people) < len(left):
            passed = {person.subject for person in people}
            left = tuple([person for person in left if person.subject in passed])
        return Reply(found.status, left, str(action), decision.delay_s, found.more)

    def _perform(self, exchange: Exchange, now: float) -> None:
        effects = self.engine.record(exchange, now)
        if effects:
            self._runner.perform(effects)
            self._look_for_groups(effects, now)
            if self._runner.pending >= _BATCH:
                self._runner.drain(now)

    def _look_for_groups(self, effects: list[Effect], now: float) -> None:
        """Show what was disclosed to the search that a gate runs over its ledger; tell the engine who joined."""
        self._unread += [each for each in effects if isinstance(each, RecordDisclosures)]
        if now < self._ask_at + _ASK_S and len(self._unread) < _ASK_EXCHANGES:
            return
        self._ask_at = now
        for each in self._unread:
            for sighting in sightings_of(each.disclosures):
                self.search.observe(sighting)
        self._unread = []
        for group in self.search.conclude(now):
            self._join(group, now)

    def _join(self, group: Group, now: float) -> None:
        members = [str(actor) for actor in group.members]
        self._groups.update(dict.fromkeys(members, group.id))
        proven = [str(actor) for actor in group.proven]
        self.engine.join(group.id, [*proven, *names_of(group.covers)], now)

    def solve(self, client: Client, now: float) -> bool:
        """Buy people with a solved challenge."""
        self._number += 1
        clearance = f"c{self._number}"
        if not self.engine.clear(clearance, client.actor, now):
            return False
        client.clearance = clearance
        return True

    def exposed(self, actors: Iterable[str]) -> Exposed | None:
        """Return what the ledger on disk says these actors were shown."""
        self._runner.perform(self.engine.expire(self._now + 400))
        self._runner.close(self._now)
        self._ledger.close()
        with Reader.open(Path(self._config.ledger.directory)) as reader:
            self._named = reader.people_per_actor()
            return reader.shown_to(actors)

    def grouped(self, actors: Iterable[str]) -> Grouped | None:
        """Return under which groups, or names of their own, the ledger holds people of these actors."""
        return grouped_in(self._groups, [actor for actor in actors if actor in self._named])

    def close(self) -> None:
        """Remove the ledger."""
        self._runner.close(self._now)
        self._ledger.close()
        shutil.rmtree(self._directory, ignore_errors=True)


def grouped_in(groups: dict[str, str], actors: list[str]) -> Grouped:
    """Return under which names actors stand; `groups` is actor -> group, whoever is not in it stands alone."""
    if not actors:
        return NOBODY
    counts = Counter(groups.get(actor, actor) for actor in actors)
    largest, most = min(counts.items(), key=lambda item: (-item[1], item[0]))
    size = sum(group == largest for group in groups.values()) or 1
    return Grouped(len(counts), most / len(actors), most / size)


def _without(person: Person, withheld: tuple[str, ...]) -> Person:
    left = tuple([name for name in person.fields or () if name not in withheld])
    return Person(person.subject, left)


def _status(action: Action) -> int:
    return 403 if action is Action.CHALLENGE else 429
