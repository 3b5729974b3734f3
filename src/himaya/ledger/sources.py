"""Sealed files as tables of the engine, in either order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from himaya.ledger import entries as e
from himaya.ledger.files import Layout
from himaya.ledger.orders import TWIN_COLUMNS, Order
from himaya.ledger.schema import LATER, SCHEMA

#: Tables that are kept for the next question.
_KEPT = 8


class Sources:
    """Tables over sealed files; those of the last questions are kept, for opening many files takes time."""

    def __init__(self, layout: Layout, engine: Backend) -> None:
        """Use this engine, which reads Parquet files."""
        self._layout, self._engine = layout, engine
        self._tables: dict[tuple[str, ...], ir.Table] = {}

    def table(self, files: Sequence[e.File], order: Order) -> ir.Table:
        """Return the rows of files, one or more: all columns by actor, the twin's by subject.

        A file without a twin is read in the order it has.
        """
        paths = tuple(str(self._path(file, order)) for file in files)
        table = self._tables.pop(paths, None)
        if table is None:
            table = self._engine.read_parquet(list(paths), union_by_name=True)
        self._tables[paths] = table
        while len(self._tables) > _KEPT:
            self._engine.drop_view(self._tables.pop(next(iter(self._tables))).get_name())
        return whole(table, order)

    def _path(self, file: e.File, order: Order) -> Path:
        twin = order == "subject" and file.twin is not None
        return (self._layout.twins if twin else self._layout.sealed) / file.name


def columns(order: Order) -> Sequence[str]:
    """Return the columns of the rows in an order."""
    return TWIN_COLUMNS if order == "subject" else SCHEMA.names


def whole(sealed: ir.Table, order: Order) -> ir.Table:
    """Return the rows of files with every column: what older files lack is absent in their rows."""
    return sealed.select(**{name: _column(sealed, name) for name in columns(order)})


def _column(sealed: ir.Table, name: str) -> ir.Value:
    if name not in LATER:
        return sealed[name]
    return sealed[name].fill_null("") if name in sealed.columns else ibis.literal("")
