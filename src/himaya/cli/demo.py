"""`himaya demo`: an invented site, an honest crowd and six scrapers, without and with himaya."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.option("--once", is_flag=True, help="End when the story is over; else run on until Ctrl-C.")
@click.option(
    "--people",
    type=click.IntRange(100, 200_000),
    default=20_000,
    show_default=True,
    help="How many invented people the site shows.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(2, 3000),
    default=30.0,
    show_default=True,
    help="How long the crowd and the scrapers are at work.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep ledger, configuration, logs and files in this directory.",
)
def demo(*, once: bool, people: int, seconds: float, out: Path | None) -> None:
    """Show what himaya does, on an invented social site on this machine.

    Starts the site and `himaya gate` in front of it, lets the same honest people and the same
    scrapers loose on both, and ends with the proof: the worst scraper's own file beside the ledger's
    answer. Needs no root, no nginx and no network.
    """
    import uvloop
    from rich.console import Console

    from himaya.demo.story import Options, tell

    options = Options(people=people, seconds=seconds, once=once, out=out and out.absolute())
    # A pipe has no width; commands and paths should stay on one line there.
    console = Console(width=None if sys.stdout.isatty() else 120)
    sys.exit(uvloop.run(tell(options, console)))
