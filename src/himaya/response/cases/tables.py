"""The tables of the register, for SQLite and PostgreSQL alike, and how its database is opened.

The schema is made and changed by the migrations beside this file (Alembic). Triggers refuse to change or remove an
entry; what retention may take away of it is its body, which is set to NULL.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from himaya.core.errors import ConfigError, ServiceError
from himaya.response.places import register_path

#: The newest migration.
HEAD = "0001"
_MIGRATIONS = Path(__file__).parent / "migrations"
#: Seconds that are waited for a database, and for whoever writes there.
_WAIT_S = 10
#: The advisory lock of whoever writes on PostgreSQL: "himaya" in bytes.
_LOCK = int.from_bytes(b"himaya")
_READS = "himaya_reads"
_NOTHING = "it cannot be used, nothing was written"
_UNKNOWN = "it went away while it was writing; see with `himaya case show` whether that is there"
_KEY = "response.database"
_HINT = (
    "Write postgresql+psycopg://USER@HOST/DATABASE, or leave it empty for a file beside the ledger."
)

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


def connect(database: str, ledger: Path) -> sa.Engine:
    """Return an engine for a register, its tables made or brought forward.

    `database` is an address such as `postgresql+psycopg://...`; "": SQLite beside the ledger, mode 0600. Raises
    ConfigError for an address that is none, ServiceError when it cannot be reached or its schema is newer.
    """
    engine = _elsewhere(database) if database else _beside(register_path(ledger.absolute()))
    try:
        _bring_forward(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _elsewhere(database: str) -> sa.Engine:
    """Return an engine for the address of a configuration; it may hold a password, so it is not repeated."""
    try:
        url = sa.make_url(database)
        if url.get_backend_name() != "postgresql":
            raise ConfigError("cannot be used", key=_KEY, hint=_HINT)
        return sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": _WAIT_S})
    except (sa.exc.ArgumentError, ImportError, ValueError) as problem:
        raise ConfigError("cannot be used", key=_KEY, hint=_HINT) from problem


def _beside(path: Path) -> sa.Engine:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as problem:
        raise ServiceError(f"{path}: cannot open the register: {problem.strerror}") from problem
    url = sa.URL.create("sqlite", database=str(path))
    engine = sa.create_engine(url, connect_args={"timeout": _WAIT_S}, poolclass=sa.NullPool)
    event.listen(engine, "connect", _by_hand)
    event.listen(engine, "begin", _begin)
    return engine


def _by_hand(connection: Any, _: Any) -> None:  # noqa: ANN401  (the driver's own types)
    """Let SQLAlchemy begin transactions, not the driver; overwrite what is taken away."""
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")


def _begin(connection: sa.Connection) -> None:
    """Take the write lock of SQLite at once where somebody writes; whoever reads does not wait for readers."""
    reads = connection.get_execution_options().get(_READS, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection for questions. Raises ServiceError, also for rows that hold what no register writes."""
    with said(engine, "it cannot be read"), engine.connect() as db:
        try:
            yield db.execution_options(**{_READS: True})
        except (TypeError, ValueError) as problem:
            raise ServiceError(f"the register holds what it never wrote: {problem}") from problem


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection in a transaction that comes after every other one; all of it is written, or nothing.

    Raises ServiceError. A database that goes away in the middle of the last step leaves it open which; it says so.
    """
    with said(engine, _NOTHING), engine.connect() as db:
        transaction = db.begin()
        try:
            _one_at_a_time(db)
            yield db
        except BaseException:
            with suppress(sa.exc.SQLAlchemyError):
                transaction.rollback()
            raise
        with said(engine, _UNKNOWN):
            transaction.commit()


def _one_at_a_time(db: sa.Connection) -> None:
    """Wait for whoever writes on PostgreSQL: what a case is like is read after what they wrote is there."""
    if db.dialect.name == "postgresql":
        db.exec_driver_sql(f"SET LOCAL lock_timeout = '{_WAIT_S}s'")
        db.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


@contextmanager
def said(engine: sa.Engine, otherwise: str) -> Iterator[None]:
    """Turn what the database refuses into a ServiceError that names it without its password."""
    try:
        yield
    except sa.exc.SQLAlchemyError as problem:
        where = engine.url.render_as_string(hide_password=True)
        cause = str(getattr(problem, "orig", None) or problem).strip().splitlines()[:1]
        raise ServiceError(f"register {where}: {otherwise}: {' '.join(cause)}") from problem


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
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _version(engine: sa.Engine) -> str:
    """Return the schema of a register, "" when it has none yet."""
    with reading(engine) as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return ""
        row = connection.execute(sa.text("SELECT version_num FROM alembic_version")).first()
        return str(row[0]) if row else ""
