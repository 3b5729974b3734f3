"""Header fields in a CGI-like environment, as WSGI and Django keep them (PEP 3333)."""

from __future__ import annotations

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


def _name(key: str) -> bytes:
    return key.removeprefix("HTTP_").replace("_", "-").lower().encode("latin-1")


def _bytes(value: object) -> bytes:
    return str(value).encode("latin-1", "replace")
