"""Message heads of HTTP/1.1 as the gate holds them, and the checks that keep two readers from disagreeing.

Header names are kept in lower case (RFC 9110 section 5.1: names are case-insensitive), values as received.
httptools (llhttp, strict) has refused by then: obsolete line folding, bare CR or LF, invalid tokens, duplicate or
malformed Content-Length, Content-Length beside Transfer-Encoding. What it lets through and a proxy must not is
refused here.
"""

from __future__ import annotations

import re

#: Header fields in the order received: lower-case name, value.
Fields = list[tuple[bytes, bytes]]

#: What a request target may be made of: printable ASCII without a fragment (RFC 9112 section 3.2).
_TARGET = re.compile(rb"(?:/|https?://[^/?#@]+(?![^/?]))[!-\"$-~]*", re.IGNORECASE)
_AUTHORITY_END = re.compile(rb"[/?]")
_HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=:%\[\]-]*")


class RefusedRequestError(Exception):
    """A request that is answered with `status` and ends its connection; `why` is told to the sender."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class RequestHead:
    """Method, target (origin form, ASCII), version and fields of a request.

    `length` is the declared body length, -1 without one; `chunked` tells of a chunked body. `upgrade`
    is b"websocket" when that protocol is asked for; no other is ever forwarded, because an agreed h2c
    would carry further requests past the gate.
    """

    __slots__ = (
        "_values", "chunked", "fields", "host", "keep_alive", "length", "method", "target", "upgrade",
        "version",
    )  # fmt: skip

    def __init__(
        self,
        method: str,
        target: bytes,
        version: str,
        fields: Fields,
        *,
        keep_alive: bool,
        upgrades: bool = False,
    ) -> None:
        """Check and keep. Raises RefusedRequestError for what must not be forwarded."""
        self.method = method
        self.version = version
        self.fields = fields
        self._values = values_of(fields)
        self.keep_alive = keep_alive
        self.host = b""
        self.upgrade = b""
        self.length = -1
        self.chunked = False
        self._read_fields()
        self._check_upgrade(asked=upgrades)
        self.target = self._origin_form(target)

    @property
    def has_body(self) -> bool:
        """Tell whether body bytes follow."""
        return self.chunked or self.length > 0

    def get(self, name: bytes) -> bytes:
        """Return the value of a field, all its lines joined (RFC 9110 section 5.3), or b""."""
        return self._values.get(name, b"")

    def drop(self, name: bytes) -> None:
        """Forget a field."""
        self.fields = [pair for pair in self.fields if pair[0] != name]
        self._values.pop(name, None)

    def _read_fields(self) -> None:
        if self.version not in {"1.0", "1.1"}:
            raise RefusedRequestError(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
        values = self._values
        self.host = values.get(b"host", b"")
        if b"content-length" in values:  # the parser has refused a second one
            self.length = int(values[b"content-length"])
        if b"transfer-encoding" in values:
            for value in self._lines_of(b"transfer-encoding"):
                self._read_coding(value)
        if b"upgrade" in values:
            self.upgrade = self._lines_of(b"upgrade")[-1].strip().lower()
        hosts = int(b"host" in values)
        if len(values) != len(self.fields):
            hosts = len(self._lines_of(b"host"))
        # RFC 9112 section 3.2: exactly one Host, or 400.
        if hosts > 1 or (hosts == 0 and self.version == "1.1") or not _HOST.fullmatch(self.host):
            raise RefusedRequestError(400, "exactly one valid Host field is needed")

    def _lines_of(self, name: bytes) -> list[bytes]:
        """Return every line of a field."""
        return [value for key, value in self.fields if key == name]

    def _check_upgrade(self, *, asked: bool) -> None:
        if not asked or self.upgrade != b"websocket" or self.method != "GET":
            self.upgrade = b""
        elif self.has_body:
            raise RefusedRequestError(400, "a websocket request has no body")

    def _read_coding(self, value: bytes) -> None:
        """Take one chunked coding; RFC 9112 section 6.1: none in HTTP/1.0, others are not implemented."""
        if self.chunked or self.version == "1.0":
            raise RefusedRequestError(400, "this Transfer-Encoding is not allowed here")
        if value.strip().lower() != b"chunked":
            raise RefusedRequestError(501, "only the chunked transfer coding is implemented")
        self.chunked = True

    def _origin_form(self, target: bytes) -> bytes:
        """Return the target as path and query; an absolute form sets the host (RFC 9112 section 3.2.2)."""
        if self.method == "OPTIONS" and target == b"*":
            return target
        if self.method == "CONNECT" or not _TARGET.fullmatch(target):
            raise RefusedRequestError(400, "this request target is not served here")
        if target.startswith(b"/"):
            return target
        rest = target.partition(b"://")[2]
        self.host = _AUTHORITY_END.split(rest, maxsplit=1)[0]
        self.fields = [(n, self.host if n == b"host" else v) for n, v in self.fields]
        if b"host" in self._values:
            self._values[b"host"] = self.host
        path = rest[len(self.host) :]
        return path if path.startswith(b"/") else b"/" + path


class ResponseHead:
    """Status, reason, version and fields of a response."""

    __slots__ = ("_values", "fields", "keep_alive", "reason", "status", "version")

    def __init__(
        self, status: int, reason: bytes, version: str, fields: Fields, *, keep_alive: bool
    ) -> None:
        self.status = status
        self.reason = reason
        self.version = version
        self.fields = fields
        self._values = values_of(fields)
        self.keep_alive = keep_alive

    def get(self, name: bytes) -> bytes:
        """Return the value of a field, all its lines joined, or b""."""
        return self._values.get(name, b"")


def values_of(fields: Fields) -> dict[bytes, bytes]:
    """Return the value of every field, all its lines joined by commas."""
    values = dict(fields)
    if len(values) != len(fields):
        several = {name: list[bytes]() for name in values}
        for name, value in fields:
            several[name].append(value)
        values = {name: b", ".join(lines) for name, lines in several.items()}
    return values


def get(fields: Fields, name: bytes) -> bytes:
    """Return the value of a field, all its lines joined by commas, or b""."""
    found = [value for key, value in fields if key == name]
    if not found:
        return b""
    return found[0] if len(found) == 1 else b", ".join(found)


def encode_request(method: str, target: bytes, fields: Fields) -> bytes:
    """Return the bytes of a request head."""
    return b"".join((method.encode(), b" ", target, b" HTTP/1.1\r\n", _lines(fields)))


def encode_response(status: int, reason: bytes, fields: Fields) -> bytes:
    """Return the bytes of a response head."""
    return b"".join((b"HTTP/1.1 %d " % status, reason, b"\r\n", _lines(fields)))


def _lines(fields: Fields) -> bytes:
    lines = [name + b": " + value + b"\r\n" for name, value in fields]
    lines.append(b"\r\n")
    return b"".join(lines)
