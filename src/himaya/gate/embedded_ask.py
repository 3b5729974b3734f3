"""How a middleware asks the authority: one set of steps, driven by threads or by an event loop.

A step is a generator that yields questions and gets replies; a question that cannot be answered raises ServiceError
inside it. While the authority is away nobody waits for it more than once a second, and what passed meanwhile is
reported to it as unobserved once it is back.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Generator
from typing import TypeVar

from himaya.control import AsyncControl, Control, Reply
from himaya.control.messages import Decide, NoteGap, Question, Settled
from himaya.core.errors import ServiceError
from himaya.gate.leasing.leasing import Leasing
from himaya.gate.leasing.teller import Teller

T = TypeVar("T")
#: A `Settled` exchange is not asked: it goes to the authority with others, a moment later.
Steps = Generator[Question | Settled, Reply, T]

log = logging.getLogger("himaya.gate")

#: The authority answers in microseconds; a page must not wait much longer for one that does not.
TIMEOUT_S = 1.0

#: After a failure the authority is left alone for so long.
QUIET_S = 1.0


class Absence:
    """When the authority did not answer, and what passed unobserved; shared by all threads of a process."""

    def __init__(self, door: str, clock: Callable[[], float] = time.time) -> None:
        """Count for one kind of door (asgi, wsgi, django); `clock` gives epoch seconds."""
        self._door = door
        self._clock = clock
        self._lock = threading.Lock()
        self._quiet_until = 0.0
        self._away = False
        self._missed: dict[str, NoteGap] = {}

    def may_ask(self) -> bool:
        """Tell whether it makes sense to ask now."""
        return self._clock() >= self._quiet_until

    def check(self) -> None:
        """Raise ServiceError when it makes no sense to ask now."""
        if not self.may_ask():
            raise ServiceError("the authority did not answer a moment ago")

    def failed(self, problem: ServiceError) -> None:
        """Note that a question was not answered; said once in the log."""
        with self._lock:
            self._quiet_until = self._clock() + QUIET_S
            if not self._away:
                self._away = True
                log.warning("himaya: the authority does not answer: %s", problem)

    def answered(self) -> list[NoteGap]:
        """Note that it answers; return what is to be reported now, which is then no longer held."""
        if not self._away and not self._missed:
            return []
        with self._lock:
            if self._away:
                log.warning("himaya: the authority answers again")
            self._away = False
            gaps, self._missed = list(self._missed.values()), {}
        return gaps

    def missed(self, surface: str, since: float, why: str) -> None:
        """Note that an exchange on `surface`, begun at `since`, passed without us; the first `why` is told."""
        now = self._clock()
        with self._lock:
            gap = self._missed.get(surface)
            self._missed[surface] = NoteGap(
                start=min(since, gap.start) if gap else since,
                end=now,
                why=gap.why if gap else why,
                surface=surface,
                door=self._door,
                requests=gap.requests + 1 if gap else 1,
            )

    def give_back(self, gap: NoteGap) -> None:
        """Hold a gap again that could not be reported."""
        with self._lock:
            newer = self._missed.get(gap.surface)
            if newer is not None:
                gap.end, gap.requests = newer.end, gap.requests + newer.requests
            self._missed[gap.surface] = gap


class Desk:
    """Asks from threads. Connections are opened in the process that uses them, also after a fork.

    With `leasing`, exchanges that are over wait for the next question, or for a thread that tells them.
    """

    def __init__(
        self,
        socket: str,
        absence: Absence,
        timeout_s: float = TIMEOUT_S,
        leasing: Leasing | None = None,
    ) -> None:
        self._leasing = leasing
        self._teller = Teller(leasing, self.tell) if leasing is not None else None
        if leasing is not None:
            last = weakref.WeakMethod(self._end)
            atexit.register(lambda: _call(last))
        self._socket = socket
        self._absence = absence
        self._timeout_s = timeout_s
        self._control: Control | None = None
        self._process = 0

    def run(self, steps: Steps[T]) -> T:
        """Go through the steps and return their result."""
        try:
            question = next(steps)
            while True:
                try:
                    reply = self._ask(question)
                except ServiceError as problem:
                    question = steps.throw(problem)
                else:
                    question = steps.send(reply)
        except StopIteration as end:
            result: T = end.value
            return result

    def close(self) -> None:
        """Tell what waits, give leases back, and close the connections."""
        self._end()
        if self._control is not None and self._process == os.getpid():
            self._control.close()
        self._control = None

    def tell(self) -> None:
        """Tell what waits, if the authority answers; else it waits on."""
        leasing = self._leasing
        try:
            while leasing is not None and leasing.outbox and self._absence.may_ask():
                if not self._told(leasing):
                    return
        except ServiceError as problem:
            self._absence.failed(problem)

    def _told(self, leasing: Leasing) -> bool:
        """Tell one batch; False when another thread is telling one."""
        batch, answered = leasing.outbox.take(), False
        if batch is None:
            return False
        try:
            reply = self._ask_now(batch)
            answered = True
            leasing.heard(reply)
        finally:
            leasing.outbox.told(answered=answered)
        return True

    def _end(self) -> None:
        if self._leasing is not None:
            self._leasing.credit.close()
            self.tell()

    def _post(self, item: Settled) -> Reply:
        if self._leasing is None or self._teller is None:
            raise ServiceError("nobody tells what is over here")
        self._leasing.outbox.put(item)
        self._teller.wake()
        return Reply(ok=True)

    def _ask(self, question: Question | Settled) -> Reply:
        if isinstance(question, Settled):
            return self._post(question)
        self._absence.check()
        if self._leasing is not None and isinstance(question, Decide) and self._leasing.outbox:
            self.tell()  # the budget that others wait for is free again first
            self._absence.check()
        return self._ask_now(question)

    def _ask_now(self, question: Question) -> Reply:
        control = self._mine()
        try:
            reply = control.ask(question)
        except ServiceError as problem:
            self._absence.failed(problem)
            raise
        for gap in self._absence.answered():
            try:
                control.ask(gap)
            except ServiceError as problem:
                self._absence.give_back(gap)
                self._absence.failed(problem)
        return reply

    def _mine(self) -> Control:
        if self._control is None or self._process != os.getpid():
            self._control, self._process = (
                Control(self._socket, timeout_s=self._timeout_s),
                os.getpid(),
            )
        return self._control


class AsyncDesk:
    """Asks from an event loop. With `leasing`, exchanges that are over are told a moment later, many together."""

    def __init__(
        self,
        socket: str,
        absence: Absence,
        timeout_s: float = TIMEOUT_S,
        leasing: Leasing | None = None,
    ) -> None:
        self._leasing = leasing
        self._timer: asyncio.Task[None] | None = None
        self._socket = socket
        self._absence = absence
        self._timeout_s = timeout_s
        self._control: AsyncControl | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, steps: Steps[T]) -> T:
        """Go through the steps and return their result."""
        try:
            question = next(steps)
            while True:
                try:
                    reply = await self._ask(question)
                except ServiceError as problem:
                    question = steps.throw(problem)
                else:
                    question = steps.send(reply)
        except StopIteration as end:
            result: T = end.value
            return result

    async def close(self) -> None:
        """Tell what waits, give leases back, and close the connection of this event loop."""
        if self._leasing is not None:
            self._leasing.credit.close()
            await self.tell()
        if self._control is not None and self._loop is asyncio.get_running_loop():
            await self._control.close()
        self._control = None

    async def tell(self) -> None:
        """Tell what waits, if the authority answers; else it waits on."""
        leasing = self._leasing
        try:
            while leasing is not None and leasing.outbox and self._absence.may_ask():
                if not await self._told(leasing):
                    return
        except ServiceError as problem:
            self._absence.failed(problem)

    async def _told(self, leasing: Leasing) -> bool:
        batch, answered = leasing.outbox.take(), False
        if batch is None:
            return False
        try:
            reply = await self._ask_now(batch)
            answered = True
            leasing.heard(reply)
        finally:
            leasing.outbox.told(answered=answered)
        return True

    def _post(self, item: Settled) -> Reply:
        if self._leasing is None:
            raise ServiceError("nobody tells what is over here")
        self._leasing.outbox.put(item)
        timer, loop = self._timer, asyncio.get_running_loop()
        if timer is None or timer.done() or timer.get_loop() is not loop:
            self._timer = loop.create_task(self._tell_on(self._leasing))
        return Reply(ok=True)

    async def _tell_on(self, leasing: Leasing) -> None:
        """Tell every `every_s` for as long as there is something to tell or to give back."""
        while not leasing.is_idle:
            await asyncio.sleep(leasing.every_s)
            leasing.credit.sweep()
            await self.tell()

    async def _ask(self, question: Question | Settled) -> Reply:
        if isinstance(question, Settled):
            return self._post(question)
        self._absence.check()
        if self._leasing is not None and isinstance(question, Decide) and self._leasing.outbox:
            await self.tell()  # the budget that others wait for is free again first
            self._absence.check()
        return await self._ask_now(question)

    async def _ask_now(self, question: Question) -> Reply:
        control = self._mine()
        try:
            reply = await control.ask(question)
        except ServiceError as problem:
            self._absence.failed(problem)
            raise
        for gap in self._absence.answered():
            try:
                await control.ask(gap)
            except ServiceError as problem:
                self._absence.give_back(gap)
                self._absence.failed(problem)
        return reply

    def _mine(self) -> AsyncControl:
        loop = asyncio.get_running_loop()
        if self._control is None or self._loop is not loop:
            self._control = AsyncControl(self._socket, timeout_s=self._timeout_s)
            self._loop = loop
        return self._control


def _call(method: weakref.WeakMethod[Callable[[], None]]) -> None:
    found = method()
    if found is not None:
        found()
