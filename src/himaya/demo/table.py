"""The live table: the same scrapers without and with himaya, while it happens."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from himaya.demo.scene import BARE, GATED, Scene
from himaya.demo.scrapers import Scraper

TIME_NOTE = (
    "Time is compressed: in one minute everybody here does what people do in an hour, so budgets"
    " that a site counts by the hour are met within seconds."
)


def live_table(scene: Scene) -> RenderableType:
    """Return the table as it stands, with one line about the honest people under it."""
    table = Table(
        title=_title(scene),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        pad_edge=False,
    )
    table.add_column("people taken by ...", no_wrap=True)
    table.add_column("without", justify="right", style="red")
    table.add_column("with", justify="right", style="green")
    for heading in ("refused", "challenged", "solved"):
        table.add_column(heading, justify="right")
    for scraper in scene.scrapers:
        table.add_row(*_row(scene, scraper))
    table.add_section()
    table.add_row(
        Text.assemble(("All together", "bold"), (f" of {scene.population:,}", "dim")),
        f"{scene.taken(BARE):,}",
        f"{scene.taken(GATED):,}",
    )
    return Group(table, Text(honest_words(scene)), Text(TIME_NOTE, style="dim"))


def _title(scene: Scene) -> str:
    rest = max(0.0, scene.seconds - scene.elapsed)
    clock = f"{scene.elapsed:.0f} s" + (f", {rest:.0f} s to go" if rest else ", done")
    return f"The same people and scrapers without and with himaya ({clock})"


def _row(scene: Scene, scraper: Scraper) -> list[RenderableType]:
    bare, gated = scene.tallies[BARE][scraper.key], scene.tallies[GATED][scraper.key]
    counts = (bare.people, gated.people, gated.refused, gated.challenged, gated.solved)
    name = Text.assemble(scraper.title, (f", {scraper.how}", "dim"))
    return [name, *(f"{count:,}" for count in counts)]


def honest_words(scene: Scene) -> str:
    """Return the sentence about the honest crowd."""
    gated = scene.crowds[GATED]
    return (
        f"Honest people touched: {len(gated.touched)} of {gated.size}"
        f" ({gated.requests:,} page views behind himaya so far)"
    )


def plain_line(scene: Scene) -> str:
    """Return the same in one line, for where there is no terminal."""
    gated = scene.crowds[GATED]
    return (
        f"{scene.elapsed:5.1f} s  people taken without himaya {scene.taken(BARE):>6,}"
        f"   with himaya {scene.taken(GATED):>6,}"
        f"   honest people touched {len(gated.touched)} of {gated.size}"
    )
