"""What the engine's effects add up to."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Container

import msgspec

from himaya.core.disclosure import Disclosures
from himaya.core.effect import Effect, RaiseFinding, RecordDisclosures
from himaya.core.finding import Finding
from himaya.watch import peaks
from himaya.watch.actors import network_of
from himaya.watch.crawlers import claimed_crawler
from himaya.watch.entry import Entry
from himaya.watch.result import ActorResult, FindingResult
from himaya.watch.setup import Limits

#: Networks and agent strings remembered per actor.
_MANY = 200


class SurfaceTally(msgspec.Struct):
    """One surface: answers, people shown each time, answers nobody could name, people."""

    requests: int = 0
    disclosures: int = 0
    unattributed: int = 0
    people: set[str] = msgspec.field(default_factory=set)


class GroupTally(msgspec.Struct):
    """An account that was shared: its networks, its people, why."""

    actor: str
    networks: list[str]
    people: int
    why: str


class Tally(msgspec.Struct):
    """Everything a log adds up to. `people` are distinct over all surfaces."""

    surfaces: dict[str, SurfaceTally] = msgspec.field(default_factory=dict)
    actors: list[ActorResult] = msgspec.field(default_factory=list)
    groups: list[GroupTally] = msgspec.field(default_factory=list)
    crawlers: dict[str, set[str]] = msgspec.field(default_factory=dict)
    actor_days: dict[str, dict[int, int]] = msgspec.field(default_factory=dict)
    people: int = 0
    actors_seen: int = 0
    not_kept: int = 0
    forwarded: int = 0
    late: int = 0
    canary_views: int = 0


class _ActorTally:
    """One actor while the log is read. Sets exist only where there is more than one of a thing."""

    __slots__ = ("agents", "claimed", "first", "last", "networks", "views")

    def __init__(self, at: float) -> None:
        self.views = array("q")
        self.first = at
        self.last = at
        self.agents: str | set[str] = ""
        self.networks: str | set[str] = ""
        self.claimed = 0


class Tallier:
    """Adds up effects, one exchange at a time."""

    def __init__(self, limits: Limits, canaries: Container[str] = frozenset()) -> None:
        """Start with nothing; canaries are no people."""
        self._limits = limits
        self._canaries = canaries
        self._canary_views = 0
        self._actors: dict[str, _ActorTally] = {}
        self._numbers: dict[str, int] = {}
        self._surfaces: dict[str, SurfaceTally] = {}
        self._crawlers: dict[str, set[str]] = {}
        self._findings: dict[tuple[str, str], FindingResult] = {}
        self._not_kept = 0

    def add(self, effects: list[Effect], entry: Entry) -> None:
        """Add the effects of the exchange that `entry` told of."""
        for effect in effects:
            if isinstance(effect, RecordDisclosures):
                self._disclosed(effect.disclosures, entry)
            elif isinstance(effect, RaiseFinding):
                self._found(effect.finding)

    def _disclosed(self, told: Disclosures, entry: Entry) -> None:
        surface = self._surfaces.get(told.surface)
        if surface is None:
            surface = self._surfaces[told.surface] = SurfaceTally()
        surface.requests += 1
        if told.unattributed:
            surface.unattributed += 1
        if not told.shown:
            return
        actor = self._actor(told, entry)
        claim = claimed_crawler(entry.agent)
        for shown in told.shown:
            if shown.subject in self._canaries:
                self._canary_views += 1
                continue
            surface.disclosures += 1
            number = self._number(shown.subject)
            if number < 0:
                continue
            surface.people.add(shown.subject)
            if actor is not None:
                actor.views.append(peaks.view(entry.at, number))
            if claim:
                self._crawlers.setdefault(claim, set()).add(shown.subject)

    def _actor(self, told: Disclosures, entry: Entry) -> _ActorTally | None:
        name = told.actor.name
        actor = self._actors.get(name)
        if actor is None:
            if len(self._actors) >= self._limits.actors:
                self._not_kept += 1
                return None
            actor = self._actors[name] = _ActorTally(entry.at)
        actor.last = max(entry.at, actor.last)
        actor.first = min(entry.at, actor.first)
        if actor.agents != entry.agent:
            actor.agents = _more(actor.agents, entry.agent)
        if claimed_crawler(entry.agent):
            actor.claimed += 1
        if told.actor.account or told.actor.key:
            network = network_of(told.actor.address)
            if actor.networks != network:
                actor.networks = _more(actor.networks, network)
        return actor

    def _number(self, subject: str) -> int:
        number = self._numbers.get(subject)
        if number is None:
            if len(self._numbers) >= self._limits.people:
                self._not_kept += 1
                return -1
            number = self._numbers[subject] = len(self._numbers)
        return number

    def _found(self, finding: Finding) -> None:
        key = (finding.actor, finding.detector)
        known = self._findings.get(key)
        stronger = known is None or finding.value > known.value
        self._findings[key] = FindingResult(
            detector=finding.detector,
            value=finding.value if stronger or known is None else known.value,
            threshold=finding.threshold if stronger or known is None else known.threshold,
            why=finding.why if stronger or known is None else known.why,
            at=finding.at if known is None else known.at,
            times=1 if known is None else known.times + 1,
        )

    def finish(self) -> Tally:
        """Return what it all adds up to."""
        by_actor: dict[str, list[FindingResult]] = {}
        for (name, _), finding in self._findings.items():
            by_actor.setdefault(name, []).append(finding)
        tally = Tally(
            surfaces=self._surfaces,
            crawlers=self._crawlers,
            actor_days=self._actor_days(),
            people=len(set().union(*(one.people for one in self._surfaces.values()))),
            actors_seen=len(self._actors),
            not_kept=self._not_kept,
            canary_views=self._canary_views,
        )
        for name, findings in by_actor.items():
            actor = self._actors.get(name)
            if actor is not None:
                tally.actors.append(_result(name, actor, findings))
                tally.groups += _shared(name, actor, findings)
        return tally

    def _actor_days(self) -> dict[str, dict[int, int]]:
        days: dict[str, Counter[int]] = {}
        for name, actor in self._actors.items():
            kind = name.partition(":")[0]
            days.setdefault(kind, Counter()).update(peaks.per_day(actor.views))
        return {kind: dict(counts) for kind, counts in days.items()}


def _more(held: str | set[str], further: str) -> str | set[str]:
    """Add to a set that is a plain text while it has one element."""
    if isinstance(held, str):
        return {held, further} if held else further
    if len(held) < _MANY:
        held.add(further)
    return held


def _count(held: str | set[str]) -> int:
    return int(bool(held)) if isinstance(held, str) else len(held)


def _result(name: str, actor: _ActorTally, findings: list[FindingResult]) -> ActorResult:
    return ActorResult(
        actor=name,
        people=len(peaks.people_in(actor.views)),
        disclosures=len(actor.views),
        start=actor.first,
        end=actor.last,
        peak_hour=peaks.peak_hour(actor.views),
        peak_day=peaks.peak_day(actor.views),
        findings=tuple(sorted(findings, key=lambda each: each.detector)),
        claimed=_claim(actor),
        networks=max(1, _count(actor.networks)),
        agents=_count(actor.agents),
        series=peaks.series(actor.views, actor.last),
    )


def _claim(actor: _ActorTally) -> str:
    """Return the crawler that most of an actor's exchanges claimed to come from, "" for none."""
    if 2 * actor.claimed <= len(actor.views):
        return ""
    agents = {actor.agents} if isinstance(actor.agents, str) else actor.agents
    names = sorted(filter(None, map(claimed_crawler, agents)))
    return names[0] if names else ""


def _shared(name: str, actor: _ActorTally, findings: list[FindingResult]) -> list[GroupTally]:
    networks = actor.networks
    return [
        GroupTally(
            actor=name,
            networks=sorted(networks) if isinstance(networks, set) else [networks],
            people=len(peaks.people_in(actor.views)),
            why=finding.why,
        )
        for finding in findings
        if finding.detector == "sharing"
    ]
