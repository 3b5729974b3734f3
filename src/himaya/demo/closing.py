"""The last screen: what was taken without and with himaya, the proof, and where to go from here."""

from __future__ import annotations

import math
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from himaya.demo.proof import Proof
from himaya.demo.scene import BARE, GATED, Scene
from himaya.demo.stage import Stage

#: The account budget of the demo's himaya.toml for one day; a test keeps both equal.
DAY_BUDGET = 300


def closing(
    scene: Scene, stage: Stage, proof: Proof, report: Path, *, once: bool
) -> RenderableType:
    """Return the last screen."""
    return Group(
        Rule("What happened"),
        _block(_figures(scene)),
        *map(Text, _warnings(scene)),
        Rule("Exact answers"),
        Text(_proof_words(scene, proof)),
        _block(_files(proof)),
        Rule("What himaya did not stop"),
        Text(patient_words(scene)),
        Rule("From here"),
        _block(_ways_on(stage, report, once=once)),
    )


def _block(inner: RenderableType) -> Padding:
    return Padding(inner, (0, 0, 0, 2))


def _pairs() -> Table:
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _figures(scene: Scene) -> Table:
    table = _pairs()
    for side, words in ((BARE, "People taken without himaya"), (GATED, "People taken with himaya")):
        taken = scene.taken(side)
        share = 100 * taken / scene.population
        table.add_row(words, f"{taken:,} of {scene.population:,}  ({share:.1f} %)")
    gated = scene.crowds[GATED]
    table.add_row("Honest people touched", f"{len(gated.touched)} of {gated.size}")
    both = f"{scene.requests(BARE):,} without, {scene.requests(GATED):,} with himaya"
    table.add_row("Requests answered", both)
    return table


def _warnings(scene: Scene) -> list[str]:
    broken = scene.broken()
    if not broken:
        return []
    return [f"{broken} requests ended without an answer; the figures above lack their people."]


def _proof_words(scene: Scene, proof: Proof) -> str:
    tally = scene.tallies[GATED][proof.scraper.key]
    solved = f", {tally.solved} challenges solved" if tally.solved else ""
    return (
        f"The scraper that got most in spite of himaya: {proof.scraper.title.lower()},"
        f" {proof.scraper.how} ({proof.scraper.actor}{solved})."
        " Its own file, read out of the pages it received, beside the ledger's answer:"
    )


def _files(proof: Proof) -> Table:
    table = _pairs()
    table.add_row("Its own file", f"{proof.people_own:,} people  {proof.own}")
    table.add_row("The ledger", f"{proof.people_ledger:,} people  {proof.ledger}")
    table.add_row("Asked by", proof.command)
    table.add_row("Compared by", f"diff {proof.own} {proof.ledger}")
    table.add_row(
        "Difference", "none, person by person and field by field" if not proof.diff else ""
    )
    for line in proof.diff[:12]:
        table.add_row("", Text(line, style="red"))
    if len(proof.diff) > 12:
        table.add_row("", f"... and {len(proof.diff) - 12} more lines: this is a fault of himaya")
    return table


def patient_words(scene: Scene) -> str:
    """Return what the patient scraper got, and what a budget makes of its patience."""
    key = scene.patient().key
    bare, gated = scene.tallies[BARE][key].people, scene.tallies[GATED][key].people
    days = math.ceil(scene.population / DAY_BUDGET)
    return (
        f"The patient reader took {gated} people ({bare} without himaya). It reads at the pace of a"
        " member and stays under every budget: nothing tells it from one, and himaya does not"
        f" pretend to. Its people are in the ledger. At {DAY_BUDGET} people a day, one such account"
        f" needs {days:,} days for the whole site."
    )


def _ways_on(stage: Stage, report: Path, *, once: bool) -> Table:
    table = _pairs()
    table.add_row("The report", str(report))
    if not once:
        table.add_row("The site without himaya", f"http://127.0.0.1:{stage.bare_port}/")
        table.add_row("The site behind himaya", f"http://127.0.0.1:{stage.gated_port}/")
    table.add_row("Your own log", "himaya scan /var/log/nginx/access.log --report report.html")
    if not once:
        table.add_row("", "The demo runs on until you press Ctrl-C.")
    return table
