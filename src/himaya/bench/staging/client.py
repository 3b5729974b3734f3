"""A slow HTTP client with a bound on everything; it never leaves the target."""

from __future__ import annotations

import time
from http.client import HTTPException
from typing import Self

import msgspec

from himaya._version import __version__
from himaya.bench.staging.target import Pinned, Target
from himaya.core.errors import ServiceError

AGENT = f"himaya-bench/{__version__} (staging test by the site's operator)"
#: What an operator may ask for at most: this is a test, not load.
MOST_REQUESTS, MOST_PER_SECOND = 20_000, 50.0
_MOST_BYTES = 4 * 1024 * 1024
_MOST_HOPS = 3
_BURST = 5


class StoppedError(ServiceError):
    """The run must not go on: its requests are used up, or the target does not bear it."""


class Heard(msgspec.Struct, frozen=True):
    """An answer: status, header fields, body (cut at 4 MiB), and the request target that gave it."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    place: str

    def header(self, name: str) -> str:
        """Return a header's first value, "" for none."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def refused(self) -> bool:
        """Tell whether somebody refuses, rather than shows: sign in, go away, slow down, not for legal reasons."""
        return self.status in {401, 403, 429, 451}


class Client:
    """Asks the target, one request at a time. `sent` counts, `left` counts redirects that led elsewhere."""

    def __init__(
        self,
        target: Target,
        headers: tuple[tuple[str, str], ...] = (),
        *,
        most: int = 2000,
        per_second: float = 10.0,
    ) -> None:
        """Take what is sent with every request, and the bounds."""
        self.target, self._headers = target, dict(headers)
        self._most = min(most, MOST_REQUESTS)
        self._gap = 1 / min(per_second, MOST_PER_SECOND)
        self._connection = Pinned(target)
        self._next = 0.0
        self._broken = 0
        self.sent = self.left = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @property
    def local(self) -> str:
        """Return the address this machine asks from; "" before the first request."""
        sock = self._connection.sock
        return str(sock.getsockname()[0]) if sock is not None else ""

    def get(self, place: str, more: tuple[tuple[str, str], ...] = ()) -> Heard:
        """Return the answer to a GET, after redirects within the target.

        Raises StoppedError when the bound on requests is reached, and after five failures in a row (5xx or a broken
        connection); before that a broken connection is an answer with status 599.
        """
        heard = self.once(place, more)
        for _ in range(_MOST_HOPS):
            location = heard.header("location")
            if not 300 <= heard.status < 400 or not location:
                break
            inside = self.target.within(heard.place, location)
            if not inside:
                self.left += 1
                break
            heard = self.once(inside, more)
        return heard

    def once(self, place: str, more: tuple[tuple[str, str], ...] = ()) -> Heard:
        """Return the answer to one GET, a redirect as it is. Raises StoppedError."""
        if self.sent >= self._most:
            raise StoppedError(f"the bound of {self._most:,} requests is reached")
        self._wait()
        self.sent += 1
        try:
            heard = self._ask(place, {**self._headers, **dict(more)})
        except (OSError, HTTPException) as problem:
            self._connection.close()
            heard = Heard(599, [], str(problem).encode(), place)
        self._broken = self._broken + 1 if heard.status >= 500 else 0
        if self._broken >= _BURST:
            raise StoppedError(f"{_BURST} failures in a row, the last one {_named(heard)}")
        return heard

    def _ask(self, place: str, headers: dict[str, str]) -> Heard:
        named = {"User-Agent": AGENT, "Accept": "*/*", "Accept-Encoding": "identity", **headers}
        self._connection.request("GET", place, headers=named)
        answer = self._connection.getresponse()
        body = answer.read(_MOST_BYTES)
        if answer.read(1):
            self._connection.close()
        return Heard(answer.status, answer.getheaders(), body, place)

    def _wait(self) -> None:
        now = time.monotonic()
        if now < self._next:
            time.sleep(self._next - now)
        self._next = max(now, self._next) + self._gap


def _named(heard: Heard) -> str:
    if heard.status == 599:
        return f"a broken connection: {heard.body.decode(errors='replace')}"
    return f"status {heard.status}"
