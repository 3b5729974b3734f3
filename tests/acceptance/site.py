"""The site behind the gate: a plain web application that shows people and knows nothing of budgets.

Everybody shown is marked in the bytes by a mail address such as `p17@people.example`, so that a visitor
can count what really arrived. Two hints help himaya, as in a real application: `Himaya-Account` names who is
signed in, and nothing names the people: himaya reads paths, links and JSON by itself.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import parse_qs, urlsplit

from tests.acceptance import graph

POPULATION = 20_000
PER_SEARCH = 20
PER_CALL = 50
PER_LIST = 200

#: Status, content type, body.
Page = tuple[int, str, bytes]


def mark(person: int) -> str:
    """Return the mail address that marks a person wherever they are shown."""
    return f"p{person}@people.example"


def phone(person: int) -> str:
    """Return a person's number; nine numbers between two people belong to nobody."""
    return str(100_000 + 10 * person)


def _html(text: str, status: int = 200) -> Page:
    return status, "text/html; charset=utf-8", f"<!doctype html><p>{text}</p>".encode()


def _json(value: object, status: int = 200) -> Page:
    return status, "application/json", json.dumps(value).encode()


def _missing() -> Page:
    return _html("There is nobody here.", 404)


def _profile(name: str, _: dict[str, str], __: bytes) -> Page:
    person = int(name[1:]) if name[1:].isdigit() else POPULATION
    return _html(f"Person {person} {mark(person)}") if person < POPULATION else _missing()


def _photo(name: str, query: dict[str, str], body: bytes) -> Page:
    status, _, text = _profile(name, query, body)
    return status, "image/svg+xml", text


def _people(page: str, size: int) -> range:
    start = int(page or "0") * size
    return range(start, min(start + size, POPULATION))


def _search(_: str, query: dict[str, str], __: bytes) -> Page:
    found = _people(query.get("page", ""), PER_SEARCH)
    return _html("".join(f'<a href="/u/p{n}">Person {n}</a> {mark(n)} ' for n in found))


def _register(_: str, query: dict[str, str], __: bytes) -> Page:
    found = _people(query.get("page", ""), PER_SEARCH)
    return _html("".join(f'<a href="/practitioners/p{n}">Dr {n}</a> {mark(n)} ' for n in found))


def _rows(found: range) -> Page:
    return _json({"people": [{"id": f"p{n}", "email": mark(n)} for n in found]})


def _api(_: str, query: dict[str, str], __: bytes) -> Page:
    return _rows(_people(query.get("page", ""), PER_CALL))


def _graphql(_: str, __: dict[str, str], body: bytes) -> Page:
    asked = json.loads(body)["variables"]
    return _rows(_people(str(asked["page"]), PER_SEARCH))


def _graph(_: str, query: dict[str, str], body: bytes) -> Page:
    return _json(graph.run(json.loads(body) if body else query))


def _followers(_: str, query: dict[str, str], __: bytes) -> Page:
    return _rows(_people(query.get("page", ""), PER_LIST))


def _lookup(_: str, query: dict[str, str], __: bytes) -> Page:
    person, rest = divmod(int(query["phone"]) - 100_000, 10)
    if rest:
        return _json({"people": []}, 404)
    return _rows(range(person, person + 1))


def _home(_: str, __: dict[str, str], ___: bytes) -> Page:
    return _html("Welcome.")


#: By the first segment of the path. `about` shows people on a route that no configuration declares.
PAGES: dict[str, Callable[[str, dict[str, str], bytes], Page]] = {
    "u": _profile,
    "about": _profile,
    "practitioners": _profile,
    "photo": _photo,
    "search": _search,
    "register": _register,
    "api": _api,
    "graphql": _graphql,
    "graph": _graph,
    "followers": _followers,
    "lookup": _lookup,
    "login": _home,
    "": _home,
}


class Site(ThreadingHTTPServer):
    """Serves in a thread; `closed` holds the first segments of pages that were taken away (410)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.closed: set[str] = set()
        self.sessions: dict[str, str] = {}
        self.next_session = count(1)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def sign_in(self, account: str) -> str:
        """Start a session and return its cookie value."""
        token = f"s{next(self.next_session)}"
        self.sessions[token] = account
        return token

    def close(self) -> None:
        """Stop serving."""
        self.shutdown()
        self._thread.join(5)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Site

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        head, _, rest = parts.path.strip("/").partition("/")
        fields = self._session(head, query)
        page = (
            _html("Gone.", 410)
            if head in self.server.closed
            else self._page(head, rest, query, body)
        )
        self._send(page, fields)

    do_POST = do_GET  # noqa: N815  (http.server's names)

    def _page(self, head: str, rest: str, query: dict[str, str], body: bytes) -> Page:
        page = PAGES.get(head)
        return _missing() if page is None else page(rest, query, body)

    def _session(self, head: str, query: dict[str, str]) -> list[str]:
        """Return the header lines about who is signed in."""
        if head == "login":
            token = self.server.sign_in(query["as"])
            return [f"Set-Cookie: sid={token}; Path=/", f"Himaya-Account: {query['as']}"]
        cookies = self.headers.get("Cookie", "").split("; ")
        token = next((c.removeprefix("sid=") for c in cookies if c.startswith("sid=")), "")
        account = self.server.sessions.get(token)
        return [f"Himaya-Account: {account}"] if account else []

    def _send(self, page: Page, fields: list[str]) -> None:
        status, kind, body = page
        lines = [f"HTTP/1.1 {status} x", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        with contextlib.suppress(OSError):
            self.wfile.write("\r\n".join([*lines, *fields, "", ""]).encode() + body)
