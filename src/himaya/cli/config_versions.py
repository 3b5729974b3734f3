"""`himaya config history`, `reload`, `rollback`: which configurations were in force, and putting one in force."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.cli import ledger_options as shared

if TYPE_CHECKING:
    from himaya.config import Config
    from himaya.ledger.versions import Version

_FILE = click.Path(path_type=Path, dir_okay=False)
_config = click.option(
    "--config", "file", type=_FILE, required=True, help="The himaya.toml that the gate reads."
)


@click.command()
@shared.ledger_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def history(directory: Path, key_file: Path | None, *, as_json: bool) -> None:
    """List the configurations that were in force: when, hashes, mode, and what is on record about enforcing them."""
    found = _versions(directory, key_file, "config history")
    if as_json:
        shared.print_json({"versions": [_plain(version) for version in found]})
        return
    header = ("from", "to", "configuration", "policy", "mode", "on record")
    shared.print_table(
        header,
        [(v.at, v.until or "in force", v.config, v.policy, v.mode, v.words()) for v in found],
    )


@click.command()
@_config
@shared.pass_option
@click.option(
    "--without-forecast",
    "without",
    metavar="REASON",
    help="Enforce it although no forecast of it is on record. Kept in the ledger.",
)
def reload(file: Path, without: str | None) -> None:
    """Have the running gate take over its changed himaya.toml, and wait until it is in force.

    Exit code 2 when no gate runs, or it keeps the old one; the reason is printed.
    """
    from himaya.cli.config_gate import take_over, waive
    from himaya.config import load
    from himaya.core.errors import ServiceError

    wanted = load(file)
    shared.allow_at(wanted, "config reload")
    if without is not None and wanted.mode == "enforce":
        waive(wanted, shared.purpose(without, "--without-forecast"), shared.operator())
    taken = take_over(wanted.gate.socket, wanted.hash)
    if isinstance(taken, str):
        raise ServiceError(taken)
    _say_in_force(wanted, taken)


@click.command()
@shared.ledger_options
@_config
@click.option("--to", default="", metavar="HASH", help="Of a configuration or policy.")
def rollback(directory: Path, key_file: Path | None, file: Path, to: str) -> None:
    """Go back to the configuration that was in force before, or to the one with this hash.

    Its text is taken from the ledger and written to the file; the present file is kept beside it with the
    time in its name. A running gate takes it over at once; it is waited for.
    """
    from himaya.cli.config_gate import put_back, socket_of, take_over, write_version
    from himaya.config import loads
    from himaya.core.errors import HimayaError
    from himaya.ledger.versions import earlier

    version = earlier(_versions(directory, key_file, "config rollback"), to)
    wanted = loads(version.text, file=str(file), directory=file.absolute().parent)
    socket = socket_of(file, wanted)
    kept = write_version(file, version, time.time())
    click.echo(f"{file} is what was in force from {version.at}.")
    if kept is not None:
        click.echo(f"What it was until now is kept as {kept}.")
    try:
        taken = take_over(socket, wanted.hash)
    except HimayaError:
        put_back(file, kept)
        raise
    if isinstance(taken, str):
        click.echo(f"Not in force yet, the next start takes it: {taken}")
        return
    _say_in_force(wanted, taken)


def _say_in_force(config: Config, seconds: float) -> None:
    policy = config.policy().hash()
    click.echo(
        f"In force after {seconds:.2f} s: mode {config.mode}, policy {policy}, configuration {config.hash}."
    )


def _versions(directory: Path, key_file: Path | None, command: str) -> list[Version]:
    from himaya.ledger.reader import Reader
    from himaya.ledger.versions import versions

    with Reader.open(directory, key_file) as reader:
        shared.allow(reader, command)
        return versions(reader.chain, reader.keys)


def _plain(version: Version) -> dict[str, object]:
    """Return a version as JSON tells it: everything but its text."""
    import msgspec

    plain: dict[str, object] = msgspec.to_builtins(version)
    del plain["text"]
    return plain
