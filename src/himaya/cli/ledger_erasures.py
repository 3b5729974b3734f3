"""`himaya ledger erasures` and `himaya ledger exports`: what was erased, and which files outside name people."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import config_option, load_config
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.ledger.exports import Export


@click.command()
@shared.ledger_options
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def erasures(directory: Path, key_file: Path | None, config: Path | None, *, as_json: bool) -> None:
    """List the erasures: whether each is complete, what it waits for, and which exports still name somebody of it."""
    from himaya.bootstrap.matters import all_matters
    from himaya.ledger.erasures import erasures as ask
    from himaya.ledger.reader import Reader

    with Reader.open(directory, key_file) as reader:
        shared.record_use(reader, "ledger erasures", "list of erasures")
        matters = all_matters(directory, reader.state(), key_file, load_config(config))
        found = ask(reader, matters, time.time())
    if as_json:
        shared.print_json({"erasures": found})
        return
    header = ("erasure", "at", "whom", "identities", "state", "waits for", "exports out")
    rows = [
        [
            *(one.id, one.at, one.whom, str(one.identities), one.state, one.pending),
            " ".join(export.id for export in one.exports),
        ]
        for one in found
    ]
    if rows:
        shared.print_table(header, rows)
    else:
        click.echo("Nobody was erased.")


@click.command()
@shared.ledger_options
@click.option("--expired", is_flag=True, help="Only those that should be destroyed by now.")
@click.option("--destroyed", metavar="ID", help="Write down that an export was destroyed.")
@click.option("--by", "who", default="", help="With --destroyed: who says so.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def exports(
    *,
    directory: Path,
    key_file: Path | None,
    expired: bool,
    destroyed: str | None,
    who: str,
    as_json: bool,
) -> None:
    """List the files that name people and left the ledger: purpose, holder, end; or say that one was destroyed."""
    from himaya.ledger import exports as register
    from himaya.ledger.reader import Reader

    if who and destroyed is None:
        raise InputError("--by goes with --destroyed")
    now = time.time()
    with Reader.open(directory, key_file) as reader:
        shared.record_use(reader, "ledger exports", "register of exports")
        if destroyed is not None:
            register.destroy(reader, destroyed, by=shared.purpose(who, "--by"), now=now)
        found = register.listed(reader.state(), reader.keys, now)
    found = [one for one in found if one.overdue or not expired]
    if as_json:
        shared.print_json({"exports": found})
        return
    header = ("export", "at", "holder", "purpose", "people", "until", "state", "file")
    rows = [
        [one.id, one.at, one.holder, one.purpose, str(one.people), one.until, _state(one), one.path]
        for one in found
    ]
    if rows:
        shared.print_table(header, rows)
    else:
        click.echo("No export is overdue." if expired else "No export is registered.")


def _state(one: Export) -> str:
    if one.destroyed:
        return f"destroyed {one.destroyed}, says {one.destroyed_by}"
    return "OVERDUE" if one.overdue else "out"
