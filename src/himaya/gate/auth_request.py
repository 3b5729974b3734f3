"""The authority behind nginx `auth_request`: a verdict per request, without seeing the response.

nginx turns every answer but 2xx, 401 and 403 into a 500, so nothing else is ever answered to a question: 401 means
challenge, 403 means block, slow down, or a question that cannot be understood (the strictest). The verdict itself
stands in headers that are always all present. The response is not seen: what a request reserved is settled by `follow`
from the access log, by the request id that nginx sends along.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from typing import TypeVar

from himaya.core.decision import Action, Decision
from himaya.core.exchange import Request
from himaya.gate.challenge import reference_of
from himaya.gate.challenge_pages import PREFIX
from himaya.gate.door import Asker, Door, send, send_plain
from himaya.gate.heads import RequestHead
from himaya.gate.inbound import Inbound
from himaya.gate.limits import Limits
from himaya.gate.reply import reply
from himaya.gate.request_reader import Incoming
from himaya.gate.sleepers import Sleepers
from himaya.gate.verdict import LONGEST_S, METHOD, STRICTEST, TARGET, Vouching, verdict_fields

log = logging.getLogger(__name__)

_T = TypeVar("_T")

#: Where nginx asks, and where it fetches the page of a refusal.
ASK = b"/auth"
REFUSED = PREFIX.encode() + b"refused"

_ID = re.compile(rb"[A-Za-z0-9_.:-]{8,128}")

_STATUS = {Action.CHALLENGE: 401, Action.BLOCK: 403, Action.THROTTLE: 403, Action.REDACT: 403}


class AuthRequest:
    """Answers nginx. A front door is believed on a Unix socket, or when it shows `secret`.

    Refused decisions are remembered for the page that is fetched a moment later, passed ones because nginx asks
    again under the same id when it hands a request on inside itself (`try_files`, `index`); at most `remember`.
    """

    def __init__(
        self, door: Door, limits: Limits, secret: bytes = b"", remember: int = 10_000
    ) -> None:
        self.door = door
        self._vouches = Vouching(secret)
        self._sleepers = Sleepers(limits.sleepers, LONGEST_S)
        self._refused: OrderedDict[str, Decision] = OrderedDict()
        self._passed: OrderedDict[str, tuple[int, Decision]] = OrderedDict()
        self._remember = remember

    async def handle(self, incoming: Incoming, out: Inbound) -> None:
        """Answer one request."""
        head = incoming.head
        path = head.target.partition(b"?")[0]
        if not self._vouches(head, out):
            _answer(STRICTEST, "", head, out)
        elif path == ASK:
            await self._ask(head, out)
        elif path == REFUSED:
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
            _answer(STRICTEST, "", head, out)
            return
        request = asker.request
        target, decision = self._passed.get(request.id, (None, STRICTEST))
        if target == hash(request.target):
            _answer(decision, reference_of(request.id), head, out, passes=True)
            return
        decision = self.door.authority.decide(request)
        try:
            passes = decision.passes and await self._sleepers.slow_down(decision)
        except asyncio.CancelledError:
            self.door.settle_refused(request, 499)
            raise
        pass_s = 0
        if passes:
            _keep(self._passed, request.id, (hash(request.target), decision), self._remember)
            pass_s = self._pass_for(request, decision, head)
        else:
            _keep(self._refused, request.id, decision, self._remember)
            if decision.passes:  # too many wait already
                self.door.authority.note_refusal(request.id, decision, asker.now)
            self.door.settle_refused(request, _STATUS[decision.action])
        _answer(decision, reference_of(request.id), head, out, passes=passes, pass_s=pass_s)

    def _pass_for(self, request: Request, decision: Decision, head: RequestHead) -> int:
        """Return for how many seconds nginx may keep the answer, 0 where it did not ask for that."""
        passes = self.door.authority.passes
        asked = head.get(b"x-himaya-pass") if passes is not None else b""
        if passes is None or not asked:
            return 0
        return passes.give(request, decision, asked, self.door.authority.clock())

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
        decision = self._refused.pop(request.id, None) or _from_header(head)
        page = self.door.challenges.page(
            decision,
            request.actor,
            request.target,
            asker.now,
            reference_of(request.id),
            headers=head.fields,
        )
        send(page, head, out)


def _keep(table: OrderedDict[str, _T], request_id: str, value: _T, most: int) -> None:
    table[request_id] = value
    if len(table) > most:
        table.popitem(last=False)


def _from_header(head: RequestHead) -> Decision:
    try:
        action = Action(head.get(b"himaya-verdict").decode("latin-1"))
    except ValueError:
        return STRICTEST
    return STRICTEST if action in {Action.ALLOW, Action.REDACT} else Decision(action=action)


def _answer(
    decision: Decision,
    reference: str,
    head: RequestHead,
    out: Inbound,
    *,
    passes: bool = False,
    pass_s: int = 0,
) -> None:
    """Send the verdict; every header is there, whatever the verdict. nginx may keep it for `pass_s` seconds."""
    kept = (b"x-accel-expires", b"%d" % pass_s) if pass_s else (b"cache-control", b"no-store")
    fields = [*verdict_fields(decision, reference), kept]
    status = (
        200 if passes else _STATUS.get(decision.action if decision.enforced else Action.ALLOW, 403)
    )
    out.write(reply(status, fields, b"", keep_alive=out.stays_open, method=head.method))
