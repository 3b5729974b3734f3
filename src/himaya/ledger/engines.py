"""The engines that answer the questions of `queries`: DuckDB in this process, or Apache Spark over many.

An engine reads sealed files from the ledger's own directory, or from storage to which `himaya ledger publish` copied
them. Names never go there: the map of identities is read on the machine that asks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import duckdb
import ibis
import ibis.expr.types as ir
import msgspec
import pyarrow as pa

from himaya.core.errors import InputError
from himaya.ledger.files import Layout
from himaya.ledger.storage import Storage

#: A master of Spark: this process with so many threads, or a standalone cluster.
_SPARK = re.compile(r"local(\[(\d+|\*)\])?|spark://[^\s/,]+:\d+(,[^\s/,]+:\d+)*")


class Choice(msgspec.Struct, frozen=True):
    """Who answers: `engine` is duckdb or a master of Spark; `storage` (a URL) has the sealed files, "" the ledger."""

    engine: str = "duckdb"
    storage: str = ""


class Engine(Protocol):
    """Reads sealed files and evaluates expressions over them. `errors` is what it raises when a file is not there."""

    errors: tuple[type[Exception], ...]

    def read(self, names: Sequence[str]) -> ir.Table:
        """Return the rows of sealed files, by the names that the chain calls them. There is at least one."""
        ...

    def table(self, expression: ir.Table) -> pa.Table:
        """Return the rows of an expression."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def open_engine(choice: Choice, layout: Layout) -> Engine:
    """Return the engine that was chosen. Raises InputError for a wrong word, ServiceError when it cannot be had."""
    storage = Storage(choice.storage) if choice.storage else None
    if choice.engine == "duckdb":
        return DuckDb(layout, storage)
    if not _SPARK.fullmatch(choice.engine):
        raise InputError(
            f'"{choice.engine}" is no engine; name duckdb, local[2] or spark://HOST:PORT'
        )
    from himaya.ledger.spark import Spark  # noqa: PLC0415  (an extra)

    return Spark(choice.engine, layout, storage)


class DuckDb:
    """DuckDB in memory; what does not fit is spilled beside the ledger's files."""

    errors: tuple[type[Exception], ...] = (duckdb.Error,)

    def __init__(self, layout: Layout, storage: Storage | None = None) -> None:
        self._sealed, self._storage = layout.sealed, storage
        self._connection: Any = ibis.duckdb.connect(
            autoinstall_known_extensions=False,
            autoload_known_extensions=False,
            temp_directory=str(layout.directory / "spill"),
        )
        if storage is not None and not storage.is_local:
            self._connection.con.register_filesystem(storage.under())

    def read(self, names: Sequence[str]) -> ir.Table:
        """Return the rows of sealed files."""
        paths = [_path(self._sealed, self._storage, name) for name in names]
        return self._connection.read_parquet(paths, union_by_name=True)

    def table(self, expression: ir.Table) -> pa.Table:
        """Return the rows of an expression."""
        return self._connection.to_pyarrow(expression)

    def close(self) -> None:
        """Let go of the memory."""
        self._connection.disconnect()


def _path(sealed: Path, storage: Storage | None, name: str) -> str:
    if storage is None:
        return str(sealed / name)
    return storage.path(f"sealed/{name}") if storage.is_local else f"dir://sealed/{name}"
