"""Nothing is asked of any other machine: the address of everything the live bench opens goes through here."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from himaya.core.errors import InputError

#: Programs that read proxy variables are sent to a port nobody listens on for everything but loopback.
NOWHERE = "http://127.0.0.1:9"
_IPV6 = IPv6Address("::1")


def must_be_loopback(url: str) -> str:
    """Return the URL when its host is this machine: 127.0.0.0/8, ::1, or `localhost` resolving to those.

    `localhost` is replaced by the address it resolved to, so that it cannot come to mean another one later.
    Raises InputError for everything else: other hosts and spellings, other schemes, names and passwords
    before the host, anything two readers could understand differently.
    """
    parts = _plain(url)
    host = parts.hostname or ""
    addresses = _resolved(host) if host == "localhost" else _read(host)
    if not addresses or not all(map(_is_loopback, addresses)):
        raise _refused(url, f"{host!r} is not this machine")
    if host != "localhost":
        return url
    first = addresses[0]
    pinned = f"[{first}]" if first.version == 6 else str(first)
    return parts._replace(netloc=pinned + (f":{parts.port}" if parts.port else "")).geturl()


def _read(host: str) -> list[IPv4Address | IPv6Address]:
    try:
        return [ip_address(host)]
    except ValueError:
        return []


def _plain(url: str) -> SplitResult:
    """Return the parts of a URL that can be read in one way only."""
    if not url.isascii() or not url.isprintable() or any(c in url for c in " \\\"'<>^`{|}"):
        raise _refused(url, "it holds characters that no URL has")
    try:
        parts = urlsplit(url)
        fits = parts.port != 0
    except ValueError as problem:
        raise _refused(url, f"it cannot be read ({problem})") from None
    if parts.scheme != "http" or not url.lower().startswith("http://") or not parts.netloc:
        raise _refused(url, "it does not begin with http://HOST")
    if "@" in parts.netloc or "%" in parts.netloc or not fits:
        raise _refused(url, "only a host and a port may stand before the path")
    return parts


def _resolved(host: str) -> list[IPv4Address | IPv6Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [ip_address(address[0]) for *_, address in found]


def _is_loopback(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_loopback
    return address == _IPV6


def _refused(url: str, why: str) -> InputError:
    return InputError(
        f"live mode refuses {url[:200]!r}: {why}."
        " It only ever speaks to this machine; use a URL such as http://127.0.0.1:8080"
    )


def environment(path: str, home: str) -> dict[str, str]:
    """Return the environment of a tool: nothing of the operator's, and no way out of the machine."""
    ways = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY"), NOWHERE)
    inside = "127.0.0.1,localhost,::1"
    return ways | {
        "no_proxy": inside,
        "NO_PROXY": inside,
        "PATH": path,
        "HOME": home,
        "LANG": "C.UTF-8",
    }
