"""Values of SPOP 2.0 as bytes (HAProxy's SPOE.txt, section 3.1). Pure: bytes in, values out, and back.

STRING is read as `str` by Latin-1, so that any byte HAProxy sends comes through and back unchanged; BINARY is `bytes`.
"""

from __future__ import annotations

from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address

Value = None | bool | int | IPv4Address | IPv6Address | str | bytes

_U32 = 1 << 32
_I64 = 1 << 63
_U64 = 1 << 64

#: Seven bits a byte after the first: more bytes than this hold more than 64 bits.
_LONGEST_VARINT = 10


class Status(IntEnum):
    """Why a connection ends (SPOE.txt, section 3.5)."""

    NORMAL = 0
    IO = 1
    TIMEOUT = 2
    TOO_BIG = 3
    INVALID = 4
    NO_VERSION = 5
    NO_FRAME_SIZE = 6
    NO_CAPABILITIES = 7
    BAD_VERSION = 8
    BAD_FRAME_SIZE = 9
    FRAGMENTED = 10
    NO_ROOM = 13
    UNKNOWN = 99


class BrokenFrameError(Exception):
    """A frame that ends its connection, with the status the other end is told."""

    def __init__(self, status: Status, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Type(IntEnum):
    """The low four bits of a typed value's first byte; a boolean's value stands in the high ones."""

    NULL = 0
    BOOL = 1
    INT32 = 2
    UINT32 = 3
    INT64 = 4
    UINT64 = 5
    IPV4 = 6
    IPV6 = 7
    STRING = 8
    BINARY = 9


_TRUE = 0x10


class Cursor:
    """Reads values from bytes, one after the other. Each method raises BrokenFrameError where they end early."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    @property
    def more(self) -> bool:
        """Tell whether bytes are left."""
        return self.at < len(self.data)

    def byte(self) -> int:
        """Return the next byte."""
        if self.at >= len(self.data):
            raise BrokenFrameError(Status.INVALID, "a frame ends within a value")
        self.at += 1
        return self.data[self.at - 1]

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        end = self.at + size
        if end > len(self.data):
            raise BrokenFrameError(Status.INVALID, "a frame ends within a value")
        taken, self.at = self.data[self.at : end], end
        return taken

    def varint(self) -> int:
        """Return a number of up to 64 bits: below 240 one byte, else four bits and seven in each further byte."""
        value = self.byte()
        if value < 240:
            return value
        for count in range(_LONGEST_VARINT):
            part = self.byte()
            value += part << (4 + 7 * count)
            if part < 128:
                break
        if part >= 128 or value >= _U64:
            raise BrokenFrameError(Status.INVALID, "a number of more than 64 bits")
        return value

    def string(self) -> str:
        """Return a length and as many bytes, as text by Latin-1."""
        return self.take(self.varint()).decode("latin-1")

    def value(self) -> Value:
        """Return a typed value."""
        first = self.byte()
        kind = first & 0x0F
        if kind == _Type.STRING:
            return self.string()
        if kind in {_Type.NULL, _Type.BOOL}:
            return bool(first & _TRUE) if kind else None
        if kind <= _Type.UINT64:
            number = self.varint()
            return (
                number - _U64 if kind in {_Type.INT32, _Type.INT64} and number >= _I64 else number
            )
        return self._packed(kind)

    def _packed(self, kind: int) -> Value:
        if kind == _Type.IPV4:
            return IPv4Address(self.take(4))
        if kind == _Type.IPV6:
            return IPv6Address(self.take(16))
        if kind == _Type.BINARY:
            return self.take(self.varint())
        raise BrokenFrameError(Status.INVALID, "a value of an unknown type")


def varint(number: int) -> bytes:
    """Return a number of 0 to 2**64 - 1 as bytes. Raises ValueError for others."""
    if not 0 <= number < _U64:
        raise ValueError(number)
    if number < 240:
        return bytes((number,))
    out = bytearray((number & 0x0F | 0xF0,))
    number = (number - 240) >> 4
    while number >= 128:
        out.append(number & 0x7F | 0x80)
        number = (number - 128) >> 7
    out.append(number)
    return bytes(out)


def string(text: str) -> bytes:
    """Return text as length and bytes. Raises UnicodeEncodeError for what Latin-1 does not have."""
    data = text.encode("latin-1")
    return varint(len(data)) + data


def typed(value: Value) -> bytes:
    """Return a typed value. Raises ValueError for a number of more than 64 bits."""
    if isinstance(value, str):
        return bytes((_Type.STRING,)) + string(value)
    if value is None or isinstance(value, bool):
        return bytes((_Type.NULL if value is None else _Type.BOOL | (_TRUE if value else 0),))
    if isinstance(value, int):
        return _number(value)
    if isinstance(value, bytes):
        return bytes((_Type.BINARY,)) + varint(len(value)) + value
    kind = _Type.IPV4 if isinstance(value, IPv4Address) else _Type.IPV6
    return bytes((kind,)) + value.packed


def _number(value: int) -> bytes:
    if 0 <= value < _U32:
        return bytes((_Type.UINT32,)) + varint(value)
    if -_I64 <= value < 0:
        return bytes((_Type.INT64,)) + varint(value + _U64)
    return bytes((_Type.UINT64,)) + varint(value)
