"""The tables of the register, for SQLite and PostgreSQL alike, and how its database is opened.

The schema is made and changed by the migrations beside this file (Alembic). Triggers refuse to change or remove an
entry; what retention may take away of it is its body, which is set to NULL.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from himaya.core.errors import ServiceError

#: The newest migration.
HEAD = "0001"
_MIGRATIONS = Path(__file__).parent / "migrations"

METADATA = sa.MetaData()
ENTRY = sa.Table(
    "entry",
    METADATA,
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


def register_path(ledger: Path) -> Path:
    """Return where the register lies when no other database is configured: beside the ledger."""
    return ledger.with_name(ledger.name + ".register")


def connect(database: str, ledger: Path) -> sa.Engine:
    """Return an engine for a register, its tables made or brought forward.

    `database` is an address such as `postgresql+psycopg://...`; "": SQLite beside the ledger, mode 0600. Raises
    ServiceError when it cannot be reached or its schema is newer.
    """
    beside = register_path(ledger.absolute())
    engine = sa.create_engine(database, pool_pre_ping=True) if database else _beside(beside)
    with said(engine):
        _bring_forward(engine)
    return engine


def _beside(path: Path) -> sa.Engine:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as problem:
        raise ServiceError(f"{path}: cannot open the register: {problem.strerror}") from problem
    engine = sa.create_engine(
        f"sqlite:///{path}", connect_args={"timeout": 10.0}, poolclass=sa.NullPool
    )
    event.listen(engine, "connect", _by_hand)
    event.listen(engine, "begin", _immediately)
    return engine


def _by_hand(connection: Any, _: Any) -> None:  # noqa: ANN401  (the driver's own types)
    """Let SQLAlchemy begin transactions, not the driver."""
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous = FULL")


def _immediately(connection: sa.Connection) -> None:
    """Take the write lock at once: two who decide at the same time come one after the other."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def said(engine: sa.Engine) -> Iterator[None]:
    """Turn what the database refuses into a ServiceError that names it without its password."""
    try:
        yield
    except sa.exc.SQLAlchemyError as problem:
        where = engine.url.render_as_string(hide_password=True)
        cause = str(getattr(problem, "orig", None) or problem).strip().splitlines()[0]
        raise ServiceError(
            f"{where}: the register cannot be used, nothing was written: {cause}"
        ) from problem


def _bring_forward(engine: sa.Engine) -> None:
    found = _version(engine)
    if found == HEAD:
        return
    if found and found > HEAD:
        raise ServiceError(
            f"the register has schema {found}; this himaya knows {HEAD}: use a newer one"
        )
    # Alembic is a quarter of a second to load, and asked for once in the life of a register.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _version(engine: sa.Engine) -> str:
    """Return the schema of a register, "" when it has none yet."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return ""
        row = connection.execute(sa.text("SELECT version_num FROM alembic_version")).first()
        return str(row[0]) if row else ""
