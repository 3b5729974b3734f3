"""Decides, keeps and ends blocks beside a running gate: the loop knows who is there, one thread does what takes a disk.

A block is decided by an operator, follows from a confirmed case, or from a standing decision of a detector that the
configuration names. Each is counted against honest people first, kept on disk, and only then published. The gate itself
obeys those of people, as it obeys its detectors' own: for visitors without an account.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from himaya.config import Config
from himaya.core.decision import LISTED, STRENGTH, Action, Reason, Standing
from himaya.core.errors import HimayaError, InputError
from himaya.gate.authority import Authority
from himaya.gate.feeds.block import Block, Network, Remedy, parse_place, refused, value_of
from himaya.gate.feeds.changes import Changes
from himaya.gate.feeds.desk import Around, Decided, Desk, Look, Order
from himaya.gate.feeds.seen import Seen
from himaya.gate.feeds.store import Enforced
from himaya.gate.feeds.usage import Count

log = logging.getLogger(__name__)

_T = TypeVar("_T")

#: Seconds between two looks at cases that did not change: their members go on elsewhere.
_AGAIN_S = 60.0

#: Standing decisions, and jobs, that may wait for the thread; a further one is not published, or not kept.
_WAITING = 1000

#: Seconds between two times that what is over for long is dropped.
_TIDY_S = 3600.0

_REMEDIES: dict[Action, Remedy] = {Action.BLOCK: "ban", Action.CHALLENGE: "captcha"}


class Keeper:
    """The blocks of one gate. Everything but the desk's work belongs to the loop; `take` is called at every tick."""

    def __init__(self, config: Config, authority: Authority, changes: Changes) -> None:
        """Take the parts. `restore` brings back what stood before."""
        self.config, self.changes, self.desk = config, changes, Desk(config)
        self.seen = Seen()
        self.blocks: dict[int, Block] = {}
        self.problem = ""
        #: Standing decisions that found no room.
        self.left_out = 0
        self._authority = authority
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="feed")
        self._jobs: deque[tuple[Future[Any], Callable[[Any], None]]] = deque()
        self._standing: deque[Standing] = deque()
        self._cases_mark: tuple[int, int] = (0, 0)
        self._names_mark: tuple[int, ...] = ()
        self._look_at = self._tidy_at = 0.0
        #: Until when nothing that is published changes by itself; 0 when something changed.
        self._due = 0.0
        self._silent = ""
        self._looking = self._closed = False

    # -- its life --------------------------------------------------------------------------------

    def restore(self) -> None:
        """Bring back the blocks that stood before a restart. Raises HimayaError."""
        now = self._authority.clock()
        standing, ended = self.desk.restore(now)
        self.blocks = {block.number: block for block in standing}
        for block in standing:
            self._obey(block)
        self.changes.recall((block, block.lifted or block.until) for block in ended)
        self.show()

    def watch(self) -> None:
        """Begin to look at who is there and at what detectors decide."""
        self._authority.seen = self.seen.note
        if self.config.feed.detectors:
            self._authority.runner.on_standing = self._stood

    def adopt(self, config: Config) -> None:
        """Take over what a reload changes: proxies, new accounts, retention. `[feed]` stays until a restart."""
        now = {"actor": config.actor, "retention": config.retention}
        self.config = self.desk.config = msgspec.structs.replace(self.config, **now)

    def close(self) -> None:
        """Finish what is being written."""
        self._closed = True
        self._authority.seen = self._authority.runner.on_standing = None
        self._pool.shutdown(wait=True)
        self.desk.close()

    def take(self) -> None:
        """Take over what the thread did, look at cases when they changed, publish what stands."""
        if self._closed:
            return
        while self._jobs and self._jobs[0][0].done():
            self._settle(*self._jobs.popleft())
        self._look_at_cases()
        self._look_at_names()
        self._tidy()
        self._order_standing()
        self.show()

    def show(self) -> None:
        """Publish what stands; nothing where nobody is refused."""
        now, silent = self._authority.clock(), self.silent
        if now < self._due and silent == self._silent:
            return
        for number in [number for number, block in self.blocks.items() if block.until <= now]:
            del self.blocks[number]
        self.changes.show(() if silent else self.blocks.values(), now)
        self._due, self._silent = self.changes.due, silent

    @property
    def silent(self) -> str:
        """Return why nothing is published, "" when it is."""
        if self._authority.off:
            return "the gate is switched off"
        return "mode is shadow" if self._authority.engine.policy.mode == "shadow" else ""

    # -- what an operator asks for ---------------------------------------------------------------

    async def block(self, place: str, for_s: float, remedy: Remedy, why: str, by: str) -> Block:
        """Block or challenge an address or network. Raises InputError, LedgerError, ServiceError."""
        network = parse_place(place)
        if why_not := self._refused(network):
            raise InputError(f"{place} {why_not}")
        until = self._authority.clock() + (for_s or self.config.feed.for_s)
        order = Order(
            network=network, until=until, source="operator", why=why, by=by, remedy=remedy
        )
        now = self._authority.clock()
        made = await self._do(self.desk.decide, [order], self._around([order]), now)
        if made.left_out:
            raise InputError(
                f"{self.config.feed.most} blocks stand already, as many as feed.most allows"
            )
        self._admit(made)
        return made.blocks[0]

    async def lift(self, what: str, why: str, by: str) -> list[Block]:
        """End a block by name, or all of a place. Raises InputError when none stands, LedgerError, ServiceError."""
        found = self._named(what)
        if not found:
            raise InputError(f"no block of {what} stands; see: himaya block --list")
        await self._do(self.desk.lift, found, why, by, self._authority.clock())
        self._end_all(found)
        return found

    async def ended(self, most: int) -> list[Block]:
        """Return the last blocks that ended, the last first. Raises LedgerError, ServiceError."""
        return await self._do(self.desk.ended, self._authority.clock(), most)

    async def enforced(self) -> list[Enforced]:
        """Return what bouncers said they did. Raises ServiceError."""
        return await self._do(self.desk.enforced)

    def note(self, bouncer: str, counts: list[Count]) -> None:
        """Keep what a bouncer said it did; what finds no room is dropped."""
        if counts and len(self._jobs) < _WAITING:
            now = self._authority.clock()
            self._queue(self._pool.submit(self.desk.note, bouncer, counts, now), lambda _: None)

    def _named(self, what: str) -> list[Block]:
        by_name = [block for block in self.blocks.values() if block.name == what]
        if by_name:
            return by_name
        try:
            network = parse_place(what)
        except InputError:
            return []
        return [b for b in self.blocks.values() if parse_place(b.value) == network]

    async def _do(self, work: Callable[..., _T], *arguments: Any) -> _T:  # noqa: ANN401  (of any work)
        return await asyncio.wrap_future(self._pool.submit(work, *arguments))

    # -- what follows by itself ------------------------------------------------------------------

    def _around(self, orders: Sequence[Order]) -> Around:
        """Return what the engine knows about places: who is there, newcomers aside, and who was found."""
        engine, now = self._authority.engine, self._authority.clock()
        since = now - self.config.feed.shared_days * 86400.0
        live = {}
        for order in orders:
            there = self.seen.at(order.network, since)
            old = frozenset(a.account for a in there if not engine.accounts.is_new(a, now))
            if old:
                live[value_of(order.network)] = old
        return Around(live, engine.watchers.flagged(since))

    def _stood(self, standing: Standing) -> None:
        named = standing.reason.rule in self.config.feed.detectors
        if named and standing.action in _REMEDIES and not self.silent:
            if len(self._standing) >= _WAITING:
                self.left_out += 1
            else:
                self._standing.append(standing)

    def _order_standing(self) -> None:
        """Have decided what detectors decided since the last time."""
        orders = [self._order(standing) for standing in self._standing]
        self._standing.clear()
        self._decide([order for order in orders if order is not None])

    def _order(self, standing: Standing) -> Order | None:
        """Return what a standing decision asks for, None where it is about nothing that is published."""
        kind, _, name = standing.principal.partition(":")
        if kind != "address" and not (kind == "prefix" and self.config.feed.ranges):
            return None
        try:
            network = parse_place(name)
        except InputError:
            return None
        return Order(
            network=network,
            until=standing.until,
            source=f"detector:{standing.reason.rule}",
            why=standing.reason.words(),
            remedy=_REMEDIES[standing.action],
        )

    def _look_at_cases(self) -> None:
        """Ask what confirmed cases lead to: at once when somebody decided about one, else every minute."""
        if not self.config.feed.cases or self._looking:
            return
        now, mark = self._authority.clock(), _mark(self.desk.cases)
        if mark == self._cases_mark and now < self._look_at:
            return
        self._cases_mark, self._look_at, self._looking = mark, now + _AGAIN_S, True
        self._queue(self._pool.submit(self.desk.look, now), self._after_look)

    def _look_at_names(self) -> None:
        """When the ledger may have forgotten somebody, ask which places have no name any more."""
        mark = (*_mark(self.desk.layout.chain), *_mark(self.desk.layout.identities))
        if not self.blocks or mark == self._names_mark:
            return
        self._names_mark = mark
        job = self._pool.submit(self.desk.forgotten, self._authority.clock())
        self._queue(job, self._after_names)

    def _after_names(self, forgotten: frozenset[int]) -> None:
        over = [self.blocks[number] for number in forgotten & self.blocks.keys()]
        if over:
            self._end_all(over)
            now = self._authority.clock()
            job = self._pool.submit(self.desk.lift, over, "the address was erased", "himaya", now)
            self._queue(job, lambda _: None)

    def _tidy(self) -> None:
        now = self._authority.clock()
        if now >= self._tidy_at:
            self._tidy_at = now + _TIDY_S
            self._queue(self._pool.submit(self.desk.forget, now), lambda _: None)

    def _after_look(self, look: Look) -> None:
        over = [block for block in self.blocks.values() if block.source in look.over]
        if over:
            job = self._pool.submit(
                self.desk.lift, over, "the case is closed", "himaya", self._authority.clock()
            )
            self._queue(job, lambda _: self._end_all(over))
        self._decide(look.orders)

    def _refused(self, network: Network) -> str:
        return refused(network, self.config.actor.trusted_proxies)

    def _decide(self, orders: Sequence[Order]) -> None:
        """Have orders decided, those of one source and end together; without those that may not be."""
        alike: dict[tuple[str, bool, float], list[Order]] = {}
        for order in orders:
            if self._refused(order.network):
                self.left_out += 1
                continue
            until = order.until if order.is_of_people else 0.0
            alike.setdefault((order.source, order.is_of_people, until), []).append(order)
        now = self._authority.clock()
        for group in alike.values():
            job = self._pool.submit(self.desk.decide, group, self._around(group), now)
            self._queue(job, self._admit)

    def _queue(self, job: Future[Any], then: Callable[[Any], None]) -> None:
        self._jobs.append((job, then))
        loop = asyncio.get_running_loop()
        job.add_done_callback(lambda _: loop.call_soon_threadsafe(self.take))

    def _settle(self, job: Future[Any], then: Callable[[Any], None]) -> None:
        if then == self._after_look:
            self._looking = False
        try:
            told = job.result()
        except (HimayaError, OSError) as problem:
            self._say(str(problem))
        else:
            self.problem = ""
            then(told)

    def _say(self, problem: str) -> None:
        if self.problem != problem:
            log.warning("a block could not be kept, and is not published: %s", problem)
        self.problem = problem

    # -- the engine ------------------------------------------------------------------------------

    def _admit(self, decided: Decided) -> None:
        self.left_out += decided.left_out
        for block in decided.blocks:
            self.blocks[block.number] = block
            self._obey(block)
        self._due = 0.0
        self.show()

    def _obey(self, block: Block) -> None:
        """Let the gate itself do what bouncers are told, unless it does as much already; a detector stands anyhow."""
        if block.source.startswith("detector:") or not block.principal:
            return
        watchers = self._authority.engine.watchers
        known = watchers.standing.get(block.principal)
        if (
            known is not None
            and known.until >= block.until
            and STRENGTH[known.action] >= STRENGTH[block.action]
        ):
            return
        kind = block.principal.partition(":")[0]
        reason = Reason(LISTED, kind, "", 1.0, 1.0)
        self._authority.stand(Standing(block.principal, block.action, block.until, reason))

    def _end_all(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            self._end(block)
        self._due = 0.0
        self.show()

    def _end(self, block: Block) -> None:
        """Let the gate itself let go, too, and obey what stands beside it."""
        self.blocks.pop(block.number, None)
        standing = self._authority.engine.watchers.standing.get(block.principal)
        if standing is None or standing.reason.rule not in {LISTED, block.source.partition(":")[2]}:
            return
        now = self._authority.clock()
        over = Standing(standing.principal, standing.action, now, standing.reason)
        self._authority.stand(over)
        for other in self.blocks.values():
            if other.value == block.value:
                self._obey(other)


def _mark(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:
        return (0, 0)
    return stat.st_mtime_ns, stat.st_size
