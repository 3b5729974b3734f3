"""The server of the feed: the part of CrowdSec's local API that bouncers use, and the lists.

Every question but `/health` needs a key in `X-Api-Key`. Nothing else of a request is believed: no header names an
address or a bouncer but the key and, to tell bouncers with one key apart, the connection and the User-Agent.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable

from himaya.core.errors import InputError
from himaya.gate.bodies import decode
from himaya.gate.feeds import lists, wire
from himaya.gate.feeds.asked import Asked, read_list, read_stream
from himaya.gate.feeds.block import Block
from himaya.gate.feeds.changes import Changes
from himaya.gate.feeds.keys import KeyRing
from himaya.gate.feeds.usage import MAX_BODY, MAX_DECODED, Count, MalformedError, read_usage
from himaya.gate.heads import Fields, RequestHead
from himaya.gate.inbound import Inbound
from himaya.gate.reply import reply
from himaya.gate.request_reader import Incoming

log = logging.getLogger(__name__)

_JSON: Fields = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]

#: Characters of a User-Agent that are remembered.
_AGENT = 80

Bouncer = tuple[str, str, str]


class Pulls:
    """When last and how often a bouncer asked."""

    __slots__ = ("agent", "count", "last")

    def __init__(self, agent: str) -> None:
        self.agent, self.last, self.count = agent, 0.0, 0


class Api:
    """Answers bouncers. `note` takes what a bouncer, by the name of its key, says it did."""

    def __init__(
        self,
        changes: Changes,
        keys: KeyRing,
        clock: Callable[[], float],
        note: Callable[[str, list[Count]], None],
        most: int,
    ) -> None:
        """Remember at most `most` bouncers; whoever is unseen for longest leaves."""
        self.changes, self.keys = changes, keys
        self.pulls: OrderedDict[Bouncer, Pulls] = OrderedDict()
        self.refused = 0
        self._clock, self._note, self._most = clock, note, most

    async def handle(self, incoming: Incoming, out: Inbound) -> None:
        """Answer one request."""
        head = incoming.head
        path, _, query = head.target.decode("ascii").partition("?")
        if path == "/health" and head.method in {"GET", "HEAD"}:
            _send(200, b'{"status":"up"}', head, out)
            return
        key = self.keys.name_of(head.get(b"x-api-key").decode("latin-1"))
        if not key:
            self.refused += 1
            _send(403, wire.FORBIDDEN, head, out)
            return
        try:
            await self._answer(key, path.rstrip("/"), query, incoming, out)
        except InputError as problem:
            _send(400, wire.message(str(problem)), head, out)

    async def _answer(
        self, key: str, path: str, query: str, incoming: Incoming, out: Inbound
    ) -> None:
        head = incoming.head
        if path == "/v1/usage-metrics":
            await self._usage(key, incoming, out)
        elif head.method not in {"GET", "HEAD"}:
            _send(405, wire.message("method not allowed"), head, out, [(b"allow", b"GET, HEAD")])
        elif path == "/v1/decisions/stream":
            _send(200, self._stream(key, read_stream(query), head, out.peer), head, out)
        elif path == "/v1/decisions":
            self._seen(_bouncer(key, head, out.peer))
            _send(200, self._list(read_list(query)), head, out)
        elif path.startswith("/lists/"):
            self._seen(_bouncer(key, head, out.peer))
            self._file(path.removeprefix("/lists/"), query, head, out)
        else:
            _send(404, wire.message("there is nothing here"), head, out)

    # -- decisions -------------------------------------------------------------------------------

    def _stream(self, key: str, asked: Asked, head: RequestHead, peer: str) -> bytes:
        """Return what is new for a bouncer; HEAD asks only whether the key is good, and moves nothing."""
        if head.method == "HEAD":
            return b""
        now, bouncer = self._clock(), _bouncer(key, head, peer)
        self._seen(bouncer)
        told = self.changes.pull(bouncer, now, startup=asked.startup)
        new = [wire.decision(block, now) for block in _chosen(told.new, asked)]
        gone = [wire.deletion(b, at, now) for b, at in told.deleted if asked.takes(b)]
        return wire.stream(new, gone)

    def _list(self, asked: Asked) -> bytes:
        now = self._clock()
        return wire.listing(
            wire.decision(block, now)
            for block in _chosen(self.changes.published, asked)
            if block.until > now
        )

    def _file(self, name: str, query: str, head: RequestHead, out: Inbound) -> None:
        """Send a list, or that it did not change."""
        if name not in lists.FORMATS:
            _send(404, wire.message("there is no such list"), head, out)
            return
        now = self._clock()
        current = (lists.Line.of(block) for block in self.changes.published if block.until > now)
        wanted = read_list(query).types
        body = lists.write(name, current, wanted[0] if wanted else "")
        tag = lists.tag_of(body)
        fields: Fields = [
            (b"content-type", lists.FORMATS[name][1]),
            (b"etag", tag),
            (b"cache-control", b"private, no-cache"),
        ]
        status = 304 if lists.matches(head.get(b"if-none-match"), tag) else 200
        out.write(_whole(status, fields, body, head, out))

    # -- what bouncers did -----------------------------------------------------------------------

    async def _usage(self, key: str, incoming: Incoming, out: Inbound) -> None:
        head = incoming.head
        if head.method != "POST":
            _send(405, wire.message("method not allowed"), head, out, [(b"allow", b"POST")])
            return
        raw, complete = await incoming.body.read_at_most(MAX_BODY)
        if not complete:
            _send(413, wire.message("the body is too large"), head, out)
            return
        body = decode(raw, head.get(b"content-encoding").decode("latin-1"), MAX_DECODED)
        if body is None:
            _send(400, wire.message("the body cannot be unpacked"), head, out)
            return
        try:
            counts = read_usage(body)
        except MalformedError as problem:
            _send(400, wire.message(str(problem)), head, out)
        except InputError as problem:
            _send(422, wire.message(str(problem)), head, out)
        else:
            self._note(key, counts)
            _send(201, b"", head, out)

    def _seen(self, bouncer: Bouncer) -> None:
        pulls = self.pulls.setdefault(bouncer, Pulls(bouncer[2]))
        self.pulls.move_to_end(bouncer)
        pulls.last, pulls.count = self._clock(), pulls.count + 1
        if len(self.pulls) > self._most:
            self.pulls.popitem(last=False)


def _chosen(blocks: Iterable[Block], asked: Asked) -> list[Block]:
    return [block for block in blocks if asked.takes(block)]


def _bouncer(key: str, head: RequestHead, peer: str) -> Bouncer:
    """Return who asks: bouncers of one site may share a key, and each wants its own news."""
    agent = head.get(b"user-agent").decode("latin-1")[:_AGENT]
    return key, peer, "".join(c for c in agent if c.isprintable())


def _send(status: int, body: bytes, head: RequestHead, out: Inbound, more: Fields = []) -> None:  # noqa: B006  (read only)
    out.write(_whole(status, [*_JSON, *more], body, head, out))


def _whole(status: int, fields: Fields, body: bytes, head: RequestHead, out: Inbound) -> bytes:
    content = b"" if status == 304 else body
    return reply(status, fields, content, keep_alive=out.stays_open, method=head.method)
