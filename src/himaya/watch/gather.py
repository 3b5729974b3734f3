"""What all chunks of a log say together: page views in columns, and what they add up to.

Ordinary page views are counted in bulk. Entries that are not ordinary go through an engine, whose rows are
counted with them. Then a second engine judges the actors that the screen cannot clear, with all they did,
in the order of the log's own clock; so the order of files and lines does not matter.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from itertools import count, islice
from operator import attrgetter, itemgetter, le

import msgspec

from himaya.core.detectors.numbered import number_of
from himaya.core.disclosure import Disclosures
from himaya.core.effect import RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.matching import Surfaces
from himaya.watch import peaks
from himaya.watch.actors import Exchanges, network_of
from himaya.watch.bulk import ORIGIN, Part
from himaya.watch.crawlers import claimed_crawler
from himaya.watch.entry import Entry
from himaya.watch.exact import start_engine
from himaya.watch.screen import Screen, Seen
from himaya.watch.setup import Setup
from himaya.watch.tally import SurfaceTally, Tallier, Tally

_KEY = attrgetter(*ORIGIN)

#: Something an actor did: when, its place in the logs, the actor, the entry if it was no ordinary view.
Told = tuple[float, int, int, Entry | None]

#: The number of nobody: of an actor or a person past a limit, or an answer without names.
_NOBODY = -1
#: The number of every canary: no person, and in no figure of people.
_CANARY = -2


class Who(msgspec.Struct):
    """One origin: everything a line says of who asked, worked out once."""

    template: Entry
    actor: int
    claim: str
    own: str
    network: str
    forwarded: bool


class What(msgspec.Struct):
    """One target, or one person that an answer named: its surface, the person (or nobody), the id's number.

    `text` is "" where the person was named by the answer; such exchanges are judged as entries.
    """

    surface: str
    subject: str
    person: int
    number: int | None
    text: str


class Gathered:
    """Everything that was read so far."""

    def __init__(self, setup: Setup) -> None:
        """Start with nothing."""
        self._setup = setup
        self._surfaces = Surfaces(setup.policy.surfaces)
        self._exchanges = Exchanges(setup.actor)
        self._who_of: dict[tuple[str, ...], int] = {}
        self._what_of: dict[tuple[str, str, bool], int] = {}
        self._actors: dict[str, int] = {}
        self._people: dict[str, int] = {}
        #: What the numbers of each reader are here.
        self._numbers: dict[int, tuple[list[int], list[int]]] = {}
        self.whos: list[Who] = []
        self.whats: list[What] = []
        self.who, self.what, self.at = array("I"), array("I"), array("d")
        #: Entries that only the engine can judge, each with the number of views read before it.
        self.others: list[tuple[int, Entry]] = []
        #: When each actor first asked for a surface.
        self.met: dict[int, float] = {}
        self.rows: Counter[str] = Counter()
        self.unnamed: Counter[str] = Counter()
        self.not_kept = 0
        #: People charged to each actor without a name.
        self._charges: Counter[int] = Counter()
        self._own: set[int] = set()
        self._met_canary: set[int] = set()

    def add(self, part: Part) -> None:
        """Take what one chunk says; chunks come in the order of the logs."""
        whos, whats = self._numbers.setdefault(part.reader, ([], []))
        if part.anew:
            whos.clear()
            whats.clear()
        whos.extend(map(self._who, part.origins))
        whats.extend(map(self._target, part.targets))
        base = len(self.who)
        self.who.extend(map(whos.__getitem__, memoryview(part.who).cast("I")))
        self.what.extend(map(whats.__getitem__, memoryview(part.what).cast("I")))
        self.at.frombytes(part.at)
        for place, time in part.touched.items():
            self._meet(self.whos[whos[place]].actor, time)
        self.others.extend(
            (base + before, entry)
            for before, entry in zip(part.others_after, part.others, strict=True)
        )

    def _meet(self, actor: int, time: float) -> None:
        self.met[actor] = min(time, self.met.get(actor, time))

    def _who(self, template: Entry) -> int:
        key = _KEY(template)
        number = self._who_of.get(key)
        if number is None:
            number = self._who_of[key] = len(self.whos)
            self.whos.append(self._new_who(template))
        return number

    def _new_who(self, template: Entry) -> Who:
        actor = self._exchanges.actor(template)
        number = self._actors.get(actor.name, _NOBODY)
        if number == _NOBODY and len(self._actors) < self._setup.limits.actors:
            number = self._actors[actor.name] = len(self._actors)
        credential = actor.account or actor.key
        return Who(
            template=template,
            actor=number,
            claim=claimed_crawler(template.agent),
            own=self._setup.facts.own_subject(actor.account) if actor.account else "",
            network=network_of(actor.address) if credential else "",
            forwarded=self._exchanges.is_believed(template),
        )

    def _target(self, text: str) -> int:
        number = self._what_of.get(("", text, True))
        if number is not None:
            return number
        match = self._surfaces.match("GET", text)
        surface, subject = (match.surface.id, match.subject) if match else ("", "")
        return self._new_what(("", text, True), surface, subject, text)

    def _named(self, surface: str, subject: str, *, single: bool) -> int:
        """Return the number of a person whom an answer named; `single`: it named nobody else."""
        key = (surface, subject, single)
        number = self._what_of.get(key)
        return self._new_what(key, surface, subject, "") if number is None else number

    def _new_what(self, key: tuple[str, str, bool], surface: str, subject: str, text: str) -> int:
        person = self._people.get(subject, _NOBODY) if subject else _NOBODY
        if subject in self._setup.facts.canaries:
            person = _CANARY
        if subject and person == _NOBODY and len(self._people) < self._setup.limits.people:
            person = self._people[subject] = len(self._people)
        number = self._what_of[key] = len(self.whats)
        # Only answers that show one person tell of a walk through ids.
        walked = number_of(subject) if key[2] else None
        self.whats.append(What(surface, subject, person, walked, text))
        return number

    # the end ------------------------------------------------------------------------------------

    def finish(self) -> Tally:
        """Return what it all adds up to."""
        self._record_others()
        self._own = self._own_views()
        tally = Tally(not_kept=self.not_kept)
        self._count_surfaces(tally)
        self._count_crawlers(tally)
        suspects = self._count_actors(tally)
        found = self._judge(suspects)
        tally.actors, tally.groups = found.actors, found.groups
        return tally

    def _record_others(self) -> None:
        """Let an engine say what the entries that are not ordinary showed."""
        engine, match = start_engine(self._setup), self._surfaces.match
        # Of a route that only other methods show, a GET is on no surface.
        self.others = [o for o in self.others if match(o[1].method, o[1].target)]
        for _, entry in sorted(self.others, key=lambda other: other[1].at):
            effects = engine.record(self._exchanges.exchange(entry), entry.at)
            self._meet(self.whos[self._who(entry)].actor, entry.at)
            for effect in effects:
                if isinstance(effect, RecordDisclosures):
                    self._add_row(effect.disclosures, entry)

    def _add_row(self, told: Disclosures, entry: Entry) -> None:
        who = self._who(entry)
        self.rows[told.surface] += 1
        self.unnamed[told.surface] += bool(told.unattributed)
        self._charges[self.whos[who].actor] += told.unattributed or int(told.miss)
        single = len(told.shown) == 1
        for shown in told.shown:
            self.who.append(who)
            self.what.append(self._named(told.surface, shown.subject, single=single))
            self.at.append(entry.at)

    def _own_views(self) -> set[int]:
        """Return the views of one's own profile, which show nobody anything."""
        whos, whats = self.whos, self.whats
        subjects = {what.subject for what in whats if what.text}
        owners = {number for number, who in enumerate(whos) if who.own and who.own in subjects}
        if not owners:
            return set()
        return {
            place
            for place, (who, what) in enumerate(zip(self.who, self.what, strict=True))
            if who in owners and whats[what].text and whats[what].subject == whos[who].own
        }

    def _shown(self) -> Iterator[tuple[int, int, int]]:
        """Yield (place, who, what) of every view but one's own."""
        views = zip(count(), self.who, self.what, strict=False)
        return views if not self._own else (view for view in views if view[0] not in self._own)

    def _count_surfaces(self, tally: Tally) -> None:
        counts = Counter(self.what)
        counts.subtract(self.what[place] for place in self._own)
        for number, times in counts.items():
            what = self.whats[number]
            surface = tally.surfaces.setdefault(what.surface, SurfaceTally())
            surface.requests += times if what.text else 0
            if not what.subject:
                surface.unattributed += times
                continue
            if what.person == _CANARY:
                tally.canary_views += times
                continue
            surface.disclosures += times
            if what.person == _NOBODY:
                tally.not_kept += times
            elif times:
                surface.people.add(what.subject)
        for name, rows in self.rows.items():
            surface = tally.surfaces.setdefault(name, SurfaceTally())
            surface.requests += rows
            surface.unattributed += self.unnamed[name]
        tally.people = len(set().union(*(one.people for one in tally.surfaces.values())))

    def _count_crawlers(self, tally: Tally) -> None:
        whos, whats = self.whos, self.whats
        tally.forwarded = sum(
            whos[who].forwarded * times for who, times in Counter(self.who).items()
        )
        claimed = {number for number, who in enumerate(whos) if who.claim}
        seen = {
            (who, what)
            for place, who, what in self._shown()
            if who in claimed and whats[what].person >= 0
        }
        for who, what in seen:
            tally.crawlers.setdefault(whos[who].claim, set()).add(whats[what].subject)

    # actors -------------------------------------------------------------------------------------

    def _count_actors(self, tally: Tally) -> set[int]:
        """Count the days of every actor; return those whom the screen does not clear."""
        screen = Screen(start_engine(self._setup))
        networks = self._networks()
        numbers = [what.number for what in self.whats]
        suspects: set[int] = set()
        for actor, name, views, whats in self._by_actor(tally):
            days = tally.actor_days.setdefault(name.partition(":")[0], {})
            for people in peaks.per_day(views):
                days[people] = days.get(people, 0) + 1
            seen = Seen(
                views=views,
                numbers=map(numbers.__getitem__, whats),
                unnamed=self._charges[actor],
                networks=networks.get(actor, 0),
                canary=actor in self._met_canary,
            )
            if not screen.clears(seen):
                suspects.add(actor)
        return suspects

    def _by_actor(self, tally: Tally) -> Iterator[tuple[int, str, list[int], list[int]]]:
        """Yield number, name, views and whats, in the order of time, of every actor that saw a person."""
        most_of = {surface.id: surface.max_people for surface in self._setup.policy.surfaces}
        actor_of = [who.actor for who in self.whos]
        person_of = [what.person for what in self.whats]
        views_of: list[list[int]] = [[] for _ in self._actors]
        whats_of: list[list[int]] = [[] for _ in self._actors]
        at = self.at
        for place, who, what in self._in_time():
            actor, person = actor_of[who], person_of[what]
            if person == _NOBODY:
                self._charges[actor] += most_of.get(self.whats[what].surface, 1)
            elif actor == _NOBODY:
                tally.not_kept += 1
            elif person == _CANARY:
                self._met_canary.add(actor)
            else:
                views_of[actor].append(int(at[place] // peaks.BUCKET_S) << peaks.SHIFT | person)
                whats_of[actor].append(what)
        for name, actor in self._actors.items():
            if views_of[actor] or actor in self._met_canary:
                tally.actors_seen += 1
                yield actor, name, views_of[actor], whats_of[actor]

    def _in_time(self) -> Iterator[tuple[int, int, int]]:
        """Yield (place, who, what) of every view but one's own, in the order of time."""
        at = self.at
        if all(map(le, at, islice(at, 1, None))):
            yield from self._shown()
            return
        who, what = self.who, self.what
        for place in sorted(range(len(at)), key=at.__getitem__):
            if place not in self._own:
                yield place, who[place], what[place]

    def _networks(self) -> dict[int, int]:
        """Return from how many networks each credential came."""
        found: dict[int, set[str]] = {}
        for who in self.whos:
            if who.network:
                found.setdefault(who.actor, set()).add(who.network)
        return {actor: len(networks) for actor, networks in found.items()}

    def _judge(self, suspects: set[int]) -> Tally:
        """Let an engine judge the suspects by all they did, in the order of time."""
        engine = start_engine(self._setup)
        tallier = Tallier(self._setup.limits, self._setup.facts.canaries)
        told = self._told(suspects)
        self._introduce(engine, told)
        for at, order, _, other in sorted(told, key=itemgetter(0, 1)):
            entry = self._entry(order // 2, at) if other is None else other
            effects = engine.record(self._exchanges.exchange(entry), entry.at)
            if effects:
                tallier.add(effects, entry)
        return tallier.finish()

    def _told(self, suspects: set[int]) -> list[Told]:
        """Return everything the suspects did, in the order of the logs."""
        told: list[Told] = []
        for place, (number, what) in enumerate(zip(self.who, self.what, strict=True)):
            actor = self.whos[number].actor
            if actor in suspects and self.whats[what].text:
                told.append((self.at[place], 2 * place + 1, actor, None))
        for after, entry in self.others:
            actor = self.whos[self._who(entry)].actor
            if actor in suspects:
                told.append((entry.at, 2 * after, actor, entry))
        return told

    def _introduce(self, engine: Engine, told: list[Told]) -> None:
        """Tell the engine when accounts were first seen, also by answers that showed nobody."""
        first: dict[int, float] = {}
        for at, _, actor, _ in told:
            first[actor] = min(at, first.get(actor, at), self.met.get(actor, at))
        for name, actor in self._actors.items():
            if actor in first and name.startswith("account:"):
                engine.accounts.seen(name.removeprefix("account:"), first[actor])

    def _entry(self, place: int, at: float) -> Entry:
        """Return the ordinary view that stands at a place."""
        return msgspec.structs.replace(
            self.whos[self.who[place]].template,
            at=at,
            method="GET",
            target=self.whats[self.what[place]].text,
            status=200,
            sent=-1,
            subjects=None,
            aborted=False,
            id="",
        )
