"""The days of actors, as the gate would have described them: the past goes through an engine that lets all pass."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence
from math import isnan, nan

import msgspec

from himaya.config import Config
from himaya.core.detectors import Observation
from himaya.core.detectors.traits import Traits, Values, day_of
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange
from himaya.core.facts import Facts
from himaya.core.finding import Finding
from himaya.core.policy import Model
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.watch.free import Free
from himaya.watch.ledger_rows import LedgerRows
from himaya.watch.loglines import LogLines

#: Descriptions that are kept of actors without a label: about 60 MB; and of one actor-day, which is 4,000 views.
_MOST = 300_000
_MOST_OF_DAY = 512


class ActorDay:
    """One actor on one day (days since 1970): its cohort then, and how it was described, view by view."""

    __slots__ = ("cohort", "day", "name", "packed")

    def __init__(self, name: str, day: int, cohort: str) -> None:
        """Begin a day."""
        self.name, self.day, self.cohort = name, day, cohort
        self.packed: list[array[float]] = []

    def add(self, values: Values) -> None:
        """Take one description; past the bound of a day it takes the place of the last."""
        if len(self.packed) >= _MOST_OF_DAY:
            self.packed.pop()
        self.packed.append(array("d", [nan if value is None else value for value in values]))

    def descriptions(self) -> Iterator[Values]:
        """Yield every description, in the order of time."""
        for packed in self.packed:
            yield tuple([None if isnan(value) else value for value in packed])

    def last(self) -> array[float]:
        """Return the last description, with nan for what is not known: the row of this actor-day."""
        return self.packed[-1]


class Recorder:
    """Keeps the days of all actors; a detector that finds nobody.

    The first `run_up` days are not kept: an engine that begins knows nobody's acquaintances, so that readers look like
    collectors. Days of `always` are all kept; of others so many descriptions at most, and further ones are counted in
    `left_out`.
    """

    name = "recorder"

    def __init__(
        self,
        max_actors: int,
        always: Collection[str] = (),
        *,
        run_up: int = 0,
        most: int = _MOST,
    ) -> None:
        """Begin with nobody."""
        self._run_up = run_up
        self._first: int | None = None
        self._traits = Traits(max_actors)
        self._always = always
        self._most = most
        self._held = 0
        self.days: dict[tuple[str, int], ActorDay] = {}
        self.left_out = 0

    def observe(self, seen: Observation) -> Finding | None:
        """Take in one observation."""
        values, day = self._traits.look(seen), day_of(seen.now)
        if self._first is None:
            self._first = day
        if values is not None and day >= self._first + self._run_up:
            self._keep(seen, values)
        return None

    def _keep(self, seen: Observation, values: Values) -> None:
        if seen.name not in self._always:
            if self._held >= self._most:
                self.left_out += 1
                return
            self._held += 1
        key = seen.name, day_of(seen.now)
        held = self.days.get(key)
        if held is None:
            held = self.days[key] = ActorDay(*key, seen.cohort)
        held.add(values)

    def tracked(self) -> int:
        """Return how many actor-days are held."""
        return len(self.days)


class Past(msgspec.Struct, frozen=True):
    """What was read: the days, descriptions that found no room, and the hash of the policy they were made under."""

    days: tuple[ActorDay, ...]
    left_out: int
    policy: str


class Replaying:
    """A replay under way: give it exchanges in the order of time, then ask for the past."""

    def __init__(
        self,
        config: Config,
        facts: Facts | None,
        always: Collection[str] = (),
        *,
        run_up: int = 0,
    ) -> None:
        """Describe days under a configuration after a run-up; the model in it, if any, does not run."""
        policy = config.policy()
        detectors = msgspec.structs.replace(policy.detectors, model=Model())
        self._hash = policy.hash()
        quiet = msgspec.structs.replace(policy, detectors=detectors)
        self.engine: Engine = Free(quiet, facts).engine
        most = min(policy.bounds.standing, policy.bounds.principals)
        self._recorder = Recorder(most, always, run_up=run_up)
        self.engine.watchers.attend(self._recorder)

    def add(self, exchange: Exchange, at: float) -> None:
        """Let one exchange happen again."""
        self.engine.record(exchange, at)

    def past(self) -> Past:
        """Return what was described."""
        return Past(tuple(self._recorder.days.values()), self._recorder.left_out, self._hash)


def days_of_logs(names: Sequence[str], config: Config, replaying: Replaying, form: str = "") -> int:
    """Let access logs happen again; return how many lines were read. Raises InputError."""
    lines = LogLines(config, config.surfaces)
    lines.read(names, replaying.add, form=form)
    return lines.totals.lines


def days_of_ledger(
    reader: Reader, config: Config, replaying: Replaying, start: int = 0, end: int = FOREVER
) -> int:
    """Let rows of a ledger in a period (microseconds) happen again; return how many. Raises LedgerError."""
    rows = LedgerRows(config.surfaces, ())
    rows.read(reader.rows(start, end), replaying.add)
    return rows.rows
