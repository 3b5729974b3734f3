"""Content codings undone under a bound, so that a small hostile body cannot become a large one.

Sources: RFC 9110 section 8.4 (names, several codings applied in order), RFC 1950, 1951, 1952, RFC 7932, RFC 8878.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import brotli
import zstandard

#: Decoded bytes at most, unless the caller sets another bound: eight times the default buffer.
DECODED_LIMIT = 8 * 1024 * 1024

#: Codings stacked on one another; one is usual, two happen, more is an attempt to keep us busy.
_MAX_CODINGS = 2

_ZSTD_BITE = 64


class _TooLargeError(Exception):
    """The decoded body passes the bound."""


def decode(body: bytes, content_encoding: str, limit: int = DECODED_LIMIT) -> bytes | None:
    """Return the body without its content codings, or None where that is not possible.

    `content_encoding` is the header's value ("" for none). None means: unknown coding, broken or truncated
    data, or more than `limit` bytes once decoded. Never raises.
    """
    codings = [part.strip().lower() for part in content_encoding.split(",") if part.strip()]
    codings = [coding for coding in codings if coding != "identity"]
    if len(codings) > _MAX_CODINGS or any(coding not in _DECODERS for coding in codings):
        return None
    try:
        for coding in reversed(codings):
            body = _DECODERS[coding](body, limit)
    except (_TooLargeError, zlib.error, brotli.error, zstandard.ZstdError, EOFError):
        return None
    return body if len(body) <= limit else None


def _inflate(body: bytes, limit: int, window_bits: int) -> tuple[bytes, bytes]:
    """Return one decoded stream and what follows it."""
    decoder = zlib.decompressobj(window_bits)
    out = decoder.decompress(body, limit + 1)
    if len(out) > limit:
        raise _TooLargeError
    if not decoder.eof:
        raise EOFError
    return out, decoder.unused_data


def _gzip(body: bytes, limit: int) -> bytes:
    """Decode all members of a gzip body (RFC 1952 section 2.2); bytes after the last are ignored, as browsers do."""
    parts: list[bytes] = []
    rest, room = body, limit
    while rest[:2] == b"\x1f\x8b" or not parts:
        out, rest = _inflate(rest, room, 16 + zlib.MAX_WBITS)
        parts.append(out)
        room -= len(out)
    return b"".join(parts)


def _deflate(body: bytes, limit: int) -> bytes:
    """Decode zlib data, or the raw deflate data that some servers send under the same name."""
    try:
        return _inflate(body, limit, zlib.MAX_WBITS)[0]
    except zlib.error:
        return _inflate(body, limit, -zlib.MAX_WBITS)[0]


def _brotli(body: bytes, limit: int) -> bytes:
    decoder = brotli.Decompressor()
    out = bytearray(decoder.process(body, output_buffer_limit=limit + 1))
    while not decoder.is_finished() and len(out) <= limit:
        more = decoder.process(b"", output_buffer_limit=limit + 1 - len(out))
        if not more:
            raise EOFError
        out += more
    if len(out) > limit:
        raise _TooLargeError
    return bytes(out)


def _zstd(body: bytes, limit: int) -> bytes:
    """Decode the first frame in small bites: one RLE block of four bytes stands for up to 128 KiB."""
    # RFC 8878 section 3.1.1.1.2 recommends to accept windows up to 8 MiB; a larger one is memory for nothing.
    decoder = zstandard.ZstdDecompressor(max_window_size=8 * 1024 * 1024).decompressobj()
    out = bytearray()
    for start in range(0, len(body), _ZSTD_BITE):
        out += decoder.decompress(body[start : start + _ZSTD_BITE])
        if len(out) > limit:
            raise _TooLargeError
        if decoder.eof:
            return bytes(out)
    raise EOFError


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
