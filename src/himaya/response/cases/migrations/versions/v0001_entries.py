"""The entries of the register, and triggers that let them only be added."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SQLITE = """
CREATE TRIGGER entry_stays BEFORE UPDATE ON entry
WHEN NEW.body IS NOT NULL OR NEW.number IS NOT OLD.number OR NEW.case_id IS NOT OLD.case_id
  OR NEW.kind IS NOT OLD.kind OR NEW.at IS NOT OLD.at OR NEW.happened IS NOT OLD.happened
  OR NEW."by" IS NOT OLD."by" OR NEW.role IS NOT OLD.role OR NEW.digest IS NOT OLD.digest OR NEW.link IS NOT OLD.link
BEGIN SELECT RAISE(ABORT, 'the register only grows'); END;
CREATE TRIGGER entry_grows BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'the register only grows'); END;
"""

_POSTGRES = """
CREATE FUNCTION register_only_grows() RETURNS trigger AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.body IS NULL
    AND (NEW.number, NEW.case_id, NEW.kind, NEW.at, NEW.happened, NEW."by", NEW.role, NEW.digest, NEW.link)
      = (OLD.number, OLD.case_id, OLD.kind, OLD.at, OLD.happened, OLD."by", OLD.role, OLD.digest, OLD.link)
  THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'the register only grows';
END; $$ LANGUAGE plpgsql;
CREATE TRIGGER entry_only_grows BEFORE UPDATE OR DELETE ON entry
  FOR EACH ROW EXECUTE FUNCTION register_only_grows();
CREATE TRIGGER entry_is_not_emptied BEFORE TRUNCATE ON entry
  FOR EACH STATEMENT EXECUTE FUNCTION register_only_grows();
"""


def upgrade() -> None:
    """Make the table and its triggers."""
    op.create_table(
        "entry",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("case_id", sa.String(64), nullable=False, index=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("happened", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("link", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=True),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_POSTGRES)
    else:
        for statement in _SQLITE.split("END;"):
            if statement.strip():
                op.execute(statement + "END;")
