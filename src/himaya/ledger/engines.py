"""The engines that answer the questions of `queries`: DuckDB in this process, or Apache Spark over many.

An engine reads sealed files from the ledger's own directory, or from storage to which `himaya ledger publish` copied
them. Names never go there: the map of identities is read on the machine that asks.
"""

from __future__ import annotations

import os
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

#: Memory of DuckDB, past which it uses the disk, and processors it takes at most: a question runs beside a gate.
MEMORY, THREADS = "2GB", 4

#: A master of Spark: this process with so many threads, or a standalone cluster.
_SPARK = re.compile(r"local(\[(\d+|\*)\])?|spark://[^\s/,]+:\d+(,[^\s/,]+:\d+)*")


class Choice(msgspec.Struct, frozen=True):
    """Who answers: `engine` is duckdb or a master of Spark; `storage` (a URL) has the sealed files, "" the ledger."""

    engine: str = "duckdb"
    storage: str = ""


class Engine(Protocol):
    """Reads sealed files and evaluates expressions over them. `errors` is what it raises when a file is not there."""

    errors: tuple[type[Exception], ...]

    def read(self, names: Sequence[str], columns: Sequence[str]) -> ir.Table:
        """Return the rows of sealed files, one or more, each as `sealed/NAME` or `by_subject/NAME`.

        `columns` are those of the schema that files in this order have; older ones may lack later columns.
        """
        ...

    def drop(self, table: ir.Table) -> None:
        """Forget a table that `read` returned."""
        ...

    def stay_in_memory(self) -> None:
        """Write nothing of what is read from now on to a disk. Raises InputError where that cannot be had."""
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
        self._directory, self._storage = layout.directory, storage
        self._connection: Any = ibis.duckdb.connect(
            autoinstall_known_extensions=False,
            autoload_known_extensions=False,
            temp_directory=str(layout.directory / "spill"),
            memory_limit=MEMORY,
            threads=min(THREADS, os.cpu_count() or 1),
        )
        # Sealed files never change, so their footers are read once.
        self._connection.settings["parquet_metadata_cache"] = True
        if storage is not None and not storage.is_local:
            self._connection.con.register_filesystem(storage.under())

    def read(self, names: Sequence[str], columns: Sequence[str]) -> ir.Table:
        """Return the rows of sealed files, with the columns that any of them has."""
        paths = [_path(self._directory, self._storage, name) for name in names]
        return self._connection.read_parquet(paths, union_by_name=True)

    def drop(self, table: ir.Table) -> None:
        """Forget a table."""
        self._connection.drop_view(table.get_name())

    def stay_in_memory(self) -> None:
        """Spill nothing from now on."""
        self._connection.con.execute("SET temp_directory = ''")

    def table(self, expression: ir.Table) -> pa.Table:
        """Return the rows of an expression."""
        return self._connection.to_pyarrow(expression)

    def close(self) -> None:
        """Let go of the memory."""
        self._connection.disconnect()


def _path(directory: Path, storage: Storage | None, name: str) -> str:
    if storage is None:
        return str(directory / name)
    return storage.path(name) if storage.is_local else f"dir://{name}"
