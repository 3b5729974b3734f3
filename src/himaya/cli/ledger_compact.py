"""`himaya ledger compact`: how often a person was shown to whom of which kind, after the rows themselves ended."""

from __future__ import annotations

from pathlib import Path

import click

from himaya.cli import ledger_options as shared


@click.command("compact")
@shared.ledger_options
@click.option("--subject", required=True, help="The person, as the site names them.")
@click.option("--why", required=True, help="What you ask for. Kept in the access log.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compact(
    directory: Path, key_file: Path | None, subject: str, why: str, *, as_json: bool
) -> None:
    """Say on which days a person was shown to how many actors of which access class, of rows that ended.

    Nobody can say to whom. Rows that are still kept are not in it: himaya who answers for them.
    """
    from himaya.ledger.compact import shown_to
    from himaya.ledger.reader import Reader

    purpose = shared.purpose(why)
    with Reader.open(directory, key_file) as reader:
        column, number = reader.subject(subject)
        shared.record_use(reader, "ledger compact", purpose, column=column, surrogate=number)
        found, kept = shown_to(reader, number), reader.state().retention
    if as_json:
        shared.print_json({"subject": subject, "days": found, "retention": kept})
        return
    rows = [
        [one.day, one.access, str(one.actors), str(one.times), " ".join(one.fields)]
        for one in found
    ]
    if rows:
        shared.print_table(("day", "to", "actors", "times", "fields"), rows)
    else:
        click.echo("The compact form knows nothing of this name.")
    click.echo(f"Of the ledger: {kept}.")
