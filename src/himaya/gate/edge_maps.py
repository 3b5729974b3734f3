"""Maps for nginx, made from a himaya.toml: which way a request goes, what tells actors apart, what fails closed.

nginx decides by the raw request target. What could be read as another path than it looks like (escapes, dot
segments, doubled slashes, parameters) is always asked about, so that no spelling leads around the engine's matching.
"""

from __future__ import annotations

import hashlib
import re

from himaya.config import Config
from himaya.core.routes import fixed_length
from himaya.core.surface import Surface

#: A path that every reader reads alike: no escapes, no empty segments, none that begins or ends with a dot.
PLAIN = r"(?=/)(?:/(?![.])[A-Za-z0-9_~@:,=+*!().-]+(?<![.]))*/?"

_END = r"/?(?:[?]|$)"
_PLAIN_ONLY = rf"(?={PLAIN}(?:[?]|$))"
_HOLE = re.compile(r"\{[^}]*\}")

#: The cookie with the proof of a solved challenge.
_CLEARANCE = "himaya_clearance"


def pattern_of(route: str) -> str:
    """Return a route template as a pattern that PCRE and Python read alike, without its ends.

    It matches at least what the engine matches, given a path as `PLAIN` has it.
    """
    path, tail = "/" + route.strip("/"), ""
    if path.endswith("...}"):
        path, _, _ = path.rpartition("{")
        path, tail = (path[:-1], "(?:/[^?]*)?") if path.endswith("/") else (path, "[^?]*")
    return "[^/?]+".join(map(_fixed, _HOLE.split(path))) + tail


def _fixed(text: str) -> str:
    """Return fixed text as a pattern; nothing in it is special in PCRE, nor inside quotes of nginx."""
    return "".join(
        chr(byte) if (chr(byte).isalnum() and byte < 128) or byte == 47 else f"\\x{byte:02x}"
        for byte in text.encode()
    )


def ways(config: Config) -> list[tuple[str, str]]:
    """Return (pattern, way) in the order to try them on `METHOD target`; what none matches is `asked`.

    `asked`: ask about every request. `pass`: ask only without a pass. `free`: no surface, so there is nothing to ask.
    """
    found: list[tuple[str, str]] = []
    for surface in _ranked(config.surfaces):
        route = pattern_of(surface.route)
        if surface.id in config.edge.surfaces and "GET" in surface.methods:
            found.append((f"~*^GET {_PLAIN_ONLY}{route}{_END}", "pass"))
        found.append((rf"~*^\S+ {route}{_END}", "asked"))
    return [*found, (rf"~^\S+ {PLAIN}(?:[?]|$)", "free")]


def fails(config: Config) -> list[tuple[str, str]]:
    """Return (pattern, open or closed) in the order to try them on the target, the last one for all others.

    While the gate is away, a path that others could read differently is closed where any surface is.
    """
    found = [
        (f"~*^{_PLAIN_ONLY}{pattern_of(surface.route)}{_END}", surface.fail)
        for surface in _ranked(config.surfaces)
    ]
    other = "closed" if any(fail == "closed" for _, fail in found) else "open"
    return [*found, (f"~^{PLAIN}(?:[?]|$)", "open"), ("default", other)]


def _ranked(surfaces: tuple[Surface, ...]) -> list[Surface]:
    """Return surfaces as the engine tries them: more fixed characters first, then declaration order."""

    def rank(surface: Surface) -> tuple[int, bool]:
        fixed, tail = fixed_length(surface.route)
        return -fixed, tail

    return sorted(surfaces, key=rank)


def cookies(config: Config) -> tuple[str, ...]:
    """Return the names of the cookies that tell actors apart."""
    actor = config.actor
    token = actor.jwt_cookie if actor.jwt_algorithm else ""
    return tuple(dict.fromkeys(filter(None, (_CLEARANCE, actor.session_cookie, token))))


def headers(config: Config) -> tuple[str, ...]:
    """Return the names of the header fields by which visitors say who they are."""
    actor = config.actor
    token = actor.jwt_header if actor.jwt_algorithm else ""
    named = (each for each in (token, actor.key_header) if each)
    return ("Authorization", *(n for n in dict.fromkeys(named) if n.lower() != "authorization"))


def cookie_value(name: str, number: int) -> tuple[str, str]:
    """Return (pattern, value) that takes a cookie out of `$http_cookie`, whatever its spaces and letter case."""
    value = f"himaya_value{number}"
    return rf"~*(?:^|;)\s*{_fixed(name)}\s*=\s*(?<{value}>[^;]*)", f"${value}"


def cookie_twice(names: tuple[str, ...]) -> list[str]:
    """Return patterns of `Cookie` fields that readers take differently: a name twice, or written with escapes."""
    before = r"(?:^|[^A-Za-z0-9_])"
    twice = [rf"~*{before}{_fixed(n)}\s*=.*[^A-Za-z0-9_]{_fixed(n)}\s*=" for n in names]
    return [*twice, "~(?:^|;)[^;=]*%[^;=]*="]


def digest_of(config: Config) -> str:
    """Return 16 hex digits over everything in himaya.toml that the printed configuration depends on."""
    parts = (ways(config), fails(config), cookies(config), headers(config), config.edge)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
