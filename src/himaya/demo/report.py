"""The demo's report: the page that `himaya scan` writes, filled from the ledger and the tallies."""

from __future__ import annotations

from pathlib import Path

import msgspec

from himaya.config import load
from himaya.config.config import Config
from himaya.core.finding import Finding
from himaya.demo.closing import patient_words
from himaya.demo.counts import Counts
from himaya.demo.proof import Proof
from himaya.demo.scene import BARE, GATED, Scene
from himaya.demo.stage import Stage
from himaya.demo.table import TIME_NOTE
from himaya.evidence.data import (
    ActorRow,
    DayCounts,
    FindingRow,
    Period,
    ReportData,
    Series,
    SurfaceRow,
    Table,
)
from himaya.evidence.report import write_ledger_report
from himaya.evidence.scan import budget_rows


def write_report(scene: Scene, stage: Stage, proof: Proof, counts: Counts) -> Path:
    """Write the report of the run and return its path. Raises ServiceError."""
    path = stage.directory / "report.html"
    findings = _findings(stage.findings)
    write_ledger_report(_data(scene, load(stage.config), counts, findings, proof), path)
    return path


def _data(
    scene: Scene, config: Config, counts: Counts, findings: list[Finding], proof: Proof
) -> ReportData:
    whole = counts.whole
    return ReportData(
        title="What the demo's scrapers got, without and with himaya",
        site=config.site.name,
        sources=("the ledger of the demo",),
        start=whole.first,
        end=whole.last,
        opening=_opening(scene, proof),
        limits=(patient_words(scene),),
        people=whole.people,
        disclosures=whole.disclosures,
        unattributed=counts.unattributed,
        unobserved=tuple(Period(*gap) for gap in counts.unobserved),
        population=scene.population,
        mode=config.mode,
        policy=config.policy().hash(),
        surfaces=_surfaces(config, counts),
        actors=_actors(counts, findings),
        actors_seen=len(counts.actors),
        series=_series(scene, counts),
        actor_days=_actor_days(counts),
        budgets=budget_rows(config.budgets),
        budgets_from="the budgets of the demo's configuration",
        retention=f"Rows stay tied to people for {config.retention.identified_days} days.",
        tables=(_comparison(scene),),
    )


def _opening(scene: Scene, proof: Proof) -> tuple[str, ...]:
    gated = scene.crowds[GATED]
    same = "no difference" if not proof.diff else f"{len(proof.diff)} lines of difference"
    return (
        "Everybody in this report is invented, and so is the site.",
        (
            f"The same scrapers took {scene.taken(BARE):,} of {scene.population:,} people from the"
            f" site without himaya and {scene.taken(GATED):,} with it, in {scene.seconds:.0f}"
            f" seconds. Of {gated.size} honest people {len(gated.touched)} were stopped at any time."
        ),
        (
            f"The scraper that got most in spite of himaya ({proof.scraper.actor}) holds"
            f" {proof.people_own} people in its own file. The ledger names {proof.people_ledger};"
            f" compared person by person and field by field there is {same}."
        ),
        TIME_NOTE,
    )


def _comparison(scene: Scene) -> Table:
    rows = []
    for scraper in scene.scrapers:
        bare, gated = (scene.tallies[side][scraper.key] for side in (BARE, GATED))
        stops = f"{gated.refused:,} refused, {gated.challenged:,} challenged"
        rows.append((scraper.title, scraper.how, f"{bare.people:,}", f"{gated.people:,}", stops))
    rows.append(("All together", "", f"{scene.taken(BARE):,}", f"{scene.taken(GATED):,}", ""))
    return Table(
        title="Without and with himaya",
        caption="People each scraper holds in its own file, read out of the pages it received.",
        head=("Scraper", "How", "Without", "With", "Behind himaya"),
        rows=tuple(rows),
    )


def _surfaces(config: Config, counts: Counts) -> tuple[SurfaceRow, ...]:
    return tuple(
        SurfaceRow(s.id, s.route, s.kind, False, seen.disclosures, seen.people)
        for s in config.surfaces
        if (seen := counts.surfaces.get(s.id)) is not None
    )


def _actors(counts: Counts, findings: list[Finding]) -> tuple[ActorRow, ...]:
    """Return the actors with findings; the run is shorter than an hour, so peak and total are one."""
    found: dict[str, list[FindingRow]] = {}
    for one in findings:
        row = FindingRow(one.detector, one.value, one.threshold, one.why, one.at)
        found.setdefault(one.actor, []).append(row)
    rows = [
        ActorRow(
            actor=actor,
            people=seen.people,
            disclosures=seen.disclosures,
            start=seen.first,
            end=seen.last,
            peak_hour=seen.people,
            peak_day=seen.people,
            findings=tuple(found[actor]),
        )
        for actor, seen in counts.actors.items()
        if actor in found
    ]
    return tuple(sorted(rows, key=lambda row: -row.people))


def _series(scene: Scene, counts: Counts) -> tuple[Series, ...]:
    """Return how many people each scraper had been shown by when, as the ledger has it."""
    return tuple(
        Series(scraper.actor, tuple(counts.actors[scraper.actor].points))
        for scraper in scene.scrapers
        if scraper.actor in counts.actors
    )


def _actor_days(counts: Counts) -> tuple[DayCounts, ...]:
    kinds: dict[str, dict[int, int]] = {}
    for actor, seen in counts.actors.items():
        days = kinds.setdefault(actor.partition(":")[0], {})
        days[seen.people] = days.get(seen.people, 0) + 1
    return tuple(DayCounts(kind, tuple(sorted(kinds[kind].items()))) for kind in sorted(kinds))


def _findings(path: Path) -> list[Finding]:
    """Return the findings that the gate wrote down."""
    if not path.exists():
        return []
    return msgspec.json.Decoder(Finding).decode_lines(path.read_bytes())
