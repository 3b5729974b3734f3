"""`himaya canary check`: where accounts with an ordinary history were shown canaries, the placing leaks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from himaya.cli import ledger_options as shared
from himaya.cli.ledger_path import LedgerPath
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.canaries.check import Check, Checked
    from himaya.config import Config

_FILE = click.Path(path_type=Path, dir_okay=False)


class _Options(TypedDict):
    logs: tuple[str, ...]
    config: Path
    form: str
    directory: Path | None
    key_file: Path | None
    start: str | None
    end: str | None
    why: str
    days: int
    people: int
    as_json: bool


@click.command()
@click.argument("logs", metavar="[LOG]...", nargs=-1)
@click.option(
    "--config", type=_FILE, default="himaya.toml", show_default=True, help="The site's himaya.toml."
)
@click.option("--format", "form", default="", help="How lines are written: a name or a log_format.")
@click.option(
    "--ledger",
    "directory",
    type=LedgerPath(file_okay=False),
    help="Read the rows of a ledger instead of LOG.",
)
@shared.pass_option
@click.option("--key-file", type=_FILE, help="Key of the ledger; default: beside it, DIR.key.")
@click.option("--from", "start", help="Rows from this date or time on (ISO 8601; UTC).")
@click.option("--to", "end", help="Rows before this time; a bare date includes that day.")
@click.option("--why", default="", help="What you read the ledger for. Kept in the access log.")
@click.option(
    "--days",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Days with people that an ordinary account has at least.",
)
@click.option(
    "--people",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="People of one day that it has at most.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(**options: Unpack[_Options]) -> None:
    """Say which places' canaries were shown to accounts with an ordinary history.

    A canary that such accounts come to is linked from somewhere, and says nothing of whoever sees it: place it
    elsewhere. Exit code 0: none leaks; 1: a place leaks; 2: something cannot be read.
    """
    from himaya.config import load

    if bool(options["logs"]) == (options["directory"] is not None):
        raise InputError("name LOG..., or --ledger DIR")
    config = load(options["config"])
    told = _of_ledger(options, config) if options["directory"] else _of_logs(options, config)
    if options["as_json"]:
        shared.print_json(told)
    else:
        _print(told)
    if told.leaks:
        raise click.exceptions.Exit(1)


def _of_logs(options: _Options, config: Config) -> Checked:
    from himaya.cli.scan import kept_facts
    from himaya.watch.scan import ScanOptions, scan

    if options["start"] or options["end"]:
        raise InputError("--from and --to are for the rows of a ledger; cut the log instead")
    found = _check(options, config, config.canary_places)
    facts = kept_facts(None, config)
    scan(
        options["logs"],
        ScanOptions(config=config, format=options["form"], sink=found.take, facts=facts),
    )
    return found.outcome()


def _of_ledger(options: _Options, config: Config) -> Checked:
    """Record the use of the ledger, then read it."""
    from himaya.ledger.canaries import kept
    from himaya.ledger.names import parse_time
    from himaya.ledger.reader import Reader
    from himaya.ledger.together import together

    purpose, directory = shared.purpose(options["why"]), options["directory"] or Path()
    start, end = parse_time(options["start"]), parse_time(options["end"], end=True)
    with Reader.open(directory, options["key_file"]) as reader:
        shared.record_use(reader, "canary check", purpose, start=start, end=end)
        found = _check(options, config, {**kept(directory), **config.canary_places})
        # Erased accounts stay apart: without a name, all of one address would be one visitor.
        for told, _ in together(reader.rows(start, end, erased="erased")):
            found.take(told)
    return found.outcome()


def _check(options: _Options, config: Config, placed: dict[str, str]) -> Check:
    from himaya.canaries.check import Check, Ordinary

    if not placed:
        raise InputError("no canaries are listed: set [canaries] file", file=str(options["config"]))
    ordinary = Ordinary(days=options["days"], people=options["people"])
    return Check(placed, ordinary, config.detectors.canary.exempt)


def _print(told: Checked) -> None:
    click.echo(f"{told.shown} of {told.placed} canaries were shown to anybody.")
    if told.places:
        header = ("place", "surface", "canaries", "ordinary accounts", "other actors", "")
        rows = [
            (
                each.place,
                each.surface,
                str(each.canaries),
                str(each.ordinary),
                str(each.others),
                "LEAKS" if each.leaks else "",
            )
            for each in told.places
        ]
        shared.print_table(header, rows)
    if told.leaks:
        click.echo(
            "Where it leaks, people come by on a way of the site, or several patient collectors look like people."
            " Look at the accounts (himaya who --subject), then place other canaries there."
        )
    if told.beyond:
        click.echo(f"{told.beyond} answers to further actors were not looked at.")
