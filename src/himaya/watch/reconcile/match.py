"""Points in time matched with spans of time, each at most once: as many pairs as there can be."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush

#: From when to when a point fits, both included.
Span = tuple[float, float]


def assign(points: Sequence[float], spans: Sequence[Span]) -> list[int]:
    """Return for each point (ascending) the index of the span it takes, -1 for none.

    Each point takes the span that ends first among those open and free. No other choice makes more pairs, and none
    depends on later points, so a day can be matched before the next one is read.
    """
    waiting = sorted(range(len(spans)), key=lambda index: spans[index][0], reverse=True)
    open_: list[tuple[float, int]] = []
    taken: list[int] = []
    for point in points:
        while waiting and spans[waiting[-1]][0] <= point:
            index = waiting.pop()
            heappush(open_, (spans[index][1], index))
        while open_ and open_[0][0] < point:
            heappop(open_)
        taken.append(heappop(open_)[1] if open_ else -1)
    return taken
