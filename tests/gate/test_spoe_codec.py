"""SPOP on the wire: what is written is read again, and no bytes lead to anything but a value or a status."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from himaya.gate.spoe.frames import (
    MAX_FRAME,
    Frame,
    Hello,
    Kind,
    Message,
    Splitter,
    read_frame,
    read_hello,
    read_messages,
    read_pairs,
    set_variables,
    write_ack,
    write_disconnect,
    write_frame,
    write_hello,
    write_messages,
    write_pairs,
)
from himaya.gate.spoe.values import BrokenFrameError, Cursor, Status, Value, string, typed, varint

LATIN = st.text(st.characters(max_codepoint=255), max_size=40)
NUMBER = st.integers(0, 2**64 - 1)
VALUE = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), LATIN, st.binary(max_size=40),
    st.ip_addresses(v=4), st.ip_addresses(v=6),
)  # fmt: skip
PAIRS = st.dictionaries(LATIN, VALUE, max_size=5)
FRAME = st.builds(
    Frame, st.sampled_from([1, 2, 3, 101, 102, 103]), NUMBER, NUMBER, st.binary(max_size=60)
)

#: HAProxy 2.6.12's own first frame, as it was sent.
HELLO = {
    "supported-versions": "2.0",
    "max-frame-size": 16380,
    "capabilities": "pipelining,async",
    "engine-id": "5d5b6c3e-4a0f-4c3f-9d1e-0a1b2c3d4e5f",
}


def greeting(**changes: Value) -> Frame:
    """Return a HELLO; None leaves a key out."""
    told = {**HELLO, **{name.replace("_", "-"): value for name, value in changes.items()}}
    kept: dict[str, Value] = {name: value for name, value in told.items() if value is not None}
    return Frame(Kind.HAPROXY_HELLO, 0, 0, write_pairs(kept))


def status_of(what: Callable[..., object], *args: object) -> Status:
    """Return the status with which a reader ends."""
    with pytest.raises(BrokenFrameError) as told:
        what(*args)
    return told.value.status


@pytest.mark.parametrize(
    ("number", "data"),
    [
        (0, "00"), (239, "ef"), (240, "f000"), (2287, "ff7f"), (2288, "f08000"),
        (264431, "ffff7f"), (264432, "f0808000"), (33818863, "ffffff7f"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_haproxy_writes_them(number: int, data: str) -> None:
    """The borders of the table in SPOE.txt, section 3.1."""
    assert varint(number).hex() == data
    assert Cursor(bytes.fromhex(data)).varint() == number


@given(NUMBER)
@example(2**64 - 1)
def test_every_number_survives(number: int) -> None:
    """Any number of 64 bits is read as it was written, and nothing is left over."""
    cursor = Cursor(varint(number))
    assert cursor.varint() == number
    assert not cursor.more


@given(VALUE)
def test_every_value_survives(value: Value) -> None:
    """Any value of any type is read as it was written, with its type."""
    cursor = Cursor(typed(value))
    found = cursor.value()
    assert (found, type(found)) == (value, type(value))
    assert not cursor.more


@given(FRAME)
def test_every_frame_survives(frame: Frame) -> None:
    """Any frame is read as it was written."""
    assert read_frame(write_frame(frame)[4:]) == frame


@given(PAIRS, st.lists(st.builds(Message, LATIN, PAIRS), max_size=4))
def test_lists_and_messages_survive(pairs: dict[str, Value], messages: list[Message]) -> None:
    """Any list of names and values, and any messages, are read as they were written."""
    assert read_pairs(write_pairs(pairs)) == pairs
    assert read_messages(write_messages(messages)) == messages


@given(st.lists(FRAME, max_size=4), st.integers(1, 50))
def test_a_stream_is_cut_into_its_frames_wherever_it_is_broken(
    frames: list[Frame], size: int
) -> None:
    """However the bytes arrive, the same frames come out, and then nothing."""
    stream = b"".join(map(write_frame, frames))
    splitter, found = Splitter(), []
    for at in range(0, len(stream), size):
        splitter.feed(stream[at : at + size])
        while (frame := splitter.next()) is not None:
            found.append(frame)
    assert found == frames
    assert not splitter.in_frame


@given(st.binary(max_size=200))
@example(b"\x03\x00\x00\x00\x01\x00\x00\x00\xff")
def test_any_bytes_are_a_value_or_a_status(data: bytes) -> None:
    """No bytes lead to another error than the one that carries a status."""
    readers = (read_frame, read_pairs, read_messages, lambda d: read_hello(Frame(1, 0, 0, d)))
    for read in readers:
        with suppress(BrokenFrameError):
            read(data)


@given(st.data())
def test_a_frame_cut_or_changed_anywhere_is_a_value_or_a_status(data: st.DataObject) -> None:
    """A real question with any byte changed, or ended anywhere, never leads to another error."""
    frame = bytearray(write_messages([Message("himaya", {"id": "x" * 20, "src": None, "n": 7})]))
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] = data.draw(st.integers(0, 255))
    for piece in (bytes(frame), bytes(frame[:at])):
        with suppress(BrokenFrameError):
            read_messages(piece)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"supported_versions": None}, Status.NO_VERSION),
        ({"max_frame_size": None}, Status.NO_FRAME_SIZE),
        ({"max_frame_size": True}, Status.NO_FRAME_SIZE),
        ({"capabilities": None}, Status.NO_CAPABILITIES),
        ({"supported_versions": "1.0, 3.0"}, Status.BAD_VERSION),
        ({"max_frame_size": 255}, Status.BAD_FRAME_SIZE),
    ],
)
def test_a_hello_that_lacks_something_has_its_status(
    changes: dict[str, Value], status: Status
) -> None:
    """Each thing that a HELLO can lack ends with the status SPOP has for it."""
    assert status_of(read_hello, greeting(**changes)) is status


def test_a_hello_is_answered_with_the_smaller_frame() -> None:
    """Both ends keep to the smaller of both frame sizes, and a health check is told apart."""
    assert read_hello(greeting()) == Hello(16380)
    assert read_hello(greeting(max_frame_size=65532)) == Hello(MAX_FRAME)
    assert read_hello(greeting(max_frame_size=256, healthcheck=True)) == Hello(
        256, healthcheck=True
    )
    told = read_frame(write_hello(Hello(256))[4:])
    assert (told.kind, read_pairs(told.payload)) == (
        Kind.AGENT_HELLO,
        {"version": "2.0", "max-frame-size": 256, "capabilities": "pipelining"},
    )


def test_sizes_and_fragments_have_their_status() -> None:
    """A frame that is too large, too short, or part of another is refused by its first bytes."""
    large, short = Splitter(), Splitter()
    large.feed((MAX_FRAME + 1).to_bytes(4, "big"))
    short.feed(b"\0\0\0\6")
    assert status_of(large.next) is Status.TOO_BIG
    assert status_of(short.next) is Status.INVALID
    for head in (b"\x03\0\0\0\0", b"\x03\0\0\0\3", b"\0\0\0\0\1"):
        assert status_of(read_frame, head + b"\1\1") is Status.FRAGMENTED


def test_a_frame_holds_so_many_messages_and_no_more() -> None:
    """The seventeenth message of a frame is one too many."""
    read_messages(write_messages([Message("m", {})] * 16))
    assert status_of(read_messages, write_messages([Message("m", {})] * 17)) is Status.INVALID


def test_answers_are_the_bytes_haproxy_reads() -> None:
    """An ACK names its question and sets variables of the transaction; a DISCONNECT has status and words."""
    assert set_variables([("a", True)]) == b"\x01\x03\x02\x01a\x11"
    ack = read_frame(write_ack(Frame(3, 300, 7, b""), [("a", "b")])[4:])
    assert ack == Frame(Kind.ACK, 300, 7, b"\x01\x03\x02\x01a\x08\x01b")
    gone = read_frame(write_disconnect(Status.TIMEOUT, "slow")[4:])
    assert read_pairs(gone.payload) == {"status-code": 2, "message": "slow"}


@pytest.mark.parametrize("number", [-1, 2**64])
def test_a_number_without_room_is_refused(number: int) -> None:
    """Only numbers of 64 bits can be written; text needs Latin-1."""
    with pytest.raises(ValueError, match=str(number)):
        varint(number)
    with pytest.raises(UnicodeEncodeError):
        string("\u20ac")
