"""`himaya model train`, `card`, `check`: the optional learned model of a site, from its own labels."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

import click

from himaya.cli import ledger_options as shared
from himaya.cli.ledger_path import LedgerPath
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.config import Config
    from himaya.core.learned import Learned
    from himaya.watch.model.days import Past, Replaying

_FILE = click.Path(path_type=Path, dir_okay=False)
_Command = TypeVar("_Command", bound=Callable[..., Any])


class _Asked(TypedDict):
    """What past to read."""

    logs: tuple[str, ...]
    file: Path
    directory: Path | None
    key_file: Path | None
    why: str
    start: str | None
    end: str | None
    form: str
    run_up: int


def _past_options(command: _Command) -> _Command:
    """Add LOG..., --config, and what reading a ledger needs."""
    for add in (
        click.option(
            "--run-up",
            type=click.IntRange(0, 365),
            default=1,
            show_default=True,
            metavar="DAYS",
            help="First days that are read, and not described: nobody is known yet.",
        ),
        click.option(
            "--format", "form", default="", help="How lines are written: a name or a log_format."
        ),
        click.option("--to", "end", help="Rows before this time; a bare date includes that day."),
        click.option("--from", "start", help="Rows from this date or time on (ISO 8601; UTC)."),
        click.option(
            "--why", default="", help="What you read the ledger for. Kept in the access log."
        ),
        shared.pass_option,
        click.option(
            "--key-file", type=_FILE, help="Key of the ledger; default: beside it, DIR.key."
        ),
        click.option(
            "--ledger",
            "directory",
            type=LedgerPath(file_okay=False),
            help="Read its rows instead of LOG.",
        ),
        click.option(
            "--config", "file", type=_FILE, required=True, help="The himaya.toml of the site."
        ),
        click.argument("logs", metavar="[LOG...]", nargs=-1),
    ):
        command = add(command)
    return command


@click.group()
def model() -> None:
    """Train, describe and check the optional learned model; it is off until [detectors.model] names one."""


@model.command()
@_past_options
@click.option(
    "--labels", type=_FILE, required=True, help="Accounts you know, JSON lines (docs/model.md)."
)
@click.option("--out", type=_FILE, required=True, help="The model file to write.")
@click.option(
    "--rate",
    type=click.FloatRange(0.0001, 0.5),
    default=0.01,
    show_default=True,
    help="Chance, at most, that an honest account is ever found in a time as long as the newer side.",
)
def train(*, labels: Path, out: Path, rate: float, **asked: Unpack[_Asked]) -> None:
    """Learn from labelled accounts what tells a collector's day from a reader's, and say how well.

    Exit code 2 when labels or days are too few; the numbers are printed.
    """
    from himaya.cli.model_view import card_lines
    from himaya.watch.model.labels import read_labels
    from himaya.watch.model.training import train as learn

    known = read_labels(labels)
    past = _past(known, asked)
    learned = learn(past, known, rate, time.time())
    _write(out, learned)
    _print(card_lines(learned))
    if past.left_out:
        click.echo(f"\n{past.left_out:,} descriptions of unlabelled actors found no room.")
    click.echo(f"\nWritten to {out}. It does nothing until [detectors.model] file names it.")


@model.command()
@click.argument("file", metavar="MODEL", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def card(file: Path, *, as_json: bool) -> None:
    """Print the card of a model: what for, what not for, data, figures, limits, how to switch it off."""
    from himaya.cli.model_view import card_json, card_lines
    from himaya.config import read_model

    learned = read_model(file)
    if as_json:
        shared.print_json(card_json(learned))
    else:
        _print(card_lines(learned))


@model.command()
@click.argument("model_file", metavar="MODEL", type=_FILE)
@_past_options
@click.option("--labels", type=_FILE, help="Accounts you know by now: how many of them are found.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(*, model_file: Path, labels: Path | None, as_json: bool, **asked: Unpack[_Asked]) -> None:
    """Measure on a newer past how far actors' days moved from those the model was made of.

    Exit code 0: steady; 1: a trait drifted, or nobody of the model's cohorts was seen; 2: something cannot be read.
    """
    from himaya.cli.model_view import check_lines
    from himaya.config import read_model
    from himaya.watch.model.labels import read_labels
    from himaya.watch.model.shift import drift

    learned = read_model(model_file)
    known = read_labels(labels) if labels else {}
    told = drift(learned, _past(known, asked), known)
    if as_json:
        shared.print_json(told)
    else:
        _print(check_lines(told))
    if told["drifted"] or not told["actor_days"]:
        raise click.exceptions.Exit(1)


def _print(lines: Iterable[str]) -> None:
    """Print lines that hold what a file said; the file may be anybody's."""
    click.echo("\n".join(map(shared.printable, lines)))


def _past(always: Collection[str], asked: _Asked) -> Past:
    """Let the past happen again. Raises HimayaError."""
    from himaya.cli.scan import kept_facts
    from himaya.config import load
    from himaya.watch.model.days import Replaying, days_of_logs

    logs, directory = asked["logs"], asked["directory"]
    if bool(logs) == bool(directory):
        raise InputError("name either LOG..., or --ledger DIR to read the past from")
    if logs and (asked["start"] or asked["end"]):
        raise InputError("--from and --to are for the rows of a ledger; cut the log instead")
    config = load(asked["file"])
    facts = kept_facts(directory, config)
    replaying = Replaying(config, facts, always, run_up=asked["run_up"])
    if directory is None:
        days_of_logs(logs, config, replaying, asked["form"])
    else:
        _of_ledger(directory, config, replaying, asked)
    return replaying.past()


def _of_ledger(directory: Path, config: Config, replaying: Replaying, asked: _Asked) -> None:
    """Record the use of the ledger, then read it."""
    from himaya.ledger.names import parse_time
    from himaya.ledger.reader import Reader
    from himaya.watch.model.days import days_of_ledger

    purpose = shared.purpose(asked["why"])
    start, end = parse_time(asked["start"]), parse_time(asked["end"], end=True)
    with Reader.open(directory, asked["key_file"]) as reader:
        shared.record_use(reader, "model", purpose, column="actor", start=start, end=end)
        days_of_ledger(reader, config, replaying, start, end)


def _write(out: Path, learned: Learned) -> None:
    """Replace the file whole: a gate may read it at any time."""
    import msgspec

    text = msgspec.json.format(msgspec.json.encode(learned), indent=1)
    fresh = out.with_name(f"{out.name}.new")
    try:
        fresh.write_bytes(text + b"\n")
        fresh.replace(out)
    except OSError as problem:
        raise InputError(f"cannot be written: {problem.strerror}", file=str(out)) from None
