"""Reading chunks in bulk, in this process or in several: the parts are the same, in the same order."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, InvalidStateError
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from himaya.core.errors import ServiceError
from himaya.core.policy import Policy
from himaya.watch.bulk import BulkReader, Part
from himaya.watch.formats import LineFormat
from himaya.watch.source import Chunk
from himaya.watch.worker import Begin, Read, receive_part, send

#: Bytes of logs below which starting processes costs more than it saves.
WORTH_IT = 48 << 20

#: Processes at most.
MOST_PROCESSES = 16

#: How often, and how long between, the machine is looked at for free cores.
_LOOKS, _BETWEEN_S = 5, 0.005

#: A chunk, and the number of the input it comes from.
Numbered = tuple[int, Chunk]


class Pipeline(Protocol):
    """Turns chunks into parts."""

    def read(self, chunks: Iterable[Numbered]) -> Iterator[tuple[int, Part]]:
        """Yield the part of each chunk, in their order, with the number of its input."""
        ...

    def close(self) -> None:
        """Stop."""
        ...


class Serial:
    """Reads in this process."""

    def __init__(self, forms: dict[int, LineFormat], policy: Policy) -> None:
        """Take the formats of the inputs."""
        self._forms = forms
        self._reader = BulkReader(policy)

    def read(self, chunks: Iterable[Numbered]) -> Iterator[tuple[int, Part]]:
        """Yield parts."""
        for number, chunk in chunks:
            yield number, self._reader.read(self._forms[number], chunk)

    def close(self) -> None:
        """Nothing to stop."""


class Parallel:
    """Reads in several processes, every n-th chunk in each."""

    def __init__(self, forms: dict[int, LineFormat], policy: Policy, processes: int) -> None:
        """Start the processes. Raises ServiceError when one cannot be started."""
        specs = {number: form.spec() for number, form in forms.items()}
        self._workers: list[_Process] = []
        try:
            for number in range(processes):
                self._workers.append(_Process(Begin(specs, policy, number)))
        except BaseException:
            self.close()
            raise

    def read(self, chunks: Iterable[Numbered]) -> Iterator[tuple[int, Part]]:
        """Yield parts in the order of the chunks, with a few being read ahead."""
        ahead: deque[tuple[int, Future[Part]]] = deque()
        for turn, (number, chunk) in enumerate(chunks):
            worker = self._workers[turn % len(self._workers)]
            ahead.append((number, worker.ask(Read(number, chunk))))
            if len(ahead) > 2 * len(self._workers):
                first, pending = ahead.popleft()
                yield first, pending.result()
        for number, pending in ahead:
            yield number, pending.result()

    def close(self) -> None:
        """Stop the processes."""
        for worker in self._workers:
            worker.close()


def pipeline(
    forms: dict[int, LineFormat], policy: Policy, *, size: int, processes: int
) -> Pipeline:
    """Return the pipeline that suits `size` bytes of logs; `processes` 0: as many as there are free cores."""
    wanted = processes or free_cores()
    if wanted < 2 or not forms or (size < WORTH_IT and not processes):
        return Serial(forms, policy)
    return Parallel(forms, policy, min(wanted, MOST_PROCESSES))


def free_cores() -> int:
    """Return how many cores have nothing else to do now, at least one.

    On busy cores several processes take longer than one. Linux says in the fourth field of /proc/loadavg how
    many tasks are running (proc(5)), this one among them; the least of a few looks is taken.
    """
    cores = len(os.sched_getaffinity(0))
    running = cores
    for _ in range(_LOOKS):
        try:
            told = Path("/proc/loadavg").read_text("ascii").split()[3]
            running = min(running, int(told.partition("/")[0]) - 1)
        except (OSError, ValueError, IndexError):
            return cores
        time.sleep(_BETWEEN_S)
    return max(1, cores - max(0, running))


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
        self._waiting: deque[Future[Part]] = deque()
        self._gone = False
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()
        self._send(begin)

    def ask(self, task: Read) -> Future[Part]:
        """Send a chunk; its part will come."""
        pending: Future[Part] = Future()
        self._waiting.append(pending)
        self._send(task)
        if self._gone:
            self._lost()
        return pending

    def _send(self, message: Begin | Read) -> None:
        try:
            send(self._tasks, message)
        except (BrokenPipeError, ValueError):
            self._gone = True

    def _take(self) -> None:
        while (part := receive_part(self._answers)) is not None:
            self._waiting.popleft().set_result(part)
        self._gone = True
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
