"""What the authority answers on its control socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Protocol

from himaya.control import Reply, Status, SwitchState
from himaya.control.feed import AskBlocks, AskFeed, Block, Lift
from himaya.control.messages import (
    Admit,
    AskProbe,
    AskStatus,
    Clear,
    Decide,
    Flush,
    NoteGap,
    Probe,
    Question,
    Record,
    Reload,
    Settle,
    Stand,
    Tell,
    TurnOff,
    TurnOn,
)
from himaya.control.server import OK
from himaya.core.facts import Fact
from himaya.facts_store import decode_fact
from himaya.gate.authority import SOCKET, Authority
from himaya.gate.feeds.house import FeedQuestion
from himaya.gate.leasing.office import LeaseOffice


class House(Protocol):
    """The process behind the answers. Each may raise a HimayaError, which becomes the reply."""

    def status(self) -> Status:
        """Return how the gate is."""

    def switch(self, state: SwitchState) -> None:
        """Write the state file, and obey it at once."""

    def reload(self) -> None:
        """Read the configuration again; a bad one changes nothing."""

    def keep(self, facts: list[Fact]) -> None:
        """Make facts durable; may be called in a thread."""

    async def flush(self) -> None:
        """Make everything recorded so far durable."""

    def answer_feed(self, question: FeedQuestion) -> Awaitable[Reply]:
        """Answer what is asked about blocks; raises ServiceError where there is no feed."""


class Answers:
    """Answers questions for one authority and the process it lives in."""

    def __init__(
        self, authority: Authority, house: House, office: LeaseOffice | None = None
    ) -> None:
        """Answer for an authority; without an `office` workers get no leases."""
        self._authority = authority
        self._house = house
        self._office = office or LeaseOffice(authority)

    def answer(self, question: Question) -> Reply | Awaitable[Reply]:
        """Return the reply, or a promise of it for what takes a disk."""
        authority = self._authority
        match question:
            case Record():
                authority.record(question.exchange, question.at)
                return OK
            case Settle():
                return self._office.settle(question)
            case Decide():
                return self._decide(question)
            case Admit():
                return Reply(ok=True, admission=authority.admit(question.response, question.at))
            case Clear():
                granted = authority.clear(question.clearance, question.actor, question.at)
                return Reply(ok=True, cleared=granted)
            case _:
                return self._command(question)

    def _decide(self, question: Decide) -> Reply:
        authority, request = self._authority, question.request
        if authority.probes.waiting:
            authority.probes.see(request, "", authority.clock(), trusted=True)
        if question.worker:
            return self._office.decide(question)
        return Reply(ok=True, decision=authority.decide(request, question.at, SOCKET))

    def _command(self, question: Question) -> Reply | Awaitable[Reply]:
        """Answer what has an answer of its own; carry out everything else."""
        match question:
            case AskStatus():
                return Reply(ok=True, status=self._house.status())
            case Tell():
                return self._tell([decode_fact(bytes(record)) for record in question.facts])
            case Flush():
                return self._flushed()
            case Block() | Lift() | AskBlocks() | AskFeed():
                return self._house.answer_feed(question)
            case Probe() | AskProbe():
                return self._probe(question)
            case _:
                return self._order(question)

    def _order(self, question: Question) -> Reply:
        match question:
            case TurnOff():
                self._house.switch(
                    SwitchState(off=True, since=self._authority.clock(), why=question.why)
                )
            case TurnOn():
                self._house.switch(SwitchState())
            case Reload():
                self._house.reload()
            case Stand():
                self._authority.stand(question.standing)
            case NoteGap():
                self._note(question)
            case _:  # the four calls of the engine are answered before
                return Reply(ok=False, error="not a command")
        return OK

    async def _tell(self, facts: list[Fact]) -> Reply:
        await asyncio.to_thread(self._house.keep, facts)
        return Reply(ok=True, told=self._authority.tell(facts))

    async def _flushed(self) -> Reply:
        await self._house.flush()
        return OK

    def _probe(self, question: Probe | AskProbe) -> Reply:
        probes = self._authority.probes
        if isinstance(question, AskProbe):
            return Reply(ok=True, probed=probes.take(question.mark))
        probes.expect(question.mark, self._authority.clock())
        return OK

    def _note(self, gap: NoteGap) -> None:
        why = f"{gap.why} ({gap.requests} requests)" if gap.requests else gap.why
        self._authority.runner.note_gap(gap.start, gap.end, why, gap.surface, gap.door)
