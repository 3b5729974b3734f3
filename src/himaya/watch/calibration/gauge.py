"""The replay: one engine that lets everything pass, and the highest values of the proven accounts.

Everybody's traffic is replayed, because how popular a person is comes from all of it; only the proven are looked at.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator

from himaya.core.actor import Actor
from himaya.core.disclosure import Disclosures
from himaya.core.effect import RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange
from himaya.core.facts import Facts
from himaya.core.policy import Policy
from himaya.watch.calibration.cohorts import TIER, checked
from himaya.watch.calibration.statistic import (
    BREADTH,
    MISSES,
    NEVER,
    PEOPLE,
    SIGNALS,
    Statistic,
    levelled,
    unbounded,
)

DAY_S = 86400

#: The highest scores of one actor in one cohort: by UTC day, one for each statistic.
Days = dict[int, "array[float]"]
#: The same for everybody: by cohort and actor.
Table = dict[str, dict[str, Days]]


class Gauge:
    """Give it exchanges in the order of time; then `people` and `signals` hold the scores of the `wanted`."""

    def __init__(
        self, policy: Policy, facts: Facts | None, wanted: Collection[str], start: float = 0.0
    ) -> None:
        """Look at the actors of these names; what comes before `start` (epoch seconds) only warms up."""
        self.engine = Engine(unbounded(policy), facts)
        self._levels = levelled(self.engine.watchers)
        self._wanted, self._start = wanted, start
        self.people: Table = {}
        self.signals: Table = {}
        self.exchanges = 0
        self.first: float | None = None
        self.last: float | None = None

    def add(self, exchange: Exchange, at: float) -> None:
        """Replay one exchange."""
        effects = self.engine.record(exchange, at)
        if at < self._start:
            return
        self.exchanges += 1
        self.first = at if self.first is None else min(self.first, at)
        self.last = at if self.last is None else max(self.last, at)
        actor = exchange.request.actor
        if actor.name not in self._wanted:
            return
        for effect in effects:
            if isinstance(effect, RecordDisclosures):
                self._look(actor, effect.disclosures, at)

    def _look(self, actor: Actor, told: Disclosures, at: float) -> None:
        """Note what is held against an actor after it was shown somebody, or asked for nobody."""
        day = int(at // DAY_S)
        judged = self.engine.accounts.cohort(actor, self.engine.accounts.age_s(actor, at))
        counted = self._counted(actor, judged, at)
        counts = self.engine.people_of(actor.name)
        if counted:
            _raise(_held(self.people, checked(counted), actor.name, day, len(PEOPLE)), 0, counts)
        signals = _held(self.signals, checked(judged), actor.name, day, len(SIGNALS))
        # Detectors judge a view when somebody was shown, and a look-up when it missed.
        if told.shown:
            _raise(signals, 0, counts[: len(BREADTH)])
            _raise(signals, len(BREADTH), self._scores(actor, SIGNALS[len(BREADTH) : MISSES]))
        elif told.miss:
            _raise(signals, MISSES, self._scores(actor, SIGNALS[MISSES:]))

    def _counted(self, actor: Actor, judged: str, at: float) -> str:
        """Return whose budgets hold for an actor: a tier's, the new accounts', or the common ones; "" for none here.

        An account that comes with a key is measured by its account; a key that has a tier is not measured.
        """
        accounts = self.engine.accounts
        tier = accounts.tier(actor)
        if not actor.account:
            return "" if tier else judged
        if tier:
            return f"{TIER}{tier}"
        if accounts.is_new(actor, at):
            return "new"
        return "established" if judged == "key" else judged

    def _scores(self, actor: Actor, statistics: Iterable[Statistic]) -> Iterator[float]:
        for statistic in statistics:
            level = self._levels[statistic.name].level(actor)
            yield NEVER if level is None else statistic.score(level)

    def names(self) -> set[str]:
        """Return the wanted actors that were seen."""
        return {name for actors in self.signals.values() for name in actors}


def _raise(held: array[float], first: int, scores: Iterable[float]) -> None:
    for place, score in enumerate(scores, first):
        held[place] = max(held[place], score)


def _held(table: Table, cohort: str, name: str, day: int, width: int) -> array[float]:
    days = table.setdefault(cohort, {}).setdefault(name, {})
    held = days.get(day)
    if held is None:
        held = days[day] = array("d", [NEVER]) * width
    return held
