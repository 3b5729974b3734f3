"""From the result of a scan to the data of a report."""

from __future__ import annotations

import msgspec

from himaya.core.policy import Budget, Budgets
from himaya.evidence.data import (
    ActorRow,
    BudgetRow,
    CrawlerRow,
    DayCounts,
    FindingRow,
    GroupRow,
    MalformedRow,
    NoticeRow,
    Period,
    ReportData,
    Series,
    SurfaceRow,
)
from himaya.watch.result import ActorResult, FindingResult, ScanResult, SurfaceResult


def scan_data(result: ScanResult, made_at: float) -> ReportData:
    """Return what the report of a scan says; without configuration it draws the default budgets."""
    return ReportData(
        title=result.title or "Who collected people from this log",
        sources=result.inputs,
        made_at=made_at,
        start=result.start,
        end=result.end,
        notices=tuple(NoticeRow(notice.text, notice.fix) for notice in result.notices),
        lines=result.lines,
        parsed=result.parsed,
        malformed=result.malformed,
        malformed_rows=tuple(
            MalformedRow(one.file, one.line, one.text, one.why) for one in result.malformed_samples
        ),
        people=result.people,
        disclosures=result.disclosures,
        unattributed=result.unattributed,
        population=result.population,
        mode=result.mode if result.policy else "",
        policy=result.policy,
        pseudonymous=result.pseudonymous,
        surfaces=tuple(_surface(surface) for surface in result.surfaces),
        actors=tuple(_actor(actor) for actor in result.actors),
        actors_seen=result.actors_seen,
        groups=tuple(GroupRow(one.members, one.people, one.why) for one in result.groups),
        crawlers=tuple(
            CrawlerRow(c.claimed, c.category, c.addresses, c.requests, c.people)
            for c in result.crawlers
        ),
        series=tuple(_series(actor) for actor in result.actors if actor.series),
        actor_days=_actor_days(result),
        budgets=budget_rows(result.budgets or Budgets()),
        budgets_from="the budgets of the configuration"
        if result.budgets
        else ("himaya's default budgets (no configuration was given)"),
        unobserved=tuple(Period(gap.start, gap.end, gap.why) for gap in result.unobserved),
        retention=result.retention,
    )


def budget_rows(budgets: Budgets) -> tuple[BudgetRow, ...]:
    """Return one row per principal and window that has a limit."""
    rows = []
    for principal in Budgets.__struct_fields__:
        budget: Budget | None = getattr(budgets, principal)
        windows = msgspec.structs.asdict(budget) if budget else {}
        rows += [
            BudgetRow(principal, name, most) for name, most in windows.items() if most is not None
        ]
    return tuple(rows)


def _surface(surface: SurfaceResult) -> SurfaceRow:
    return SurfaceRow(
        surface.id,
        surface.route,
        surface.kind,
        surface.guessed,
        surface.disclosures,
        surface.people,
        surface.confidence,
        surface.why,
        surface.unattributed,
    )


def _actor(actor: ActorResult) -> ActorRow:
    return ActorRow(
        actor=actor.actor,
        people=actor.people,
        disclosures=actor.disclosures,
        start=actor.start,
        end=actor.end,
        peak_hour=actor.peak_hour,
        peak_day=actor.peak_day,
        findings=tuple(_finding(finding) for finding in actor.findings),
        claimed=actor.claimed,
        networks=actor.networks,
        agents=actor.agents,
    )


def _finding(finding: FindingResult) -> FindingRow:
    return FindingRow(
        finding.detector, finding.value, finding.threshold, finding.why, finding.at, finding.times
    )


def _series(actor: ActorResult) -> Series:
    return Series(actor.actor, tuple((point.at, point.people) for point in actor.series))


def _actor_days(result: ScanResult) -> tuple[DayCounts, ...]:
    kinds: dict[str, list[tuple[int, int]]] = {}
    for one in result.actor_days:
        kinds.setdefault(one.kind, []).append((one.people, one.actor_days))
    return tuple(DayCounts(kind, tuple(sorted(kinds[kind]))) for kind in sorted(kinds))
