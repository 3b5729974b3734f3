"""ASGI middleware: himaya inside an asynchronous Python application (Starlette, FastAPI, Quart, Django on ASGI).

    app = GateMiddleware(app, config="himaya.toml", account=lambda scope: scope.get("account", ""))

Put it outermost, or just inside what finds the account. It asks the authority (`himaya gate --mode authority`) over its
Unix socket; where that is away each surface does what it declares (`fail`).
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import msgspec

from himaya.config import Config
from himaya.core.actor import Actor
from himaya.gate.challenge import MAX_FORM
from himaya.gate.challenge_pages import PREFIX, Page
from himaya.gate.disclose import disclose, disclose_nobody, redacted, telling
from himaya.gate.embedded import Door, Fields, Visit
from himaya.gate.embedded_ask import AsyncDesk
from himaya.gate.embedded_environ import target_of
from himaya.gate.embedded_fields import clean_response, trimmed_response
from himaya.gate.operations.visit import visit_of

__all__ = ["GateMiddleware", "disclose", "disclose_nobody", "redacted"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Given the scope, returns the account of the request ("" for none), at once or later.
Account = Callable[[Scope], str | Awaitable[str]]

#: Ways to send a body past us.
_SHORTCUTS = frozenset({"http.response.pathsend", "http.response.zerocopysend"})


class GateMiddleware:
    """Asks before the application answers, and says who may leave with its answer."""

    def __init__(
        self, app: App, config: Config | Path | str = "himaya.toml", account: Account | None = None
    ) -> None:
        """Wrap `app`. Raises ConfigError for a configuration that cannot be used."""
        self.app = app
        self.account = account
        self.door = Door(config, "asgi")
        socket, leasing = self.door.config.gate.socket, self.door.leasing
        self.desk = AsyncDesk(socket, self.door.absence, leasing=leasing)
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope (ASGI 3)."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            peer = _peer(scope)
            await self.app(
                {**scope, "headers": self.door.clean(_fields(scope), peer)}, receive, send
            )
        else:
            await self.app(scope, receive, send)
            await self.desk.close()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        door, peer, target = self.door, _peer(scope), _target(scope)
        fields = _fields(scope)
        match = door.match(scope["method"], target)
        if match is None and not target.startswith(PREFIX):
            await self.app(
                {**scope, "headers": door.clean(fields, peer)},
                receive,
                self._cleaning(fields, send),
            )
            return
        actor = await self._actor(scope, fields, peer)
        if match is None:
            await self._own_route(scope, fields, actor, receive, send)
            return
        if door.opens(scope["method"], target):
            body, receive = await _opened(receive, door.opener.limits.max_bytes)
            visit = visit_of(door, match, scope["method"], target, fields, actor, body)
        else:
            visit = Visit(door, match, scope["method"], target, fields, actor)
        await self._visit(visit, {**scope, "headers": door.clean(fields, peer)}, receive, send)

    async def _visit(self, visit: Visit, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer(visit, self.desk, send)
        try:
            page = await self.desk.run(visit.enter())
            if page is not None:
                await answer.page(page)
            else:
                await self._application(visit, scope, receive, answer)
        except BaseException:
            self._finish_later(visit, answer)
            raise
        await self.desk.run(visit.finish(answer.sent, aborted=not answer.complete))

    async def _application(
        self, visit: Visit, scope: Scope, receive: Receive, answer: _Answer
    ) -> None:
        if visit.delay_s:
            await asyncio.sleep(visit.delay_s)
        extensions = {
            k: v for k, v in (scope.get("extensions") or {}).items() if k not in _SHORTCUTS
        }
        headers = visit.inner_fields(scope["headers"])
        ours = {"headers": headers, "extensions": extensions, "himaya.redact": visit.told.redact}
        with telling(visit.told):
            await self.app({**scope, **ours}, receive, answer.take)

    def _finish_later(self, visit: Visit, answer: _Answer) -> None:
        """Record an exchange that an error or a disconnect broke off, in a task of its own.

        The task of the request may be cancelled at every further await.
        """
        failed = not answer.started
        steps = visit.finish(answer.sent, aborted=not answer.complete, failed=failed)
        task = asyncio.get_running_loop().create_task(self.desk.run(steps))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    def _cleaning(self, request: Fields, send: Send) -> Send:
        """Return a `send` that takes our own fields out of a response, and learns the account from them."""

        async def clean(message: Message) -> None:
            if message["type"] == "http.response.start":
                fields = _fields(message)
                self.door.finder.learn(request, fields)
                message = {**message, "headers": clean_response(fields)}
            await send(message)

        return clean

    async def _actor(self, scope: Scope, fields: Fields, peer: str) -> Actor:
        actor = self.door.actor(fields, peer, time.time())
        if self.account is None:
            return actor
        told = self.account(scope)
        account = await told if inspect.isawaitable(told) else told
        return msgspec.structs.replace(actor, account=str(account)) if account else actor

    async def _own_route(
        self, scope: Scope, fields: Fields, actor: Actor, receive: Receive, send: Send
    ) -> None:
        secure = self.door.is_secure(fields, _peer(scope), scope.get("scheme", "http"))
        body = await _body(receive) if scope["method"] == "POST" else b""
        route = self.door.own_route(
            scope["method"], _target(scope), body, fields, actor, secure=secure
        )
        page = await self.desk.run(route)
        if page is None:
            await self.app(scope, receive, send)
        else:
            await _send_page(page, send, head=scope["method"] == "HEAD")


class _Answer:
    """The response of one visit on its way out: held back, replaced, trimmed, or passed on."""

    def __init__(self, visit: Visit, desk: AsyncDesk, send: Send) -> None:
        self.sent = 0
        self.started = False
        self.complete = False
        self._visit = visit
        self._desk = desk
        self._send = send
        self._start: Message | None = None
        self._held: list[bytes] = []
        self._size = 0
        self._replaced = False

    async def take(self, message: Message) -> None:
        """Take a message from the application."""
        if self._replaced:
            return
        if message["type"] == "http.response.start":
            await self._take_start(message)
        elif message["type"] == "http.response.body":
            await self._take_body(message)
        else:
            await self._send(message)

    async def page(self, page: Page) -> None:
        """Answer with a page of our own; whatever the application still says is dropped."""
        self._replaced = True
        head = self._visit.request.method == "HEAD"
        await _send_page(page, self._send, head=head)
        self.started = self.complete = True

    async def _take_start(self, message: Message) -> None:
        message = {**message, "headers": _fields(message)}
        if self._visit.holds(message["status"], message["headers"]):
            self._start = message
        else:
            await self._leave(message, None)

    async def _take_body(self, message: Message) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._start is None:
            await self._pass(body, more=more)
            return
        self._held.append(body)
        self._size += len(body)
        if self._size > self._visit.limit:
            start, held = self._start, b"".join(self._held)
            await self._leave(start, None)
            await self._pass(held, more=more)
        elif not more:
            await self._leave(self._start, b"".join(self._held))

    async def _leave(self, start: Message, body: bytes | None) -> None:
        """Ask who may leave and send the head, and the body where it was held."""
        self._start, self._held = None, []
        leave = await self._desk.run(self._visit.leave(start["status"], start["headers"], body))
        if leave.page is not None:
            await self.page(leave.page)
            return
        fields = clean_response(start["headers"])
        if leave.body is not None:
            fields, body = trimmed_response(fields, len(leave.body)), leave.body
        await self._send({**start, "headers": fields})
        self.started = True
        if body is not None:
            await self._pass(body, more=False)

    async def _pass(self, body: bytes, *, more: bool) -> None:
        if self._replaced:
            return
        if self._visit.request.method == "HEAD":
            body = b""  # not every server drops it itself
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
        self.sent += len(body)
        self.complete = not more


async def _send_page(page: Page, send: Send, *, head: bool) -> None:
    fields = [(n.lower().encode(), v.encode("latin-1", "replace")) for n, v in page.headers]
    fields.append((b"content-length", b"%d" % len(page.body)))
    await send({"type": "http.response.start", "status": page.status, "headers": fields})
    await send({"type": "http.response.body", "body": b"" if head else page.body})


async def _body(receive: Receive) -> bytes:
    """Return a request body; what passes the bound of forms is read no further."""
    parts: list[bytes] = []
    size = 0
    while size <= MAX_FORM:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if not message.get("more_body", False):
            break
    return b"".join(parts)


async def _opened(receive: Receive, most: int) -> tuple[bytes | None, Receive]:
    """Return a request's body, None past `most` bytes, and a `receive` that begins anew with what was read."""
    read: list[Message] = []
    size, more = 0, True
    while more and size <= most:
        message = await receive()
        read.append(message)
        size += len(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)

    async def again() -> Message:
        return read.pop(0) if read else await receive()

    body = b"".join(message.get("body", b"") for message in read)
    return (body if size <= most else None), again


def _fields(message: Scope) -> Fields:
    return [(bytes(name).lower(), bytes(value)) for name, value in message.get("headers", ())]


def _peer(scope: Scope) -> str:
    peer = scope.get("client")
    return str(peer[0]) if peer else ""


def _target(scope: Scope) -> str:
    query: str = scope.get("query_string", b"").decode("latin-1")
    return target_of(scope["path"].encode("utf-8", "surrogatepass"), query)
