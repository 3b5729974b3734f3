"""The gate as a process: sockets, signals, the ticks of time, a graceful end."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from himaya.control import Reply, Status, Switch, SwitchState
from himaya.control.server import ControlServer
from himaya.core.errors import HimayaError, LedgerError, ServiceError
from himaya.core.facts import Fact
from himaya.gate.answers import Answers
from himaya.gate.authority import Authority
from himaya.gate.feeds.house import FeedHouse, FeedQuestion
from himaya.gate.leasing.office import LeaseOffice
from himaya.gate.listener import Listener, Listening
from himaya.gate.notify import Notifier
from himaya.gate.upstream import UpstreamPool

log = logging.getLogger(__name__)

_SWEEP_S = 0.25
#: Seconds from one tick to the next, and the least between the end of one and the next: a slow disk does not add to
#: the time that rows wait.
_TICK_S, _BREATH_S = 0.4, 0.05


class Backing(Protocol):
    """What the composition root does for the process; each may raise a HimayaError."""

    def status(self) -> Status:
        """Return how the gate is."""

    def reload(self) -> None:
        """Read the configuration again and take it over; a bad one changes nothing."""

    def keep(self, facts: list[Fact]) -> None:
        """Make facts durable."""

    def close(self) -> None:
        """Write and close what is left once nobody is answered any more."""


class GateProcess:
    """Runs one authority with its door until SIGTERM or SIGINT; SIGHUP reads the configuration again."""

    def __init__(
        self,
        authority: Authority,
        listener: Listener,
        backing: Backing,
        *,
        socket: Path,
        pool: UpstreamPool | None = None,
        office: LeaseOffice | None = None,
        notifier: Notifier | None = None,
    ) -> None:
        self.authority = authority
        self.listener = listener
        #: All HTTP listeners by name; the door is the one whose requests a stop waits for.
        self.listeners = {"door": listener}
        self.pool = pool
        #: The decision feed, where there is one.
        self.feed: FeedHouse | None = None
        #: What else listens, by the address each listens at.
        self.further: Mapping[str, Listening[Any]] = {}
        self._notifier = notifier or Notifier()
        self._beside: list[tuple[Listener, str]] = []
        self._backing = backing
        self._switch = Switch.beside(socket)
        self._switch_problem = ""
        self._stop = asyncio.Event()
        self._drained = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._control = ControlServer(socket, Answers(authority, self, office).answer)

    async def run(self, listen: str, ready: Callable[[str], None]) -> None:
        """Serve until told to stop; `ready` is called with the address once connections are taken.

        Raises ServiceError when a socket cannot be had.
        """
        loop = asyncio.get_running_loop()
        _raise_file_limit()
        try:
            await self._control.start()
            await self.listener.start(listen)
            for listener, address in self._beside:
                await listener.start(address)
            for address, listening in self.further.items():
                await listening.start(address)
            self._watch_switch()
            if self.feed is not None:
                await self.feed.start()
            self._on_signals(loop)
            self._tasks = [asyncio.create_task(self._sweep()), asyncio.create_task(self._tick())]
            ready(self.listener.address)
            self._say_ready()
            await self._stop.wait()
            self._notifier.stopping()
            log.info("stopping: requests in progress are finished")
        finally:
            await self._end()

    def stop(self) -> None:
        """End `run` gracefully."""
        self._stop.set()

    def add(self, name: str, listener: Listener, listen: str) -> None:
        """Run one more listener beside the door, until after the door has ended."""
        self.listeners[name] = listener
        self._beside.append((listener, listen))

    @property
    def stopping(self) -> bool:
        """Tell whether the process was told to stop."""
        return self._stop.is_set()

    @property
    def control_clients(self) -> tuple[int, int]:
        """Return how many clients the control socket has, and may have."""
        return len(self._control.clients), self._control.max_clients

    def _say_ready(self) -> None:
        told = self._backing.status()
        self._notifier.ready(f"{told.door}, mode {told.mode}, policy {told.policy}")

    # -- what the control socket asks for ------------------------------------------------------

    def status(self) -> Status:
        """Return how the gate is."""
        return self._backing.status()

    def switch(self, state: SwitchState) -> None:
        """Write the state file, and obey it at once."""
        self._switch.write(state)
        self._watch_switch()

    def reload(self) -> None:
        """Read the configuration again; a bad one changes nothing."""
        self._notifier.reloading()
        try:
            self._backing.reload()
        finally:
            self._say_ready()

    def keep(self, facts: list[Fact]) -> None:
        """Make facts durable."""
        self._backing.keep(facts)

    async def flush(self) -> None:
        """Make everything recorded so far durable. Raises LedgerError when the ledger refuses."""
        await self._drain()
        if self.authority.runner.problem:
            raise LedgerError(self.authority.runner.problem)

    def answer_feed(self, question: FeedQuestion) -> Awaitable[Reply]:
        """Answer what is asked about blocks. Raises ServiceError where there is no feed."""
        if self.feed is None:
            raise ServiceError("this gate has no decision feed; set [feed] listen and restart it")
        return self.feed.answer(question)

    # -- time ------------------------------------------------------------------------------------

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_S)
            now = loop.time()
            self._notifier.alive(now)
            for listener in (*self.listeners.values(), *self.further.values()):
                listener.sweep(now)
            if self.pool is not None:
                self.pool.sweep(now)
            if self.feed is not None:
                self.feed.sweep(now)

    async def _tick(self) -> None:
        loop, took = asyncio.get_running_loop(), 0.0
        while True:
            await asyncio.sleep(max(_TICK_S - took, _BREATH_S))
            began = loop.time()
            try:
                self.authority.tick()
                self._watch_switch()
                await self._drain()
                if self.feed is not None:
                    self.feed.take()
            except Exception:  # without this loop nothing would be written any more
                log.exception("a tick failed; the next one tries again")
            took = loop.time() - began

    async def _drain(self) -> None:
        """Let a thread write to the disk, so that nobody waits for it here."""
        async with self._drained:
            await asyncio.to_thread(self._write)

    def _write(self) -> None:
        self.authority.runner.drain(self.authority.clock())
        if self.authority.refusals is not None:
            self.authority.refusals.flush()

    def _watch_switch(self) -> None:
        try:
            state = self._switch.read()
        except HimayaError as problem:
            self._say_once(str(problem))
            return
        self._switch_problem = ""
        if state.off and not self.authority.off:
            self.authority.turn_off(state.why, state.since or self.authority.clock())
        elif not state.off and self.authority.off:
            self.authority.turn_on()

    def _say_once(self, problem: str) -> None:
        if problem != self._switch_problem:
            self._switch_problem = problem
            log.warning("%s; the gate stays %s", problem, "off" if self.authority.off else "on")

    # -- signals and the end ---------------------------------------------------------------------

    def _on_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._on_hangup)

    def _on_hangup(self) -> None:
        try:
            self.reload()
        except HimayaError as problem:
            log.warning("the configuration was not taken over; the old one stays: %s", problem)

    async def _end(self) -> None:
        for listening in self.further.values():
            await listening.stop()
        await self.listener.stop()
        if self.feed is not None:
            await self.feed.stop()
        for task in self._tasks:
            task.cancel()
        if self.pool is not None:
            self.pool.close()
        for listener, _ in self._beside:
            await listener.stop()
        await self._control.stop()
        await asyncio.to_thread(self._backing.close)


def _raise_file_limit() -> None:
    """Allow as many open files as the system lets us: each connection is one, or two."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 65536) if hard != resource.RLIM_INFINITY else 65536
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
