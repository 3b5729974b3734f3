"""`himaya report surfaces`: routes that answer with known people and that no surface declares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.cli import ledger_options as shared

if TYPE_CHECKING:
    from himaya.watch.undeclared import Undeclared

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("logs", metavar="ACCESS.log...", nargs=-1, required=True)
@click.option("--config", type=_FILE, default="himaya.toml", show_default=True)
@shared.ledger_options
@click.option("--format", "form", default="", help="How lines are written: a name or a log_format.")
@click.option("--why", required=True, help="What you ask for. Kept in the access log.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def surfaces(
    *,
    logs: tuple[str, ...],
    config: Path,
    directory: Path,
    key_file: Path | None,
    form: str,
    why: str,
    as_json: bool,
) -> None:
    """List the routes of access logs that answer with people the ledger knows and are not declared.

    People are found by their ids, in the path, the query or Himaya-Subjects; none is named. The exit code is 1 when
    there is such a route. Every use is recorded with its reason before the answer is printed.
    """
    answer = _ask(logs, config, (directory, key_file), form, shared.purpose(why))
    if as_json:
        shared.print_json(answer)
    else:
        _print(answer)
    if answer.routes:
        raise click.exceptions.Exit(1)


def _ask(
    logs: tuple[str, ...],
    config_file: Path,
    where: tuple[Path, Path | None],
    form: str,
    why: str,
) -> Undeclared:
    """Record the use, then look through the logs."""
    from himaya.config import load
    from himaya.core.matching import Surfaces
    from himaya.ledger.reader import Reader
    from himaya.watch.inputs import LogForm
    from himaya.watch.undeclared import undeclared

    config = load(config_file)
    lines = LogForm(format=form or config.log.format, fields=config.log.fields)
    with Reader.open(*where) as reader:
        shared.record_use(reader, "report surfaces", why)
        return undeclared(logs, lines, Surfaces(config.surfaces), reader.identities)


def _print(answer: Undeclared) -> None:
    read = f"{answer.parsed:,} of {answer.lines:,} lines were read, {answer.declared:,} on declared surfaces."
    click.echo(read)
    if not answer.routes:
        click.echo("No other route answered with the id of anybody the ledger knows.")
    else:
        more = "at least " if answer.at_least else ""
        click.echo(
            f"{more}{len(answer.routes):,} routes that are not declared answered with known people:"
        )
        header = ("route", "people", "known", "requests")
        rows = [
            (one.route, f"{one.people:,}", f"{one.known:,}", f"{one.requests:,}")
            for one in answer.routes
        ]
        shared.print_table(header, rows)
    click.echo(answer.note)
