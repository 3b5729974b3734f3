"""What the authority answers on its control socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Protocol

from himaya.control import Reply, Status, SwitchState
from himaya.control.messages import (
    Admit,
    AskStatus,
    Clear,
    Decide,
    Flush,
    NoteGap,
    Question,
    Record,
    Reload,
    Stand,
    Tell,
    TurnOff,
    TurnOn,
)
from himaya.core.facts import Fact
from himaya.facts_store import decode_fact
from himaya.gate.authority import Authority

_OK = Reply(ok=True)

#: How a question that came by the control socket is named among the doors.
SOCKET = "socket"


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


class Answers:
    """Answers questions for one authority and the process it lives in."""

    def __init__(self, authority: Authority, house: House) -> None:
        self._authority = authority
        self._house = house

    def answer(self, question: Question) -> Reply | Awaitable[Reply]:
        """Return the reply, or a promise of it for what takes a disk."""
        authority = self._authority
        match question:
            case Decide():
                decision = authority.decide(question.request, question.at, SOCKET)
                return Reply(ok=True, decision=decision)
            case Admit():
                return Reply(ok=True, admission=authority.admit(question.response, question.at))
            case Record():
                authority.record(question.exchange, question.at)
                return _OK
            case Clear():
                granted = authority.clear(question.clearance, question.actor, question.at)
                return Reply(ok=True, cleared=granted)
            case _:
                return self._command(question)

    def _command(self, question: Question) -> Reply | Awaitable[Reply]:
        match question:
            case AskStatus():
                return Reply(ok=True, status=self._house.status())
            case Tell():
                return self._tell([decode_fact(bytes(record)) for record in question.facts])
            case TurnOff():
                self._house.switch(
                    SwitchState(off=True, since=self._authority.clock(), why=question.why)
                )
            case TurnOn():
                self._house.switch(SwitchState())
            case Reload():
                self._house.reload()
            case Flush():
                return self._flushed()
            case Stand():
                self._authority.stand(question.standing)
            case NoteGap():
                self._note(question)
            case _:  # the four calls of the engine are answered before
                return Reply(ok=False, error="not a command")
        return _OK

    async def _tell(self, facts: list[Fact]) -> Reply:
        await asyncio.to_thread(self._house.keep, facts)
        return Reply(ok=True, told=self._authority.tell(facts))

    async def _flushed(self) -> Reply:
        await self._house.flush()
        return _OK

    def _note(self, gap: NoteGap) -> None:
        why = f"{gap.why} ({gap.requests} requests)" if gap.requests else gap.why
        self._authority.runner.note_gap(gap.start, gap.end, why, gap.surface, gap.door)
