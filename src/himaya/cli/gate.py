"""`himaya gate`: stand in front of the site."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from himaya.cli.ledger_path import LedgerPath
from himaya.core.errors import HimayaError
from himaya.gate.log_lines import write_log, writes_ecs

if TYPE_CHECKING:
    from himaya.bootstrap.gate import Gate

log = logging.getLogger(__name__)

_PATH = click.Path(path_type=Path)


@click.command()
@click.option("--config", type=_PATH, required=True, help="The site's himaya.toml.")
@click.option(
    "--mode",
    type=click.Choice(["proxy", "authority"]),
    required=True,
    help="proxy: himaya passes every request on. authority: a front door or the application asks himaya.",
)
@click.option("--listen", default="", help="host:port or unix:/path, instead of [gate] listen.")
@click.option(
    "--upstream", default="", help="http://host:port or unix:/path, instead of [gate] upstream."
)
@click.option(
    "--ledger", type=LedgerPath(), help="Directory of the ledger, instead of [ledger] directory."
)
@click.option(
    "--exchanges", type=_PATH, help="Write every call to the engine as JSON lines, for replay."
)
@click.option(
    "--without-forecast",
    "without",
    metavar="REASON",
    help="Enforce this policy although no forecast of it is on record. Kept in the ledger.",
)
def gate(
    *,
    config: Path,
    mode: Literal["proxy", "authority"],
    listen: str,
    upstream: str,
    ledger: Path | None,
    exchanges: Path | None,
    without: str | None,
) -> None:
    """Stand in front of the site: decide, record, and refuse when the configuration says enforce.

    SIGHUP reads the configuration again, SIGTERM ends gracefully. `himaya status`, `himaya off` and
    `himaya on` talk to it.
    """
    import uvloop

    from himaya.bootstrap.enforcing import Waiver
    from himaya.bootstrap.gate import Gate, Options
    from himaya.cli.ledger_options import operator, purpose

    write_log("himaya gate", "text")
    waiver = None if without is None else Waiver(purpose(without, "--without-forecast"), operator())
    try:
        made = Gate(Options(config, mode, listen, upstream, ledger, exchanges, waiver))
        uvloop.run(made.run(_sayer(made, mode)))
    except HimayaError as problem:
        if not writes_ecs():
            raise
        log.error("%s", problem)  # noqa: TRY400  (a sentence for the operator, no fault of ours)
        raise click.exceptions.Exit(2) from None


def _sayer(made: Gate, mode: str) -> Callable[[str], None]:
    """Return what says where the gate answers."""
    kind = "everything passes" if made.config.mode == "shadow" else "decisions are carried out"

    def ready(address: str) -> None:
        window = f"open window of the ledger: {made.config.open_days} days; older rows are sealed to operators, if any"
        said = f"{mode} at {address}, mode {made.config.mode}: {kind}"
        if made.config.short_memory:
            log.warning("%s", made.config.short_memory)
        if writes_ecs():
            log.info("%s", said)
            log.info("%s", window)
        else:
            click.echo(f"himaya gate: {said}", err=True)
            click.echo(f"himaya gate: {window}", err=True)

    return ready
