"""The questions about blocks and the feed, and what is told of them."""

from __future__ import annotations

from typing import Literal

import msgspec

#: Blocks in one reply; whoever wants more asks again with `after`.
PAGE = 500


class Block(msgspec.Struct, tag_field="op", tag="block", omit_defaults=True):
    """Block or challenge an address or network for `for_s` seconds (0: as configured). Reply: `blocks`."""

    place: str
    why: str
    by: str
    for_s: float = 0.0
    remedy: Literal["ban", "captcha"] = "ban"


class Lift(msgspec.Struct, tag_field="op", tag="lift"):
    """End a block, by its name, or all blocks of an address or network. Reply: `blocks`, those that ended."""

    what: str
    why: str
    by: str


class AskBlocks(msgspec.Struct, tag_field="op", tag="blocks", omit_defaults=True):
    """Which blocks stand, or with `ended` ended lately? At most `PAGE`, numbered above `after`. Reply: `blocks`."""

    after: int = 0
    ended: bool = False


class AskFeed(msgspec.Struct, tag_field="op", tag="feed"):
    """How is the feed, and what do bouncers say they did? Reply: `feed`."""


class BlockTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """One block. Times are epoch seconds. `ended` is when it ended before `until`, 0 when it did not.

    `published`: bouncers are told of it now. `remedy` is ban or captcha, `source` operator, case:ID or detector:NAME.
    """

    number: int
    name: str
    place: str
    remedy: str
    source: str
    start: float
    until: float
    collateral: int
    why: str = ""
    by: str = ""
    ended: float = 0.0
    published: bool = False
    word: str = ""


class BouncerTold(msgspec.Struct, frozen=True):
    """Who asked the feed: the name of its key, what it calls itself, when last (epoch seconds), how often."""

    key: str
    agent: str
    last: float
    pulls: int


class EnforcedTold(msgspec.Struct, frozen=True):
    """What a bouncer said it did, added up from `first` to `last` (epoch seconds)."""

    bouncer: str
    component: str
    name: str
    unit: str
    labels: str
    total: float
    first: float
    last: float


class FeedTold(msgspec.Struct, omit_defaults=True):
    """How the feed is. `silent` says why nothing is published, "" when it is."""

    listen: str
    bans: int = 0
    captchas: int = 0
    silent: str = ""
    problem: str = ""
    keys: int = 0
    left_out: int = 0
    refused: int = 0
    bouncers: tuple[BouncerTold, ...] = ()
    enforced: tuple[EnforcedTold, ...] = ()
