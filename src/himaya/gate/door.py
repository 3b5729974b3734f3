"""What every HTTP door of the gate does alike: name the actor, refuse with a page, serve our own routes."""

from __future__ import annotations

import secrets
from itertools import count
from typing import NamedTuple

import msgspec

from himaya.config import OperationsConfig
from himaya.core.actor import Actor
from himaya.core.decision import Admission, Decision
from himaya.core.exchange import Exchange, Request
from himaya.gate.actor_from import ActorFinder
from himaya.gate.authority import Authority
from himaya.gate.challenge import MAX_FORM, Challenges, reference_of
from himaya.gate.challenge_pages import PREFIX, Page
from himaya.gate.heads import RequestHead
from himaya.gate.inbound import Inbound
from himaya.gate.operations.opener import Opener
from himaya.gate.reply import plain_reply, reply
from himaya.gate.request_reader import Incoming

#: An agent string longer than this is cut: it only serves to name crawlers.
_MAX_AGENT = 512

_PREFIX = PREFIX.encode()


class Asker:
    """Who asks, and for what: `request` is what the engine sees; `believed` tells of a trusted front door."""

    __slots__ = ("believed", "now", "request")

    def __init__(self, request: Request, now: float, *, believed: bool) -> None:
        self.request = request
        self.now = now
        self.believed = believed

    @property
    def actor(self) -> Actor:
        """Return who asks."""
        return self.request.actor

    def learn(self, account: str) -> None:
        """Take over the account that the application named only now, so that the row has it."""
        if account and not self.actor.account:
            actor = msgspec.structs.replace(self.actor, account=account)
            self.request = msgspec.structs.replace(self.request, actor=actor)


class Asked(NamedTuple):
    """What is asked for, as a request or a front door tells; `id` may be "". The others are header fields."""

    id: str
    method: str
    target: str
    host: bytes
    cookie: bytes
    agent: bytes


class Door:
    """Shared by the proxy and the authority's HTTP side. `sees_body` goes into every request.

    `finder`, `challenges`, `opener` and `site_host` (the host of the site's own URL, "" unknown) may be replaced
    while running. `version_key` keys the hashes of shown values; without it there are none.
    """

    def __init__(
        self,
        authority: Authority,
        finder: ActorFinder,
        challenges: Challenges,
        *,
        source: str,
        sees_body: bool,
        site_host: str = "",
        opener: Opener | None = None,
    ) -> None:
        self.authority = authority
        self.finder = finder
        self.challenges = challenges
        self.source = source
        self.sees_body = sees_body
        self.site_host = site_host
        self.opener = opener or Opener(OperationsConfig())
        self.version_key = b""
        self._ids = count(1)
        self._run = secrets.token_hex(8)

    def identify(
        self,
        head: RequestHead,
        peer: str,
        *,
        vouched: bool,
        target: str = "",
        method: str = "",
        request_id: str = "",
    ) -> Asker:
        """Return who asks; `vouched` as in `ActorFinder.find`. Empty texts are taken from the head."""
        now = self.authority.clock()
        actor = self.finder.find(head.fields, peer, now, vouched=vouched)
        asked = Asked(
            request_id,
            method or head.method,
            target or head.target.decode("ascii"),
            head.host,
            head.get(b"cookie"),
            head.get(b"user-agent"),
        )
        believed = vouched or self.finder.trusts(peer)
        request = self.request(actor, asked, now)
        if self.authority.probes.waiting:
            self.probe(request, peer, now, trusted=believed)
        return Asker(request, now, believed=believed)

    def probe(self, request: Request, peer: str, now: float, *, trusted: bool) -> None:
        """Let a waiting doctor know of its request."""
        if self.authority.probes.waiting:
            self.authority.probes.see(request, peer, now, trusted=trusted)

    def request(self, actor: Actor, asked: Asked, now: float) -> Request:
        """Return what the engine sees of a request; one without an id gets one."""
        clearance = ""
        if b"himaya_clearance" in asked.cookie:
            clearance = self.challenges.clearance_of(asked.cookie.decode("latin-1"), actor, now)
        return Request(
            id=asked.id or f"{self._run}-{next(self._ids):x}",
            actor=actor,
            target=asked.target,
            method=asked.method,
            host=asked.host.decode("latin-1"),
            agent=asked.agent[:_MAX_AGENT].decode("latin-1"),
            clearance=clearance,
            sees_body=self.sees_body,
        )

    def refuse(
        self, asker: Asker, decision: Decision | Admission, head: RequestHead, out: Inbound
    ) -> None:
        """Answer with the page of a refusal and settle the exchange as refused."""
        status = self.turn_away(asker, decision, head, out)
        self.settle_refused(asker.request, status)

    def turn_away(
        self, asker: Asker, decision: Decision | Admission, head: RequestHead, out: Inbound
    ) -> int:
        """Answer with the page of a refusal and return its status; nothing is settled."""
        request = asker.request
        if decision.passes:  # the engine would let it wait and pass, but too many wait already
            self.authority.note_refusal(request.id, decision, asker.now)
        page = self.challenges.page(
            decision,
            request.actor,
            request.target,
            asker.now,
            reference_of(request.id),
            headers=head.fields,
        )
        send(page, head, out)
        return page.status

    def settle_refused(self, request: Request, status: int) -> None:
        """Tell the engine that our own door answered."""
        self.authority.record(
            Exchange(request, status, people=(), sent=0, refused=True, source=self.source)
        )

    def is_own(self, head: RequestHead) -> bool:
        """Tell whether a request is for one of our own routes."""
        return head.target.startswith(_PREFIX)

    async def answer_own(self, incoming: Incoming, asker: Asker, out: Inbound) -> None:
        """Serve `/.himaya/...`: the challenge, its answer, its files."""
        head = incoming.head
        body = b""
        if head.has_body:
            body, complete = await incoming.body.read_at_most(MAX_FORM)
            if not complete:
                out.write(plain_reply(413, "this form is too large"))
                return
        secure = asker.believed and head.get(b"x-forwarded-proto").lower() == b"https"
        handled = self.challenges.handle(
            head.method, asker.request.target, body, head.fields, asker.actor, asker.now,
            secure=secure,
        )  # fmt: skip
        if handled is None:
            send_plain(404, "there is nothing here", head, out)
            return
        page = handled.page
        if handled.clearance and not self.authority.clear(handled.clearance, asker.actor):
            page = handled.otherwise or page
        send(page, head, out)


def send(page: Page, head: RequestHead, out: Inbound) -> None:
    """Send a whole page."""
    fields = [
        (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in page.headers
    ]
    keep = out.stays_open
    out.write(reply(page.status, fields, page.body, keep_alive=keep, method=head.method))


def send_plain(status: int, why: str, head: RequestHead, out: Inbound) -> None:
    """Send one sentence."""
    out.write(plain_reply(status, why, keep_alive=out.stays_open, method=head.method))
