"""Drift: whether actors' days still lie where they lay when the model was made.

The population stability index of a trait is the sum of (now - then) ln(now / then) over bins that held a tenth each
(Siddiqi 2006, Credit Risk Scorecards): below 0.1 steady, from 0.25 on another population. Without any shift it is about
chi-square with B - 1 degrees times (1/N + 1/M) (Yurdakul and Naranjo 2020, Journal of Risk Model Validation 14), so
small samples shift by chance, and the 95 % point of that stands beside it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from math import isnan, log, sqrt
from typing import Any

from himaya.core.learned import Learned
from himaya.watch.model.days import ActorDay, Past
from himaya.watch.model.judging import exact
from himaya.watch.model.labels import Label

_BINS = 10
MOVED, DRIFTED = 0.1, 0.25
#: One-sided 95 % quantile of the normal distribution.
_Z = 1.644854


def edges_of(values: Sequence[float]) -> tuple[float, ...]:
    """Return the values that cut those which are known into tenths; equal ones are one."""
    known = sorted(value for value in values if not isnan(value))
    if not known:
        return ()
    return tuple(sorted({known[len(known) * n // _BINS] for n in range(1, _BINS)}))


def shares_of(values: Sequence[float], edges: tuple[float, ...]) -> tuple[tuple[float, ...], float]:
    """Return the share of values in each bin, up to its edge, and the share that is not known."""
    counts, unknown = [0] * (len(edges) + 1), 0
    for value in values:
        if isnan(value):
            unknown += 1
        else:
            counts[bisect_left(edges, value)] += 1
    size = max(1, len(values))
    return tuple(count / size for count in counts), unknown / size


def stability(then: Sequence[float], now: Sequence[float], sizes: tuple[int, int]) -> float:
    """Return the index of two lists of shares; half a case is added to every bin, so that none is empty."""
    bins = len(then)
    old, new = (
        [(share * size + 0.5) / (size + 0.5 * bins) for share in shares]
        for shares, size in zip((then, now), sizes, strict=True)
    )
    return sum((b - a) * log(b / a) for a, b in zip(old, new, strict=True))


def by_chance(bins: int, sizes: tuple[int, int]) -> float:
    """Return what the index passes by chance in 5 of 100 cases (chi-square by Wilson and Hilferty 1931)."""
    free = bins - 1
    if free < 1 or not min(sizes):
        return 0.0
    third = 2 / (9 * free)
    return float(free * (1 - third + _Z * sqrt(third)) ** 3 * (1 / sizes[0] + 1 / sizes[1]))


def drift(learned: Learned, past: Past, labels: Mapping[str, Label]) -> dict[str, Any]:
    """Return the words of `himaya model check --json` (docs/model.md) that come from the days of a newer past."""
    days = [day for day in past.days if day.cohort in learned.cohorts]
    told = [_trait(learned, number, days) for number in range(len(learned.weights))]
    flags = _flags(learned, days)
    return {
        "model": learned.digest,
        "actor_days": len(days),
        "of_other_cohorts": len(past.days) - len(days),
        "left_out": past.left_out,
        "traits": told,
        "flagged": flags,
        "labels": _labelled(learned, days, labels),
        "drifted": [one["trait"] for one in told if one["state"] == "drifted"],
    }


def _trait(learned: Learned, number: int, days: Sequence[ActorDay]) -> dict[str, Any]:
    each = learned.weights[number]
    shares, unknown = shares_of([day.last()[number] for day in days], each.edges)
    sizes = learned.everybody, len(days)
    then, now = (*each.shares, each.unknown), (*shares, unknown)
    index, chance = stability(then, now, sizes), by_chance(len(then), sizes)
    return {
        "trait": each.trait,
        "weight": round(each.weight, 3),
        "index": round(index, 4),
        "by_chance": round(chance, 4),
        "unknown": {"then": round(each.unknown, 4), "now": round(unknown, 4)},
        "state": _state(index, chance),
    }


def _state(index: float, chance: float) -> str:
    if index < MOVED or index <= chance:
        return "steady"
    return "drifted" if index >= DRIFTED else "moved"


def _flags(learned: Learned, days: Sequence[ActorDay]) -> dict[str, Any]:
    found = sum(_passes(learned, day) for day in days)
    return {
        "then": _rate(learned.flagged, learned.everybody),
        "now": _rate(found, len(days)),
    }


def _passes(learned: Learned, day: ActorDay) -> bool:
    return any(learned.score(values) > learned.threshold for values in day.descriptions())


def _rate(count: int, size: int) -> dict[str, Any]:
    return {"count": count, "of": size, "ci95": list(exact(count, size))}


def _labelled(
    learned: Learned, days: Sequence[ActorDay], labels: Mapping[str, Label]
) -> dict[str, Any]:
    """Return how many labelled accounts pass the threshold on any day: what appeals since then say."""
    passed: dict[str, bool] = {}
    for day in days:
        if day.name in labels:
            passed[day.name] = passed.get(day.name, False) or _passes(learned, day)
    sides = {
        kind: [flag for name, flag in passed.items() if labels[name].label == kind]
        for kind in ("honest", "collector")
    }
    return {kind: _rate(sum(flags), len(flags)) for kind, flags in sides.items()}
