"""The table `[feed]`: who may read what this site blocks, and what is published there."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from himaya.config.locate import Path
from himaya.config.words import nearest
from himaya.core.policy import Detectors


class FeedConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The decision feed, `docs/feed.md`; off while `listen` is "".

    `keys_file` holds the hashes of the keys that bouncers show. Confirmed cases are published where `cases` says so,
    standing decisions of the named `detectors`; networks only with `ranges`. A block lasts `for_s` seconds. From
    `shared_accounts` ordinary accounts on within `shared_days` an address is challenged, never blocked. At most `most`
    blocks stand, `bouncers` bouncers are remembered, and `max_connections` are open at a time.
    """

    listen: str = ""
    keys_file: str = "feed.keys"
    cases: bool = True
    detectors: tuple[str, ...] = ()
    ranges: bool = False
    for_s: int = 4 * 3600
    shared_accounts: int = 3
    shared_days: int = 7
    most: int = 10_000
    bouncers: int = 100
    max_connections: int = 64


def feed_problems(feed: FeedConfig) -> Iterator[tuple[Path, str, str]]:
    """Yield key path, problem and hint of what is wrong with the feed beside its types and ranges."""
    known = Detectors.__struct_fields__
    for at, name in enumerate(feed.detectors):
        if name not in known:
            path: Path = ("feed", "detectors", at)
            yield path, "no detector has this name.", nearest(name, sorted(known))
    if feed.listen and not feed.keys_file:
        yield ("feed", "keys_file"), "expected a file.", "Nobody reads the feed without a key."
