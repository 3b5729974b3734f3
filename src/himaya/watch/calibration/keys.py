"""The keys of the policy: which statistic and cohorts each bounds, its present value, and the one a calibration gives.

A key that several cohorts share takes the loosest of their thresholds. A cohort too small for a threshold can loosen
it, up to the highest value of its own, and is promised nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import ceil, floor, inf
from typing import Any

import msgspec

from himaya.config import Config
from himaya.config.ranges import range_of
from himaya.watch.calibration.cohorts import COHORTS, TIER
from himaya.watch.calibration.receipt import Rate, Setting
from himaya.watch.calibration.statistic import NEVER, STATISTICS
from himaya.watch.calibration.threshold import Scores

#: Keys of detectors that hold for every cohort.
_SHARED = (
    ("detectors.breadth.hour", "breadth_hour"),
    ("detectors.breadth.day", "breadth_day"),
    ("detectors.velocity.people", "velocity"),
    ("detectors.enumeration.run", "enumeration"),
    ("detectors.sharing.networks", "sharing"),
    ("detectors.provenance.run", "provenance"),
    ("detectors.regularity.bits", "regularity"),
    ("detectors.misses.odds", "misses"),
)
#: Statistics, each with the scores to look at.
Groups = Sequence[tuple[Scores, Mapping[str, float]]]

_WINDOWS = ("hour", "day", "month")
_NEW = "new"

#: From an exact value to the nearest setting that does not find it.
_ROUNDED: dict[str, Callable[[float], float]] = {
    "evidence": lambda value: ceil(value * 10) / 10,
    "regularity": lambda value: floor(value * 100) / 100,
    "enumeration": lambda value: floor(value) + 1,
    "provenance": lambda value: floor(value) + 1,
    "misses": lambda value: floor(value) + 1.0,
}


class Key(msgspec.Struct, frozen=True):
    """A key by its path, the statistic it bounds, and in which cohorts (empty: all)."""

    path: tuple[str, ...]
    statistic: str
    cohorts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the key as files write it."""
        return ".".join(self.path)

    def bounds(self, scores: Scores, config: Config) -> bool:
        """Tell whether the key holds for these scores; a tier without a table of its own has the common one."""
        if scores.statistic.name != self.statistic:
            return False
        if not self.cohorts or scores.cohort in self.cohorts:
            return True
        _, colon, tier = scores.cohort.partition(":")
        return bool(colon) and TIER in self.cohorts and tier not in config.tiers


def keys_of(config: Config, *, budgets: bool) -> list[Key]:
    """Return the keys to calibrate: thresholds of detectors and, if asked for, limits of budgets that are set."""
    found = [Key(tuple(name.split(".")), statistic) for name, statistic in _SHARED]
    found += [
        Key(("detectors", "evidence", each), "evidence", (each,))
        for each in COHORTS
        if hasattr(config.detectors.evidence, each)
    ]
    return found + (list(_budgets(config)) if budgets else [])


def _budgets(config: Config) -> Iterator[Key]:
    """Yield the limits that are set, each with the cohorts it holds for: a tier's own, else the common table."""
    separate = {"key", _NEW} if _NEW in config.tiers else {"key"}
    common = tuple(each for each in COHORTS if each not in separate)
    tables: dict[tuple[str, ...], tuple[str, ...]] = {
        ("budgets", "account"): (*common, TIER),
        ("budgets", "key"): ("key",),
    }
    for name in config.tiers:
        told = f"{TIER}{name}"
        tables["budgets", "tier", name, "account"] = (_NEW, told) if name == _NEW else (told,)
    for table, cohorts in tables.items():
        for window in _WINDOWS:
            if value_at(config, (*table, window)) is not None:
                yield Key((*table, window), f"people_{window}", cohorts)


def value_at(config: Config, path: Sequence[str]) -> float | None:
    """Return what stands at a key, None when a budget on the way or the limit is not set."""
    value: Any = config
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
    return None if value is None else float(value)


def settings(config: Config, keys: Iterable[Key], scores: Sequence[Scores]) -> Iterator[Setting]:
    """Yield what becomes of each key of which any proven actor had a value."""
    for key in keys:
        about = [each for each in scores if key.bounds(each, config)]
        present = value_at(config, key.path)
        if about and present is not None:
            yield _setting(key, about, present)


def _setting(key: Key, about: list[Scores], present: float) -> Setting:
    claimed = [each for each in about if each.limit is not None]
    value = _value(key, about) if claimed else None
    return Setting(
        key=key.name,
        present=present,
        value=value,
        cohorts=tuple(each.cohort for each in claimed),
        without=tuple(each.cohort for each in about if each.limit is None),
        present_rate=_rate([(each, each.highest) for each in about], present),
        realised=None if value is None else _rate([(each, each.held_out) for each in about], value),
    )


def _value(key: Key, about: Iterable[Scores]) -> float | None:
    """Return the setting that finds none of the thresholds, None where no setting in its range does."""
    statistic = STATISTICS[key.statistic]
    tops = [
        max(each.calibration, default=NEVER) if each.limit is None else each.limit for each in about
    ]
    score = max(tops)
    if score in {NEVER, inf}:
        return None
    rounded = float(_ROUNDED.get(key.statistic, ceil)(statistic.value(score)))
    least, most = range_of(key.path)
    loosened = min(rounded, most) if statistic.low else max(rounded, least)
    return loosened if least <= loosened <= most else None


def crossing(groups: Groups, setting: float) -> set[str]:
    """Return the actors whom a setting finds."""
    return {
        name
        for each, scores in groups
        for name, score in scores.items()
        if each.statistic.crosses(score, setting)
    }


def _rate(groups: Groups, setting: float) -> Rate:
    """Return how many of the actors a setting finds; who was in several cohorts is one actor."""
    everybody = {name for _, scores in groups for name in scores}
    return Rate.count(len(crossing(groups, setting)), len(everybody))
