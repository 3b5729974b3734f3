"""Frames of SPOP 2.0 (HAProxy's SPOE.txt, section 3.2). Pure: no socket and no clock.

A stream is frames with their length in four bytes before them. Whatever breaks the rules raises BrokenFrameError
with the status that ends the connection. Fragmented payload is refused: it is not offered, so HAProxy does not send it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from himaya.gate.spoe.values import BrokenFrameError, Cursor, Status, Value, string, typed, varint

#: What one frame may hold, in bytes: HAProxy's default buffer of 16,384 without the length.
MAX_FRAME = 16_380

#: No peer may offer less (section 3.2).
_LEAST_FRAME = 256

#: Type, flags, two ids.
_SHORTEST = 7

#: HAProxy puts the messages of one event into a frame; himaya needs one.
_MOST_MESSAGES = 16

_FIN, _ABORT = 1, 2
_SET_VAR, _TRANSACTION = 1, 2

#: Answers of one connection in any order; `async` is not offered: with it a request whose agent was killed would wait
#: for an answer on another connection until it times out, in place of passing at once.
_CAPABILITIES = "pipelining"
_VERSION = "2.0"


class Kind(IntEnum):
    """What a frame is."""

    UNSET = 0
    HAPROXY_HELLO = 1
    HAPROXY_DISCONNECT = 2
    NOTIFY = 3
    AGENT_HELLO = 101
    AGENT_DISCONNECT = 102
    ACK = 103


class Frame(NamedTuple):
    """One frame; `payload` is not read yet."""

    kind: int
    stream: int
    number: int
    payload: bytes


class Message(NamedTuple):
    """One message of a NOTIFY: its name, and its arguments by name (the last one where a name stands twice)."""

    name: str
    args: dict[str, Value]


class Hello(NamedTuple):
    """What HAProxy offers. `max_frame` is what both ends keep to, in bytes."""

    max_frame: int
    healthcheck: bool = False


class Splitter:
    """Cuts a stream into frames; holds at most what was fed last and one frame."""

    def __init__(self, max_frame: int = MAX_FRAME) -> None:
        self.max_frame = max_frame
        self._buffer = bytearray()

    @property
    def in_frame(self) -> bool:
        """Tell whether a frame has begun that is not whole yet."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take bytes of the stream."""
        self._buffer += data

    def next(self) -> Frame | None:
        """Return the next whole frame, None when there is none. Raises BrokenFrameError."""
        buffer = self._buffer
        if len(buffer) < 4:
            return None
        size = int.from_bytes(buffer[:4], "big")
        if size > self.max_frame:
            raise BrokenFrameError(Status.TOO_BIG, "a frame is larger than agreed")
        if size < _SHORTEST:
            raise BrokenFrameError(Status.INVALID, "a frame is too short to be one")
        if len(buffer) < 4 + size:
            return None
        frame = read_frame(bytes(buffer[4 : 4 + size]))
        del buffer[: 4 + size]
        return frame


def read_frame(data: bytes) -> Frame:
    """Return a frame from its bytes, without the length. Raises BrokenFrameError."""
    cursor = Cursor(data)
    kind, flags = cursor.byte(), int.from_bytes(cursor.take(4), "big")
    if kind == Kind.UNSET or not flags & _FIN or flags & _ABORT:
        raise BrokenFrameError(Status.FRAGMENTED, "fragmented payload is not supported")
    stream, number = cursor.varint(), cursor.varint()
    return Frame(kind, stream, number, data[cursor.at :])


def write_frame(frame: Frame) -> bytes:
    """Return a frame with its length before it."""
    head = bytes((frame.kind, 0, 0, 0, _FIN)) + varint(frame.stream) + varint(frame.number)
    return (len(head) + len(frame.payload)).to_bytes(4, "big") + head + frame.payload


def read_pairs(payload: bytes) -> dict[str, Value]:
    """Return a list of names and values. Raises BrokenFrameError."""
    cursor = Cursor(payload)
    pairs: dict[str, Value] = {}
    while cursor.more:
        name = cursor.string()
        pairs[name] = cursor.value()
    return pairs


def write_pairs(pairs: dict[str, Value]) -> bytes:
    """Return names and values as bytes."""
    return b"".join(string(name) + typed(value) for name, value in pairs.items())


def read_messages(payload: bytes) -> list[Message]:
    """Return the messages of a NOTIFY. Raises BrokenFrameError."""
    cursor = Cursor(payload)
    messages: list[Message] = []
    while cursor.more:
        if len(messages) == _MOST_MESSAGES:
            raise BrokenFrameError(Status.INVALID, "too many messages in a frame")
        name, count = cursor.string(), cursor.byte()
        args: dict[str, Value] = {}
        for _ in range(count):
            key = cursor.string()
            args[key] = cursor.value()
        messages.append(Message(name, args))
    return messages


def write_messages(messages: Iterable[Message]) -> bytes:
    """Return messages as bytes; at most 255 arguments each."""
    return b"".join(
        string(name) + bytes((len(args),)) + write_pairs(args) for name, args in messages
    )


def set_variables(variables: Sequence[tuple[str, Value]]) -> bytes:
    """Return actions that set variables of the transaction, without HAProxy's prefix."""
    return b"".join(_setting(name) + typed(value) for name, value in variables)


@lru_cache(maxsize=64)
def _setting(name: str) -> bytes:
    return bytes((_SET_VAR, 3, _TRANSACTION)) + string(name)


def read_hello(frame: Frame) -> Hello:
    """Return what a HAPROXY-HELLO offers (section 3.2.4). Raises BrokenFrameError with the status for what it lacks."""
    if frame.kind != Kind.HAPROXY_HELLO or frame.stream or frame.number:
        raise BrokenFrameError(Status.INVALID, "a connection must begin with a HELLO")
    told = read_pairs(frame.payload)
    versions, size = told.get("supported-versions"), told.get("max-frame-size")
    if not isinstance(versions, str):
        raise BrokenFrameError(Status.NO_VERSION, "supported-versions is missing")
    if isinstance(size, bool) or not isinstance(size, int):
        raise BrokenFrameError(Status.NO_FRAME_SIZE, "max-frame-size is missing")
    if not isinstance(told.get("capabilities"), str):
        raise BrokenFrameError(Status.NO_CAPABILITIES, "capabilities is missing")
    if not any(one.strip().partition(".")[0] == "2" for one in versions.split(",")):
        raise BrokenFrameError(Status.BAD_VERSION, "only SPOP 2.0 is spoken here")
    if size < _LEAST_FRAME:
        raise BrokenFrameError(Status.BAD_FRAME_SIZE, "max-frame-size is too small")
    return Hello(min(size, MAX_FRAME), told.get("healthcheck") is True)


def write_hello(hello: Hello) -> bytes:
    """Return the AGENT-HELLO that answers one of HAProxy."""
    pairs: dict[str, Value] = {
        "version": _VERSION,
        "max-frame-size": hello.max_frame,
        "capabilities": _CAPABILITIES,
    }
    return write_frame(Frame(Kind.AGENT_HELLO, 0, 0, write_pairs(pairs)))


def write_disconnect(status: Status, why: str) -> bytes:
    """Return the AGENT-DISCONNECT that ends a connection."""
    pairs: dict[str, Value] = {"status-code": int(status), "message": why}
    return write_frame(Frame(Kind.AGENT_DISCONNECT, 0, 0, write_pairs(pairs)))


def write_ack(notify: Frame, variables: Sequence[tuple[str, Value]]) -> bytes:
    """Return the ACK of a NOTIFY, with variables to set."""
    return write_frame(Frame(Kind.ACK, notify.stream, notify.number, set_variables(variables)))
