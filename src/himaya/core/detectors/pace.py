"""The pace of one actor: the gaps between its pages, in bins of half an octave, and how uneven they are."""

from __future__ import annotations

from collections import Counter
from math import log2

GAPS = 64
#: A longer gap ends a sitting, and is no pace.
_SITTING_S = 1800.0
#: Gaps below this are one bin: what was opened at once.
_LEAST_S = 0.25


class Pace:
    """The last 64 gaps of one actor as bins, in a ring, and the time of its last page."""

    __slots__ = ("bins", "count", "last")

    def __init__(self, now: float) -> None:
        self.bins = bytearray()
        self.count = 0
        self.last = now

    def meet(self, now: float) -> bool:
        """Take in a page at `now`; False when the gap before it is no pace."""
        gap, self.last = now - self.last, now
        if not 0.0 < gap < _SITTING_S:
            return False
        place = round(2 * log2(max(gap, _LEAST_S) / _LEAST_S))
        if len(self.bins) < GAPS:
            self.bins.append(place)
        else:
            self.bins[self.count % GAPS] = place
        self.count += 1
        return True

    def entropy(self) -> float:
        """Return the entropy of the bins in bits; 0 while there is none."""
        total = len(self.bins)
        # Subtracted, not negated: a clock has 0 bits, and "-0.00" would be read to somebody.
        return 0.0 - sum(n / total * log2(n / total) for n in Counter(self.bins).values())
