"""The authority behind nginx `auth_request`: a verdict per request, without seeing the response.

nginx turns every answer but 2xx, 401 and 403 into a 500, so nothing else is ever answered to a question: 401 means
challenge, 403 means block, slow down, or a question that cannot be understood (the strictest). The verdict itself
stands in headers that are always all present. The response is not seen: what a request reserved is settled by `follow`
from the access log, by the request id that nginx sends along.
"""

from __future__ import annotations

import hmac
import logging
import re

from himaya.core.decision import Action, Decision
from himaya.gate.challenge import reference_of
from himaya.gate.challenge_pages import PREFIX
from himaya.gate.door import Asker, Door, send, send_plain
from himaya.gate.heads import Fields, RequestHead
from himaya.gate.inbound import Inbound
from himaya.gate.limits import Limits
from himaya.gate.reply import plain_reply, reply
from himaya.gate.request_reader import Incoming
from himaya.gate.verdicts import REFUSED, STATUS, STRICTEST, Verdict, Verdicts

log = logging.getLogger(__name__)

#: Where nginx asks, and where it fetches the page of a refusal.
ASK = b"/auth"
PAGE = PREFIX.encode() + b"refused"

_ID = re.compile(rb"[A-Za-z0-9_.:-]{8,128}")
#: A token (RFC 9110 section 5.6.2), and what nginx lets through as a target: it takes raw bytes above ASCII.
_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")
_TARGET = re.compile(rb"/[!-~\x80-\xff]*")


class AuthRequest:
    """Answers nginx. A front door is believed on a Unix socket, or when it shows `secret`.

    `verdicts` may be shared with other front doors that fetch their pages here.
    """

    def __init__(
        self,
        door: Door,
        limits: Limits,
        secret: bytes = b"",
        *,
        verdicts: Verdicts | None = None,
    ) -> None:
        self.door = door
        self.secret = secret
        self.verdicts = verdicts or Verdicts(door, limits)
        self._stranger_told = False

    async def handle(self, incoming: Incoming, out: Inbound) -> None:
        """Answer one request."""
        head = incoming.head
        path = head.target.partition(b"?")[0]
        if not self._vouches(head, out):
            self._say_stranger()
            _answer(REFUSED, head, out)
        elif path == ASK:
            await self._ask(head, out)
        elif path == PAGE:
            self._show(head, out)
        elif self.door.is_own(head):
            asker = self.door.identify(head, out.peer, vouched=True)
            await self.door.answer_own(incoming, asker, out)
        else:
            send_plain(404, "there is nothing here", head, out)

    async def _ask(self, head: RequestHead, out: Inbound) -> None:
        asker = self._asker(head, out)
        if asker is None:
            log.warning("a question without X-Original-URI or X-Original-Method was refused")
            _answer(REFUSED, head, out)
            return
        _answer(await self.verdicts.give(asker), head, out)

    def _asker(self, head: RequestHead, out: Inbound) -> Asker | None:
        """Return who asks for what, as the front door tells; None when it does not tell."""
        target, method = head.get(b"x-original-uri"), head.get(b"x-original-method")
        if not _TARGET.fullmatch(target) or not _METHOD.fullmatch(method):
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

    def _vouches(self, head: RequestHead, out: Inbound) -> bool:
        if out.on_unix:
            return True
        told = head.get(b"x-himaya-secret")
        return bool(self.secret) and hmac.compare_digest(told, self.secret)

    def _say_stranger(self) -> None:
        if not self._stranger_told:
            self._stranger_told = True
            log.warning("somebody asked without the right X-Himaya-Secret and was refused")


def _from_header(head: RequestHead) -> Decision:
    try:
        action = Action(head.get(b"himaya-verdict").decode("latin-1"))
    except ValueError:
        return STRICTEST
    return STRICTEST if action in {Action.ALLOW, Action.REDACT} else Decision(action=action)


def refuse_unread(status: int, why: str) -> bytes:
    """Return the answer to a question that could not be read, as a listener's `refusal`.

    A visitor's fields are part of the question, and any code but 200, 401 and 403 says to a front door that himaya
    is broken, so that it may let the page pass. Too slow (408) and too many (503) are not the visitor's making.
    """
    if status in {408, 503}:
        return plain_reply(status, why)
    fields = _fields(REFUSED)
    return plain_reply(403, why, fields=fields)


def _answer(verdict: Verdict, head: RequestHead, out: Inbound) -> None:
    """Send the verdict; every header is there, whatever the verdict."""
    fields = [*_fields(verdict), (b"cache-control", b"no-store")]
    status = 200 if verdict.passes else STATUS.get(verdict.action, 403)
    out.write(reply(status, fields, b"", keep_alive=out.stays_open, method=head.method))


def _fields(verdict: Verdict) -> Fields:
    return [
        (b"himaya-verdict", verdict.action.value.encode()),
        (b"himaya-redact", verdict.redact.encode()),
        (b"himaya-reference", verdict.reference.encode()),
        (b"himaya-retry-after", b"%d" % verdict.decision.retry_after_s),
    ]
