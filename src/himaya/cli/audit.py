"""`himaya audit`: checks whose figures somebody else can work out again; one file per check."""

from __future__ import annotations

import importlib

import click

#: Name to `module:attribute`, in the order of the help page.
CHECKS: dict[str, str] = {
    "ids": "himaya.cli.audit_ids:ids",
}


class _Checks(click.Group):
    """A group whose checks are imported when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(CHECKS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one check, or None when there is none of that name."""
        if cmd_name not in CHECKS:
            return None
        module, _, attribute = CHECKS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=_Checks)
def audit() -> None:
    """Check what can be checked from outside: figures anybody can work out again."""
