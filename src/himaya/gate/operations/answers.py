"""Answers of endpoints as documents: read once for all parts, written once when something was taken out."""

from __future__ import annotations

import json

from himaya.gate import bodies, people_json

#: Statuses whose body is the resource itself.
_WHOLE = frozenset({200, 203, 226})

#: Answers that come piece by piece, perhaps without an end: nobody waits for them, and they are charged whole.
_IN_PIECES = ("text/event-stream", "multipart/")


def is_readable(status: int, content_type: str) -> bool:
    """Tell whether an answer is held back and read before it may leave."""
    return status in _WHOLE and not content_type.strip().lower().startswith(_IN_PIECES)


def read_document(body: bytes, coding: str, limit: int) -> object:
    """Return an answer as JSON, None when it is none; `limit` bounds the decoded body in bytes."""
    plain = bodies.decode(body, coding, limit)
    if plain is None:
        return None
    try:
        return people_json.parse(plain)
    except people_json.UnreadableError:
        return None


def write_document(document: object) -> bytes | None:
    """Return a document as UTF-8 JSON, None when it holds what JSON cannot."""
    try:
        return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None
