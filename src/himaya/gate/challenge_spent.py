"""Proofs that were shown already: each may buy once. Bounded, and exact all the same."""

from __future__ import annotations

import heapq


class Spent:
    """A set of names, each kept until it expires.

    Past `most` names the one that expires first leaves; from then on everything that expires no later counts as
    shown. So a proof is never accepted twice; at worst an honest one that is nearly over is refused.
    """

    def __init__(self, most: int = 100_000) -> None:
        """Keep at most `most` names."""
        self._most = most
        self._floor = 0.0
        self._names: set[str] = set()
        self._order: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._names)

    def spend(self, name: str, expires: float, now: float) -> bool:
        """Spend a name that is good until `expires`; False when it was spent before."""
        while self._order and self._order[0][0] <= now:
            self._names.discard(heapq.heappop(self._order)[1])
        if name in self._names or expires <= self._floor:
            return False
        self._names.add(name)
        heapq.heappush(self._order, (expires, name))
        if len(self._order) > self._most:
            self._floor, oldest = heapq.heappop(self._order)
            self._names.discard(oldest)
        return True
