"""What Alembic runs: the connection is handed over by whoever opens the register."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
