"""One exchange on its way through the proxy, from the decision that lets it pass to its settlement."""

from __future__ import annotations

import asyncio

from himaya.core.decision import Decision
from himaya.core.exchange import Exchange, Person
from himaya.core.surface import Surface
from himaya.gate import hygiene
from himaya.gate.door import Asker, Door, send_plain
from himaya.gate.embedded_fields import trimmed_response
from himaya.gate.flow import BrokenBodyError
from himaya.gate.heads import Fields, ResponseHead, encode_request, encode_response
from himaya.gate.inbound import Inbound
from himaya.gate.people import needs_body
from himaya.gate.request_reader import Incoming
from himaya.gate.screening import Screen, must_hold
from himaya.gate.tunnel import tunnel
from himaya.gate.upstream import REPEATABLE, UpstreamConnection, UpstreamError, UpstreamPool

#: What is recorded for a request whose asker left before the answer (nginx's number for it).
GONE = 499


class Passage:
    """Carries one request to the application and its response back.

    `surface` is None for routes that show nobody; then the engine is asked nothing more.
    """

    def __init__(
        self,
        door: Door,
        pool: UpstreamPool,
        incoming: Incoming,
        out: Inbound,
        asker: Asker,
        decision: Decision,
        surface: Surface | None,
    ) -> None:
        self.door = door
        self.pool = pool
        self.head = incoming.head
        self.body = incoming.body
        self.out = out
        self.asker = asker
        self.decision = decision
        self.surface = surface
        self.status = GONE
        self.sent = 0
        self.people: tuple[Person, ...] | None = ()
        self.content_type = ""
        self._whole = False
        self._settled = False
        self._uploaded = not self.head.has_body
        self._broken: BrokenBodyError | None = None
        self._upload: asyncio.Task[None] | None = None
        self._connection: UpstreamConnection | None = None

    async def run(self) -> None:
        """Carry the exchange through; settles it whatever happens. Raises GoneError."""
        try:
            response = await self._ask()
            if response is not None:
                await self._answer(response)
                self._whole = True
        except UpstreamError as problem:
            self._answer_for_upstream(problem)
        finally:
            self._end()

    # -- to the application ----------------------------------------------------------------------

    async def _ask(self) -> ResponseHead | None:
        """Send the request, and return the final response head; None once a tunnel is over.

        A request that may be repeated goes out again when a kept connection turns out to be closed.
        """
        fresh = False
        while True:
            connection = await self.pool.connect(self.head.method, fresh=fresh)
            self._connection = connection
            try:
                return await self._send(connection)
            except UpstreamError:
                stale = connection.uses > 1 and not connection.answered
                if not stale or self.head.has_body or self.head.method not in REPEATABLE:
                    raise
                connection.abort()
                fresh = True

    async def _send(self, connection: UpstreamConnection) -> ResponseHead | None:
        connection.write(encode_request(self.head.method, self.head.target, self._fields()))
        if self.head.has_body:
            self._upload = asyncio.create_task(self._pump(connection))
        while (response := await connection.head()).status < 200:
            if response.status == 101:
                await self._switch(connection, response)
                return None
            if self.head.version == "1.1":
                fields = hygiene.response_fields(response)
                self.out.write(encode_response(response.status, response.reason, fields))
        return response

    def _fields(self) -> Fields:
        fields = hygiene.request_fields(
            self.head,
            self.door.finder,
            peer=self.out.peer,
            address=self.asker.actor.address,
            believed=self.asker.believed,
        )
        hygiene.add_framing(fields, self.head)
        if self.head.upgrade:
            fields += [(b"connection", b"upgrade"), (b"upgrade", self.head.upgrade)]
        if self._reads():
            fields = hygiene.ask_for_readable_body(fields)
        if self.decision.enforced and self.decision.redact:
            fields.append((b"himaya-redact", ", ".join(self.decision.redact).encode()))
        return fields

    def _reads(self) -> bool:
        """Tell whether the answer must come whole and in a coding that can be read."""
        return self.surface is not None and needs_body(self.surface)

    async def _pump(self, connection: UpstreamConnection) -> None:
        """Send the request's body as it comes."""
        try:
            while data := await self.body.read():
                connection.write(_chunk(data) if self.head.chunked else data)
                await connection.out.drain()
            if self.head.chunked:
                connection.write(b"0\r\n\r\n")
            self._uploaded = True
        except BrokenBodyError as problem:
            self._broken = problem
            connection.abort()
        except UpstreamError:
            return  # whoever waits for the response is told

    async def _switch(self, connection: UpstreamConnection, response: ResponseHead) -> None:
        """Pass a websocket through."""
        if not self.head.upgrade:
            raise UpstreamError(502, "the application switched protocols unasked")
        self.status, self.people, self._whole = 101, None, True
        fields = hygiene.response_fields(response)
        fields += [(b"connection", b"upgrade"), (b"upgrade", self.head.upgrade)]
        self.out.write(encode_response(101, response.reason, fields))
        self._settle()
        await tunnel(self.out, connection)

    # -- back to the asker -----------------------------------------------------------------------

    async def _answer(self, response: ResponseHead) -> None:
        if response.get(b"transfer-encoding").lower() not in {b"", b"chunked"}:
            raise UpstreamError(502, "the application uses an unknown transfer coding")
        self.asker.learn(self.door.finder.learn(self.head.fields, response.fields))
        self.content_type = response.get(b"content-type").decode("latin-1")
        if self.surface is None or self.head.method == "HEAD":
            self.status = response.status
            await self._stream(response, b"")
        else:
            await self._answer_surface(response, self.surface)

    async def _answer_surface(self, response: ResponseHead, surface: Surface) -> None:
        """See who is shown, ask who may pass, and send that, nothing, or what is left."""
        held, whole = await self._hold_back(response, surface)
        limit = 8 * self.pool.limits.buffer_bytes
        request = self.asker.request
        hosts = tuple(filter(None, (request.host, self.door.site_host)))
        screen = Screen(
            self.door.authority,
            request,
            self.decision,
            surface,
            hosts,
            limit,
            self.door.version_key,
        )
        found = screen.look(response, held if whole else None)
        if found.refusal is not None:
            self._settled = True
            self._from.abort()
            self.door.refuse(self.asker, found.refusal, self.head, self.out)
            return
        self.status, self.people = response.status, found.people
        if found.body is None:
            await self._stream(response, held)
        else:
            self._send_cut(response, found.body)

    async def _hold_back(self, response: ResponseHead, surface: Surface) -> tuple[bytes, bool]:
        """Return the body when it must be read and is not too large; else what came of it."""
        most = self.pool.limits.buffer_bytes
        if not self._holds(response, surface) or hygiene.declared_length(response) > most:
            return b"", False
        return await self._from.body.read_at_most(most)

    def _holds(self, response: ResponseHead, surface: Surface) -> bool:
        return must_hold(surface, response)

    def _send_cut(self, response: ResponseHead, body: bytes) -> None:
        fields = trimmed_response(hygiene.response_fields(response), len(body))
        self._say_connection(fields)
        self.sent = len(body)
        self.out.write(encode_response(response.status, response.reason, fields) + body)

    async def _stream(self, response: ResponseHead, held: bytes) -> None:
        """Send the head, what was held back, and the rest as it comes."""
        fields = hygiene.response_fields(response)
        chunked = self._frame(response, fields)
        start = encode_response(response.status, response.reason, fields)
        body, out = self._from.body, self.out
        data = held + body.take()
        while True:
            end = b"0\r\n\r\n" if chunked and body.ended else b""
            self.sent += len(data)
            out.write(start + (_chunk(data) if chunked and data else data) + end)
            start = b""
            if body.ended:
                break
            await out.out.drain()
            data = await body.read()
        await out.out.drain()

    def _frame(self, response: ResponseHead, fields: Fields) -> bool:
        """Say how long the body is; return whether it goes out in chunks."""
        length = hygiene.declared_length(response)
        bodyless = self.head.method == "HEAD" or response.status in {204, 304}
        chunked = False
        if length >= 0 and response.status != 204:
            fields.append((b"content-length", b"%d" % length))
        elif not bodyless and self.head.version == "1.1":
            chunked = True
            fields.append((b"transfer-encoding", b"chunked"))
        elif not bodyless:
            self.out.keep_alive = (
                False  # HTTP/1.0: the end of the body is the end of the connection
            )
        self._say_connection(fields)
        return chunked

    def _say_connection(self, fields: Fields) -> None:
        if not self.out.stays_open:
            fields.append((b"connection", b"close"))
        elif self.head.version == "1.0":
            fields.append((b"connection", b"keep-alive"))

    @property
    def _from(self) -> UpstreamConnection:
        assert self._connection is not None  # noqa: S101  (asked only once there is a response)
        return self._connection

    # -- the end -----------------------------------------------------------------------------------

    def _answer_for_upstream(self, problem: UpstreamError) -> None:
        """Say that the application failed, or break off when part of its answer has left."""
        if self.out.sent:
            self.out.abort()
            return
        self.status, self.people = problem.status, ()
        if self._broken is not None:
            self.status = self._broken.status
            self.out.keep_alive = False
            send_plain(self._broken.status, self._broken.why, self.head, self.out)
        else:
            send_plain(problem.status, problem.why, self.head, self.out)

    def _end(self) -> None:
        self._settle()
        if self._upload is not None and not self._upload.done():
            self._upload.cancel()
        if self._connection is not None:
            self._connection.finish(reusable=self._whole and self._uploaded)

    def _settle(self) -> None:
        """Tell the engine how the exchange ended, once."""
        if self._settled or self.surface is None:
            return
        self._settled = True
        self.door.authority.record(
            Exchange(
                self.asker.request,
                self.status,
                people=self.people,
                sent=self.sent,
                aborted=not self._whole,
                source=self.door.source,
                content_type=self.content_type,
            )
        )


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
