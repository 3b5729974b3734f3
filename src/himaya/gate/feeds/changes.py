"""What is published now, and what changed since a bouncer last asked.

Rules, each from what real bouncers do with what they are told:

1. One decision per address or network: the strongest, then the one that ends last. Bouncers keep one.
2. A deletion is repeated for two seconds, as CrowdSec does, because an answer may get lost; but never for an address
   that stands again, except in the very answer that tells of it. Bouncers delete first, then add.
3. A firewall that has an address keeps the end it was first told, until the address is deleted. A script's bouncer
   ignores an address that it added within the last ten seconds. So an address whose end or kind changed is deleted and
   told anew, and once more when the ten seconds are over; one that was told of a moment ago is not deleted to make its
   end later, but told again after its first end.
4. A bouncer that is not remembered is told everything.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Hashable, Iterable

import msgspec

from himaya.gate.feeds.block import Block

#: Seconds for which deletions are repeated.
OVERLAP_S = 2.0

#: A bouncer may ignore an address for its `cache_retention_duration`, 10 s where nobody changed it.
_DEAF_S = 15.0

#: An address that was told of within this time may still be ignored when it is told of anew.
_YOUNG_S = 30.0

#: Durations are whole seconds, and a bouncer acts a moment after it asked.
_MARGIN_S = 2.0

_STRONG = {"captcha": 0, "ban": 1}


class Told(msgspec.Struct, frozen=True):
    """What one pull is answered: decisions in force, and those that are over with the time of their end."""

    new: tuple[Block, ...]
    deleted: tuple[tuple[Block, float], ...]


class _Entry(msgspec.Struct, frozen=True):
    """A decision in force, the change that told of it, since when, and when to tell of it again."""

    block: Block
    change: int
    at: float
    again: tuple[float, ...] = ()


class _Gone(msgspec.Struct, frozen=True):
    block: Block
    at: float
    change: int


class Changes:
    """The published decisions. Bounded: `most` endings and `bouncers` askers are remembered, the oldest leave."""

    def __init__(self, most: int, bouncers: int) -> None:
        """Publish nothing yet."""
        self._most, self._bouncers = most, bouncers
        self._entries: dict[str, _Entry] = {}
        self._gone: OrderedDict[str, _Gone] = OrderedDict()
        self._pulls: OrderedDict[Hashable, tuple[int, float]] = OrderedDict()
        self._change = 0

    @property
    def published(self) -> list[Block]:
        """Return what is in force, by address."""
        return [entry.block for _, entry in sorted(self._entries.items())]

    @property
    def due(self) -> float:
        """Return when what is published changes by itself: something ends, or is told of again."""
        times = ((e.block.until, *e.again[:1]) for e in self._entries.values())
        return min((at for pair in times for at in pair), default=math.inf)

    def show(self, blocks: Iterable[Block], now: float) -> None:
        """Publish these blocks and no others from now on; those that do not stand are left out."""
        wanted = _strongest(blocks, now)
        for value in [value for value in self._entries if value not in wanted]:
            self._end(self._entries.pop(value).block, now)
        for value, block in wanted.items():
            self._begin(value, block, now)

    def recall(self, ended: Iterable[tuple[Block, float]]) -> None:
        """Remember what ended before a restart: a bouncer may have missed it."""
        for block, at in sorted(ended, key=lambda one: one[1]):
            if block.value not in self._entries:
                self._end(block, at)

    def pull(self, bouncer: Hashable, now: float, *, startup: bool = False) -> Told:
        """Return what a bouncer has not heard of, or everything with `startup`, and remember that it asked."""
        known, asked = (-1, 0.0) if startup else self._pulls.get(bouncer, (-1, 0.0))
        self._pulls[bouncer] = (self._change, now)
        self._pulls.move_to_end(bouncer)
        if len(self._pulls) > self._bouncers:
            self._pulls.popitem(last=False)
        new = [e for _, e in sorted(self._entries.items()) if e.change > known]
        fresh = {entry.block.value for entry in new} if known >= 0 else set()
        gone = [
            (one.block, one.at)
            for value, one in self._gone.items()
            if (one.change > known or one.at > asked - OVERLAP_S)
            and (value not in self._entries or (value in fresh and one.change > known))
        ]
        return Told(tuple([entry.block for entry in new]), tuple(gone))

    def _begin(self, value: str, block: Block, now: float) -> None:
        entry = self._entries.get(value)
        if entry is None:
            gone = self._gone.get(value)
            recent = gone is not None and now < gone.at + _DEAF_S
            self._put(value, block, now, (now + _DEAF_S,) if recent else ())
        elif entry.block == block:
            if entry.again and now >= entry.again[0]:
                self._put(value, block, entry.at, tuple(at for at in entry.again if at > now))
        elif _is_longer(block, entry.block) and now < entry.at + _YOUNG_S:
            times = now + _DEAF_S, entry.block.until + _MARGIN_S
            self._put(value, block, now, tuple(sorted(times)))
        else:
            self._end(entry.block, now)
            self._put(value, block, now, (now + _DEAF_S,))

    def _put(self, value: str, block: Block, at: float, again: tuple[float, ...]) -> None:
        self._change += 1
        self._entries[value] = _Entry(block, self._change, at, again)

    def _end(self, block: Block, at: float) -> None:
        self._change += 1
        self._gone[block.value] = _Gone(block, at, self._change)
        self._gone.move_to_end(block.value)
        if len(self._gone) > self._most:
            self._gone.popitem(last=False)


def _strongest(blocks: Iterable[Block], now: float) -> dict[str, Block]:
    """Return by address the one block that counts among those that stand."""
    found: dict[str, Block] = {}
    for block in blocks:
        known = found.get(block.value)
        if block.stands(now) and (known is None or _rank(known) < _rank(block)):
            found[block.value] = block
    return found


def _rank(block: Block) -> tuple[int, float, int]:
    return _STRONG[block.remedy], block.until, block.number


def _is_longer(block: Block, before: Block) -> bool:
    return block.remedy == before.remedy and block.until >= before.until
