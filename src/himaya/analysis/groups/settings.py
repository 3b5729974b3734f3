"""What the search for groups goes by."""

from __future__ import annotations

import msgspec

from himaya.analysis.groups.birthday import KAPPA
from himaya.core.salt import Salted


class Settings(msgspec.Struct, frozen=True):
    """Thresholds and bounds.

    `alpha` bounds the probability that one candidate group of people who fit the null is ever found, `member_alpha`
    that one test proves a reader who has a group's key. `population` is how many people the site shows, 0 for
    not stated. `authorised` are actors that are left out: `tier:NAME`, `asn:N`, `fingerprint:CLASS`; a class is written
    as front doors tell it, and `salt` gives the name that rows of its time have. `candidates`, `views` (first views
    remembered) and `entries` (held by all candidates) bound the memory; what was used longest ago leaves.
    """

    alpha: float = 0.0001
    member_alpha: float = 0.001
    kappa: float = KAPPA
    members: int = 3
    new_s: float = 7 * 86400.0
    population: int = 0
    authorised: tuple[str, ...] = ()
    salt: Salted | None = None
    candidates: int = 50_000
    views: int = 2_000_000
    entries: int = 8_000_000
