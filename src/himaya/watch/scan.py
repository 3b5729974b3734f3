"""`himaya scan`: read logs once, from their first line to their last, and say who collected people."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import msgspec

from himaya.config import Config
from himaya.core.facts import Facts
from himaya.core.policy import Budgets, Policy
from himaya.core.salt import Salted
from himaya.watch.assemble import Found, result_of
from himaya.watch.batches import Batch, Stream, in_order
from himaya.watch.exact import Exact, Sink
from himaya.watch.formats import LineFormat, read_chunk
from himaya.watch.gather import Gathered
from himaya.watch.inputs import Input, LogForm, close_inputs, open_inputs
from himaya.watch.keep import KeepSurfaces
from himaya.watch.memory import rare_collections
from himaya.watch.pipeline import pipeline
from himaya.watch.pseudonyms import Pseudonyms
from himaya.watch.result import ScanResult
from himaya.watch.sample import Sample, sample_inputs
from himaya.watch.setup import Limits, Setup
from himaya.watch.source import Chunk
from himaya.watch.surfaces import SURE, GuessedSurface, discover_surfaces
from himaya.watch.tally import Tally
from himaya.watch.totals import Totals

#: Told how many bytes of all logs were read so far.
Progress = Callable[[int], None]

_NO_BUDGETS = Budgets(account=None, session=None, key=None, address=None, prefix=None)

#: Lines sampled when a configuration names the surfaces: only proxies are looked for.
_SHORT_SAMPLE = 5_000


class ScanOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to scan.

    `format` overrides the configuration's. `sink` takes every disclosure (a ledger), after `on_policy` was told the
    policy. `processes` 0: as many as pay. `salt` is what fingerprint classes go through before a sink gets them.
    """

    config: Config | None = None
    format: str = ""
    sink: Sink | None = None
    facts: Facts | None = None
    pseudonymous: bool = False
    processes: int = 0
    limits: Limits = Limits()
    on_policy: Callable[[Policy], None] | None = None
    salt: Salted | None = None


def scan(
    names: Sequence[str], options: ScanOptions | None = None, progress: Progress | None = None
) -> ScanResult:
    """Return what the logs show; `-` is standard input.

    Without a configuration the routes that show people are guessed. Raises InputError for a log that cannot be read.
    """
    return _Scan(options or ScanOptions()).run(names, progress)


class _Scan:
    """One run."""

    def __init__(self, options: ScanOptions) -> None:
        self._options = options
        self._config = options.config
        self._totals = Totals()
        self._sample = Sample.empty()
        self._guesses: list[GuessedSurface] = []
        self._late_at = ""
        self._inputs: list[Input] = []

    def run(self, names: Sequence[str], progress: Progress | None) -> ScanResult:
        began = time.monotonic()
        self._inputs = open_inputs(names, self._form())
        try:
            self._look()
            policy = self._policy()
            if self._options.on_policy is not None:
                self._options.on_policy(policy)
            with rare_collections():
                tally = self._judge(self._setup(policy), progress or _quiet)
        finally:
            close_inputs(self._inputs)
        found = Found(
            names=tuple(names),
            policy=policy,
            config=self._config,
            totals=self._totals,
            tally=tally,
            guesses=self._guesses,
            sample=self._sample,
            formats=tuple(each.form.name for each in self._inputs if each.form is not None),
            late_at=self._late_at,
            kept=self._options.sink is not None,
        )
        names_of = Pseudonyms() if self._options.pseudonymous else None
        return msgspec.structs.replace(result_of(found, names_of), seconds=time.monotonic() - began)

    # before ------------------------------------------------------------------------------------

    def _form(self) -> LogForm:
        config = self._config
        wanted = self._options.format
        if config is None:
            return LogForm(wanted or "auto")
        return LogForm(wanted or config.log.format, config.log.fields, config.actor.account_field)

    def _look(self) -> None:
        """Take a sample, and guess surfaces from it where none are declared."""
        if self._config is not None:
            self._sample = sample_inputs(self._inputs, _SHORT_SAMPLE)
            return
        self._sample = sample_inputs(self._inputs)
        self._guesses = discover_surfaces(self._sample.paths)

    def _policy(self) -> Policy:
        """Return what the engine judges by; without rows to keep, budgets are drawn and not counted."""
        if self._config is not None:
            policy = self._config.policy()
            if self._options.sink is not None:
                return policy
            return msgspec.structs.replace(policy, budgets=_NO_BUDGETS, tiers={})
        # An unseen answer of a guessed listing counts as one person: a guess must not charge twenty.
        surfaces = tuple(
            msgspec.structs.replace(guess.surface, max_people=1)
            for guess in self._guesses
            if guess.confidence >= SURE
        )
        return Policy(surfaces=surfaces, budgets=_NO_BUDGETS)

    # the logs ----------------------------------------------------------------------------------

    def _setup(self, policy: Policy) -> Setup:
        begun = [each.first_at for each in self._inputs if each.form is not None]
        return Setup(
            policy=policy,
            actor=self._config.actor if self._config else None,
            limits=self._options.limits,
            began=min(begun, default=0.0),
            facts=self._options.facts or Facts(),
            salt=self._options.salt,
        )

    def _judge(self, setup: Setup, progress: Progress) -> Tally:
        """Read in bulk; a ledger wants every row in the order of time, so then every line meets the engine."""
        sink = self._options.sink
        if sink is None:
            return self._in_bulk(setup, progress)
        exact = Exact(setup, sink)
        keep = KeepSurfaces(setup.policy.surfaces)
        streams = [
            Stream(self._batches(each, each.form, keep, progress), each.first_at)
            for each in self._inputs
            if each.form is not None
        ]
        tally = exact.run(in_order(streams))
        self._late_at = exact.late_at
        return tally

    def _in_bulk(self, setup: Setup, progress: Progress) -> Tally:
        forms = {n: each.form for n, each in enumerate(self._inputs) if each.form is not None}
        size = sum(each.source.size * (8 if each.source.packing else 1) for each in self._inputs)
        pipe = pipeline(forms, setup.policy, size=size, processes=self._options.processes)
        gathered = Gathered(setup)
        ends: dict[int, float] = {}
        try:
            for number, part in pipe.read(self._chunks()):
                self._totals.add(part.reading, self._inputs[number].source)
                gathered.add(part)
                if part.reading.last is not None:
                    ends[number] = part.reading.last
                progress(self._position())
        finally:
            pipe.close()
        for number, each in enumerate(self._inputs):
            self._totals.ended(each.source, ends.get(number))
        return gathered.finish()

    def _chunks(self) -> Iterator[tuple[int, Chunk]]:
        for number, each in enumerate(self._inputs):
            if each.form is not None:
                for chunk in each.source.chunks():
                    yield number, chunk

    def _batches(
        self, each: Input, form: LineFormat, keep: KeepSurfaces, progress: Progress
    ) -> Iterator[Batch]:
        source = each.source
        last: float | None = None
        for chunk in source.chunks():
            reading = read_chunk(form, chunk, keep)
            self._totals.add(reading, source)
            last = last if reading.last is None else reading.last
            progress(self._position())
            if reading.entries:
                yield Batch(reading.entries)
        self._totals.ended(source, last)

    def _position(self) -> int:
        return sum(each.source.position() for each in self._inputs)


def _quiet(_: int) -> None:
    """No progress is shown."""
