"""One feed with all its parts: blocks, published decisions, keys, server; and what commands ask of it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Iterable
from pathlib import Path

import msgspec

from himaya.config import Config
from himaya.control import Reply
from himaya.control.feed import (
    PAGE,
    AskBlocks,
    AskFeed,
    BlockTold,
    BouncerTold,
    EnforcedTold,
    FeedTold,
    Lift,
)
from himaya.control.feed import Block as BlockQuestion
from himaya.core.errors import InputError
from himaya.gate.authority import Authority
from himaya.gate.feeds.api import Api
from himaya.gate.feeds.block import Block
from himaya.gate.feeds.changes import Changes
from himaya.gate.feeds.keeper import Keeper
from himaya.gate.feeds.keys import KeyRing
from himaya.gate.feeds.usage import Count
from himaya.gate.limits import Limits
from himaya.gate.listener import Listener

log = logging.getLogger(__name__)

FeedQuestion = BlockQuestion | Lift | AskBlocks | AskFeed

#: An operator's block lasts a year at most: what should last longer belongs into the firewall's own rules.
LONGEST_S = 366 * 86400.0

#: Blocks that ended lately, as a command lists them.
_ENDED = 500


class FeedHouse:
    """The feed of one gate. `start`, `sweep` and `stop` belong to the process, `take` to its ticks."""

    def __init__(self, config: Config, authority: Authority) -> None:
        """Make the parts and bring back what stood before. Raises HimayaError."""
        feed = config.feed
        self._listen = feed.listen
        self._changes = Changes(feed.most, feed.bouncers)
        self.keeper = Keeper(config, authority, self._changes)
        self.keeper.restore()
        self.keys = KeyRing(Path(feed.keys_file))
        self.api = Api(self._changes, self.keys, authority.clock, self._note, feed.bouncers)
        self._clock = authority.clock
        self.listener = Listener(self.api.handle, limits_of(feed.max_connections))

    async def start(self) -> None:
        """Listen. Raises ServiceError when the address cannot be had."""
        self.keeper.show()  # the gate may have been found switched off
        await self.listener.start(self._listen)
        log.info("the decision feed listens at %s", self.listener.address)
        self.keeper.watch()

    def adopt(self, config: Config) -> None:
        """Take over what a reload changes."""
        self.keeper.adopt(config)

    def sweep(self, now: float) -> None:
        """End connections whose time is over."""
        self.listener.sweep(now)

    def take(self) -> None:
        """Publish what stands now; called at every tick."""
        self.keeper.take()

    async def stop(self) -> None:
        """Take no more questions."""
        await self.listener.stop()

    def close(self) -> None:
        """Finish what is being written."""
        self.keeper.close()

    def _note(self, bouncer: str, counts: list[Count]) -> None:
        self.keeper.note(bouncer, counts)

    # -- what commands ask for -------------------------------------------------------------------

    def answer(self, question: FeedQuestion) -> Awaitable[Reply]:
        """Return the promise of a reply. It may raise InputError, LedgerError, ServiceError."""
        match question:
            case BlockQuestion():
                return self._block(question)
            case Lift():
                return self._lift(question)
            case AskBlocks():
                return self._list(question)
            case AskFeed():
                return self._tell()

    async def _block(self, asked: BlockQuestion) -> Reply:
        if not 0 <= asked.for_s <= LONGEST_S:
            raise InputError(f"a block lasts at most {LONGEST_S / 86400:g} days")
        made = await self.keeper.block(asked.place, asked.for_s, asked.remedy, asked.why, asked.by)
        return Reply(ok=True, blocks=self._told([made]))

    async def _lift(self, asked: Lift) -> Reply:
        ended = await self.keeper.lift(asked.what, asked.why, asked.by)
        now = self._clock()
        over = (msgspec.structs.replace(block, lifted=now) for block in ended)
        return Reply(ok=True, blocks=self._told(over))

    async def _list(self, asked: AskBlocks) -> Reply:
        if asked.ended:
            return Reply(ok=True, blocks=self._told(await self.keeper.ended(_ENDED)))
        now = self._clock()
        standing = [b for b in self.keeper.blocks.values() if b.stands(now)]
        standing.sort(key=lambda block: block.number)
        page = [block for block in standing if block.number > asked.after][:PAGE]
        return Reply(ok=True, blocks=self._told(page))

    def _told(self, blocks: Iterable[Block]) -> tuple[BlockTold, ...]:
        shown = {block.number for block in self._changes.published}
        return tuple(
            BlockTold(
                number=b.number,
                name=b.name,
                place=b.value,
                remedy=b.remedy,
                source=b.source,
                start=b.start,
                until=b.until,
                collateral=b.collateral,
                why=b.why,
                by=b.by,
                ended=b.lifted,
                published=b.number in shown,
                word=b.scenario,
            )
            for b in blocks
        )

    async def _tell(self) -> Reply:
        enforced = tuple(
            EnforcedTold(**msgspec.structs.asdict(one)) for one in await self.keeper.enforced()
        )
        return Reply(ok=True, feed=msgspec.structs.replace(self.told(), enforced=enforced))

    def told(self) -> FeedTold:
        """Return how the feed is, but for what bouncers said they did."""
        remedies = [block.remedy for block in self._changes.published]
        bouncers = tuple(
            BouncerTold(key, pulls.agent, pulls.last, pulls.count)
            for (key, _, _), pulls in self.api.pulls.items()
        )
        return FeedTold(
            listen=self.listener.address or self._listen,
            bans=remedies.count("ban"),
            captchas=remedies.count("captcha"),
            silent=self.keeper.silent,
            problem=self.keeper.problem,
            keys=self.keys.count,
            left_out=self.keeper.left_out,
            refused=self.api.refused,
            bouncers=bouncers,
        )

    def words(self) -> str:
        """Return how the feed is, in one line."""
        told = self.told()
        what = (
            f"nothing is published: {told.silent}"
            if told.silent
            else f"{told.bans} blocks and {told.captchas} challenges published"
        )
        return f"{told.listen}, {what}, {len(told.bouncers)} bouncers asked"


def limits_of(connections: int) -> Limits:
    """Return what a connection of the feed may cost: bouncers send small heads, and ask every few seconds."""
    return Limits(
        header_bytes=16 * 1024,
        header_count=64,
        connections=connections,
        pipelined=4,
        head_s=10.0,
        body_s=10.0,
        send_s=30.0,
        idle_s=75.0,
        stop_s=2.0,
    )
