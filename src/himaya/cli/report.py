"""`himaya report`: figures of the ledger over time, without a name in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.cli import ledger_options as shared
from himaya.cli.engine_options import engine_options
from himaya.cli.report_classes import classes
from himaya.cli.report_dpia import dpia
from himaya.cli.report_surfaces import surfaces

if TYPE_CHECKING:
    from himaya.analysis.weekly import Weekly
    from himaya.analysis.weekly.result import GroupUnion, Looked, Reached, Week
    from himaya.ledger.engines import Choice
    from himaya.ledger.reader import Reader


@click.group()
def report() -> None:
    """Report figures of the ledger over time: no name is in them."""


report.add_command(classes)
report.add_command(surfaces)
report.add_command(dpia)


@report.command()
@shared.counted_options("Weeks")
@engine_options
def weekly(  # noqa: PLR0913  (the options of the command)
    *,
    directory: Path,
    key_file: Path | None,
    start: str | None,
    end: str | None,
    population: int | None,
    why: str,
    as_json: bool,
    engine: Choice,
) -> None:
    """Count, week by week, the different people that each cohort was shown, and how often look-ups found nobody.

    Names no actor and no person, says which periods were not observed, and lists the ten groups that were shown
    most people. Every use is recorded with its reason before the answer is printed.
    """
    from himaya.ledger.reader import Reader

    purpose = shared.purpose(why)
    with Reader.open(directory, key_file, engine=engine) as reader:
        answer = _ask(reader, (start, end), population or 0, purpose)
    if as_json:
        shared.print_json(answer)
    else:
        _print(answer)


def _ask(
    reader: Reader,
    period: tuple[str | None, str | None],
    population: int,
    why: str,
) -> Weekly:
    """Record the use, then return the answer."""
    from himaya.analysis.weekly import weekly as ask
    from himaya.ledger.names import parse_time

    start, end = parse_time(period[0]), parse_time(period[1], end=True)
    shared.record_use(reader, "report weekly", why, start=start, end=end)
    return ask(reader, start, end, population=population)


def _print(answer: Weekly) -> None:
    if not answer.weeks:
        click.echo("The ledger holds no rows of this period.")
    elif not answer.population:
        click.echo("The site's population is not known; tell it with --population to see shares.")
    for week in answer.weeks:
        _print_week(week)
    if answer.groups:
        click.echo("Groups whose members were shown most people together, over the whole period:")
        header = ("group", "state", "members", "people", "of the site")
        shared.print_table(header, [_group(one) for one in answer.groups])
    click.echo(f"Of the ledger: {answer.retention}.")
    click.echo(answer.note)


def _print_week(week: Week) -> None:
    whole = "; not all of this week is covered" if week.partial else ""
    click.echo(f"{week.week}, from {week.period.start[:10]} to {week.period.end[:10]}{whole}")
    if week.reached:
        header = ("cohort", "people", "of the site", "new", "nobody could name")
        shared.print_table(header, [_reached(one) for one in week.reached])
    else:
        click.echo("  nobody was shown")
    if week.looked:
        columns = ("look-ups by", "surface", "found", "found nobody", "share", "unread")
        shared.print_table(columns, [_looked(one) for one in week.looked])
    for sentence in _gaps(week):
        click.echo(shared.printable(sentence))


def _gaps(week: Week) -> Iterator[str]:
    for gap in week.unobserved:
        yield f"  not observed from {gap.start} to {gap.end}: {gap.why}"


def _share(part: float | None) -> str:
    return "" if part is None else f"{part:.2%}"


def _reached(one: Reached) -> tuple[str, ...]:
    unnamed = f"{one.unattributed:,}" if one.unattributed else ""
    return one.cohort, f"{one.people:,}", _share(one.share), f"{one.new:,}", unnamed


def _looked(one: Looked) -> tuple[str, ...]:
    counts = (f"{one.found:,}", f"{one.missed:,}", _share(one.miss_share), f"{one.unread:,}")
    return one.cohort, one.surface, *counts


def _group(one: GroupUnion) -> tuple[str, ...]:
    return one.group, one.state, f"{one.members:,}", f"{one.people:,}", _share(one.share)
