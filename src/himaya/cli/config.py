"""`himaya config`: is the file right, what does it say in full; `config_versions` has what was in force."""

from __future__ import annotations

from pathlib import Path

import click

from himaya.cli.config_versions import history, reload, rollback

FILE = click.argument("file", type=click.Path(path_type=Path), default="himaya.toml")


@click.group()
def config() -> None:
    """Check a himaya.toml, put it in force, see what was, and go back."""


for _command in (history, reload, rollback):
    config.add_command(_command)


@config.command()
@FILE
def check(file: Path) -> None:
    """Name every mistake in FILE with its line, and what is probably not meant.

    Exit code 2 when there is a mistake, else 0.
    """
    from himaya.config import examine, read, warnings

    found, mistakes = examine(read(file), file=str(file), directory=file.absolute().parent)
    for mistake in mistakes:
        click.echo(f"himaya: {mistake}", err=True)
    if found is None:
        raise click.exceptions.Exit(2)
    for sentence in warnings(found):
        click.echo(f"note: {sentence}")
    click.echo(
        f"{file}: valid. mode {found.mode}, {len(found.surfaces)} surfaces,"
        f" policy {found.policy().hash()}, configuration {found.hash}"
    )


@config.command()
@FILE
def show(file: Path) -> None:
    """Print what FILE says in full, as it is kept in the ledger: every key, no comments."""
    from himaya.config import load

    loaded = load(file)
    click.echo(f"# configuration {loaded.hash}, policy {loaded.policy().hash()}")
    click.echo(loaded.canonical, nl=False)
