"""The one host that may be asked: resolved once, and asked at that address only, whatever its name says later."""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPConnection
from urllib.parse import SplitResult, urljoin, urlsplit

import msgspec

from himaya.core.errors import InputError, ServiceError

_PORTS = {"http": 80, "https": 443}
TIMEOUT_S = 20.0


class Target(msgspec.Struct, frozen=True):
    """Scheme, host and port as the operator wrote them, and the address the host had when the run began."""

    scheme: str
    host: str
    port: int
    address: str

    @property
    def url(self) -> str:
        """Return the target as a URL without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    def within(self, place: str, location: str) -> str:
        """Return the request target that a redirect from `place` leads to, "" when it leaves this host and port."""
        try:
            parts = urlsplit(urljoin(f"{self.url}{place}", location))
            same = (parts.scheme, parts.hostname, _port(parts)) == (
                self.scheme,
                self.host,
                self.port,
            )
        except ValueError:
            return ""
        query = f"?{parts.query}" if parts.query else ""
        return f"{parts.path or '/'}{query}" if same and "@" not in parts.netloc else ""


def resolve(url: str, option: str = "--target") -> Target:
    """Return the target that a URL names, with its address. `option` is where the URL comes from, for messages.

    Raises InputError for anything but http(s)://host[:port], ServiceError when the host has no address.
    """
    if "@" in url:
        raise InputError(f"{option} must not hold a user name or password before the host")
    try:
        parts = urlsplit(url)
        port = _port(parts)
    except ValueError as problem:
        raise InputError(f"{option} {url}: {problem}") from None
    if parts.scheme not in _PORTS:
        raise InputError(f"{option} {url}: only http:// and https:// can be asked")
    if not parts.hostname or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise InputError(
            f"{option} {url}: write scheme, host and port only, https://staging.example"
        )
    address = _address(parts.hostname, port, option)
    return Target(parts.scheme, parts.hostname, port, address)


def _port(parts: SplitResult) -> int:
    return parts.port if parts.port is not None else _PORTS.get(parts.scheme, 0)


def _address(host: str, port: int, option: str) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        raise ServiceError(f"{option}: {host} has no address: {problem}") from None
    return str(found[0][4][0])


class Pinned(HTTPConnection):
    """A connection to the target's address; certificates are checked against its host name."""

    def __init__(self, target: Target) -> None:
        """Prepare; nothing is sent yet."""
        super().__init__(target.host, target.port, timeout=TIMEOUT_S)
        self.default_port = _PORTS[target.scheme]
        self._target = target

    def connect(self) -> None:
        """Connect to the pinned address."""
        target = self._target
        plain = socket.create_connection((target.address, target.port), TIMEOUT_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if target.scheme == "https":
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(plain, server_hostname=target.host)
        else:
            self.sock = plain
