"""Fields of answers and requests, as the middlewares change them."""

from __future__ import annotations

from himaya.gate import trim
from himaya.gate.actor_from import OURS
from himaya.gate.heads import Fields

#: Codings of answers that himaya can look into.
_READABLE = frozenset({b"gzip", b"x-gzip", b"br", b"deflate", b"zstd", b"identity"})


def clean_response(fields: Fields) -> Fields:
    """Return response fields without what the application told himaya alone."""
    return [pair for pair in fields if not pair[0].lower().startswith(OURS)]


def trimmed_response(fields: Fields, length: int) -> Fields:
    """Return response fields that fit a body of `length` bytes which is not the application's any more."""
    stale = {name.encode() for name in trim.STALE_HEADERS} | {b"cache-control", b"expires"}
    kept = [pair for pair in fields if pair[0].lower() not in stale]
    return [*kept, (b"cache-control", b"private, no-store"), (b"content-length", b"%d" % length)]


def first(fields: Fields, name: bytes) -> bytes:
    """Return the first value of a field, b"" where there is none."""
    return next((value for key, value in fields if key.lower() == name), b"")


def codings(accept_encoding: bytes) -> bytes:
    """Return what is left of an Accept-Encoding that himaya can read, `identity` where nothing is."""
    parts = (part.strip() for part in accept_encoding.split(b","))
    kept = [part for part in parts if part.partition(b";")[0].strip().lower() in _READABLE]
    return b", ".join(kept) or b"identity"
