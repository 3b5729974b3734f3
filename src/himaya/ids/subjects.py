"""How the id of a person becomes few bytes, and whole again.

Every packing is 8, 17, 26, ... bytes long. With the 16 bytes of the seal that is a multiple of three, so that the
base64 of a token has no spare bits: one token has one spelling. All whole numbers pack to the same length, and so do
all UUIDs, so the length of a token says nothing about which person it is.
"""

from __future__ import annotations

from uuid import UUID

from himaya.core.errors import InputError

#: The longest id, in bytes of UTF-8.
MOST_BYTES = 200

_NUMBER, _UUID, _TEXT = 0, 1, 2
_FIRST, _STEP = 8, 9
_NUMBER_BYTES = 7


def pack(subject: str) -> bytes:
    """Return the bytes of an id; reads back with `unpack`.

    Raises InputError for an empty id, or one longer than 200 bytes.
    """
    number = _number(subject)
    if number is not None:
        return bytes([_NUMBER]) + number
    found = _uuid(subject)
    if found is not None:
        return bytes([_UUID]) + found
    text = subject.encode("utf-8", "surrogatepass")
    if not 0 < len(text) <= MOST_BYTES:
        raise InputError(f"an id of 1 to {MOST_BYTES} bytes can be sealed, not {len(text)} bytes")
    return pad(bytes([_TEXT]) + text)


def unpack(data: bytes) -> str:
    """Return the id that `pack` packed. The bytes were authenticated before, so they are whole."""
    kind, body = data[0], data[1:]
    if kind == _NUMBER:
        return str(int.from_bytes(body[:_NUMBER_BYTES], "big"))
    if kind == _UUID:
        return str(UUID(bytes=body[:16]))
    return unpad(body).decode("utf-8", "surrogatepass")


def pad(data: bytes) -> bytes:
    """Return bytes, a mark and zeros (ISO/IEC 7816-4) up to the next length that is allowed."""
    marked = data + b"\x80"
    steps = max(0, -(-(len(marked) - _FIRST) // _STEP))
    return marked.ljust(_FIRST + _STEP * steps, b"\0")


def unpad(data: bytes) -> bytes:
    """Return padded bytes without their padding."""
    return data.rstrip(b"\0")[:-1]


def _number(subject: str) -> bytes | None:
    """Return a whole number below 2**56 as bytes; None for what would read back otherwise, such as 007."""
    if not (subject.isascii() and subject.isdecimal()) or len(subject) > 17:
        return None
    number = int(subject)
    if str(number) != subject or number >= 1 << (8 * _NUMBER_BYTES):
        return None
    return number.to_bytes(_NUMBER_BYTES, "big")


def _uuid(subject: str) -> bytes | None:
    try:
        found = UUID(subject) if len(subject) == 36 else None
    except ValueError:
        return None
    return found.bytes if found is not None and str(found) == subject else None
