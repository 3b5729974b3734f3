"""`himaya report classes`: which limit holds for every class of access, and since when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.cli import ledger_options as shared

if TYPE_CHECKING:
    from himaya.analysis.classes import Classes, Span


@click.command()
@shared.ledger_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def classes(directory: Path, key_file: Path | None, *, as_json: bool) -> None:
    """List the classes of access, the limit in force for each, from when to when, and every gap.

    Classes are: without an account, with a new one, with one, of each tier, with an API key; and by profiles, lists,
    look-ups, GraphQL operations and batches. Read from the configurations that the chain keeps. No name is in it.
    """
    from himaya.analysis.classes import classes as ask
    from himaya.ledger.reader import Reader

    with Reader.open(directory, key_file) as reader:
        shared.allow(reader, "report classes")
        answer = ask(reader)
    if as_json:
        shared.print_json(answer)
    else:
        _print(answer)


def _print(answer: Classes) -> None:
    if not answer.spans:
        click.echo("The ledger keeps no configuration: nothing was in force.")
        return
    header = ("class of access", "from", "to", "limit")
    shared.print_table(header, [_row(span) for span in answer.spans])
    for span in answer.spans:
        if span.gap:
            when = f"from {span.since} " + (f"to {span.until}" if span.until else "on, still")
            click.echo(shared.printable(f"GAP {span.access}, {when}: {span.gap}"))
    for one in answer.unobserved:
        click.echo(shared.printable(f"not observed from {one.start} to {one.end}: {one.why}"))
    click.echo(answer.note)


def _row(span: Span) -> tuple[str, ...]:
    return span.access, span.since, span.until or "in force", span.limit or "none"
