"""A small SQLite file beside the ledger: cases, alerts, blocks. Only its owner may read it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from himaya.core.errors import ServiceError


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Write all of it, or nothing; the connection begins no transactions by itself."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


class StoreFile:
    """The file, and transactions in it. A context manager; one object belongs to one thread.

    `tables` is the SQL that makes what is not there, `what` names the content in messages. With `any_thread` the one
    thread may change.
    """

    def __init__(self, path: Path, tables: str, what: str, *, any_thread: bool = False) -> None:
        """Open the file, making it when it is not there. Raises ServiceError."""
        self.path = path
        self._what = what
        with self._told():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(
                path, timeout=10.0, isolation_level=None, check_same_thread=not any_thread
            )
            self._db.executescript(tables)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what SQLite or the disk refuses into a ServiceError."""
        try:
            yield
        except (OSError, sqlite3.Error) as problem:
            raise ServiceError(
                f"{self.path}: the {self._what} cannot be used: {problem}"
            ) from problem

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One durable transaction: all of it, or nothing."""
        with self._told(), transaction(self._db):
            yield

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
