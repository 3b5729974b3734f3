"""The Django middleware, for threads (WSGI) and event loops (ASGI) alike.

It stands behind Django's authentication, so that `request.user` names the account; what stands before it (compression,
conditional answers) works on what it let pass.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from himaya.core.actor import Actor
from himaya.core.surface import Match
from himaya.gate.actor_from import is_ours
from himaya.gate.challenge import MAX_FORM
from himaya.gate.challenge_pages import PREFIX, Page
from himaya.gate.disclose import telling
from himaya.gate.django.streams import AsyncParts, Parts, chain_async, hold, hold_async
from himaya.gate.embedded import Door, Fields, Leave, Visit
from himaya.gate.embedded_ask import AsyncDesk, Desk, Steps
from himaya.gate.embedded_environ import fields_of, keep_fields, target_of
from himaya.gate.embedded_fields import trimmed_response
from himaya.gate.operations.visit import visit_of

GetResponse = Callable[[HttpRequest], Any]


class GateMiddleware:
    """Asks before the view answers, and says who may leave with its answer."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        """Load `HIMAYA_CONFIG`. Raises ConfigError."""
        self.get_response = get_response
        self.door = Door(getattr(settings, "HIMAYA_CONFIG", "himaya.toml"), "django")
        socket = self.door.config.gate.socket
        absence, leasing = self.door.absence, self.door.leasing
        self.desk = Desk(socket, absence, leasing=leasing)
        self.async_desk = AsyncDesk(socket, absence, leasing=leasing)
        self._account = _setting("HIMAYA_ACCOUNT")
        self._tier = _setting("HIMAYA_TIER")
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Serve one request."""
        return self._serve_async(request) if self._is_async else self._serve(request)

    def _serve(self, request: HttpRequest) -> HttpResponseBase:
        target, match = self._match(request)
        if match is None and not target.startswith(PREFIX):
            return self._passed(request, self.get_response(request))
        actor = self._actor(request)
        if match is None:
            page = self.desk.run(self._own_route(request, target, actor))
            return _answer(page) if page else self.get_response(request)
        visit = self._visit(request, match, target, actor)
        page = self.desk.run(visit.enter())
        if page is not None:
            self.desk.run(visit.finish(0))
            return _answer(page)
        time.sleep(visit.delay_s)
        self._prepare(request, visit)
        try:
            with telling(visit.told):
                response = self.get_response(request)
            if request.method == "HEAD":
                response = _head_only(response)
            return self._depart(visit, response)
        except BaseException:
            self.desk.run(visit.finish(0, failed=True))
            raise

    async def _serve_async(self, request: HttpRequest) -> HttpResponseBase:
        target, match = self._match(request)
        if match is None and not target.startswith(PREFIX):
            return self._passed(request, await self.get_response(request))
        actor = await sync_to_async(self._actor)(request)
        if match is None:
            page = await self.async_desk.run(self._own_route(request, target, actor))
            return _answer(page) if page else await self.get_response(request)
        visit = self._visit(request, match, target, actor)
        page = await self.async_desk.run(visit.enter())
        if page is not None:
            await self.async_desk.run(visit.finish(0))
            return _answer(page)
        await asyncio.sleep(visit.delay_s)
        self._prepare(request, visit)
        try:
            with telling(visit.told):
                response = await self.get_response(request)
            if request.method == "HEAD":
                response = _head_only(response)
            return await self._depart_async(visit, response)
        except BaseException:
            # Perhaps cancelled: then nothing may be awaited here any more.
            await asyncio.shield(self.async_desk.run(visit.finish(0, failed=True)))
            raise

    # -- the request -----------------------------------------------------------------------------

    def _match(self, request: HttpRequest) -> tuple[str, Match | None]:
        """Return target and surface; fields that only himaya or a trusted front door may send are removed."""
        target = target_of(request.path, request.META.get("QUERY_STRING", ""))
        fields = fields_of(request.META)
        clean = self.door.clean(fields, request.META.get("REMOTE_ADDR", ""))
        if len(clean) != len(fields):
            _set_fields(request, clean)
        return target, self.door.match(request.method, target)

    def _actor(self, request: HttpRequest) -> Actor:
        """Return who asks: account and its age from Django's user, unless the settings know better."""
        peer = request.META.get("REMOTE_ADDR", "")
        actor = self.door.actor(fields_of(request.META), peer, time.time())
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            joined = getattr(user, "date_joined", None)
            created = joined.timestamp() if joined else None
            actor = msgspec.structs.replace(actor, account=str(user.pk), account_created=created)
        if self._account is not None:
            account = str(self._account(request) or "")
            actor = msgspec.structs.replace(actor, account=account or actor.account)
        if self._tier is not None:
            actor = msgspec.structs.replace(actor, tier=str(self._tier(request) or actor.tier))
        return actor

    def _visit(self, request: HttpRequest, match: Match, target: str, actor: Actor) -> Visit:
        door, method, fields = self.door, request.method, fields_of(request.META)
        if not door.opens(method, target):
            return Visit(door, match, method, target, fields, actor)
        most = door.opener.limits.max_bytes
        length = request.META.get("CONTENT_LENGTH") or "0"
        body = request.body if length.isdigit() and int(length) <= most else None
        return visit_of(door, match, method, target, fields, actor, body)

    def _own_route(self, request: HttpRequest, target: str, actor: Actor) -> Steps[Page | None]:
        fields, peer = fields_of(request.META), request.META.get("REMOTE_ADDR", "")
        length = request.META.get("CONTENT_LENGTH") or "0"
        small = length.isdigit() and int(length) <= MAX_FORM
        body = request.body if request.method == "POST" and small else b""
        secure = request.is_secure() or self.door.is_secure(fields, peer, request.scheme)
        return self.door.own_route(request.method, target, body, fields, actor, secure=secure)

    def _prepare(self, request: HttpRequest, visit: Visit) -> None:
        _set_fields(request, visit.inner_fields(fields_of(request.META)))
        request.himaya = visit.told

    # -- the response ----------------------------------------------------------------------------

    def _passed(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Finish a response that shows nobody."""
        self.door.finder.learn(fields_of(request.META), _fields(response))
        return _changed(response, Leave())

    def _depart(self, visit: Visit, response: HttpResponseBase) -> HttpResponseBase:
        fields = _fields(response)
        if not response.streaming:
            leave = self.desk.run(visit.leave(response.status_code, fields, _body(visit, response)))
            response = _changed(response, leave)
            self.desk.run(visit.finish(len(response.content)))
            return response
        whole, parts = hold(visit, response, fields)
        leave = self.desk.run(visit.leave(response.status_code, fields, whole))
        response = _changed(response, leave)
        if leave.page is not None:
            self.desk.run(visit.finish(0))
        else:
            parts = parts if leave.body is None else iter((leave.body,))
            response.streaming_content = Parts(visit, self.desk, parts)
        return response

    async def _depart_async(self, visit: Visit, response: HttpResponseBase) -> HttpResponseBase:
        fields, desk = _fields(response), self.async_desk
        if not response.streaming:
            leave = await desk.run(
                visit.leave(response.status_code, fields, _body(visit, response))
            )
            response = _changed(response, leave)
            await desk.run(visit.finish(len(response.content)))
            return response
        if not response.is_async:  # Django will iterate over it in a thread
            return await sync_to_async(self._depart)(visit, response)
        whole, parts = await hold_async(visit, response, fields)
        leave = await desk.run(visit.leave(response.status_code, fields, whole))
        response = _changed(response, leave)
        if leave.page is not None:
            await desk.run(visit.finish(0))
        else:
            parts = parts if leave.body is None else chain_async([leave.body], None)
            response.streaming_content = AsyncParts(visit, desk, self.desk, parts)
        return response


def _head_only(response: HttpResponseBase) -> HttpResponseBase:
    """Return the response to a HEAD request; not every server drops the body itself."""
    if response.streaming:
        response.streaming_content = ()
    else:
        response.headers.setdefault("Content-Length", str(len(response.content)))
        response.content = b""
    return response


def _setting(name: str) -> Callable[[HttpRequest], object] | None:
    """Return the function that a setting names by its dotted path, or is."""
    value = getattr(settings, name, None)
    found: Callable[[HttpRequest], object] | None
    found = import_string(value) if isinstance(value, str) else value
    return found


def _set_fields(request: HttpRequest, fields: Fields) -> None:
    keep_fields(request.META, fields)
    request.__dict__.pop("headers", None)  # cached from META


def _fields(response: HttpResponseBase) -> Fields:
    pairs = response.headers.items()
    return [(n.lower().encode("latin-1"), v.encode("latin-1", "replace")) for n, v in pairs]


def _body(visit: Visit, response: HttpResponse) -> bytes | None:
    body: bytes = response.content
    holds = visit.holds(response.status_code, _fields(response))
    return body if holds and len(body) <= visit.limit else None


def _answer(page: Page) -> HttpResponse:
    answer = HttpResponse(page.body, status=page.status)
    for name, value in page.headers:
        answer.headers[name] = value
    return answer


def _changed(response: HttpResponseBase, leave: Leave) -> HttpResponseBase:
    """Return the response as it may leave: replaced, trimmed, or only without our own fields."""
    if leave.page is not None:
        answer = _answer(leave.page)
        # What the replaced response holds open is closed with its replacement.
        answer._resource_closers += response._resource_closers  # noqa: SLF001
        return answer
    for name in [name for name in response.headers if is_ours(name.lower().encode("latin-1"))]:
        del response.headers[name]
    if leave.body is not None:
        trimmed = trimmed_response(_fields(response), len(leave.body))
        kept = {name.decode("latin-1"): value.decode("latin-1") for name, value in trimmed}
        for name in [name for name in response.headers if name.lower() not in kept]:
            del response.headers[name]
        response.headers["Cache-Control"] = kept["cache-control"]
        response.headers["Content-Length"] = kept["content-length"]
        if not response.streaming:
            response.content = leave.body
    return response
