"""`himaya forget`: erase a person or an account from the ledger."""

from __future__ import annotations

import time
from pathlib import Path

import click

from himaya.cli import ledger_options as shared


@click.command()
@shared.ledger_options
@click.option("--subject", default="", help="The person to forget, as the site names them.")
@click.option("--account", default="", help="The account to forget.")
@click.option("--why", required=True, help="The reason. Kept in the chain; leave names out.")
def forget(directory: Path, key_file: Path | None, subject: str, account: str, why: str) -> None:
    """Erase a person or an account: the rows stay as numbers, and nobody can say whose they were.

    Works while the gate runs. Refused while a hold needs the person; the message names its basis and end.
    """
    from himaya.ledger.erasure import forget as erase
    from himaya.ledger.reader import Reader

    purpose = shared.purpose(why)
    with Reader.open(directory, key_file) as reader:
        shared.allow(reader, "forget")
        gone = erase(
            reader,
            subject=subject,
            account=account,
            why=purpose,
            by=shared.operator(),
            now=time.time(),
        )
    if gone:
        click.echo("Erased: the ledger no longer knows this name. Backups of it may.")
    else:
        click.echo("The ledger does not know this name; nothing was erased.")
