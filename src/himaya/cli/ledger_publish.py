"""`himaya ledger publish`: copy the sealed files and the chain to storage elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from himaya.cli import ledger_options as shared


@click.command()
@shared.ledger_options
@click.option(
    "--to",
    "url",
    required=True,
    metavar="URL",
    help="Where, as fsspec names it: file:///mnt/share/himaya, s3://bucket/himaya (himaya[storage]).",
)
@click.option("--verify", is_flag=True, help="Read back what is there already, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def publish(
    directory: Path, key_file: Path | None, url: str, *, verify: bool, as_json: bool
) -> None:
    """Copy sealed files that are not there yet, and the chain; remove there what is over here.

    No name leaves this machine: the map of identities is not copied. Works while a gate runs.
    """
    from himaya.ledger.publish import publish as copy
    from himaya.ledger.reader import Reader
    from himaya.ledger.storage import Storage

    storage = Storage(url)
    with Reader.open(directory, key_file) as reader:
        shared.allow(reader, "ledger publish")
        done = copy(reader.layout, reader.chain, storage, verify=verify)
    if as_json:
        shared.print_json(done)
        return
    click.echo(
        f"{done.copied} files copied ({done.bytes} bytes), {done.removed} removed;"
        f" {done.files} files and {done.lines} lines of the chain are there."
    )
