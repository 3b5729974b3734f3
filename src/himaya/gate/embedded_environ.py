"""Header fields in a CGI-like environment, as WSGI and Django keep them (PEP 3333)."""

from __future__ import annotations

from io import BufferedReader, BytesIO, RawIOBase
from typing import Any
from urllib.parse import quote

from himaya.gate.embedded import Fields

Environ = dict[str, Any]

#: Fields that stand there without `HTTP_`.
_BARE = {"CONTENT_TYPE": b"content-type", "CONTENT_LENGTH": b"content-length"}

#: What may stand in a path unquoted: RFC 3986 section 3.3, without `;`, which separates parameters.
_SAFE = "/:@!$&'()*+,=~"


def fields_of(environ: Environ) -> Fields:
    """Return the header fields with the names they have on the wire."""
    found = [(_name(key), _bytes(value)) for key, value in environ.items() if key[:5] == "HTTP_"]
    return found + [(name, _bytes(environ[key])) for key, name in _BARE.items() if environ.get(key)]


def keep_fields(environ: Environ, fields: Fields) -> None:
    """Remove the fields that are not in `fields` (any more), take over values, add what is new."""
    kept = {
        f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}": value for name, value in fields
    }
    for key in [key for key in environ if key[:5] == "HTTP_" and key not in kept]:
        del environ[key]
    for key, value in kept.items():
        if key.removeprefix("HTTP_") not in _BARE:
            environ[key] = value.decode("latin-1")


def target_of(path: str | bytes, query: str) -> str:
    """Return path and query as the application routes them: by the decoded path."""
    quoted = quote(path, safe=_SAFE) or "/"
    return f"{quoted}?{query}" if query else quoted


def opened(environ: Environ, most: int) -> bytes | None:
    """Return a request's body, None past `most` bytes; the application reads it once more from the beginning.

    Without a length a body ends where the server says (`wsgi.input_terminated`), else there is none.
    """
    length = environ.get("CONTENT_LENGTH") or ""
    source = environ.get("wsgi.input")
    if source is None or not (length or environ.get("wsgi.input_terminated")):
        return b""
    if length and not length.isdigit():
        return None
    wanted = min(int(length), most + 1) if length else most + 1
    parts: list[bytes] = []
    left = wanted
    while left and (data := source.read(left)):
        parts.append(data)
        left -= len(data)
    body = b"".join(parts)
    whole = len(body) <= most
    rest = int(length) - len(body) if length else 1 << 62
    environ["wsgi.input"] = (
        BytesIO(body) if whole else BufferedReader(Again(body, source, rest), 8192)
    )
    return body if whole else None


class Again(RawIOBase):
    """A stream that begins with what was read of another already."""

    def __init__(self, read: bytes, rest: Any, left: int) -> None:  # noqa: ANN401  (whatever the server calls its input)
        """Take what was read, and the stream that has the rest, `left` bytes at most."""
        self._read = BytesIO(read)
        self._rest = rest
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (a writable buffer)
        """Fill a buffer; 0 at the end."""
        data = self._read.read(len(buffer))
        if not data and self._left:
            data = self._rest.read(min(len(buffer), self._left))
            self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)


def _name(key: str) -> bytes:
    return key.removeprefix("HTTP_").replace("_", "-").lower().encode("latin-1")


def _bytes(value: object) -> bytes:
    return str(value).encode("latin-1", "replace")
