"""`himaya case drill`: a dated practice case on invented data, with a record of how long each step took."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import config_option, load_config
from himaya.core.errors import InputError


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="New directory for the record; default: a temporary one.",
)
@config_option
@click.option(
    "--tell", is_flag=True, help="Tell the identity system of --config, marked as practice."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def drill(out: Path | None, config: Path | None, *, tell: bool, as_json: bool) -> None:
    """Practise: an invented crew, from the first signal to the end, in a ledger of its own.

    Everything is marked PRACTICE; no ledger, case or person of the site is touched.
    """
    from himaya.bootstrap.drill import run
    from himaya.response.drill import as_text

    loaded = load_config(config) if tell or config else None
    if tell and (loaded is None or not loaded.response.revoke_url):
        raise InputError(
            "--tell needs a configuration with [response] revoke_url; name it with --config"
        )
    place = out or Path(tempfile.mkdtemp(prefix="himaya-drill-"))
    record = run(place, shared.operator(), loaded if tell else None)
    if as_json:
        shared.print_json(record)
        return
    click.echo(shared.printable(f"The record is {place / 'drill.txt'}."))
    for line in as_text(record).splitlines():
        click.echo(shared.printable(line))
