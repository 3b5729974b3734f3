"""`himaya demo`: an invented site, an honest crowd and six scrapers, without and with himaya."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.option(
    "--incident",
    is_flag=True,
    help="Tell another story: one incident from the first signal to the closed case. Takes --out and --people.",
)
@click.option("--once", is_flag=True, help="End when the story is over; else run on until Ctrl-C.")
@click.option(
    "--people",
    type=click.IntRange(100, 200_000),
    help="How many invented people the site shows; default: 20000, with --incident 3000.",
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
def demo(
    *, incident: bool, once: bool, people: int | None, seconds: float, out: Path | None
) -> None:
    """Show what himaya does, on an invented social site on this machine.

    Starts the site and `himaya gate` in front of it, lets the same honest people and the same
    scrapers loose on both, and ends with the proof: the worst scraper's own file beside the ledger's
    answer. Needs no root, no nginx and no network.

    With --incident a farm is found in three invented days, held, its people are counted and told,
    and a letter is written; named demo roles play the decisions, and nothing is asked.
    """
    if incident:
        from himaya.cli.demo_incident import tell_incident

        sys.exit(tell_incident(out, people or 3000))
    import uvloop
    from rich.console import Console

    from himaya.demo.story import Options, tell

    options = Options(
        people=people or 20_000, seconds=seconds, once=once, out=out and out.absolute()
    )
    # A pipe has no width; commands and paths should stay on one line there.
    console = Console(width=None if sys.stdout.isatty() else 120)
    sys.exit(uvloop.run(tell(options, console)))
