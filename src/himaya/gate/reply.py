"""Answers of the gate itself: complete, small, never cached."""

from __future__ import annotations

import time
from collections.abc import Sequence
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from himaya.gate.heads import Fields, encode_response

_TEXT = b"text/plain; charset=utf-8"

_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}


def reason_of(status: int) -> bytes:
    """Return the reason phrase of a status, or b"" for one without."""
    return _REASONS.get(status, b"")


def reply(
    status: int, fields: Fields, body: bytes, *, keep_alive: bool, method: str = "GET"
) -> bytes:
    """Return a whole answer with its length; HEAD gets the head alone."""
    framing = [
        (b"date", date()),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"keep-alive" if keep_alive else b"close"),
    ]
    head = encode_response(status, reason_of(status), fields + framing)
    return head if method == "HEAD" else head + body


def date() -> bytes:
    """Return the time of now as a Date field has it."""
    return _date(int(time.time()))


@lru_cache(maxsize=2)
def _date(now: int) -> bytes:
    """Return the time as RFC 9110 section 5.6.7 writes it."""
    return formatdate(now, usegmt=True).encode()


def plain_reply(
    status: int,
    why: str,
    *,
    keep_alive: bool = False,
    method: str = "GET",
    fields: Sequence[tuple[bytes, bytes]] = (),
) -> bytes:
    """Return an answer of one plain sentence."""
    body = f"{status} {reason_of(status).decode()}: {why}\n".encode()
    own = [(b"content-type", _TEXT), (b"cache-control", b"no-store"), *fields]
    return reply(status, own, body, keep_alive=keep_alive, method=method)
