"""How a class of actors is watched, told without identities: the words of `himaya status` for the detector surge."""

from __future__ import annotations

import msgspec


class Watched(msgspec.Struct, frozen=True, gc=False):
    """How one class is, without identities: what `himaya status` shows.

    `people` were newly shown to it within the running hour (which began at `hour`, epoch seconds), `usual` are, and
    `limit` is the most that is as usual. `state` is learning, usual or surging. `by` says which hours were compared, of
    `known` that are known; the class is judged from `hours` on. `since` and `until` (epoch seconds, 0 for never) are
    those of a surge; `price` is how many times as much far, cold people cost now.
    """

    cohort: str
    state: str
    people: int
    usual: float
    limit: float
    by: str
    known: int
    hours: int
    hour: float
    since: float = 0.0
    until: float = 0.0
    price: float = 1.0
