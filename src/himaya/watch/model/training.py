"""Training: from labelled days to a model that says how good it is.

The days are cut at one date. What is learned is learned of days before it, what is judged is judged of days from it on,
and nobody is on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zlib import crc32

import msgspec

from himaya.core.detectors.traits import TRAITS, VERSION
from himaya.core.errors import InputError
from himaya.core.learned import COHORTS, FORMAT, Judged, Learned, Side, Weight
from himaya.watch.model.days import ActorDay, Past
from himaya.watch.model.fit import Fitted, fit
from himaya.watch.model.judging import auc, exact, threshold
from himaya.watch.model.labels import Label
from himaya.watch.model.shift import edges_of, shares_of

#: Accounts of each class that are needed in all, and on each side.
LEAST, LEAST_OF_SIDE = 50, 20
#: Honest accounts of a cohort on the newer side below which the cohort is not judged.
_LEAST_OF_COHORT = 10

Days = Mapping[str, Sequence[ActorDay]]


class Sides(msgspec.Struct, frozen=True):
    """The days on both sides of the date, by actor."""

    old: dict[str, list[ActorDay]]
    new: dict[str, list[ActorDay]]


def train(past: Past, labels: Mapping[str, Label], rate: float, now: float) -> Learned:
    """Return a model. Raises InputError where labels or days are too few, with the numbers."""
    by_actor: dict[str, list[ActorDay]] = {}
    for day in past.days:
        if day.name in labels and day.cohort in COHORTS:
            by_actor.setdefault(day.name, []).append(day)
    _must_be_enough(by_actor, labels)
    sides = _sides(by_actor, labels)
    old = [day for days in sides.old.values() for day in days]
    fitted = fit(old, [_collects(labels, day.name) for day in old])
    cohorts = _cohorts(sides.new, labels)
    draft = _draft(fitted, past, sides, labels, now)
    return _judged(draft, past, sides.new, labels, (cohorts, rate)).sealed()


def highest(learned: Learned, days: Iterable[ActorDay]) -> float:
    """Return the highest score of some days."""
    return max(learned.score(values) for day in days for values in day.descriptions())


def _collects(labels: Mapping[str, Label], name: str) -> bool:
    return labels[name].label == "collector"


def _count(names: Iterable[str], labels: Mapping[str, Label]) -> tuple[int, int]:
    """Return how many of these are honest, and how many collectors."""
    collectors = [_collects(labels, name) for name in names]
    return len(collectors) - sum(collectors), sum(collectors)


def _must_be_enough(by_actor: Days, labels: Mapping[str, Label]) -> None:
    honest, collectors = _count(by_actor, labels)
    if min(honest, collectors) < LEAST:
        raise InputError(
            f"{len(labels)} labels; {honest} honest accounts and {collectors} collectors of them have a day with"
            f" enough views in this past. {LEAST} of each are needed"
        )


def _sides(by_actor: Days, labels: Mapping[str, Label]) -> Sides:
    """Cut at the date that leaves most accounts on the scarcest side. Raises InputError."""
    dates = sorted({day.day for days in by_actor.values() for day in days})
    cuts = [_cut(by_actor, date) for date in dates]
    best = max(cuts, key=lambda sides: min(_fourfold(sides, labels)))
    old_honest, old_collectors, honest, collectors = _fourfold(best, labels)
    if min(old_honest, old_collectors, honest, collectors) < LEAST_OF_SIDE:
        raise InputError(
            f"no date cuts {len(dates)} days in two with {LEAST_OF_SIDE} accounts of each class on both sides; the"
            f" best leaves {old_honest} honest and {old_collectors} collectors before, {honest} and {collectors}"
            " after. Bring a longer past, or more labels"
        )
    return best


def _fourfold(sides: Sides, labels: Mapping[str, Label]) -> tuple[int, int, int, int]:
    return (*_count(sides.old, labels), *_count(sides.new, labels))


def _cut(by_actor: Days, date: int) -> Sides:
    """Whoever was there before and after goes to one side by a checksum of the name; the other days are left out."""
    sides = Sides({}, {})
    for name, days in by_actor.items():
        before = [day for day in days if day.day < date]
        after = [day for day in days if day.day >= date]
        if before and (not after or crc32(name.encode("utf-8", "surrogatepass")) & 1):
            sides.old[name] = before
        else:
            sides.new[name] = after
    return sides


def _cohorts(new: Days, labels: Mapping[str, Label]) -> dict[str, int]:
    """Return honest accounts of the newer side by cohort, where there are enough to judge it."""
    found = dict.fromkeys(COHORTS, 0)
    for name, days in new.items():
        if not _collects(labels, name):
            for cohort in {day.cohort for day in days}:
                found[cohort] += 1
    return {cohort: count for cohort, count in found.items() if count >= _LEAST_OF_COHORT}


def _draft(
    fitted: Fitted, past: Past, sides: Sides, labels: Mapping[str, Label], now: float
) -> Learned:
    """Return the model before it is judged."""
    names = [*sides.old, *sides.new]
    ways = sorted({labels[name].known for name in names})
    return Learned(
        format=FORMAT,
        traits=VERSION,
        made=datetime.fromtimestamp(now, UTC).date().isoformat(),
        policy=past.policy,
        intercept=fitted.intercept,
        weights=tuple(_weight(fitted, number) for number in range(len(TRAITS))),
        threshold=0.0,
        rate=0.0,
        cohorts={},
        trained=_side(sides.old, labels),
        held_out=_side(sides.new, labels),
        judged=Judged(0.0, 0, 0.0, 1.0, 0, 0.0, 1.0),
        known={way: sum(labels[name].known == way for name in names) for way in ways},
        everybody=0,
        flagged=0,
    )


def _weight(fitted: Fitted, number: int) -> Weight:
    return Weight(
        trait=TRAITS[number].name,
        mean=fitted.mean[number],
        scale=fitted.scale[number],
        weight=fitted.weight[number],
        edges=(),
        shares=(1.0,),
        unknown=0.0,
    )


def _side(days: Days, labels: Mapping[str, Label]) -> Side:
    every = [day.day for each in days.values() for day in each]
    honest, collectors = _count(days, labels)
    return Side(_date(min(every)), _date(max(every)), honest, collectors, len(every))


def _date(day: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()


def _judged(
    draft: Learned,
    past: Past,
    new: Days,
    labels: Mapping[str, Label],
    asked: tuple[dict[str, int], float],
) -> Learned:
    """Return the model with its threshold, and how it did on the newer side and on everybody."""
    cohorts, rate = asked
    honest, collectors = scores(draft, new, labels, cohorts)
    line = threshold(honest, rate)
    everybody = [day for day in past.days if day.cohort in cohorts]
    return msgspec.structs.replace(
        draft,
        threshold=line,
        rate=rate,
        cohorts=cohorts,
        judged=_figures(honest, collectors, line),
        weights=tuple(_placed(each, n, everybody) for n, each in enumerate(draft.weights)),
        everybody=len(everybody),
        flagged=sum(highest(draft, [day]) > line for day in everybody),
    )


def scores(
    learned: Learned, days: Days, labels: Mapping[str, Label], cohorts: Mapping[str, int]
) -> tuple[list[float], list[float]]:
    """Return the highest score of every honest account and of every collector, in judged cohorts."""
    found: tuple[list[float], list[float]] = ([], [])
    for name, each in days.items():
        judged = [day for day in each if day.cohort in cohorts]
        if judged:
            found[_collects(labels, name)].append(highest(learned, judged))
    return found


def _figures(honest: list[float], collectors: list[float], line: float) -> Judged:
    wrong, found = sum(one > line for one in honest), sum(one > line for one in collectors)
    if not collectors:
        raise InputError("no collector of the newer side is in a cohort that can be judged")
    return Judged(
        auc(honest, collectors),
        wrong,
        *exact(wrong, len(honest)),
        found,
        *exact(found, len(collectors)),
    )


def _placed(each: Weight, number: int, days: Sequence[ActorDay]) -> Weight:
    """Return a weight with how its trait lay among all actor-days."""
    values = [day.last()[number] for day in days]
    edges = edges_of(values)
    shares, unknown = shares_of(values, edges)
    return msgspec.structs.replace(each, edges=edges, shares=shares, unknown=unknown)
