"""What a scan found: one value that the terminal, the JSON output and the report are made from.

Times are epoch seconds here; `result_json` writes them as ISO 8601 UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from himaya.core.policy import Budgets


class SurfaceResult(msgspec.Struct, frozen=True, kw_only=True):
    """One surface: `disclosures` are people shown, each time counted; `people` are distinct.

    `confidence` (0 to 1) and `why` belong to a guessed surface; a declared one has 1.0 and "".
    `unattributed` are responses that showed people the log cannot name.
    """

    id: str
    route: str
    kind: str
    guessed: bool
    disclosures: int
    people: int
    confidence: float = 1.0
    why: str = ""
    samples: tuple[str, ...] = ()
    requests: int = 0
    unattributed: int = 0


class FindingResult(msgspec.Struct, frozen=True, kw_only=True):
    """The strongest crossing of one detector by one actor; `times` is how often it was raised."""

    detector: str
    value: float
    threshold: float
    why: str
    at: float
    times: int = 1


class Point(msgspec.Struct, frozen=True, array_like=True):
    """One point of a series: at `at`, the actor had obtained `people` distinct people in all."""

    at: float
    people: int


class ActorResult(msgspec.Struct, frozen=True, kw_only=True):
    """One actor with findings, most people first.

    `peak_hour` and `peak_day` are the most distinct people within any 12 consecutive 5-minute clock
    buckets, and any 24 consecutive clock hours. `claimed` is the crawler that its agent
    string claims to be, without proof. `series` has at most 200 points, the last is the total.
    """

    actor: str
    people: int
    disclosures: int
    start: float
    end: float
    peak_hour: int
    peak_day: int
    findings: tuple[FindingResult, ...]
    claimed: str = ""
    networks: int = 0
    agents: int = 0
    series: tuple[Point, ...] = ()


class GroupResult(msgspec.Struct, frozen=True, kw_only=True):
    """Actors that belong together, the distinct people they obtained together, and why."""

    members: tuple[str, ...]
    people: int
    why: str


class CrawlerResult(msgspec.Struct, frozen=True, kw_only=True):
    """A crawler that agent strings claim to be. A log proves no claim: always unverified."""

    claimed: str
    category: str
    addresses: int
    requests: int
    people: int


class MalformedSample(msgspec.Struct, frozen=True, kw_only=True):
    """A line that is no log line: where it stands, its beginning (escaped, cut), and why."""

    file: str
    line: int
    text: str
    why: str


class UnobservedResult(msgspec.Struct, frozen=True, kw_only=True):
    """A period that the input says nothing about, and why (a cut-off file, a silent stretch)."""

    start: float
    end: float
    why: str


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence that has to be said first; `fix` is the line to add or the command to run."""

    kind: str
    text: str
    fix: str = ""


class ActorDays(msgspec.Struct, frozen=True, array_like=True):
    """How many actor-days (one actor, one UTC day) obtained exactly `people` distinct people.

    `kind` is account, key or address, so that the report can draw that kind's budget.
    """

    people: int
    actor_days: int
    kind: str = ""


class ScanResult(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one scan found.

    `lines = parsed + malformed`. `start` and `end` are the first and last time in the log, None for a
    log without lines. `people` are distinct over all surfaces, `disclosures` count each
    showing, `unattributed` are responses whose people the log cannot name. `budgets` is None
    when no configuration was given. `retention` is the sentence printed about it. Names are
    pseudonyms when `pseudonymous` is set. `canary_views` is how often a canary was shown: they are in no figure
    of people or disclosures.
    """

    title: str
    inputs: tuple[str, ...]
    lines: int
    parsed: int
    malformed: int
    start: float | None
    end: float | None
    people: int
    disclosures: int
    unattributed: int
    surfaces: tuple[SurfaceResult, ...]
    actors: tuple[ActorResult, ...]
    groups: tuple[GroupResult, ...]
    crawlers: tuple[CrawlerResult, ...] = ()
    notices: tuple[Notice, ...] = ()
    malformed_samples: tuple[MalformedSample, ...] = ()
    unobserved: tuple[UnobservedResult, ...] = ()
    actor_days: tuple[ActorDays, ...] = ()
    actors_seen: int = 0
    formats: tuple[str, ...] = ()
    budgets: Budgets | None = None
    policy: str = ""
    mode: str = "shadow"
    population: int | None = None
    retention: str = ""
    pseudonymous: bool = False
    seconds: float = 0.0
    canary_views: int = 0


def iso(at: float | None) -> str | None:
    """Return epoch seconds as ISO 8601 UTC to the second, None for None."""
    if at is None:
        return None
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def result_json(result: ScanResult) -> dict[str, Any]:
    """Return the words of `himaya scan --json` (see docs/scan.md)."""
    return {
        "lines": result.lines,
        "parsed": result.parsed,
        "malformed": result.malformed,
        "from": iso(result.start),
        "to": iso(result.end),
        "people": result.people,
        "disclosures": result.disclosures,
        "unattributed": result.unattributed,
        "canary_views": result.canary_views,
        "surfaces": [_surface(surface) for surface in result.surfaces],
        "actors": [_actor(actor) for actor in result.actors],
        "groups": [msgspec.to_builtins(group) for group in result.groups],
        "crawlers": [_crawler(crawler) for crawler in result.crawlers],
        "notices": [msgspec.to_builtins(notice) for notice in result.notices],
        "malformed_samples": [msgspec.to_builtins(one) for one in result.malformed_samples],
        "unobserved": [
            {"from": iso(gap.start), "to": iso(gap.end), "why": gap.why}
            for gap in result.unobserved
        ],
        "retention": result.retention,
    }


def _surface(surface: SurfaceResult) -> dict[str, Any]:
    shown = {
        "id": surface.id,
        "route": surface.route,
        "kind": surface.kind,
        "guessed": surface.guessed,
        "disclosures": surface.disclosures,
        "people": surface.people,
    }
    return shown | ({"confidence": surface.confidence} if surface.guessed else {})


def _actor(actor: ActorResult) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "actor": actor.actor,
        "people": actor.people,
        "disclosures": actor.disclosures,
        "from": iso(actor.start),
        "to": iso(actor.end),
        "peak_hour": actor.peak_hour,
        "peak_day": actor.peak_day,
        "findings": [
            {key: getattr(one, key) for key in ("detector", "value", "threshold", "why")}
            for one in actor.findings
        ],
    }
    return shown | ({"claimed": f"{actor.claimed} (unverified)"} if actor.claimed else {})


def _crawler(crawler: CrawlerResult) -> dict[str, Any]:
    return {"status": "claimed, unverified", **msgspec.structs.asdict(crawler)}
