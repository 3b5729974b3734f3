"""What the chain says of its own deposits: the last one of every place, and which place takes none now."""

from __future__ import annotations

from dataclasses import dataclass, field

from himaya.ledger import entries as e


@dataclass(slots=True)
class Anchors:
    """By the name of a place: its last deposit, how many there were, and since when (ISO 8601) it takes none."""

    last: dict[str, e.Anchored] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    failing: dict[str, str] = field(default_factory=dict)

    def take(self, entry: e.AnchorEntry) -> None:
        """Add one entry."""
        if isinstance(entry, e.Anchored):
            self.last[entry.place] = entry
            self.times[entry.place] = self.times.get(entry.place, 0) + 1
            self.failing.pop(entry.place, None)
        else:
            self.failing.setdefault(entry.place, entry.at)

    def words(self) -> str:
        """Return in a few words how far the chain is deposited elsewhere."""
        if not self.last:
            return "not anchored"
        newest = max(self.last.values(), key=lambda one: one.seq)
        told = f"entry {newest.seq} at {newest.place} on {newest.at}"
        lacking = sorted(self.failing)
        return f"{told}; no deposit at {', '.join(lacking)}" if lacking else told
