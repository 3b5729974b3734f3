"""A process that parses chunks and judges one share of the actors, asked over a pipe.

Run as `python -m himaya.watch.worker`. Messages are MessagePack behind their length (4 bytes,
big-endian). Every task has one answer, in the order of the tasks.
"""

from __future__ import annotations

import gc
import signal
import struct
import sys
from typing import BinaryIO

import msgspec

from himaya.watch.actors import Exchanges
from himaya.watch.entry import Entry
from himaya.watch.feed import decode, encode
from himaya.watch.formats import LineFormat, format_of, read_chunk
from himaya.watch.jsonlines import FormatSpec
from himaya.watch.keep import KeepSurfaces
from himaya.watch.reading import Reading
from himaya.watch.shard import Setup, Shard, share_of
from himaya.watch.source import Chunk
from himaya.watch.tally import Tally


class Begin(msgspec.Struct, tag="begin", array_like=True):
    """The first message: the formats of the inputs, what judging needs, how many shares there are."""

    forms: dict[int, FormatSpec]
    setup: Setup
    shares: int


class Parse(msgspec.Struct, tag="parse", array_like=True):
    """Parse a chunk of input `number`. Answer: `Parsed`."""

    number: int
    chunk: Chunk


class Judge(msgspec.Struct, tag="judge", array_like=True):
    """Judge entries. Answer: `Judged`."""

    pile: int
    blob: bytes
    anew: bool


class Finish(msgspec.Struct, tag="finish", array_like=True):
    """Add up. Answer: `Finished`."""


class Parsed(msgspec.Struct, tag="parsed", array_like=True):
    """A reading without entries, its entries as one blob per share, their first and last time."""

    reading: Reading
    blobs: list[bytes]
    span: tuple[float, float]


class Judged(msgspec.Struct, tag="judged", array_like=True):
    """A batch is judged."""


class Finished(msgspec.Struct, tag="finished", array_like=True):
    """What the share adds up to."""

    tally: Tally


Task = Begin | Parse | Judge | Finish
Answer = Parsed | Judged | Finished

_ENCODER = msgspec.msgpack.Encoder()
_TASKS: msgspec.msgpack.Decoder[Task] = msgspec.msgpack.Decoder(Task)
_ANSWERS: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)
_LENGTH = struct.Struct(">I")


def send(file: BinaryIO, message: Task | Answer) -> None:
    """Write one message."""
    data = _ENCODER.encode(message)
    file.write(_LENGTH.pack(len(data)))
    file.write(data)
    file.flush()


def receive_task(file: BinaryIO) -> Task | None:
    """Return the next task, None at the end."""
    data = _receive(file)
    return None if data is None else _TASKS.decode(data)


def receive_answer(file: BinaryIO) -> Answer | None:
    """Return the next answer, None when the process ended."""
    data = _receive(file)
    return None if data is None else _ANSWERS.decode(data)


def _receive(file: BinaryIO) -> bytes | None:
    head = file.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = file.read(length)
    return data if len(data) == length else None


class Sharer:
    """Shares entries out by actor."""

    def __init__(self, setup: Setup, shares: int) -> None:
        """Take how actors are found, and how many shares there are."""
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


class Parser:
    """Parses chunks of several inputs."""

    def __init__(self, forms: dict[int, LineFormat], setup: Setup, shares: int) -> None:
        """Take the formats, and what chooses and shares out entries."""
        self._forms = forms
        self._keep = KeepSurfaces(setup.policy.surfaces)
        self._sharer = Sharer(setup, shares)

    def parse(self, number: int, chunk: Chunk) -> Parsed:
        """Return what a chunk says, its entries as blobs."""
        reading = read_chunk(self._forms[number], chunk, self._keep)
        entries, reading.entries = reading.entries, []
        if not entries:
            return Parsed(reading, [], (0.0, 0.0))
        return Parsed(reading, self._sharer.share_out(entries), (entries[0].at, entries[-1].at))


def spare_collections() -> None:
    """Collect garbage rarely: parsing and judging make no cycles, and the heap is large."""
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)


def main() -> None:
    """Answer tasks from standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    spare_collections()
    tasks, answers = sys.stdin.buffer, sys.stdout.buffer
    begin = receive_task(tasks)
    if not isinstance(begin, Begin):
        return
    forms = {number: format_of(spec) for number, spec in begin.forms.items()}
    parser = Parser(forms, begin.setup, begin.shares)
    shard = Shard(begin.setup)
    while (task := receive_task(tasks)) is not None:
        send(answers, _answer(task, parser, shard))


def _answer(task: Task, parser: Parser, shard: Shard) -> Answer:
    if isinstance(task, Parse):
        return parser.parse(task.number, task.chunk)
    if isinstance(task, Judge):
        shard.record(task.pile, decode(task.blob), anew=task.anew)
        return Judged()
    return Finished(shard.finish())


if __name__ == "__main__":
    main()
