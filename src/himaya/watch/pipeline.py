"""Reading and judging a log in one process, or in several: the results are the same.

In several processes each parses every n-th chunk and judges one share of the actors; this one reads
the files and hands encoded entries on, in the order of the logs' clocks.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, InvalidStateError
from typing import BinaryIO, Protocol, cast

from himaya.core.errors import ServiceError
from himaya.watch.feed import Batch
from himaya.watch.formats import LineFormat, read_chunk
from himaya.watch.keep import KeepSurfaces
from himaya.watch.reading import Reading
from himaya.watch.shard import Setup, Shard, Sink
from himaya.watch.source import Chunk
from himaya.watch.tally import Tally
from himaya.watch.worker import (
    Answer,
    Begin,
    Finish,
    Finished,
    Judge,
    Parse,
    Parsed,
    Sharer,
    Task,
    receive_answer,
    send,
)

#: Bytes of logs below which starting processes costs more than it saves.
WORTH_IT = 48 << 20

#: Processes at most.
MOST_PROCESSES = 8

#: Batches handed to a process before its answers are waited for.
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
        """Start the processes. Raises ServiceError when one cannot be started."""
        self._local = Shard(setup, sink) if sink is not None else None
        shares = 1 if self._local else processes
        self._sharer = Sharer(setup, shares)
        begin = Begin({number: form.spec() for number, form in forms.items()}, setup, shares)
        self._workers: list[_Process] = []
        try:
            for _ in range(processes):
                self._workers.append(_Process(begin))
        except BaseException:
            self.close()
            raise
        self._turn = 0
        self._under_way: deque[Future[Answer]] = deque()

    def read(self, number: int, chunks: Iterator[Chunk]) -> Iterator[tuple[Reading, Batch | None]]:
        """Yield readings in the order of the chunks, with a few being parsed ahead."""
        ahead: deque[Future[Answer]] = deque()
        for chunk in chunks:
            worker = self._workers[self._turn % len(self._workers)]
            self._turn += 1
            ahead.append(worker.ask(Parse(number, chunk)))
            if len(ahead) > len(self._workers):
                yield _unpacked(ahead.popleft())
        while ahead:
            yield _unpacked(ahead.popleft())

    def record(self, pile: int, batch: Batch, *, anew: bool) -> None:
        """Hand the shares of a batch to their judges, or judge here."""
        if self._local is not None:
            self._local.record(pile, batch.entries(), anew=anew)
            return
        blobs = batch.blobs or self._sharer.share_out(batch.entries())
        for worker, blob in zip(self._workers, blobs, strict=True):
            self._under_way.append(worker.ask(Judge(pile, blob, anew)))
        while len(self._under_way) > _UNDER_WAY * len(self._workers):
            self._under_way.popleft().result()

    def finish(self) -> list[Tally]:
        """Return the shares, once every batch is judged."""
        while self._under_way:
            self._under_way.popleft().result()
        if self._local is not None:
            return [self._local.finish()]
        ends = [worker.ask(Finish()) for worker in self._workers]
        answers = [end.result() for end in ends]
        return [answer.tally for answer in answers if isinstance(answer, Finished)]

    def close(self) -> None:
        """Stop the processes."""
        for worker in self._workers:
            worker.close()


def _unpacked(pending: Future[Answer]) -> tuple[Reading, Batch | None]:
    parsed = cast("Parsed", pending.result())
    batch = Batch([], parsed.blobs, parsed.span) if parsed.blobs else None
    return parsed.reading, batch


def pipeline(
    forms: dict[int, LineFormat], setup: Setup, *, sink: Sink | None, size: int, processes: int
) -> Pipeline:
    """Return the pipeline that suits `size` bytes of logs; `processes` 0: as many as there are cores."""
    wanted = processes or len(os.sched_getaffinity(0))
    if wanted < 2 or not forms or (size < WORTH_IT and not processes):
        return Serial(forms, setup, sink)
    return Parallel(forms, setup, sink, min(wanted, MOST_PROCESSES))


class _Process:
    """One worker. A thread takes its answers in, so that neither side waits for the other to read."""

    def __init__(self, begin: Begin) -> None:
        path = os.pathsep.join(filter(None, sys.path))
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "himaya.watch.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": path},
            )
        except OSError as problem:
            raise ServiceError(f"cannot start a reading process: {problem}") from None
        self._tasks = cast("BinaryIO", self._process.stdin)
        self._answers = cast("BinaryIO", self._process.stdout)
        self._waiting: deque[Future[Answer]] = deque()
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()
        self._send(begin)

    def ask(self, task: Task) -> Future[Answer]:
        """Send a task; its answer will come."""
        pending: Future[Answer] = Future()
        self._waiting.append(pending)
        self._send(task)
        return pending

    def _send(self, task: Task) -> None:
        try:
            send(self._tasks, task)
        except (BrokenPipeError, ValueError):
            self._lost()

    def _take(self) -> None:
        while (answer := receive_answer(self._answers)) is not None:
            self._waiting.popleft().set_result(answer)
        self._lost()

    def _lost(self) -> None:
        """The process is gone: whoever waits for it is told."""
        while self._waiting:
            with contextlib.suppress(InvalidStateError, IndexError):
                self._waiting.popleft().set_exception(ServiceError("a reading process has ended"))

    def close(self) -> None:
        """Let the process end, and wait for it."""
        with contextlib.suppress(BrokenPipeError):
            self._tasks.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.join()
        self._answers.close()
