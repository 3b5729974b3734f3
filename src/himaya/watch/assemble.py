"""From what was read and judged to the result of a scan."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from himaya.config import Config, Retention, unmatched
from himaya.core.policy import Budgets, Policy
from himaya.core.surface import Surface
from himaya.watch import notices
from himaya.watch.crawlers import category_of
from himaya.watch.pseudonyms import Pseudonyms, pseudonymous
from himaya.watch.result import (
    ActorDays,
    CrawlerResult,
    GroupResult,
    Notice,
    ScanResult,
    SurfaceResult,
)
from himaya.watch.sample import Sample
from himaya.watch.surfaces import GuessedSurface
from himaya.watch.tally import GroupTally, SurfaceTally, Tally
from himaya.watch.totals import Totals

#: Networks named in a group; the rest is counted in words.
_NETWORKS = 100


class Found(msgspec.Struct, kw_only=True):
    """Everything a scan knows when the last line is read."""

    names: tuple[str, ...]
    policy: Policy
    config: Config | None
    totals: Totals
    tally: Tally
    guesses: list[GuessedSurface]
    sample: Sample
    formats: tuple[str, ...]
    late_at: str
    kept: bool


def result_of(found: Found, names: Pseudonyms | None) -> ScanResult:
    """Return the result, with pseudonyms where they are asked for."""
    tally, totals, config = found.tally, found.totals, found.config
    surfaces = _surfaces(found)
    result = ScanResult(
        title=_title(config),
        inputs=found.names,
        lines=totals.lines,
        parsed=totals.parsed,
        malformed=totals.malformed,
        start=totals.first,
        end=totals.last,
        people=tally.people,
        disclosures=sum(surface.disclosures for surface in surfaces),
        unattributed=sum(s.unattributed for s in surfaces if s.kind == "listing"),
        surfaces=surfaces,
        actors=tuple(sorted(tally.actors, key=lambda a: (-a.people, a.actor))),
        groups=tuple(_group(g) for g in sorted(tally.groups, key=lambda g: (-g.people, g.actor))),
        crawlers=_crawlers(found),
        notices=tuple(_notices(found, surfaces, names)),
        malformed_samples=tuple(totals.samples),
        unobserved=totals.unobserved(),
        actor_days=_actor_days(tally),
        actors_seen=tally.actors_seen,
        formats=tuple(dict.fromkeys(found.formats)),
        budgets=_budgets(config),
        policy=found.policy.hash() if config else "",
        mode=config.mode if config else "shadow",
        population=(config.site.population or None) if config else None,
        retention=_retention(found),
        canary_views=tally.canary_views,
    )
    return pseudonymous(result, names) if names else result


def _title(config: Config | None) -> str:
    site = config.site.name if config else ""
    return f"Who collected people from {site or 'this log'}"


def _budgets(config: Config | None) -> Budgets | None:
    return config.policy().budgets if config else None


def _retention(found: Found) -> str:
    if not found.kept:
        return "Nothing is kept: without --ledger a scan stores no data."
    kept = found.config.retention if found.config else Retention()
    then = "deleted" if kept.then == "delete" else "sealed"
    return f"Rows that name people are kept {kept.identified_days} days, then {then}."


def _surfaces(found: Found) -> tuple[SurfaceResult, ...]:
    guesses = {guess.surface.id: guess for guess in found.guesses}
    results = [
        _surface(surface, found.tally.surfaces.get(surface.id), guesses.get(surface.id))
        for surface in found.policy.surfaces
    ]
    return tuple(sorted(results, key=lambda s: (-s.disclosures, s.id)))


def _surface(
    surface: Surface, tally: SurfaceTally | None, guess: GuessedSurface | None
) -> SurfaceResult:
    tally = tally or SurfaceTally()
    return SurfaceResult(
        id=surface.id,
        route=surface.route,
        kind=surface.kind,
        guessed=guess is not None,
        disclosures=tally.disclosures,
        people=len(tally.people),
        confidence=guess.confidence if guess else 1.0,
        why=guess.why if guess else "",
        samples=guess.samples if guess else (),
        requests=tally.requests,
        unattributed=tally.unattributed,
    )


def _group(group: GroupTally) -> GroupResult:
    networks = group.networks[:_NETWORKS]
    return GroupResult(
        members=(group.actor, *(f"network:{network}" for network in networks)),
        people=group.people,
        why=group.why,
    )


def _crawlers(found: Found) -> tuple[CrawlerResult, ...]:
    results = [
        CrawlerResult(
            claimed=name,
            category=category_of(name),
            addresses=len(claim.addresses),
            requests=claim.requests,
            people=len(found.tally.crawlers.get(name, ())),
        )
        for name, claim in found.totals.claims.items()
    ]
    return tuple(sorted(results, key=lambda c: (-c.requests, c.claimed)))


def _actor_days(tally: Tally) -> tuple[ActorDays, ...]:
    return tuple(
        ActorDays(people, count, kind)
        for kind in sorted(tally.actor_days)
        for people, count in sorted(tally.actor_days[kind].items())
    )


def _notices(
    found: Found, surfaces: Sequence[SurfaceResult], names: Pseudonyms | None
) -> list[Notice]:
    totals, tally = found.totals, found.tally
    said = list(notices.about_lines(totals))
    if not totals.lines:
        return said
    said += notices.about_surfaces(found.guesses, declared=found.config is not None)
    said += _unmatched(found)
    said += notices.about_addresses(totals, found.sample, names.name if names else str)
    said += notices.about_accounts(totals)
    listings = [s.id for s in surfaces if s.kind == "listing" and s.unattributed]
    unattributed = sum(s.unattributed for s in surfaces if s.kind == "listing")
    said += notices.about_unattributed(unattributed, listings)
    said += notices.about_forwarded(tally.forwarded)
    said += notices.about_order(tally.late, found.late_at)
    said += notices.about_limits(tally.not_kept)
    return said


def _unmatched(found: Found) -> list[Notice]:
    if found.config is None:
        return []
    texts = unmatched(found.config, found.tally.surfaces)
    return [Notice(kind="unmatched", text=text) for text in texts]
