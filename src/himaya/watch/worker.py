"""A process that reads chunks in bulk, asked over a pipe.

Run as `python -m himaya.watch.worker`. Messages are MessagePack behind their length (4 bytes,
big-endian): first `Begin`, then chunks, each answered by its part, in order.
"""

from __future__ import annotations

import signal
import struct
import sys
from typing import Any, BinaryIO

import msgspec

from himaya.core.policy import Policy
from himaya.watch.bulk import BulkReader, Part
from himaya.watch.formats import format_of
from himaya.watch.jsonlines import FormatSpec
from himaya.watch.memory import rare_collections
from himaya.watch.source import Chunk


class Begin(msgspec.Struct, array_like=True):
    """The formats of the inputs, the policy whose surfaces are looked for, the number of this reader."""

    forms: dict[int, FormatSpec]
    policy: Policy
    number: int


class Read(msgspec.Struct, array_like=True):
    """Read a chunk of an input."""

    number: int
    chunk: Chunk


_ENCODER = msgspec.msgpack.Encoder()
_BEGIN = msgspec.msgpack.Decoder(Begin)
_READ = msgspec.msgpack.Decoder(Read)
_PART = msgspec.msgpack.Decoder(Part)
_LENGTH = struct.Struct(">I")


def send(file: BinaryIO, message: Begin | Read | Part) -> None:
    """Write one message."""
    data = _ENCODER.encode(message)
    file.write(_LENGTH.pack(len(data)))
    file.write(data)
    file.flush()


def receive_part(file: BinaryIO) -> Part | None:
    """Return the next part, None when the process ended."""
    part: Part | None = _receive(file, _PART)
    return part


def _receive(file: BinaryIO, decoder: msgspec.msgpack.Decoder[Any]) -> Any:  # noqa: ANN401
    head = file.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = file.read(length)
    return decoder.decode(data) if len(data) == length else None


def main() -> None:
    """Answer chunks from standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tasks, answers = sys.stdin.buffer, sys.stdout.buffer
    begin: Begin | None = _receive(tasks, _BEGIN)
    if begin is None:
        return
    forms = {number: format_of(spec) for number, spec in begin.forms.items()}
    reader = BulkReader(begin.policy, begin.number)
    with rare_collections():
        while (task := _receive(tasks, _READ)) is not None:
            send(answers, reader.read(forms[task.number], task.chunk))


if __name__ == "__main__":
    main()
