"""The published decisions as files: plain text, JSON, a map and a geo block of nginx, a map of HAProxy.

The same decisions give the same bytes, so that a tag tells whether anything changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import msgspec

from himaya.core.errors import InputError
from himaya.gate.feeds.block import Block, Remedy

_TEXT = b"text/plain; charset=utf-8"
_JSON = b"application/json"


class Line(msgspec.Struct, frozen=True):
    """One published decision as lists need it: `until` in epoch seconds, `reason` one word."""

    value: str
    remedy: Remedy
    until: float
    reason: str

    @property
    def is_network(self) -> bool:
        """Tell whether it is about more than one address."""
        return "/" in self.value

    @classmethod
    def of(cls, block: Block) -> Line:
        """Return the line of a block."""
        return cls(block.value, block.remedy, block.until, block.scenario)


def _text(lines: list[Line]) -> str:
    return "".join(f"{one.value}\n" for one in lines)


def _json(lines: list[Line]) -> str:
    told = [
        {
            "value": one.value,
            "scope": "range" if one.is_network else "ip",
            "type": one.remedy,
            "until": datetime.fromtimestamp(int(one.until), UTC).isoformat(),
            "reason": one.reason,
        }
        for one in lines
    ]
    return msgspec.json.format(msgspec.json.encode({"decisions": told}), indent=1).decode() + "\n"


def _nginx_map(lines: list[Line]) -> str:
    """For `map $remote_addr ...`, which compares text and knows no networks."""
    return "".join(f"{_quoted(one.value)} {one.remedy};\n" for one in lines if not one.is_network)


def _nginx_geo(lines: list[Line]) -> str:
    return "".join(f"{one.value} {one.remedy};\n" for one in lines)


def _haproxy(lines: list[Line]) -> str:
    return "".join(f"{one.value} {one.remedy}\n" for one in lines)


def _quoted(value: str) -> str:
    return f'"{value}"' if ":" in value else value


#: Name of a format, how it is written, its media type.
FORMATS: dict[str, tuple[Callable[[list[Line]], str], bytes]] = {
    "text": (_text, _TEXT),
    "json": (_json, _JSON),
    "nginx-map": (_nginx_map, _TEXT),
    "nginx-geo": (_nginx_geo, _TEXT),
    "haproxy-map": (_haproxy, _TEXT),
}

#: A list without a column for it says which remedy it is of; the others hold both.
_ONE = {"text": "ban"}


def write(name: str, lines: Iterable[Line], remedy: str = "") -> bytes:
    """Return a list in one of the formats; `remedy` leaves only `ban` or only `captcha` in it.

    Plain text holds blocks only when nothing is said. Raises InputError for a format or remedy that is none.
    """
    if name not in FORMATS:
        raise InputError(f"there is no list {name!r}; there are {', '.join(FORMATS)}")
    if remedy not in {"", "ban", "captcha"}:
        raise InputError(f"{remedy!r} is no type of decision; write ban or captcha")
    wanted = remedy or _ONE.get(name, "")
    chosen = [one for one in lines if not wanted or one.remedy == wanted]
    return FORMATS[name][0](sorted(chosen, key=lambda one: one.value)).encode()


def tag_of(body: bytes) -> bytes:
    """Return the entity tag of a list (RFC 9110 section 8.8.3)."""
    return b'"%s"' % hashlib.sha256(body).hexdigest()[:32].encode()


def matches(told: bytes, tag: bytes) -> bool:
    """Tell whether If-None-Match names the tag; weak comparison (RFC 9110 section 13.1.2)."""
    named = [part.strip().removeprefix(b"W/") for part in told.split(b",")]
    return b"*" in named or tag in named
