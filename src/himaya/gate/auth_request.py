"""The authority behind nginx `auth_request`: a verdict per request, without seeing the response.

nginx turns every answer but 2xx, 401 and 403 into a 500, so nothing else is ever answered to a question: 401 means
challenge, 403 means block, slow down, or a question that cannot be understood (the strictest). The verdict itself
stands in headers that are always all present. The response is not seen: what a request reserved is settled by `follow`
from the access log, by the request id that nginx sends along.
"""

from __future__ import annotations

import re
from collections.abc import Coroutine
from functools import lru_cache
from typing import Any

from himaya.core.decision import Action, Decision
from himaya.core.exchange import Request
from himaya.gate.challenge import reference_of
from himaya.gate.challenge_pages import PREFIX
from himaya.gate.door import Asker, send, send_plain
from himaya.gate.fronts import METHOD, TARGET, Once, Vouching, decision_fields
from himaya.gate.heads import RequestHead, encode_response
from himaya.gate.inbound import Inbound
from himaya.gate.reply import date, reason_of
from himaya.gate.request_reader import Incoming
from himaya.gate.verdicts import REFUSED, STATUS, STRICTEST, Verdict, Verdicts

#: Where nginx asks, and where it fetches the page of a refusal.
ASK = b"/auth"
PAGE = PREFIX.encode() + b"refused"

_ID = re.compile(rb"[A-Za-z0-9_.:-]{8,128}")


class AuthRequest:
    """Answers nginx. A front door is believed on a Unix socket, or when it shows `secret`.

    `verdicts` may be shared with other front doors that fetch their pages here.
    """

    def __init__(self, verdicts: Verdicts, secret: bytes = b"") -> None:
        self.door = verdicts.door
        self.verdicts = verdicts
        self.vouches = Vouching(secret)
        self._tell_unclear = Once(
            "a question without a readable X-Original-URI or X-Original-Method was refused"
        )

    def handle(self, incoming: Incoming, out: Inbound) -> Coroutine[Any, Any, None] | None:
        """Answer one request; what is returned is still to be awaited."""
        head = incoming.head
        path = head.target.partition(b"?")[0]
        if not self.vouches(head, out):
            _answer(REFUSED, out)
        elif path == ASK:
            return self._ask(head, out)
        elif path == PAGE:
            self._show(head, out)
        elif self.door.is_own(head):
            asker = self.door.identify(head, out.peer, vouched=True)
            return self.door.answer_own(incoming, asker, out)
        else:
            send_plain(404, "there is nothing here", head, out)
        return None

    def _ask(self, head: RequestHead, out: Inbound) -> Coroutine[Any, Any, None] | None:
        asker = self._asker(head, out)
        if asker is None:
            self._tell_unclear()
            _answer(REFUSED, out)
            return None
        verdict = self.verdicts.begin(asker)
        if verdict.waits:
            return self._answer_later(asker, verdict, head, out)
        _answer(verdict, out, pass_s=self._pass_for(asker.request, verdict, head))
        return None

    async def _answer_later(
        self, asker: Asker, verdict: Verdict, head: RequestHead, out: Inbound
    ) -> None:
        """Answer after the wait that belongs to the verdict."""
        verdict = await self.verdicts.slow_down(asker, verdict)
        _answer(verdict, out, pass_s=self._pass_for(asker.request, verdict, head))

    def _pass_for(self, request: Request, verdict: Verdict, head: RequestHead) -> int:
        """Return for how many seconds nginx may keep the answer, 0 where it did not ask for that."""
        authority = self.door.authority
        asked = head.get(b"x-himaya-pass") if verdict.passes and not verdict.again else b""
        if authority.passes is None or not asked:
            return 0
        return authority.passes.give(request, verdict.decision, asked, authority.clock())

    def _asker(self, head: RequestHead, out: Inbound) -> Asker | None:
        """Return who asks for what, as the front door tells; None when it does not tell."""
        target, method = head.get(b"x-original-uri"), head.get(b"x-original-method")
        if not TARGET.fullmatch(target) or not METHOD.fullmatch(method):
            return None
        told = head.get(b"x-request-id")
        return self.door.identify(
            head,
            out.peer,
            vouched=True,
            target=target.decode("utf-8", "backslashreplace"),
            method=method.decode("ascii"),
            request_id=told.decode("ascii") if _ID.fullmatch(told) else "",
        )

    def _show(self, head: RequestHead, out: Inbound) -> None:
        """Send the page of the refusal that was answered a moment ago under the same request id."""
        asker = self._asker(head, out)
        if asker is None:
            send_plain(404, "there is nothing here", head, out)
            return
        request = asker.request
        decision = self.verdicts.refusal(request.id) or _from_header(head)
        page = self.door.challenges.page(
            decision,
            request.actor,
            request.target,
            asker.now,
            reference_of(request.id),
            headers=head.fields,
        )
        send(page, head, out)


def _from_header(head: RequestHead) -> Decision:
    try:
        action = Action(head.get(b"himaya-verdict").decode("latin-1"))
    except ValueError:
        return STRICTEST
    return STRICTEST if action in {Action.ALLOW, Action.REDACT} else Decision(action=action)


def _answer(verdict: Verdict, out: Inbound, *, pass_s: int = 0) -> None:
    """Send the verdict; every header is there, whatever the verdict. nginx may keep it for `pass_s` seconds."""
    status = 200 if verdict.passes else STATUS.get(verdict.action, 403)
    retry_s, keep = verdict.decision.retry_after_s, out.stays_open
    start = _start(status, verdict.action, verdict.redact, retry_s, pass_s, keep=keep)
    own = b"himaya-reference: %b\r\ndate: %b\r\n\r\n"
    out.write(start + own % (verdict.reference.encode(), date()))


@lru_cache(maxsize=256)
def _start(
    status: int, action: Action, redact: str, retry_s: int, pass_s: int, *, keep: bool
) -> bytes:
    """Return an answer without a body, up to the fields that differ from one to the next."""
    kept = (b"x-accel-expires", b"%d" % pass_s) if pass_s else (b"cache-control", b"no-store")
    fields = [
        *decision_fields(action, redact, retry_s),
        kept,
        (b"content-length", b"0"),
        (b"connection", b"keep-alive" if keep else b"close"),
    ]
    return encode_response(status, reason_of(status), fields).removesuffix(b"\r\n")
