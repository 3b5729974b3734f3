"""`himaya off` and `himaya on`: let everything pass, and decide again."""

from __future__ import annotations

import time
from pathlib import Path

import click

from himaya.control.switch import SwitchState


@click.command()
@click.option(
    "--config", type=click.Path(path_type=Path), required=True, help="The site's himaya.toml."
)
@click.option("--why", default="", help="The reason, kept with the unobserved period.")
def off(*, config: Path, why: str) -> None:
    """Switch the gate off: everything passes unseen until `himaya on`, also after a restart.

    The time becomes an unobserved period in the ledger.
    """
    if _turn(config, SwitchState(off=True, since=time.time(), why=why)):
        click.echo("The gate is off: everything passes unseen. `himaya on` ends it.")
    else:
        click.echo("No gate runs. The next one starts switched off, until `himaya on`.")


@click.command()
@click.option(
    "--config", type=click.Path(path_type=Path), required=True, help="The site's himaya.toml."
)
def on(*, config: Path) -> None:
    """Switch the gate on again."""
    if _turn(config, SwitchState()):
        click.echo("The gate is on.")
    else:
        click.echo("No gate runs. The next one starts switched on.")


def _turn(config: Path, state: SwitchState) -> bool:
    """Tell the gate, or leave word in the state file; return whether a gate runs."""
    from himaya.config import load
    from himaya.control import Control, Switch
    from himaya.core.errors import ServiceError

    socket = load(config).gate.socket
    Switch.beside(socket).write(state)
    try:
        with Control(socket) as control:
            if state.off:
                control.off(state.why)
            else:
                control.on()
    except ServiceError:
        return False
    return True
