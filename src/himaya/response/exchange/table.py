"""A plain CSV of indicators: columns `type` and `value`, and where there are such `first` and `last`."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

from himaya.core.errors import InputError
from himaya.ledger.names import parse_time
from himaya.response.exchange.found import Found, read

#: The types of a line, and the facet each is.
TYPES = {
    "address": "address",
    "network": "prefix",
    "account": "account",
    "key": "key",
    "session": "session",
}


def read_table(path: Path) -> Found:
    """Return what a CSV names. Raises InputError with file and line."""
    try:
        text = read(path).decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise InputError("is no UTF-8 text", file=str(path)) from problem
    rows = csv.DictReader(io.StringIO(text), strict=True)
    try:
        named = set(rows.fieldnames or ())
        if not {"type", "value"} <= named:
            raise InputError("has no columns `type` and `value` in its first line", file=str(path))
        return _taken(rows, path)
    except csv.Error as problem:
        raise InputError(f"is no CSV: {problem}", file=str(path), line=rows.line_num) from problem


def _taken(rows: csv.DictReader[str], path: Path) -> Found:
    found, kinds = Found(), Counter[str]()
    for row in rows:
        kind = (row["type"] or "").strip().casefold()
        found.entries += 1
        try:
            found.add(_facet(kind), (row["value"] or "").strip())
            found.seen(*(parse_time(row[k].strip()) for k in ("first", "last") if row.get(k)))
        except InputError as problem:
            raise InputError(str(problem), file=str(path), line=rows.line_num) from problem
        kinds[kind] += 1
    if not found.names:
        raise InputError("has no line below its first", file=str(path))
    found.about = [f"{name} ({times})" for name, times in kinds.items()]
    return found


def _facet(kind: str) -> str:
    if kind not in TYPES:
        raise InputError(f"{kind!r} is no type; there are: {', '.join(TYPES)}")
    return TYPES[kind]
