"""Types, values and key paths in the words an operator reads."""

from __future__ import annotations

import types
from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from himaya.config.locate import Path


def key_of(path: Path) -> str:
    """Return a key path as it is written in messages: `surface[2].route`.

    >>> key_of(("surface", 2, "route"))
    'surface[2].route'
    """
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else part
    return out


def without_none(kind: Any) -> Any:  # noqa: ANN401  (a type expression)
    """Return the type a key has when it is written: `Budget | None` is a Budget."""
    if get_origin(kind) in {Union, types.UnionType}:
        return next(arm for arm in get_args(kind) if arm is not type(None))
    return kind


def is_struct(kind: Any) -> bool:  # noqa: ANN401  (a type expression)
    """Tell whether a key of this type is a table with known keys."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def choices(kind: Any) -> tuple[str, ...]:  # noqa: ANN401  (a type expression)
    """Return the values a key of this type may have, when they are few and named."""
    if get_origin(kind) is Literal:
        return tuple(str(arm) for arm in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return tuple(str(arm) for arm in kind)
    return ()


def expected(kind: Any) -> str:  # noqa: ANN401  (a type expression)
    """Return what a key of this type wants, in words.

    >>> expected(tuple[str, ...]), expected(Literal["a", "b"])
    ('a list of strings', 'one of "a", "b"')
    """
    kind = without_none(kind)
    plain = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}
    plain[date] = "a date, such as 2026-11-23"
    if kind in plain:
        return plain[kind]
    if named := choices(kind):
        return "one of " + ", ".join(f'"{name}"' for name in named)
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        return f"a list of {'tables' if is_struct(item) else _many(item)}"
    if get_origin(kind) is dict:
        return f"a table of {_many(get_args(kind)[1])}"
    return "a table"


def _many(kind: Any) -> str:  # noqa: ANN401  (a type expression)
    named = choices(kind)
    if named:
        return "strings, each one of " + ", ".join(f'"{name}"' for name in named)
    return {str: "strings", int: "whole numbers", float: "numbers", date: "dates"}.get(
        kind, "tables"
    )


def shown(value: object) -> str:
    """Return a value of the file, short enough for a message."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    text = '"' + text[1:-1] + '"' if isinstance(value, str) else text
    return text if len(text) <= 60 else text[:56] + ' ..."'


def nearest(word: str, known: list[str]) -> str:
    """Return `Did you mean ...?` for a misspelt word, or "" when nothing is near."""
    found = get_close_matches(word.lower(), known, 1, 0.6)
    return f"Did you mean {found[0]!r}?".replace("'", '"') if found else ""


def tables_with(key: str, root: type[msgspec.Struct]) -> Iterator[str]:
    """Yield where a key of this name is known: tables as they are written, or the top of the file."""
    for info in msgspec.structs.fields(root):
        kind, header = without_none(info.type), f"[{info.encode_name}]"
        if get_origin(kind) is tuple:
            kind, header = get_args(kind)[0], f"[{header}]"
        if is_struct(kind) and key in {f.encode_name for f in msgspec.structs.fields(kind)}:
            yield f"in {header}"
        elif key == info.encode_name and not is_struct(kind):
            yield "at the top of the file"
