"""`himaya ledger people`: how many people each surface showed each day."""

from __future__ import annotations

from pathlib import Path

import click

from himaya.cli import ledger_options as shared


@click.command()
@shared.ledger_options
@click.option("--per", type=click.Choice(["surface-day"]), default="surface-day", show_default=True)
@click.option("--from", "start", help="From this date or time on (ISO 8601; UTC).")
@click.option("--to", "end", help="Before this time; a bare date includes that day.")
@click.option("--why", required=True, help="What you ask for. Kept in the access log.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def people(
    directory: Path,
    key_file: Path | None,
    per: str,
    start: str | None,
    end: str | None,
    why: str,
    *,
    as_json: bool,
) -> None:
    """Count the distinct people that each surface showed on each day."""
    from himaya.ledger.names import parse_time
    from himaya.ledger.reader import Reader

    reason, period = shared.purpose(why), (parse_time(start), parse_time(end, end=True))
    with Reader.open(directory, key_file) as reader:
        shared.record_use(reader, "ledger people", reason, start=period[0], end=period[1])
        found, gaps = reader.people_per_surface_per_day(*period), reader.unobserved(*period)
    if as_json:
        shared.print_json({"per": per, "people": found, "unobserved": gaps})
        return
    rows = [(one.day, one.surface, f"{one.people:,}", f"{one.rows:,}") for one in found]
    shared.print_table(("day", "surface", "people", "rows"), rows)
    for gap in gaps:
        click.echo(shared.printable(f"Unobserved from {gap.start} to {gap.end}: {gap.why}."))
