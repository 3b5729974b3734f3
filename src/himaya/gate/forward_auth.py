"""The authority behind Caddy and Traefik (forward auth) and Envoy (HTTP `ext_authz`).

These front doors pass a request on a 2xx answer and hand any other answer to the visitor as it is. So a refusal is
answered with the page itself: the challenge, the block, the 429. Each door is believed in its own words for target
and method only; the words of another door are a visitor's (mixing them would be a way around).

    caddy, traefik   X-Forwarded-Uri and X-Forwarded-Method
    envoy            the question's own path behind the prefix `/auth`, and its own method

The id by which the access log settles a reservation is made here and handed on in `X-Request-ID`: a visitor can choose
what Traefik and Envoy would send.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from himaya.core.actor import Actor
from himaya.gate.challenge_pages import Page
from himaya.gate.door import Asker, send, send_plain
from himaya.gate.fronts import METHOD, TARGET, Once, Vouching, verdict_fields
from himaya.gate.heads import RequestHead
from himaya.gate.inbound import Inbound
from himaya.gate.reply import reply
from himaya.gate.request_reader import Incoming
from himaya.gate.verdicts import REFUSED, Verdict, Verdicts

#: Where a front door asks.
ASK = b"/auth"


class Question(NamedTuple):
    """What a visitor asks the front door for; empty where the door does not say."""

    target: bytes
    method: bytes


def _of_forwarded(head: RequestHead) -> Question | None:
    if head.target.partition(b"?")[0] != ASK:
        return None
    return Question(head.get(b"x-forwarded-uri"), head.get(b"x-forwarded-method"))


def _of_own_path(head: RequestHead) -> Question | None:
    if not head.target.startswith(ASK + b"/"):
        return None
    return Question(head.target.removeprefix(ASK), head.method.encode())


Front = Literal["caddy", "traefik", "envoy"]

#: How each door says what is asked for; None: this request is no question.
_READ: dict[Front, Callable[[RequestHead], Question | None]] = {
    "caddy": _of_forwarded,
    "traefik": _of_forwarded,
    "envoy": _of_own_path,
}


class ForwardAuth:
    """Answers one kind of front door, believed on a Unix socket or when it shows `secret`."""

    def __init__(self, front: Front, verdicts: Verdicts, secret: bytes = b"") -> None:
        self.door = verdicts.door
        self.verdicts = verdicts
        self._tell_unclear = Once(
            f"a question without the target and method that {front} sends was refused"
        )
        self._read = _READ[front]
        self.vouches = Vouching(secret)

    async def handle(self, incoming: Incoming, out: Inbound) -> None:
        """Answer one request."""
        head = incoming.head
        if not self.vouches(head, out):
            self._refuse_unasked(head, out)
        elif self.door.is_own(head):
            asker = self.door.identify(head, out.peer, vouched=True)
            await self.door.answer_own(incoming, asker, out)
        elif (question := self._read(head)) is not None:
            await self._ask(question, head, out)
        else:
            send_plain(404, "there is nothing here", head, out)

    async def _ask(self, question: Question, head: RequestHead, out: Inbound) -> None:
        if not TARGET.fullmatch(question.target) or not METHOD.fullmatch(question.method):
            self._tell_unclear()
            self._refuse_unasked(head, out)
            return
        asker = self.door.identify(
            head,
            out.peer,
            vouched=True,
            target=question.target.decode("utf-8", "backslashreplace"),
            method=question.method.decode("ascii"),
        )
        verdict = await self.verdicts.give(asker)
        if verdict.passes:
            self._pass(asker, verdict, head, out)
        else:
            request = asker.request
            send(self._page(verdict, request.actor, request.target, asker.now, head), head, out)

    def _pass(self, asker: Asker, verdict: Verdict, head: RequestHead, out: Inbound) -> None:
        fields = [
            *verdict_fields(verdict),
            (b"x-request-id", asker.request.id.encode()),
            (b"cache-control", b"no-store"),
        ]
        out.write(reply(200, fields, b"", keep_alive=out.stays_open, method=head.method))

    def _refuse_unasked(self, head: RequestHead, out: Inbound) -> None:
        """Answer a stranger, or a question that cannot be understood, with the strictest page."""
        now = self.door.authority.clock()
        send(self._page(REFUSED, Actor(), "/", now, head), head, out)

    def _page(
        self, verdict: Verdict, actor: Actor, target: str, now: float, head: RequestHead
    ) -> Page:
        page = self.door.challenges.page(
            verdict.decision, actor, target, now, verdict.reference, headers=head.fields
        )
        told = [(n.decode(), v.decode()) for n, v in verdict_fields(verdict)]
        own = [(n, v) for n, v in page.headers if n.lower() != "himaya-reference"]
        return page._replace(headers=(*own, *told))
