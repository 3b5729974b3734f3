"""`himaya reconcile`: the web server's own log compared with the ledger, to see what went around the gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from himaya.cli import ledger_options as shared

if TYPE_CHECKING:
    from himaya.watch.reconcile import Limits, Reconciliation
    from himaya.watch.reconcile.result import Named, Sums

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("logs", metavar="ACCESS.log...", nargs=-1, required=True)
@click.option(
    "--config", "config_file", type=_FILE, required=True, help="The himaya.toml in force."
)
@shared.ledger_options
@click.option("--from", "start", help="Lines from this date or time on (ISO 8601; UTC).")
@click.option("--to", "end", help="Lines before this time; a bare date includes that day.")
@click.option("--format", "form", default="", help="How lines are written: a name or a log_format.")
@click.option(
    "--tolerance-s",
    type=click.FloatRange(0, 3600),
    default=5.0,
    show_default=True,
    help="Seconds between a line and its row at most.",
)
@click.option(
    "--pending-s",
    type=click.FloatRange(0),
    default=600.0,
    show_default=True,
    help="Lines this young at the ledger's end may still get a row.",
)
@click.option(
    "--show",
    type=click.IntRange(0),
    default=20,
    show_default=True,
    help="Missing, and unclear, lines to name.",
)
@click.option("--names", is_flag=True, help="Real names and addresses instead of pseudonyms.")
@click.option("--strict", is_flag=True, help="Whatever is unclear or was not read fails too.")
@click.option("--why", required=True, help="What you ask for. Kept in the access log.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def reconcile(  # noqa: PLR0913  (the options of the command)
    *,
    logs: tuple[str, ...],
    config_file: Path,
    directory: Path,
    key_file: Path | None,
    start: str | None,
    end: str | None,
    form: str,
    why: str,
    as_json: bool,
    **how: Any,  # noqa: ANN401  (the options that are limits)
) -> None:
    """List the requests in the web server's log that showed people and are not in the ledger.

    Nothing missing means that nothing went around the gate, as far as the log tells. The exit code is 1 when a line
    is missing. Every use is recorded with its reason before the answer is printed.
    """
    from himaya.ledger.names import parse_time
    from himaya.watch.reconcile import Limits

    limits = Limits(start=parse_time(start), end=parse_time(end, end=True), **how)
    answer = _ask(logs, (config_file, directory, key_file), form, limits, shared.purpose(why))
    if as_json:
        shared.print_json(answer)
    else:
        _print(answer)
    if not answer.holds:
        raise click.exceptions.Exit(1)


def _ask(
    logs: Sequence[str],
    where: tuple[Path, Path, Path | None],
    form: str,
    limits: Limits,
    purpose: str,
) -> Reconciliation:
    """Record the use, then compare."""
    from himaya.cli.scan import kept_facts
    from himaya.config import load
    from himaya.ledger.reader import Reader
    from himaya.watch.reconcile import reconcile as compare

    config_file, directory, key_file = where
    config = load(config_file)
    with Reader.open(directory, key_file) as reader:
        command = "reconcile --names" if limits.names else "reconcile"
        shared.record_use(reader, command, purpose, start=limits.start, end=limits.end)
        facts = kept_facts(directory, config)
        return compare(logs, reader, config, facts=facts, form=form, limits=limits)


def _print(answer: Reconciliation) -> None:
    for sentence in _story(answer):
        click.echo(shared.printable(sentence))
    rows = [(name, *_cells(sums)) for name, sums in answer.surfaces.items()]
    shared.print_table(_HEADER, [*rows, ("all", *_cells(answer.sums))])
    _print_named("Missing", answer.missing, answer.sums.missing)
    _print_named("Unclear", answer.unclear, answer.sums.unclear)
    for gap in answer.explained:
        where = f", surface {gap.surface}" if gap.surface else ""
        words = f"Explained ({gap.lines:,}) by {gap.start} to {gap.end}: {gap.why}{where}"
        click.echo(shared.printable(words))
    for notice in answer.notices:
        click.echo(shared.printable(f"Mind: {notice}."))


_HEADER = (
    "surface",
    "compared",
    "matched",
    "missing",
    "unclear",
    "explained",
    "pending",
    "only in ledger",
)


#: Lines that were not compared, and why, in words.
_LEFT = (
    ("elsewhere", "on no declared surface"),
    ("outside", "outside the period"),
    ("nothing", "that showed nothing (refused, redirected, failed)"),
    ("nobody", "that showed nobody"),
    ("own", "of one's own profile"),
    ("opened", "on routes of many operations"),
    ("malformed", "malformed"),
    ("late", "out of order"),
)


def _cells(sums: Sums) -> tuple[str, ...]:
    names = [name.replace(" ", "_") for name in _HEADER[1:]]
    return tuple(f"{getattr(sums, name):,}" for name in names)


def _story(answer: Reconciliation) -> Iterator[str]:
    sums, left = answer.sums, answer.skipped
    yield f"The ledger speaks from {answer.ledger.start} to {answer.ledger.end}."
    if not sums.compared:
        yield "No line showed anybody: there was nothing to compare."
    elif sums.missing:
        yield f"MISSING: {sums.missing:,} of {sums.compared:,} lines that showed people have no row."
    else:
        when = f"from {answer.log.start} to {answer.log.end}"
        yield f"No line is missing of {sums.compared:,} that showed people, {when}."
    if answer.strict and not answer.holds and not sums.missing:
        yield "NOT PROVEN (--strict): lines are unclear, or were not read; see below."
    parts = [f"{getattr(left, name):,} {words}" for name, words in _LEFT if getattr(left, name)]
    yield f"Of {answer.lines:,} lines {', '.join(parts) or 'none'} were left out."
    if sums.by_number:
        yield f"{sums.by_number:,} lines are matched with rows of which a name was erased."


def _print_named(title: str, lines: Sequence[Named], count: int) -> None:
    if lines:
        more = f", the first {len(lines):,}" if len(lines) < count else ""
        click.echo(f"{title}: {count:,}{more}:")
        shared.print_table(("line", "time", "surface", "actor", "person", "why"), _named(lines))


def _named(lines: Sequence[Named]) -> list[tuple[str, ...]]:
    return [
        (f"{one.file}:{one.line}", one.at, one.surface, one.actor, one.subject, one.why or "no row")
        for one in lines
    ]
