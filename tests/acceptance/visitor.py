"""Somebody who asks from outside, over real HTTP, and counts whom they got."""

from __future__ import annotations

import http.client
import json
import re
from typing import NamedTuple, Self
from urllib.parse import urlencode

_MARK = re.compile(rb"\bp(\d+)@people\.example")


class Answer(NamedTuple):
    """What came back: status, headers with lower-case names, body, and the people in its bytes."""

    status: int
    headers: dict[str, str]
    body: bytes
    people: frozenset[int]

    def json(self) -> dict[str, object]:
        """Return the body, read as a JSON object."""
        value = json.loads(self.body)
        assert isinstance(value, dict)
        return value


class Visitor:
    """One client with one connection: an address, maybe a session or a key. `obtained` grows with every answer.

    The address goes into X-Forwarded-For, as a front door would write it; whether himaya believes it is
    its configuration's business.
    """

    def __init__(self, port: int, address: str = "", **headers: str) -> None:
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.address = address
        self.cookies: dict[str, str] = {}
        self.obtained: set[int] = set()
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def reconnect(self) -> Self:
        """Open a new connection for the next request: the gate was started anew."""
        self._connection.close()
        return self

    def sign_in(self, account: str) -> Self:
        """Get a session cookie of the site."""
        assert self.get(f"/login?as={account}").status == 200
        return self

    def get(self, target: str, **headers: str) -> Answer:
        """Return the answer to a GET."""
        return self.ask("GET", target, b"", headers)

    def post(self, target: str, body: bytes, kind: str = "application/json") -> Answer:
        """Return the answer to a POST."""
        return self.ask("POST", target, body, {"Content_Type": kind})

    def form(self, target: str, **fields: str) -> Answer:
        """Return the answer to a form that was sent."""
        return self.post(target, urlencode(fields).encode(), "application/x-www-form-urlencoded")

    def ask(self, method: str, target: str, body: bytes, more: dict[str, str]) -> Answer:
        """Return the answer to a request; cookies are kept like a browser keeps them."""
        headers = {
            **self.headers,
            **{name.replace("_", "-"): value for name, value in more.items()},
        }
        if self.address:
            headers["X-Forwarded-For"] = self.address
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self._connection.request(method, target, body or None, headers)
        answer = self._connection.getresponse()
        data = answer.read()
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        people = frozenset(int(found) for found in _MARK.findall(data))
        self.obtained |= people
        fields = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, fields, data, people)
