"""The gate as a process: sockets, signals, the ticks of time, a graceful end."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from himaya.control import Status, Switch, SwitchState
from himaya.control.server import ControlServer
from himaya.core.errors import HimayaError, LedgerError
from himaya.core.facts import Fact
from himaya.gate.answers import Answers
from himaya.gate.authority import Authority
from himaya.gate.listener import Listener, Listening
from himaya.gate.upstream import UpstreamPool

log = logging.getLogger(__name__)

_SWEEP_S = 0.25
_TICK_S = 0.5


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
        further: Mapping[str, Listening[Any]] | None = None,
    ) -> None:
        """Take the parts; `further` are more listeners, by the address each listens at."""
        self.authority = authority
        self.listener = listener
        self.pool = pool
        self.further = further or {}
        self._backing = backing
        self._switch = Switch.beside(socket)
        self._switch_problem = ""
        self._stop = asyncio.Event()
        self._drained = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._control = ControlServer(socket, Answers(authority, self).answer)

    async def run(self, listen: str, ready: Callable[[str], None]) -> None:
        """Serve until told to stop; `ready` is called with the address once connections are taken.

        Raises ServiceError when a socket cannot be had.
        """
        loop = asyncio.get_running_loop()
        _raise_file_limit()
        try:
            await self._control.start()
            await self.listener.start(listen)
            for address, listening in self.further.items():
                await listening.start(address)
            self._watch_switch()
            self._on_signals(loop)
            self._tasks = [asyncio.create_task(self._sweep()), asyncio.create_task(self._tick())]
            ready(self.listener.address)
            await self._stop.wait()
            log.info("stopping: requests in progress are finished")
        finally:
            await self._end()

    def stop(self) -> None:
        """End `run` gracefully."""
        self._stop.set()

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
        self._backing.reload()

    def keep(self, facts: list[Fact]) -> None:
        """Make facts durable."""
        self._backing.keep(facts)

    async def flush(self) -> None:
        """Make everything recorded so far durable. Raises LedgerError when the ledger refuses."""
        await self._drain()
        if self.authority.runner.problem:
            raise LedgerError(self.authority.runner.problem)

    # -- time ------------------------------------------------------------------------------------

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_S)
            now = loop.time()
            self.listener.sweep(now)
            for listening in self.further.values():
                listening.sweep(now)
            if self.pool is not None:
                self.pool.sweep(now)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            try:
                self.authority.tick()
                self._watch_switch()
                await self._drain()
            except Exception:  # without this loop nothing would be written any more
                log.exception("a tick failed; the next one tries again")

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
            self._backing.reload()
        except HimayaError as problem:
            log.warning("the configuration was not taken over; the old one stays: %s", problem)

    async def _end(self) -> None:
        for listening in self.further.values():
            await listening.stop()
        await self.listener.stop()
        for task in self._tasks:
            task.cancel()
        if self.pool is not None:
            self.pool.close()
        await self._control.stop()
        await asyncio.to_thread(self._backing.close)


def _raise_file_limit() -> None:
    """Allow as many open files as the system lets us: each connection is one, or two."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 65536) if hard != resource.RLIM_INFINITY else 65536
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
