"""Cases as the ledger sees them: whose rows one needs, from when, on what basis, by whose decision, until when.

Whoever knows the cases hands them over; the ledger reads no case by itself.
"""

from __future__ import annotations

import msgspec


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """One case. `actors` are surrogates, times microseconds.

    Rows of its actors from `start` on are frozen until `until`; 0 when it freezes nothing, as a closed one.
    `confirmed`: a person confirmed it once, so that the rows of its actors are kept for the longer time.
    """

    case: str
    actors: frozenset[int]
    start: int
    until: int
    basis: str
    by: str
    confirmed: bool
