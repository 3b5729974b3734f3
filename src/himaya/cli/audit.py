"""`himaya audit`: checks whose figures somebody else can work out again; one file per check."""

from __future__ import annotations

import click

from himaya.cli import LazyGroup


class AuditGroup(LazyGroup):
    """The audits, imported when asked for."""

    table = {  # noqa: RUF012  (the same table as in the group above)
        "bound": "himaya.cli.audit_bound:bound",
        "ids": "himaya.cli.audit_ids:ids",
    }


@click.group(cls=AuditGroup)
def audit() -> None:
    """Check what can be checked from outside: figures anybody can work out again."""
