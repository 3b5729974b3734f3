"""Synchrony: how far members are active at the same times, beyond what the whole site's rhythm explains.

For slots t of five minutes, n_t are the group's active members and w_t those of the whole site:

    D = (1 / (T - 1)) * sum over t of (n_t - n * w_t / w)^2 / (n * w_t / w),   n = sum n_t, w = sum w_t

the index of dispersion around the site's own daily rhythm. Members who come independently give about 1, members that
start and stop together give up to their number. It supports a finding and never makes one: a class of students is
synchronous, too. Source: Cochran, "Some methods for strengthening the common chi-squared tests", 1954; grouping by
synchronised traffic: Jacob et al., "PubCrawl", USENIX Security 2012.
"""

from __future__ import annotations

from collections.abc import Mapping

SLOT_S = 300
#: Slots that are kept: a day.
SLOTS = 288


class Rhythm:
    """Active actors per slot of the last day; at most `SLOTS` slots are kept."""

    __slots__ = ("_last", "slots")

    def __init__(self) -> None:
        """Start with no slot."""
        self.slots: dict[int, int] = {}
        self._last: dict[str | int, int] = {}

    def active(self, actor: str | int, at: float) -> None:
        """Count an actor once per slot. An earlier slot than the actor's last is not counted again."""
        slot = int(at // SLOT_S)
        if self._last.get(actor, -1) >= slot:
            return
        if len(self._last) >= 50_000:
            self._last.clear()
        self._last[actor] = slot
        self.slots[slot] = self.slots.get(slot, 0) + 1
        if len(self.slots) > SLOTS:
            del self.slots[next(iter(self.slots))]


def dispersion(group: Mapping[int, int], site: Mapping[int, int]) -> float | None:
    """Return D over the slots that both have; None with fewer than 12 of them."""
    shared = [slot for slot in site if slot >= min(group, default=0)]
    have = sum(group.get(slot, 0) for slot in shared)
    weight = sum(site[slot] for slot in shared)
    if len(shared) < 12 or not have or not weight:
        return None
    total = 0.0
    for slot in shared:
        expected = have * site[slot] / weight
        total += (group.get(slot, 0) - expected) ** 2 / expected
    return total / (len(shared) - 1)
