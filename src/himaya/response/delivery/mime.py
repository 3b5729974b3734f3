"""A mail as bytes: plain text and the same as a page (RFC 5322, RFC 2046 multipart/alternative), both as base64.

Written out here because the standard library's composer costs more than everything else about a notice, and only what
differs between a hundred thousand mails is made anew. A sender and an address are checked before, so that no header
can be ended by them: `config.alerts.is_mail`, ASCII.
"""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime, make_msgid
from functools import lru_cache

import msgspec


class Envelope(msgspec.Struct, frozen=True):
    """Whose mail to whom about what."""

    sender: str
    address: str
    subject: str


def composed(envelope: Envelope, text: str, page: str) -> bytes:
    """Return a mail, its lines ended by CR LF, ready for DATA but for its dots."""
    edge = f"=_{secrets.token_hex(16)}"  # "_" is no letter of base64, so no part has it
    head = (
        f"From: {envelope.sender}",
        f"To: {envelope.address}",
        f"Subject: {_subject(envelope.subject)}",
        f"Date: {format_datetime(datetime.now(UTC))}",
        f"Message-ID: {make_msgid(domain=envelope.sender.rpartition('@')[2])}",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{edge}"',
        "",
        "",
    )
    parts = b"".join((_part(edge, "plain", text), _part(edge, "html", page)))
    return "\r\n".join(head).encode("ascii") + parts + f"--{edge}--\r\n".encode()


def _part(edge: str, kind: str, text: str) -> bytes:
    head = (
        f"--{edge}",
        f"Content-Type: text/{kind}; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        "",
        "",
    )
    return "\r\n".join(head).encode() + base64.encodebytes(text.encode()).replace(b"\n", b"\r\n")


@lru_cache(maxsize=64)
def _subject(subject: str) -> str:
    """Return a subject as it may stand in a header (RFC 2047); it is the same for all who are told in a language."""
    plain = "".join(c if c.isprintable() else " " for c in subject)
    return Header(plain, "us-ascii" if plain.isascii() else "utf-8", header_name="Subject").encode(
        linesep="\r\n"
    )
