"""One share of the actors: its engines, and what their effects add up to.

Everything an engine finds is about one actor, so actors may be shared out over processes without
any finding changing. One process with one share gives the same figures.
"""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

import msgspec

from himaya.config import ActorConfig
from himaya.core.disclosure import Disclosures
from himaya.core.effect import Effect, RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.facts import AccountFact, Fact, Facts, NearFact, SubjectFact
from himaya.core.policy import Policy
from himaya.watch.actors import Exchanges
from himaya.watch.entry import Entry
from himaya.watch.tally import Limits, Tallier, Tally

#: Takes the disclosures of one exchange, for a ledger.
Sink = Callable[[Disclosures], None]


class Setup(msgspec.Struct, frozen=True):
    """What a share needs to begin. `actor` is None without a configuration. `began` is the log's first time."""

    policy: Policy
    actor: ActorConfig | None
    limits: Limits
    began: float
    accounts: tuple[AccountFact, ...] = ()
    subjects: tuple[SubjectFact, ...] = ()
    near: tuple[NearFact, ...] = ()

    def facts(self) -> Facts:
        """Return the facts as the engine wants them."""
        facts = Facts()
        told: tuple[Fact, ...] = (*self.accounts, *self.subjects, *self.near)
        for fact in told:
            facts.add(fact)
        return facts


class Shard:
    """Engines (one per pile of times) and a tally for a share of the actors."""

    def __init__(self, setup: Setup, sink: Sink | None = None) -> None:
        """Begin; `sink` takes every disclosure as it is made."""
        self._setup = setup
        self._facts = setup.facts()
        self._sink = sink
        self._engines: dict[int, Engine] = {}
        self.exchanges = Exchanges(setup.actor)
        self._tallier = Tallier(setup.limits)

    def record(self, pile: int, entries: list[Entry], *, anew: bool = False) -> None:
        """Give entries, sorted by time, to the engine of their pile."""
        if anew:
            self._engines.pop(pile, None)
        engine = self._engines.get(pile) or self._start(pile)
        record, make, add = engine.record, self.exchanges.exchange, self._tallier.add
        for entry in entries:
            effects = record(make(entry), entry.at)
            if effects:
                add(effects, entry)
                if self._sink is not None:
                    self._pass_on(effects, self._sink)

    def _pass_on(self, effects: list[Effect], sink: Sink) -> None:
        for effect in effects:
            if isinstance(effect, RecordDisclosures):
                sink(effect.disclosures)

    def _start(self, pile: int) -> Engine:
        engine = self._engines[pile] = Engine(self._setup.policy, self._facts)
        engine.accounts.begin(self._setup.began)
        engine.watchers.again_s = 0.0
        return engine

    def finish(self) -> Tally:
        """Return what this share adds up to."""
        tally = self._tallier.finish()
        tally.forwarded = self.exchanges.believed
        return tally


def share_of(actor: str, shares: int) -> int:
    """Return which share an actor belongs to."""
    return crc32(actor.encode()) % shares
