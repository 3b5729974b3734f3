"""A request to an endpoint on its way through the reverse proxy: read what it asks for, then carry all of its parts."""

from __future__ import annotations

import msgspec

from himaya.control import Reply
from himaya.control.messages import Admit, Decide, Record
from himaya.core.decision import Action, Admission, Decision
from himaya.core.errors import ServiceError
from himaya.core.subjects import HEADER, parse_subjects
from himaya.core.surface import Surface
from himaya.gate.authority import Authority
from himaya.gate.door import Asker, Door
from himaya.gate.embedded_ask import Steps, T
from himaya.gate.heads import RequestHead, ResponseHead
from himaya.gate.inbound import Inbound
from himaya.gate.operations.answers import is_readable, read_document, write_document
from himaya.gate.operations.asked import Posted
from himaya.gate.operations.bundle import Bundle, Verdict
from himaya.gate.passage import Passage
from himaya.gate.people import header_values
from himaya.gate.request_reader import Incoming
from himaya.gate.upstream import UpstreamPool


def run(authority: Authority, steps: Steps[T]) -> T:
    """Go through steps with the authority of this process, and return their result."""
    try:
        question = next(steps)
        while True:
            match question:
                case Decide():
                    reply = Reply(ok=True, decision=authority.decide(question.request))
                case Admit():
                    reply = Reply(ok=True, admission=authority.admit(question.response))
                case Record():
                    authority.record(question.exchange)
                    reply = Reply(ok=True)
                case _:
                    raise ServiceError("not a question of an exchange")
            question = steps.send(reply)
    except StopIteration as end:
        result: T = end.value
        return result


async def open_request(
    door: Door, endpoint: Surface, incoming: Incoming, out: Inbound, asker: Asker
) -> Bundle | None:
    """Read a request's body and return its parts; None when it asks for nobody. The body goes on as it came."""
    head, limits = incoming.head, door.opener.limits
    posted: Posted | None = Posted(head.method, asker.request.target, upgrades=bool(head.upgrade))
    if head.has_body:
        _let_it_come(head, out)
        body, whole = await incoming.body.read_at_most(limits.max_bytes)
        incoming.body.put_back(body)
        posted = _posted(head, asker.request.target, body) if whole else None
    engine = door.authority.engine
    parts = door.opener.open(engine.surfaces, endpoint, asker.request, posted, engine.watched)
    return Bundle(parts, door.source) if parts else None


def _let_it_come(head: RequestHead, out: Inbound) -> None:
    """Ask for a body that waits to be asked for (RFC 9110 section 10.1.1): the application is asked only later."""
    if head.get(b"expect").lower() == b"100-continue":
        out.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        out.sent = 0  # the answer itself has not begun
    head.drop(b"expect")


def _posted(head: RequestHead, target: str, body: bytes) -> Posted:
    kinds = [value.decode("latin-1") for name, value in head.fields if name == b"content-type"]
    codings = [
        value.decode("latin-1") for name, value in head.fields if name == b"content-encoding"
    ]
    kind = kinds[0] if len(kinds) == 1 else ""
    return Posted(head.method, target, kind, ",".join(codings), body)


class BundlePassage(Passage):
    """Carries one request of several parts; an answer passes, loses people, or is refused as a whole."""

    def __init__(  # noqa: PLR0913, PLR0917 - those of a passage, and the parts
        self,
        door: Door,
        pool: UpstreamPool,
        incoming: Incoming,
        out: Inbound,
        asker: Asker,
        decision: Decision,
        surface: Surface,
        bundle: Bundle,
    ) -> None:
        super().__init__(door, pool, incoming, out, asker, decision, surface)
        self._bundle = bundle

    def _reads(self) -> bool:
        return True

    def _holds(self, response: ResponseHead, surface: Surface) -> bool:
        kind = response.get(b"content-type").decode("latin-1")
        return is_readable(response.status, kind)

    async def _answer_surface(self, response: ResponseHead, surface: Surface) -> None:
        """See who every part shows, ask who may pass, and send that, nothing, or what is left."""
        held, whole = await self._hold_back(response, surface)
        coding = response.get(b"content-encoding").decode("latin-1")
        limit = 8 * self.pool.limits.buffer_bytes
        document = read_document(held, coding, limit) if whole else None
        lines = header_values(response.fields, HEADER)
        people = parse_subjects(",".join(lines)) if lines else None
        if people is not None:
            self._bundle.tell(people, self.door.authority.engine.weight_of)
        asked = document if people is None else {}
        verdict = run(self.door.authority, self._bundle.admit(response.status, asked))
        body = write_document(document) if verdict.changed else None
        if verdict.refusal is not None or (verdict.changed and body is None):
            self._turn_away(verdict)
            return
        self.status = response.status
        if body is None:
            await self._stream(response, held)
        else:
            self._send_cut(response, body)

    def _turn_away(self, verdict: Verdict) -> None:
        """Answer with a refusal in place of the whole answer; no part of it was shown."""
        self._from.abort()
        request = self._bundle.refused.request
        refusal = verdict.refusal or Admission(Action.BLOCK)
        if verdict.own or verdict.refusal is None:
            authority = self.door.authority
            authority.note_refusal(request.id, refusal, authority.clock())
        self.asker.request = msgspec.structs.replace(request, actor=self.asker.actor)
        self.status = self.door.turn_away(self.asker, refusal, self.head, self.out)
        self._settle_parts(refused=True)

    def _settle(self) -> None:
        self._settle_parts(refused=False)

    def _settle_parts(self, *, refused: bool) -> None:
        if self._settled:
            return
        self._settled = True
        steps = self._bundle.settle(
            self.asker.actor,
            self.status,
            sent=0 if refused else self.sent,
            aborted=not refused and not self._whole,
            refused=refused,
            content_type=self.content_type,
        )
        run(self.door.authority, steps)


def refuse(
    door: Door, bundle: Bundle, asker: Asker, decision: Decision, head: RequestHead, out: Inbound
) -> None:
    """Answer with the page of a refusal and settle every part as refused."""
    asker.request = bundle.refused.request
    status = door.turn_away(asker, decision, head, out)
    run(door.authority, bundle.settle(asker.actor, status, refused=True))
