"""From the parsed tables of a file to typed structs; every mistake is kept with its key path.

msgspec would stop at the first mistake and cannot name the keys of tables with free names, so the
structs are walked here and msgspec converts the single values.
"""

from __future__ import annotations

from typing import Any, TypeVar, get_args, get_origin

import msgspec

from himaya.config.config import NOT_KEYS, Config
from himaya.config.locate import Path
from himaya.config.words import (
    choices,
    expected,
    is_struct,
    nearest,
    shown,
    tables_with,
    without_none,
)
from himaya.core.policy import Budgets


class Problem(msgspec.Struct, frozen=True):
    """One mistake: where, what is wrong, and what to do.

    `cause` is the key that asks for what is missing at `path`; its line is named when `path` has none.
    """

    path: Path
    problem: str
    hint: str = ""
    cause: Path = ()


_Struct = TypeVar("_Struct", bound=msgspec.Struct)


class _Problems(list[Problem]):
    """The mistakes found so far in a file of the kind `root`."""

    def __init__(self, root: type[msgspec.Struct]) -> None:
        super().__init__()
        self.root = root


def decode(raw: dict[str, Any]) -> tuple[Config | None, list[Problem]]:
    """Return the configuration a parsed file describes, and all its mistakes.

    The configuration is None when a mistake leaves no struct to build.
    """
    config, problems = decode_as(Config, raw)
    return _inherit_tiers(config, raw) if config is not None else None, problems


def decode_as(kind: type[_Struct], raw: dict[str, Any]) -> tuple[_Struct | None, list[Problem]]:
    """Return the struct that a parsed file of any kind describes, and all its mistakes; with mistakes it is None."""
    problems = _Problems(kind)
    found: _Struct | None = _value(kind, raw, (), problems)
    return (None if problems else found), list(problems)


def _value(kind: Any, raw: Any, path: Path, problems: _Problems) -> Any:  # noqa: ANN401  (types are data here)
    kind = without_none(kind)
    if is_struct(kind):
        return _struct(kind, raw, path, problems)
    if get_origin(kind) is dict and isinstance(raw, dict):
        item = get_args(kind)[1]
        return {key: _value(item, value, (*path, key), problems) for key, value in raw.items()}
    if get_origin(kind) is tuple and isinstance(raw, list):
        item = get_args(kind)[0]
        return tuple(_value(item, value, (*path, at), problems) for at, value in enumerate(raw))
    return _scalar(kind, raw, path, problems)


def _scalar(kind: Any, raw: Any, path: Path, problems: _Problems) -> Any:  # noqa: ANN401  (types are data here)
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError:
        hint = nearest(raw, list(choices(kind))) if isinstance(raw, str) else ""
        problems.append(Problem(path, f"expected {expected(kind)}, got {shown(raw)}.", hint))
        return None


def _struct(kind: type[msgspec.Struct], raw: Any, path: Path, problems: _Problems) -> Any:  # noqa: ANN401  (types are data here)
    if not isinstance(raw, dict):
        problems.append(Problem(path, f"expected {expected(kind)}, got {shown(raw)}."))
        return None
    infos = {
        f.encode_name: f for f in msgspec.structs.fields(kind) if f.encode_name not in NOT_KEYS
    }
    problems.extend(
        _unknown(key, list(infos), path, problems.root) for key in raw if key not in infos
    )
    problems.extend(
        Problem(path, f'"{key}" is missing.', f"Expected {expected(info.type)}.")
        for key, info in infos.items()
        if info.required and key not in raw
    )
    before = len(problems)
    values = {
        info.name: _value(info.type, raw[key], (*path, key), problems)
        for key, info in infos.items()
        if key in raw
    }
    complete = all(info.name in values for info in infos.values() if info.required)
    return kind(**values) if len(problems) == before and complete else None


def _unknown(key: str, known: list[str], path: Path, root: type[msgspec.Struct]) -> Problem:
    home = next(tables_with(key, root), "")
    hint = f"It belongs {home}." if home else nearest(key, known)
    return Problem((*path, key), "unknown key.", hint or f"Known here: {', '.join(known)}.")


def _inherit_tiers(config: Config, raw: dict[str, Any]) -> Config:
    """Let every kind of principal that a tier does not name keep the budget of the site."""
    written = raw.get("budgets", {}).get("tier", {})
    kinds = Budgets.__struct_fields__
    tiers = {
        name: Budgets(
            **{k: getattr(tier if k in written[name] else config.budgets, k) for k in kinds}
        )
        for name, tier in config.budgets.tier.items()
    }
    budgets = msgspec.structs.replace(config.budgets, tier=tiers)
    return msgspec.structs.replace(config, budgets=budgets)
