"""The activated text of a configuration: TOML with every key in a fixed order, defaults written out.

Two files that say the same have the same text, whatever their comments and order; the text loads
again with the same policy, so an auditor can recompute the hash on any decision.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from himaya.config.config import NOT_KEYS, Config
from himaya.core.policy import Budget

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def render(config: Config) -> str:
    """Return the canonical TOML text of a configuration."""
    return "\n".join(_table((), _pairs(config))).strip("\n") + "\n"


def _pairs(value: Any) -> dict[str, Any]:  # noqa: ANN401  (a struct or a table)
    """Return what a table holds, by key; unset keys are left out."""
    if isinstance(value, dict):
        return dict(sorted(value.items()))
    found = {f.encode_name: getattr(value, f.name) for f in msgspec.structs.fields(type(value))}
    return {key: item for key, item in found.items() if key not in NOT_KEYS and item is not None}


def _table(path: tuple[str, ...], pairs: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a table: its header, its values, then the tables inside it."""
    if path:
        yield f"\n[{'.'.join(map(_key, path))}]"
    below = {key: item for key, item in pairs.items() if _is_table(item)}
    yield from (f"{_key(k)} = {toml_value(v)}" for k, v in pairs.items() if k not in below)
    for key, item in below.items():
        if isinstance(item, tuple):
            for row in item:
                yield f"\n[[{'.'.join(map(_key, (*path, key)))}]]"
                yield from (f"{_key(k)} = {toml_value(v)}" for k, v in _pairs(row).items())
        else:
            yield from _table((*path, key), _pairs(item))


def _is_table(value: object) -> bool:
    if isinstance(value, tuple):
        return bool(value) and isinstance(value[0], msgspec.Struct)
    return isinstance(value, (msgspec.Struct, dict)) and not isinstance(value, Budget)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else toml_text(name)


def toml_value(value: Any) -> str:  # noqa: ANN401  (any TOML value)
    """Return a value as TOML on one line; budgets are inline tables."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return toml_text(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, Budget):
        windows = ", ".join(f"{k} = {toml_value(v)}" for k, v in _pairs(value).items())
        return "{ " + windows + " }" if windows else "{}"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))  # 100 and 100.0 are one limit
    return repr(value)


def toml_text(value: str) -> str:
    """Return a TOML basic string; JSON's escapes are a subset of TOML's but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
