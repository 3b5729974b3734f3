"""Every exchange through the engine, in the order of time: for a ledger, which wants every row."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from himaya.core.disclosure import Disclosures
from himaya.core.effect import Effect, RecordDisclosures
from himaya.core.engine import Engine
from himaya.watch.actors import Exchanges
from himaya.watch.batches import Batch, Piles
from himaya.watch.entry import Entry
from himaya.watch.screen import CANARY, KNOWN
from himaya.watch.setup import Setup
from himaya.watch.tally import Tallier, Tally

#: Takes the disclosures of one exchange, for a ledger.
Sink = Callable[[Disclosures], None]


class Exact:
    """Engines (one per pile of times), a tally, and a sink for the rows."""

    def __init__(self, setup: Setup, sink: Sink | None = None) -> None:
        """Begin; `sink` takes every disclosure as it is made."""
        self._setup = setup
        self._sink = sink
        self._engines: dict[int, Engine] = {}
        self._exchanges = Exchanges(setup.actor, salt=setup.salt)
        self._tallier = Tallier(setup.limits, setup.facts.canaries)
        self.late_at = ""

    def run(self, batches: Iterable[Batch]) -> Tally:
        """Judge batches that come in the order of time, and return what they add up to."""
        piles = Piles(self._note_late)
        for batch in batches:
            for number, anew, part in piles.pile(batch):
                self.record(number, part.entries(), anew=anew)
        tally = self._tallier.finish()
        tally.forwarded = self._exchanges.believed
        tally.late = piles.late
        return tally

    def record(self, pile: int, entries: Iterable[Entry], *, anew: bool) -> None:
        """Give entries, sorted by time, to the engine of their pile."""
        if anew:
            self._engines.pop(pile, None)
        engine = self._engines.get(pile) or self._start(pile)
        for entry in entries:
            effects = engine.record(self._exchanges.exchange(entry), entry.at)
            if effects:
                self._tallier.add(effects, entry)
                if self._sink is not None:
                    _pass_on(effects, self._sink)

    def _start(self, pile: int) -> Engine:
        engine = self._engines[pile] = start_engine(self._setup)
        return engine

    def _note_late(self, entry: Entry) -> None:
        self.late_at = self.late_at or f"line {entry.line}"


def start_engine(setup: Setup) -> Engine:
    """Return an engine that says every crossing, so that the highest value can be told.

    It runs the detectors that have a bound (see `screen`): the others want what logs do not say.
    """
    engine = Engine(setup.policy, setup.facts)
    engine.watchers.keep(KNOWN | {CANARY})
    engine.accounts.begin(setup.began)
    engine.watchers.again_s = 0.0
    return engine


def _pass_on(effects: list[Effect], sink: Sink) -> None:
    for effect in effects:
        if isinstance(effect, RecordDisclosures):
            sink(effect.disclosures)
