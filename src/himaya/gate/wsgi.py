"""WSGI middleware: himaya inside a Python application of threads or processes (Flask, Bottle, Pyramid, Django on WSGI).

    app = GateMiddleware(app, config="himaya.toml", account=lambda environ: environ.get("REMOTE_USER", ""))

Put it outermost, or just inside what finds the account. It asks the authority (`himaya gate --mode authority`) over its
Unix socket; where that is away each surface does what it declares (`fail`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Protocol

import msgspec

from himaya.config import Config
from himaya.core.actor import Actor
from himaya.gate.challenge import MAX_FORM
from himaya.gate.challenge_pages import PREFIX, Page
from himaya.gate.disclose import disclose, disclose_nobody, redacted, telling
from himaya.gate.embedded import Door, Fields, Visit
from himaya.gate.embedded_ask import Desk
from himaya.gate.embedded_environ import Environ, fields_of, keep_fields, opened, target_of
from himaya.gate.embedded_fields import clean_response, trimmed_response
from himaya.gate.operations.visit import visit_of

__all__ = ["GateMiddleware", "disclose", "disclose_nobody", "redacted"]

ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | None
TextFields = list[tuple[str, str]]

#: What an application gave to `start_response`.
Head = tuple[str, Fields, ExcInfo]


class StartResponse(Protocol):
    """`start_response` of PEP 3333."""

    def __call__(
        self, status: str, headers: TextFields, exc_info: ExcInfo = None, /
    ) -> Callable[[bytes], object]:
        """Take status line and header fields; return the old-style `write`."""


App = Callable[[Environ, StartResponse], Iterable[bytes]]

#: Given the environ, returns the account of the request ("" for none).
Account = Callable[[Environ], str]


class GateMiddleware:
    """Asks before the application answers, and says who may leave with its answer."""

    def __init__(
        self, app: App, config: Config | Path | str = "himaya.toml", account: Account | None = None
    ) -> None:
        """Wrap `app`. Raises ConfigError for a configuration that cannot be used."""
        self.app = app
        self.account = account
        self.door = Door(config, "wsgi")
        socket, leasing = self.door.config.gate.socket, self.door.leasing
        self.desk = Desk(socket, self.door.absence, leasing=leasing)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        door, method, target = self.door, environ["REQUEST_METHOD"], _target(environ)
        fields, peer = fields_of(environ), environ.get("REMOTE_ADDR", "")
        match = door.match(method, target)
        if match is None and not target.startswith(PREFIX):
            keep_fields(environ, door.clean(fields, peer))
            return self.app(environ, self._cleaning(fields, start_response))
        actor = self._actor(environ, fields, peer)
        if match is None:
            return self._own_route(environ, fields, actor, start_response)
        if door.opens(method, target):
            body = opened(environ, door.opener.limits.max_bytes)
            visit = visit_of(door, match, method, target, fields, actor, body)
        else:
            visit = Visit(door, match, method, target, fields, actor)
        return self._visit(visit, environ, door.clean(fields, peer), start_response)

    def _visit(
        self, visit: Visit, environ: Environ, fields: Fields, start_response: StartResponse
    ) -> Iterable[bytes]:
        page = self.desk.run(visit.enter())
        if page is not None:
            self.desk.run(visit.finish(0))
            return _send_page(page, visit.request.method, start_response)
        if visit.delay_s:
            time.sleep(visit.delay_s)
        keep_fields(environ, visit.inner_fields(fields))
        environ["himaya.redact"] = visit.told.redact
        environ.pop("wsgi.file_wrapper", None)  # a way to send a body past us
        return _Answer(self, visit, start_response).begin(environ)

    def _cleaning(self, request: Fields, start_response: StartResponse) -> StartResponse:
        """Return a `start_response` that takes our own fields out, and learns the account from them."""

        def clean(
            status: str, headers: TextFields, exc_info: ExcInfo = None
        ) -> Callable[[bytes], object]:
            fields = _encoded(headers)
            self.door.finder.learn(request, fields)
            if exc_info is None:
                return start_response(status, _decoded(clean_response(fields)))
            return start_response(status, _decoded(clean_response(fields)), exc_info)

        return clean

    def _actor(self, environ: Environ, fields: Fields, peer: str) -> Actor:
        actor = self.door.actor(fields, peer, time.time())
        account = self.account(environ) if self.account is not None else ""
        return msgspec.structs.replace(actor, account=str(account)) if account else actor

    def _own_route(
        self, environ: Environ, fields: Fields, actor: Actor, start_response: StartResponse
    ) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        peer, scheme = environ.get("REMOTE_ADDR", ""), environ.get("wsgi.url_scheme", "http")
        secure = self.door.is_secure(fields, peer, scheme)
        body = _body(environ) if method == "POST" else b""
        route = self.door.own_route(method, _target(environ), body, fields, actor, secure=secure)
        page = self.desk.run(route)
        if page is None:
            return self.app(environ, start_response)
        return _send_page(page, method, start_response)


class _Answer:
    """The response of one visit on its way out; an iterable with `close`, as PEP 3333 asks."""

    def __init__(self, gate: GateMiddleware, visit: Visit, start_response: StartResponse) -> None:
        self._gate = gate
        self._visit = visit
        self._start_response = start_response
        self._parts: Iterable[bytes] = ()
        self._iterator: Iterator[bytes] = iter(())
        self._head: Head | None = None
        self._written: list[bytes] = []
        self._ready: list[bytes] = []
        self._sent = 0
        self._complete = False
        self._finished = False
        self._replaced = False

    def begin(self, environ: Environ) -> _Answer:
        """Call the application; what it raises is recorded and raised on."""
        try:
            with telling(self._visit.told):
                self._parts = self._gate.app(environ, self._start)
                self._iterator = iter(self._parts)
                self._first()
        except BaseException:
            self._close_parts()
            self._finish(failed=True)
            raise
        return self

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            part = self._ready.pop(0) if self._ready else self._more()
        except StopIteration:
            self._complete = True
            raise
        except BaseException:
            self._finish(failed=True)
            raise
        self._sent += len(part)
        return part

    def close(self) -> None:
        """Close the application's iterable and record; the server calls this at the end, whatever happened."""
        self._close_parts()
        self._finish()

    def _start(
        self, status: str, headers: TextFields, exc_info: ExcInfo = None
    ) -> Callable[[bytes], object]:
        self._head = (status, _encoded(headers), exc_info)
        return self._written.append

    def _more(self) -> bytes:
        if self._replaced:
            raise StopIteration
        with telling(self._visit.told):
            return next(self._iterator)

    def _first(self) -> None:
        """Read until the head is there, then as much as must be held; then decide."""
        held, size, ended = [], 0, False
        while self._head is None and not ended:
            part = next(self._iterator, None)
            ended = part is None
            held.append(part or b"")
        if self._head is None:
            raise RuntimeError("the application did not call start_response")
        held = self._written + held
        status = int(self._head[0].split(" ", 1)[0])
        holds = self._visit.holds(status, self._head[1])
        size = sum(map(len, held))
        while holds and not ended and size <= self._visit.limit:
            part = next(self._iterator, None)
            ended = part is None
            held.append(part or b"")
            size += len(part or b"")
        whole = b"".join(held) if holds and ended and size <= self._visit.limit else None
        self._decide(self._head, status, whole, held)

    def _decide(self, head: Head, status: int, whole: bytes | None, held: list[bytes]) -> None:
        """Ask who may leave, and make ready what is sent."""
        line, fields, exc_info = head
        leave = self._gate.desk.run(self._visit.leave(status, fields, whole))
        if leave.page is not None:
            self._replaced = True
            self._ready = list(
                _send_page(leave.page, self._visit.request.method, self._start_response)
            )
            return
        fields = clean_response(fields)
        self._ready = [part for part in held if part]
        if leave.body is not None:
            fields = trimmed_response(fields, len(leave.body))
            self._ready = [leave.body]
        if self._visit.request.method == "HEAD":
            self._ready, self._replaced = [], True  # not every server drops the body itself
        if exc_info is None:
            self._start_response(line, _decoded(fields))
        else:
            self._start_response(line, _decoded(fields), exc_info)

    def _close_parts(self) -> None:
        close = getattr(self._parts, "close", None)
        if close is not None:
            self._parts = ()
            with telling(self._visit.told):
                close()

    def _finish(self, *, failed: bool = False) -> None:
        if self._finished:
            return
        self._finished = True
        aborted = not self._complete and not self._replaced
        self._gate.desk.run(self._visit.finish(self._sent, aborted=aborted, failed=failed))


def _send_page(page: Page, method: str, start_response: StartResponse) -> list[bytes]:
    headers = [*page.headers, ("Content-Length", str(len(page.body)))]
    start_response(f"{page.status} {HTTPStatus(page.status).phrase}", headers)
    return [b"" if method == "HEAD" else page.body]


def _body(environ: Environ) -> bytes:
    """Return a request body; one of unknown or too great length is not read."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MAX_FORM:
        return b""
    body: bytes = environ["wsgi.input"].read(int(length))
    return body


def _target(environ: Environ) -> str:
    path = (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1")
    return target_of(path, environ.get("QUERY_STRING", ""))


def _encoded(headers: TextFields) -> Fields:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def _decoded(fields: Fields) -> TextFields:
    return [(name.decode("latin-1").title(), value.decode("latin-1")) for name, value in fields]
