"""`himaya audit`: recompute what himaya claims."""

from __future__ import annotations

import click

from himaya.cli import LazyGroup


class AuditGroup(LazyGroup):
    """The audits, imported when asked for."""

    table = {  # noqa: RUF012  (the same table as in the group above)
        "bound": "himaya.cli.audit_bound:bound",
    }


@click.group(cls=AuditGroup)
def audit() -> None:
    """Recompute what himaya claims, from what it wrote down."""
