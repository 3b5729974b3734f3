"""`himaya forecast`: whom a policy would have touched, before it is enforced."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from himaya.cli import ledger_options as shared
from himaya.cli.ledger_path import LedgerPath
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.watch.forecast_past import Known, Policies

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("logs", metavar="[LOG...]", nargs=-1)
@click.option("--config", "new", type=_FILE, required=True, help="The himaya.toml to enforce.")
@click.option("--against", "old", type=_FILE, help="The one in force, to compare.")
@click.option(
    "--ledger",
    "directory",
    type=LedgerPath(file_okay=False),
    help="Decide its rows again, instead of LOG; with LOG: where --record writes.",
)
@shared.pass_option
@click.option("--key-file", type=_FILE, help="Key of the ledger; default: beside it, DIR.key.")
@click.option("--why", default="", help="What you read the ledger for. Kept in the access log.")
@click.option("--from", "start", help="Rows from this date or time on (ISO 8601; UTC).")
@click.option("--to", "end", help="Rows before this time; a bare date includes that day.")
@click.option("--format", "form", default="", help="How lines are written: a name or a log_format.")
@click.option("--known", type=_FILE, help='Known cases, JSON lines: {"case": "c1", "actors": []}.')
@click.option("--record", is_flag=True, help="Put the forecast on record in the ledger.")
@click.option(
    "--max-restricted",
    "most",
    type=click.FloatRange(0, 100),
    help="End with 1 when more percent of a cohort would be restricted without a finding.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def forecast(*, as_json: bool, most: float | None, **options: Any) -> None:  # noqa: ANN401  (the options above)
    """Say who would have been slowed, challenged, cut short or refused by a policy, before it is enforced.

    The past is read from LOG..., or from the ledger. Exit code 0: done; 1: nobody was seen on a declared surface, or
    --max-restricted is exceeded; 2: something cannot be read.
    """
    from himaya.cli.forecast_view import show

    told = _told(**options)
    if as_json:
        shared.print_json(told)
    else:
        show(told)
    if not told["actors"] or (most is not None and _worst(told) > most / 100):
        raise click.exceptions.Exit(1)


def _told(  # noqa: PLR0913  (the options of the command)
    *,
    logs: tuple[str, ...],
    new: Path,
    old: Path | None,
    directory: Path | None,
    key_file: Path | None,
    why: str,
    start: str | None,
    end: str | None,
    form: str,
    known: Path | None,
    record: bool,
) -> dict[str, Any]:
    """Make the forecast and, where asked, put it on record."""
    from himaya.cli.scan import kept_facts
    from himaya.config import load
    from himaya.watch.forecast_past import Policies, forecast_logs, read_known

    if not logs and directory is None:
        raise InputError("name LOG..., or --ledger DIR to read the past from")
    if record and directory is None:
        raise InputError("--record needs --ledger DIR: where it is put on record")
    if logs and (start or end):
        raise InputError("--from and --to are for the rows of a ledger; cut the log instead")
    config = load(new)
    facts = kept_facts(directory, config)
    policies = Policies(config, load(old) if old else None, facts)
    cases = read_known(known) if known else {}
    if logs:
        told = forecast_logs(logs, policies, cases, form=form)
    else:
        told = _of_ledger(directory, key_file, policies, cases, (why, start, end))
    if record and directory is not None:
        _record(told, directory, key_file)
    return told


def _of_ledger(
    directory: Path | None,
    key_file: Path | None,
    policies: Policies,
    cases: Known,
    asked: tuple[str, str | None, str | None],
) -> dict[str, Any]:
    """Record the use of the ledger, then read it."""
    from himaya.ledger.names import parse_time
    from himaya.ledger.reader import Reader
    from himaya.watch.forecast_past import forecast_ledger

    purpose = shared.purpose(asked[0])
    start, end = parse_time(asked[1]), parse_time(asked[2], end=True)
    with Reader.open(directory or Path(), key_file) as reader:
        shared.record_use(reader, "forecast", purpose, column="actor", start=start, end=end)
        told = forecast_ledger(reader, policies, cases, start, end)
    return _unnamed(told) if shared.hides_names() else told


def _unnamed(told: dict[str, Any]) -> dict[str, Any]:
    """Return a forecast for a role that is shown no names; who would be restricted is counted all the same."""
    parts = ("stand_out", "first_restricted")
    return {
        **told,
        **{part: [{**one, "actor": shared.HIDDEN} for one in told[part]] for part in parts},
    }


def _record(told: dict[str, Any], directory: Path, key_file: Path | None) -> None:
    """Append the forecast to the chain. Raises InputError when it says nothing."""
    from himaya.cli.forecast_view import summary
    from himaya.ledger import Ledger, forecasts
    from himaya.ledger.entries import Forecast
    from himaya.ledger.files import Layout
    from himaya.ledger.names import parse_time
    from himaya.ledger.reader import Reader
    from himaya.ledger.schema import iso, micros

    if not told["actors"]:
        raise InputError("nobody was seen on a declared surface: there is no forecast to record")
    shared.allow_in(directory, key_file, "forecast")
    if not Layout(directory).exists():
        Ledger.open(directory, key_file=key_file).close()
    low, high = told["all"]["new"]["restricted_unfound"]["ci95"]
    entry = Forecast(
        at=iso(micros(time.time())),
        policy=told["policies"]["new"],
        source=told["source"],
        start=parse_time(told["from"]),
        end=parse_time(told["to"]),
        lines=told["lines"] if told["source"] == "log" else told["rows"],
        actors=told["actors"],
        low=low,
        high=high,
        summary=summary(told),
        by=shared.operator(),
    )
    with Reader.open(directory, key_file) as reader:
        forecasts.record(reader.chain, entry, reader.keys)
    told["recorded"] = str(directory)


def _worst(told: dict[str, Any]) -> float:
    """Return the largest share, over cohorts, of those restricted who stand out by nothing."""
    return max(float(one["new"]["restricted_unfound"]["share"][1]) for one in told["cohorts"])
