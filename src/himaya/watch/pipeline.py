"""Reading and judging a log in one process, or in several: the results are the same.

In several processes some parse chunks and share their entries out by actor, and each share of the
actors is judged by a process of its own; this one hands the encoded entries on, in order.
"""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Protocol

import msgspec

from himaya.watch.actors import Exchanges
from himaya.watch.entry import Entry
from himaya.watch.feed import Batch, decode, encode
from himaya.watch.formats import LineFormat, read_chunk
from himaya.watch.keep import KeepSurfaces
from himaya.watch.reading import Reading
from himaya.watch.shard import Setup, Shard, Sink, share_of
from himaya.watch.source import Chunk
from himaya.watch.tally import Tally

#: Bytes of logs below which starting processes costs more than it saves.
WORTH_IT = 48 << 20

#: Processes of a kind at most.
MOST_PROCESSES = 8

#: Batches under way per judging process, so that a fast reader does not fill the memory.
_UNDER_WAY = 4


class Pipeline(Protocol):
    """Reads chunks of inputs into batches, and records batches."""

    def read(self, number: int, chunks: Iterator[Chunk]) -> Iterator[tuple[Reading, Batch | None]]:
        """Yield what each chunk of input `number` says, and its entries if it has any."""
        ...

    def record(self, pile: int, batch: Batch, *, anew: bool) -> None:
        """Judge a batch."""
        ...

    def finish(self) -> list[Tally]:
        """Return what each share of the actors adds up to."""
        ...

    def close(self) -> None:
        """Stop."""
        ...


class Serial:
    """Everything in this process."""

    def __init__(self, forms: dict[int, LineFormat], setup: Setup, sink: Sink | None) -> None:
        """Take the formats of the inputs and what judging needs."""
        self._forms = forms
        self._keep = KeepSurfaces(setup.policy.surfaces)
        self._shard = Shard(setup, sink)

    def read(self, number: int, chunks: Iterator[Chunk]) -> Iterator[tuple[Reading, Batch | None]]:
        """Yield readings with their entries."""
        form = self._forms[number]
        for chunk in chunks:
            reading = read_chunk(form, chunk, self._keep)
            yield reading, Batch(reading.entries, []) if reading.entries else None

    def record(self, pile: int, batch: Batch, *, anew: bool) -> None:
        """Judge at once."""
        self._shard.record(pile, batch.entries(), anew=anew)

    def finish(self) -> list[Tally]:
        """Return the one share."""
        return [self._shard.finish()]

    def close(self) -> None:
        """Nothing to stop."""


class Parallel:
    """Parsing and judging in processes; with a `sink` (a ledger) judging stays in this one."""

    def __init__(
        self, forms: dict[int, LineFormat], setup: Setup, sink: Sink | None, processes: int
    ) -> None:
        """Start `processes` parsers, and as many judges unless there is a sink."""
        context = get_context("forkserver")
        context.set_forkserver_preload([__name__])
        self._local = Shard(setup, sink) if sink is not None else None
        shares = 1 if self._local else processes
        self._sharer = _Sharer(setup, shares)
        self._parsers = ProcessPoolExecutor(
            processes, context, _start_parser, (forms, setup, shares)
        )
        self._judges = [
            ProcessPoolExecutor(1, context, _start_judge, (setup,))
            for _ in range(0 if self._local else processes)
        ]
        self._ahead = processes + 2
        self._under_way: deque[Future[None]] = deque()

    def read(self, number: int, chunks: Iterator[Chunk]) -> Iterator[tuple[Reading, Batch | None]]:
        """Yield readings in the order of the chunks, with a few being parsed ahead."""
        ahead: deque[Future[_Parsed]] = deque()
        for chunk in chunks:
            ahead.append(self._parsers.submit(_parse, number, chunk))
            if len(ahead) >= self._ahead:
                yield ahead.popleft().result().unpacked()
        while ahead:
            yield ahead.popleft().result().unpacked()

    def record(self, pile: int, batch: Batch, *, anew: bool) -> None:
        """Hand the shares of a batch to their judges, or judge here."""
        if self._local is not None:
            self._local.record(pile, batch.entries(), anew=anew)
            return
        blobs = batch.blobs or self._sharer.share_out(batch.entries())
        for judge, blob in zip(self._judges, blobs, strict=True):
            self._under_way.append(judge.submit(_judge, pile, blob, anew))
        while len(self._under_way) > _UNDER_WAY * len(self._judges):
            self._under_way.popleft().result()

    def finish(self) -> list[Tally]:
        """Return the shares, once every batch is judged."""
        while self._under_way:
            self._under_way.popleft().result()
        if self._local is not None:
            return [self._local.finish()]
        ends = [judge.submit(_finish) for judge in self._judges]
        return [end.result() for end in ends]

    def close(self) -> None:
        """Stop the processes."""
        for pool in (self._parsers, *self._judges):
            pool.shutdown(wait=True, cancel_futures=True)


def pipeline(
    forms: dict[int, LineFormat], setup: Setup, *, sink: Sink | None, size: int, processes: int
) -> Pipeline:
    """Return the pipeline that suits `size` bytes of logs; `processes` 0 means as many as there are cores."""
    cores = processes or len(os.sched_getaffinity(0))
    if cores < 2 or (size < WORTH_IT and not processes):
        return Serial(forms, setup, sink)
    return Parallel(forms, setup, sink, min(cores, MOST_PROCESSES))


class _Parsed(msgspec.Struct, array_like=True):
    """A reading without entries, and its entries as one blob per share."""

    reading: Reading
    blobs: list[bytes]
    span: tuple[float, float]

    def unpacked(self) -> tuple[Reading, Batch | None]:
        return self.reading, Batch([], self.blobs, self.span) if self.blobs else None


class _Sharer:
    """Shares entries out by actor."""

    def __init__(self, setup: Setup, shares: int) -> None:
        self._exchanges = Exchanges(setup.actor)
        self._shares = shares

    def share_out(self, entries: list[Entry]) -> list[bytes]:
        """Return one blob per share, each in the order of the entries."""
        if self._shares == 1:
            return [encode(entries)]
        parts: list[list[Entry]] = [[] for _ in range(self._shares)]
        for entry in entries:
            parts[share_of(self._exchanges.actor(entry).name, self._shares)].append(entry)
        return [encode(part) for part in parts]


class _Parser:
    def __init__(self, forms: dict[int, LineFormat], setup: Setup, shares: int) -> None:
        self._forms = forms
        self._keep = KeepSurfaces(setup.policy.surfaces)
        self._sharer = _Sharer(setup, shares)

    def parse(self, number: int, chunk: Chunk) -> _Parsed:
        form = self._forms[number]
        reading = read_chunk(form, chunk, self._keep)
        entries, reading.entries = reading.entries, []
        if not entries:
            return _Parsed(reading, [], (0.0, 0.0))
        return _Parsed(reading, self._sharer.share_out(entries), (entries[0].at, entries[-1].at))


# What a process of the pools holds: one parser or one judge.
_parsers: list[_Parser] = []
_shards: list[Shard] = []


def _start_parser(forms: dict[int, LineFormat], setup: Setup, shares: int) -> None:
    spare_collections()
    _parsers.append(_Parser(forms, setup, shares))


def _parse(number: int, chunk: Chunk) -> _Parsed:
    return _parsers[0].parse(number, chunk)


def _start_judge(setup: Setup) -> None:
    spare_collections()
    _shards.append(Shard(setup))


def _judge(pile: int, blob: bytes, anew: bool) -> None:  # noqa: FBT001 - sent by position
    _shards[0].record(pile, decode(blob), anew=anew)


def _finish() -> Tally:
    return _shards[0].finish()


def spare_collections() -> None:
    """Collect garbage rarely: parsing and judging make no cycles, and the heap is large."""
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)
