"""One line of an access log, parsed."""

from __future__ import annotations

import msgspec


class Entry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One parsed line. Text fields are "" where the log has none or says `-`.

    `at` is epoch seconds. `address` is the peer's address as logged, `forwarded` the X-Forwarded-For
    list as logged; `himaya_account` comes from the application's response header. `method` and
    `target` are "" for a request line that is no HTTP. `sent` is -1 when unknown. `subjects` is the
    `Himaya-Subjects` value, None when the log does not say. `gate` is "down" where the front door got
    no answer from himaya, `edge` is "pass" where it let a request through without asking, and "free" where it took the
    route for one that shows nobody. `line` is the line's number.
    """

    at: float
    address: str
    account: str
    method: str
    target: str
    status: int
    sent: int = -1
    agent: str = ""
    host: str = ""
    id: str = ""
    subjects: str | None = None
    himaya_account: str = ""
    session: str = ""
    key: str = ""
    tier: str = ""
    terms: str = ""
    fingerprint: str = ""
    asn: str = ""
    forwarded: str = ""
    type: str = ""
    gate: str = ""
    edge: str = ""
    aborted: bool = False
    line: int = 0


#: The words a field map may give a place to, in the order rows carry them.
WORDS = (
    "at",
    "address",
    "account",
    "method",
    "target",
    "status",
    "sent",
    "agent",
    "host",
    "id",
    "subjects",
    "himaya_account",
    "session",
    "key",
    "tier",
    "terms",
    "fingerprint",
    "asn",
    "forwarded",
    "type",
    "gate",
    "edge",
    "completion",
    "connection",
    "query",
)


class Malformed(msgspec.Struct, frozen=True, array_like=True):
    """A line that could not be parsed: its number, its beginning (escaped, cut), why."""

    line: int
    text: str
    why: str


#: Characters of a malformed line that are shown.
SHOWN = 160


def shown(text: str) -> str:
    """Return the beginning of a line as it may be printed: one line, nothing a terminal obeys."""
    cut = text[:SHOWN]
    safe = "".join(c if c.isprintable() else _escape(c) for c in cut)
    return safe + ("..." if len(text) > SHOWN else "")


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
