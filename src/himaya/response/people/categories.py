"""Which category a field belongs to, and what the category feeds of the six risks: data, validated when it is read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from himaya.config.bounded import read_bounded
from himaya.core.errors import ConfigError

#: The six risks that the authorities name, as in the joint statement of 24 August 2023.
RISKS: Final = {
    "RISK-1": "targeted attacks: phishing, social engineering",
    "RISK-2": "identity fraud",
    "RISK-3": "monitoring, profiling, surveillance",
    "RISK-4": "unauthorised political or intelligence use",
    "RISK-5": "unwanted marketing and spam",
    "RISK-6": "loss of control over one's data",
}
#: The category of a field that no category names.
OTHER: Final = "other"
#: A file of categories is written by hand.
MAX_BYTES: Final = 1 << 20

_SHIPPED: Final = Path(__file__).with_name("categories.toml")


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One category: its fields, and what it feeds each risk, 0 (nothing) to 3 (much)."""

    fields: tuple[Annotated[str, msgspec.Meta(min_length=1)], ...]
    risks: dict[str, Annotated[int, msgspec.Meta(ge=0, le=3)]]


class Levels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which sum on a person's risk is medium, and high; below it is low."""

    medium: Annotated[int, msgspec.Meta(ge=1)] = 3
    high: Annotated[int, msgspec.Meta(ge=2)] = 5


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    category: dict[str, Category] = {}
    levels: Levels | None = None


class Categories:
    """The categories that hold for a site."""

    def __init__(self, table: dict[str, Category], levels: Levels) -> None:
        """Take categories by name; no field is in two of them."""
        self.table, self.levels = table, levels
        self._of = {field: name for name, one in table.items() for field in one.fields}

    def of(self, field: str) -> str:
        """Return the category of a field."""
        return self._of.get(field, OTHER)

    def of_all(self, fields: Iterable[str]) -> list[str]:
        """Return the categories of several fields, each once, in order."""
        return sorted({self.of(field) for field in fields})

    def scores(self, fields: Iterable[str]) -> dict[str, int]:
        """Return what these fields of one person feed each risk: the sum over their categories, where above 0."""
        found: dict[str, int] = {}
        for name in self.of_all(fields):
            for risk, weight in self.table[name].risks.items():
                found[risk] = found.get(risk, 0) + weight
        return {risk: found[risk] for risk in RISKS if found.get(risk)}

    def level(self, score: int) -> str:
        """Return what a score above 0 is called: low, medium or high."""
        if score >= self.levels.high:
            return "high"
        return "medium" if score >= self.levels.medium else "low"


@cache
def _shipped() -> _File:
    return _read(_SHIPPED)


def categories_of(path: Path | None) -> Categories:
    """Return the categories that himaya ships, with a site's file laid over them. Raises ConfigError.

    A category of the file stands in the place of the shipped one of the same name; a field that the file names leaves
    the shipped category that had it.
    """
    shipped = _shipped()
    levels = shipped.levels or Levels()
    if path is None:
        return Categories(shipped.category, levels)
    mine = _read(path)
    named = {field for one in mine.category.values() for field in one.fields}
    table = {
        name: msgspec.structs.replace(one, fields=tuple(f for f in one.fields if f not in named))
        for name, one in shipped.category.items()
    }
    return Categories({**table, **mine.category}, mine.levels or levels)


def _read(path: Path) -> _File:
    try:
        text = read_bounded(path, MAX_BYTES, ConfigError).decode()
        found = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise ConfigError(f"is no TOML: {problem}", file=str(path)) from problem
    except msgspec.ValidationError as problem:
        raise ConfigError(str(problem), file=str(path)) from problem
    _check(found, path)
    return found


def _check(found: _File, path: Path) -> None:
    """Raise ConfigError for a risk that is none, and for a field in two categories."""
    seen: dict[str, str] = {}
    for name, one in found.category.items():
        _check_risks(name, one.risks, path)
        for field in one.fields:
            if field in seen:
                key = f"category.{name}.fields"
                problem = f"{field!r} is in the category {seen[field]} already"
                raise ConfigError(problem, file=str(path), key=key)
            seen[field] = name
    if found.levels and found.levels.high <= found.levels.medium:
        raise ConfigError("high begins above medium", file=str(path), key="levels.high")


def _check_risks(name: str, risks: dict[str, Any], path: Path) -> None:
    for risk in risks:
        if risk not in RISKS:
            problem = f"there is no {risk!r}; there are {', '.join(RISKS)}"
            raise ConfigError(problem, file=str(path), key=f"category.{name}.risks")
