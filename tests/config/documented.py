"""The keys of the structs and the keys of `docs/configuration.md`, in one shape to compare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec

from himaya.config.canonical import toml_value
from himaya.config.config import NOT_KEYS, Config
from himaya.config.words import expected, is_struct, without_none
from himaya.core.policy import Budget

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"

#: Key path, type in words, default as TOML.
Row = tuple[str, str, str]


def struct_rows(kind: type[msgspec.Struct], path: str = "") -> Iterator[Row]:
    """Yield a row for every key a struct describes, tables within tables included."""
    for info in msgspec.structs.fields(kind):
        if info.encode_name not in NOT_KEYS:
            yield from _rows(info, f"{path}.{info.encode_name}" if path else info.encode_name)


def _rows(info: msgspec.structs.FieldInfo, key: str) -> Iterator[Row]:
    kind = without_none(info.type)
    if get_origin(kind) is tuple and is_struct(get_args(kind)[0]):
        yield from struct_rows(get_args(kind)[0], key)
    elif kind is Budget:
        yield key, "a budget", _default(info)
    elif is_struct(kind):
        yield from struct_rows(kind, key)
    elif get_origin(kind) is dict and not key.startswith("log."):
        yield f"{key}.NAME", expected(get_args(kind)[1]), _free(info, key)
    else:
        yield key, expected(kind), _default(info)


def _free(info: msgspec.structs.FieldInfo, key: str) -> str:
    if key == "fields":
        return "1"  # what a field weighs that is not listed: core/weights.py
    made = info.default_factory() if callable(info.default_factory) else {}
    pairs = ", ".join(f"{name} = {toml_value(value)}" for name, value in made.items())
    return f"{{ {pairs} }}" if pairs else "none"


def _default(info: msgspec.structs.FieldInfo) -> str:
    if info.required:
        return "required"
    value: Any = info.default
    if value is msgspec.NODEFAULT:
        value = info.default_factory()
    return "none" if value is None else "{}" if value == {} else toml_value(value)


def all_rows() -> list[Row]:
    """Return every key of a `himaya.toml`, and the keys of a budget."""
    return [*struct_rows(Config), *struct_rows(Budget, "budget")]


def document_rows(text: str) -> list[Row]:
    """Return every key the document's tables describe."""
    found = []
    for line in text.splitlines():
        cells = re.split(r"(?<!\\)\s*\|\s*", line.strip())
        if len(cells) == 6 and re.fullmatch(r"`[^`]+`", cells[1]):
            found.append((cells[1].strip("`"), cells[2], cells[3].strip("`")))
    return found
