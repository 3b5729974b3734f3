"""Bounded tables: insertion-ordered dicts that forget their oldest entries when they are full."""

from __future__ import annotations

from itertools import islice
from typing import Any


def make_room(table: dict[Any, Any], most: int) -> int:
    """Drop the oldest eighth (at least one) of a table that holds `most` entries or more; return how many.

    Many at once, because a dict that loses its first entry one at a time must step over all the
    holes each time.
    """
    if len(table) < most:
        return 0
    oldest = list(islice(table, max(1, len(table) // 8)))
    for key in oldest:
        del table[key]
    return len(oldest)
