"""From the scores of a replay to the receipt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from himaya.config import Config
from himaya.core.conformal import least_actors
from himaya.watch.calibration.cohorts import place
from himaya.watch.calibration.gauge import DAY_S, Gauge, Table
from himaya.watch.calibration.keys import crossing, keys_of, settings
from himaya.watch.calibration.proven import Proof, counted
from himaya.watch.calibration.receipt import Proven, Rate, Receipt, Setting, Threshold
from himaya.watch.calibration.split import splitter
from himaya.watch.calibration.statistic import PEOPLE, SIGNALS, STATISTICS, Statistic
from himaya.watch.calibration.threshold import Scores, scores_of
from himaya.watch.calibration.write import with_values
from himaya.watch.result import iso


class Terms(msgspec.Struct, frozen=True):
    """How to calibrate: the nominal rate, the share held out, the seed of the split, with or without budgets."""

    rate: float = 0.001
    hold_out: float = 0.2
    seed: str = ""
    budgets: bool = False


class Used(msgspec.Struct, frozen=True):
    """Which of the listed accounts are used, and what became of the others."""

    names: frozenset[str]
    proven: Proven


def used_of(proofs: Mapping[str, Proof], gauge: Gauge, in_cases: frozenset[str]) -> Used:
    """Return the accounts that may set thresholds: seen, in no case, and proven after all of the traffic.

    Who was proven before the period ended is left out, not cut short: the promise is about the highest value within a
    whole period, and shorter ones would lower it.
    """
    last = gauge.last or 0.0
    early = {name: proof for name, proof in proofs.items() if proof.at < last}
    rest = proofs.keys() - in_cases - early.keys()
    names = frozenset(rest & gauge.names())
    proven = Proven(
        listed=len(proofs),
        used=len(names),
        early=len(early.keys() - in_cases),
        first_early=min((proof.line for proof in early.values()), default=0),
        in_cases=len(proofs.keys() & in_cases),
        unseen=len(rest) - len(names),
        how=counted(proofs[name] for name in names),
    )
    return Used(names, proven)


class Found(msgspec.Struct, frozen=True):
    """Thresholds, settings, and how many held-out actors any of the new values finds."""

    thresholds: tuple[Threshold, ...]
    settings: tuple[Setting, ...]
    together: Rate


def find(gauge: Gauge, used: Used, config: Config, terms: Terms) -> Found:
    """Return thresholds, settings and rates of what the gauge saw of the used accounts."""
    held_out = splitter(terms.seed, terms.hold_out)
    scores = sorted(_scores(gauge, used.names, terms, held_out), key=_order)
    days = int((gauge.first or 0) // DAY_S), int((gauge.last or 0) // DAY_S)
    told = tuple(settings(config, keys_of(config, budgets=terms.budgets), scores))
    return Found(
        thresholds=tuple(each.threshold(days, len(scores)) for each in scores),
        settings=told,
        together=_together(scores, config, told, terms),
    )


def _scores(
    gauge: Gauge, names: frozenset[str], terms: Terms, held_out: Callable[[str], bool]
) -> Iterable[Scores]:
    tables: list[tuple[Table, tuple[Statistic, ...]]] = [(gauge.signals, SIGNALS)]
    tables += [(gauge.people, PEOPLE)] if terms.budgets else []
    for table, statistics in tables:
        for scores in scores_of(table, statistics, names, terms.rate):
            scores.split(held_out)
            yield scores


def _order(scores: Scores) -> tuple[tuple[int, str], int]:
    return place(scores.cohort), list(STATISTICS).index(scores.statistic.name)


def _together(scores: list[Scores], config: Config, told: Iterable[Setting], terms: Terms) -> Rate:
    """Return how many held-out actors any of the new values finds."""
    values = {one.key: one.value for one in told if one.value is not None}
    found: set[str] = set()
    for key in keys_of(config, budgets=terms.budgets):
        if key.name in values:
            about = [(each, each.held_out) for each in scores if key.bounds(each, config)]
            found |= crossing(about, values[key.name])
    return Rate.count(len(found), len({name for each in scores for name in each.held_out}))


def receipt_of(
    gauge: Gauge,
    used: Used,
    config: Config,
    terms: Terms,
    *,
    source: dict[str, int | str],
    cases_known: bool,
) -> Receipt:
    """Return the receipt of a calibration of this configuration."""
    found = find(gauge, used, config, terms)
    days = int((gauge.last or 0) // DAY_S) - int((gauge.first or 0) // DAY_S) + 1
    return Receipt(
        policy=_hash(config),
        calibrated=_hash(with_values(config, found.settings)),
        rate=terms.rate,
        needs=least_actors(terms.rate),
        start=iso(gauge.first) or "",
        end=iso(gauge.last) or "",
        days=days if gauge.exchanges else 0,
        source=source,
        accounts=gauge.engine.accounts.tracked(),
        seed=terms.seed,
        hold_out=terms.hold_out,
        proven=used.proven,
        cases_known=cases_known,
        settings=found.settings,
        together=found.together,
        thresholds=found.thresholds,
    )


def _hash(config: Config) -> str:
    """Return the hash of the policy as it would be enforced, as forecasts name it."""
    return msgspec.structs.replace(config.policy(), mode="enforce").hash()
