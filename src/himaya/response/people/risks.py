"""The risk map of a case: how many people at which of the six risks, and how high, computed from their fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from himaya.response.people.categories import RISKS, Categories

LEVELS: Final = ("low", "medium", "high")


class Risk(msgspec.Struct, frozen=True):
    """One risk: how many people, how many of them at each level. `severity`: the highest level anybody has."""

    risk: str
    about: str
    people: int
    levels: dict[str, int]
    severity: str


def risk_map(shown: Iterable[Iterable[str]], categories: Categories) -> list[Risk]:
    """Return the risks of people by the fields that were shown of each; risks of nobody are left out."""
    counts: dict[str, dict[str, int]] = {risk: dict.fromkeys(LEVELS, 0) for risk in RISKS}
    for fields in shown:
        for risk, score in categories.scores(fields).items():
            counts[risk][categories.level(score)] += 1
    return [
        Risk(risk, RISKS[risk], sum(levels.values()), levels, severity(levels))
        for risk, levels in counts.items()
        if any(levels.values())
    ]


def severity(levels: dict[str, int]) -> str:
    """Return the highest level that anybody has, "" for none."""
    return next((level for level in reversed(LEVELS) if levels.get(level)), "")


def worst(risks: Iterable[Risk]) -> str:
    """Return the highest severity among risks, "" where there is none."""
    found = {one.severity for one in risks}
    return next((level for level in reversed(LEVELS) if level in found), "")
