"""Sealed files as tables of the engine, in either order."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from himaya.ledger import entries as e
from himaya.ledger.engines import Engine
from himaya.ledger.files import SEALED, TWINS
from himaya.ledger.orders import TWIN_COLUMNS, Order
from himaya.ledger.schema import LATER, SCHEMA

#: Tables that are kept for the next question.
_KEPT = 8


class Sources:
    """Tables over sealed files; those of the last questions are kept, for opening many files takes time."""

    def __init__(self, engine: Engine) -> None:
        """Use this engine, which reads Parquet files."""
        self._engine = engine
        self._tables: dict[tuple[str, ...], ir.Table] = {}

    def table(self, files: Sequence[e.File], order: Order) -> ir.Table:
        """Return the rows of files, one or more: all columns by actor, the twin's by subject.

        A file without a twin is read in the order it has.
        """
        names = tuple(_name(file, order) for file in files)
        table = self._tables.pop(names, None)
        if table is None:
            table = self._engine.read(names, columns(order))
        self._tables[names] = table
        while len(self._tables) > _KEPT:
            self._engine.drop(self._tables.pop(next(iter(self._tables))))
        return whole(table, order)


def _name(file: e.File, order: Order) -> str:
    """Return where a file lies, below the directory of the ledger."""
    twin = order == "subject" and file.twin is not None
    return f"{TWINS if twin else SEALED}/{file.name}"


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
