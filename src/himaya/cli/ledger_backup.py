"""`himaya ledger backup`, `restore`, `rotate-key`: a copy while the gate writes, taken back into use; a new key."""

from __future__ import annotations

import time
from pathlib import Path

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import config_option, load_config

_DIRECTORY = click.Path(path_type=Path, file_okay=False)


@click.command()
@shared.ledger_options
@click.option("--to", type=_DIRECTORY, required=True, help="A new directory for the copy.")
@click.option(
    "--keep-days",
    type=click.IntRange(1, 3660),
    required=True,
    help="Days until you delete the copy: as long, whoever is erased stands in it.",
)
@config_option
def backup(
    directory: Path, key_file: Path | None, to: Path, keep_days: int, config: Path | None
) -> None:
    """Copy the ledger and what lies beside it while the gate writes. The key is not among it; keep it elsewhere."""
    from himaya.bootstrap.beside import files_beside
    from himaya.ledger.backup import make
    from himaya.ledger.reader import Reader
    from himaya.ledger.schema import iso

    with Reader.open(directory, key_file) as reader:
        shared.allow(reader, "ledger backup")
        database = _database(config)
        by, beside = shared.operator(), files_beside(directory.absolute())
        now = time.time()
        made, taken = make(reader, to, keep_days=keep_days, by=by, now=now, beside=beside)
    click.echo(
        f"Copied to {to}. Delete it by {iso(made.until)}: until then it knows who is erased."
    )
    if taken:
        click.echo(f"From beside the ledger it has: {', '.join(taken)}.")
    if database:
        click.echo(
            "The register of cases is in a database ([response] database) and is not in it: back that up, too."
        )


def _database(config: Path | None) -> str:
    """Return the address of the database that the register of cases is in, "" where it lies beside the ledger."""
    found = load_config(config)
    return found.response.database if found else ""


@click.command()
@shared.ledger_options
@click.option("--from", "source", type=_DIRECTORY, required=True, help="The copy.")
@click.option(
    "--newer",
    type=click.Path(path_type=Path),
    help="The ledger that went on since, or its chain.jsonl: who was erased there is erased again.",
)
def restore(directory: Path, key_file: Path | None, source: Path, newer: Path | None) -> None:
    """Take a copy into use as the ledger DIR, which must not be there; it is verified first."""
    from himaya.bootstrap.beside import files_beside
    from himaya.ledger.backup import restore as take
    from himaya.ledger.keys import default_key_file, read_key_file

    place = key_file or default_key_file(directory)
    shared.allow_in(source, place, "ledger restore")
    by, beside = shared.operator(), files_beside(directory.absolute())
    keys, now = read_key_file(place), time.time()
    done = take(source, directory, keys, newer=newer, by=by, now=now, beside=beside)
    click.echo(f"{directory} is the copy {done.backup}; {done.erased} identities erased again.")
    if newer is None:
        click.echo("Whoever was erased since the copy was made has a name again: give --newer.")


@click.command("rotate-key")
@shared.ledger_options
def rotate_key(directory: Path, key_file: Path | None) -> None:
    """Give the ledger a new key, while nothing writes it. The key file keeps earlier ones: back it up again."""
    from himaya.ledger.files import Layout
    from himaya.ledger.keys import default_key_file
    from himaya.ledger.rotation import rotate

    place = key_file or default_key_file(directory)
    shared.allow_in(directory, place, "ledger rotate-key")
    done = rotate(Layout(directory), place, shared.operator(), time.time())
    if done.resumed:
        click.echo("A change of key that had broken off is done now; no further key was made.")
    click.echo(f"The public key was {done.old} and is {done.new} now.")
    click.echo(f"Back up {place} again: texts sealed from now on open with its first line alone.")
