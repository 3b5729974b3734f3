"""The last screen: what was taken without and with himaya, the proof, and where to go from here."""

from __future__ import annotations

import math
from itertools import zip_longest
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from himaya.demo.proof import FILES, Proof
from himaya.demo.scene import BARE, GATED, Scene
from himaya.demo.stage import Stage

#: The account budget of the demo's himaya.toml for one day; a test keeps both equal.
DAY_BUDGET = 300
#: Below this many people the sum of the scrapers' budgets is a large part of the site.
_SMALL = 5000
_SHOWN_LINES = 3
_SHOWN_DIFF = 12


def closing(
    scene: Scene, stage: Stage, proof: Proof, report: Path, *, once: bool
) -> RenderableType:
    """Return the last screen."""
    return Group(
        Rule("What happened"),
        _block(_figures(scene)),
        *map(Text, _notes(scene)),
        Rule("Exact answers"),
        Text(_proof_words(scene, proof)),
        _block(_side_by_side(proof)),
        _block(_comparison(proof)),
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
    for side, words, style in (
        (BARE, "People taken without himaya", "bold red"),
        (GATED, "People taken with himaya", "bold green"),
    ):
        taken = scene.taken(side)
        share = 100 * taken / scene.population
        figure = f"{taken:,} of {scene.population:,}  ({share:.1f} %)"
        table.add_row(words, Text(figure, style=style))
    gated = scene.crowds[GATED]
    honest = f"{len(gated.touched)} of {gated.size}"
    table.add_row("Honest people touched", Text(honest, style="bold"))
    both = f"{scene.requests(BARE):,} without, {scene.requests(GATED):,} with himaya"
    table.add_row("Requests answered", both)
    return table


def _notes(scene: Scene) -> list[str]:
    """Return what a reader must know to read the figures rightly."""
    found = []
    if scene.population < _SMALL:
        found.append(
            f"The budgets are those of a site with 20,000 people; one with {scene.population:,}"
            " nearly fits into them whole."
        )
    if broken := scene.broken():
        found.append(f"{broken} requests ended without an answer; their people are missing above.")
    return found


def _proof_words(scene: Scene, proof: Proof) -> str:
    tally = scene.tallies[GATED][proof.scraper.key]
    solved = f"; it solved {tally.solved} challenges" if tally.solved else ""
    return (
        f"The scraper that got most in spite of himaya: {proof.scraper.title.lower()},"
        f" {proof.scraper.how} ({proof.scraper.actor}{solved})."
    )


def _side_by_side(proof: Proof) -> Table:
    """Return the first lines of both files beside each other, with how many there are."""
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold")
    table.add_column(f"its own file, {proof.people_own:,} people", no_wrap=True)
    table.add_column(f"the ledger's answer, {proof.people_ledger:,} people", no_wrap=True)
    for own, ledger in zip_longest(
        _first_lines(proof.own), _first_lines(proof.ledger), fillvalue=""
    ):
        table.add_row(own, ledger)
    table.add_row("...", "...")
    return table


def _first_lines(path: Path) -> list[str]:
    return [line.replace("\t", "  ") for line in path.read_text().splitlines()[:_SHOWN_LINES]]


def _comparison(proof: Proof) -> Group:
    """Return the commands as a reader would type them, and what they say."""
    said = [Text(line, style="red") for line in proof.diff[:_SHOWN_DIFF]]
    if len(proof.diff) > _SHOWN_DIFF:
        said.append(Text(f"... and {len(proof.diff) - _SHOWN_DIFF} lines more"))
    if proof.diff:
        said.append(Text("The files differ. That is a fault of himaya; please report it."))
    else:
        said.append(Text("(no difference, person by person and field by field)", style="green"))
    return Group(
        Text(f"$ cd {proof.directory}"),
        Text(f"$ {proof.command}"),
        Text(f"$ diff {FILES}/{proof.own.name} {FILES}/{proof.ledger.name}"),
        *said,
    )


def patient_words(scene: Scene) -> str:
    """Return what the patient scraper got, and what a budget makes of its patience."""
    key = scene.patient().key
    bare, gated = scene.tallies[BARE][key].people, scene.tallies[GATED][key].people
    days = math.ceil(scene.population / DAY_BUDGET)
    return (
        f"The patient reader took {gated} people ({bare} without himaya). It reads at the pace of a"
        " member and stays under every budget: nothing tells it from one, and himaya does not"
        f" pretend to. Its people are in the ledger. At {DAY_BUDGET} people a day, one such account"
        f" needs {days:,} {'day' if days == 1 else 'days'} for the whole site."
    )


def _ways_on(stage: Stage, report: Path, *, once: bool) -> Table:
    table = _pairs()
    table.add_row("The report", str(report))
    if not stage.keeps:
        table.add_row("", "The ledger is removed at the end; --out DIR keeps everything.")
    if not once:
        table.add_row("The site without himaya", f"http://127.0.0.1:{stage.bare_port}/")
        table.add_row("The site behind himaya", f"http://127.0.0.1:{stage.gated_port}/")
    table.add_row("Your own log", "himaya scan access.log --report report.html")
    if not once:
        table.add_row("", "The demo runs on until you press Ctrl-C.")
    return table
