"""The `himaya` command: one file per command group, imported only when it is used."""

from __future__ import annotations

import importlib
import sys

import click

from himaya.core.errors import HimayaError

#: Command name to `module:attribute`; kept in the order of the help page.
COMMANDS: dict[str, str] = {
    "scan": "himaya.cli.scan:scan",
    "replay": "himaya.cli.replay:replay",
    "forecast": "himaya.cli.forecast:forecast",
    "calibrate": "himaya.cli.calibrate:calibrate",
    "model": "himaya.cli.model:model",
    "follow": "himaya.cli.follow:follow",
    "facts": "himaya.cli.facts:facts",
    "demo": "himaya.cli.demo:demo",
    "bench": "himaya.cli.bench:bench",
    "gate": "himaya.cli.gate:gate",
    "status": "himaya.cli.status:status",
    "off": "himaya.cli.off:off",
    "on": "himaya.cli.off:on",
    "who": "himaya.cli.who:who",
    "access": "himaya.cli.access:access",
    "statement": "himaya.cli.statement:statement",
    "attribute": "himaya.cli.attribute:attribute",
    "forget": "himaya.cli.forget:forget",
    "hold": "himaya.cli.hold:hold",
    "ledger": "himaya.cli.ledger:ledger",
    "operator": "himaya.cli.operator:operator",
    "anchor": "himaya.cli.anchor:anchor",
    "reconcile": "himaya.cli.reconcile:reconcile",
    "audit": "himaya.cli.audit:audit",
    "case": "himaya.cli.case:case",
    "deadlines": "himaya.cli.deadlines:deadlines",
    "regimes": "himaya.cli.regimes:regimes",
    "block": "himaya.cli.block:block",
    "feed": "himaya.cli.feed:feed",
    "alert": "himaya.cli.alert:alert",
    "doctor": "himaya.cli.doctor:doctor",
    "canary": "himaya.cli.canary:canary",
    "report": "himaya.cli.report:report",
    "discover": "himaya.cli.discover:discover",
    "init": "himaya.cli.init:init",
    "config": "himaya.cli.config:config",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when asked for, so that start-up stays short."""

    #: Command name to `module:attribute`.
    table = COMMANDS

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the command names in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, or None when there is none of that name."""
        if cmd_name not in self.table:
            return None
        module, _, attribute = self.table[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="himaya")
def group() -> None:
    """Watch, gate, record and answer for who collects the people your site shows."""


def main() -> None:
    """Run the command line; an error of himaya or of a file is one line and exit code 2."""
    try:
        code = group.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as problem:
        problem.show()
        sys.exit(2)
    except click.Abort:
        sys.exit(130)
    except HimayaError as problem:
        click.echo(f"himaya: {problem}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except PermissionError as problem:
        # Also asking whether a file is there can be refused, anywhere: a folder of another account.
        named = problem.filename or "a file"
        click.echo(
            f"himaya: {named}: permission denied; run the command under the account that owns it",
            err=True,
        )
        sys.exit(2)
