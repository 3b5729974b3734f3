"""Batches of entries in the order of the logs' own clocks, whatever order the files are in.

Every log yields batches that are sorted within. Logs that overlap in time (two servers) are merged; logs
that follow each other pass through whole. Entries more than `LATE_S` older than what was already read
go to a pile of their own, which is judged by an engine of its own: an engine's clock cannot go
back, and views of last week must not count as views of this hour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from himaya.watch.entry import Entry

#: Lines may stand this many seconds behind later ones: servers write a line when its request ends.
LATE_S = 600.0

#: Piles of entries out of order; further disorder starts the last pile anew.
MAX_PILES = 8


class Batch:
    """Entries of one chunk, sorted by time, at least one; `label` names the log they are from."""

    __slots__ = ("first", "label", "last", "rows")

    def __init__(self, rows: list[Entry], label: str = "") -> None:
        """Take sorted entries."""
        self.rows, self.label = rows, label
        self.first, self.last = rows[0].at, rows[-1].at

    def entries(self) -> list[Entry]:
        """Return the entries."""
        return self.rows


class Stream:
    """The batches of one log; `next_at` is the time of what comes next, or a lower bound of it."""

    def __init__(self, batches: Iterator[Batch], first_at: float) -> None:
        """Take batches that are not begun yet and the time of the first line."""
        self._batches = batches
        self._batch: Batch | None = None
        self._begun = False
        self.next_at = first_at

    def fill(self) -> Batch | None:
        """Return what comes next, None when the log is at its end."""
        if self._batch is None:
            self._batch = next(self._batches, None)
            if self._batch is not None:
                # A log whose lines go back stays where it was: its late entries get their own pile.
                later = max(self.next_at, self._batch.first) if self._begun else self._batch.first
                self.next_at = later
                self._begun = True
        return self._batch

    def take(self, batch: Batch, until: float) -> Batch:
        """Return what of the next batch is not later than `until` (at least one entry), keep the rest."""
        self._batch = None
        if batch.last <= until:
            return batch
        entries = batch.entries()
        cut = next((n for n, e in enumerate(entries) if e.at > until), len(entries))
        cut = max(1, cut)
        if cut < len(entries):
            self._batch = Batch(entries[cut:], batch.label)
            self.next_at = self._batch.first
        return Batch(entries[:cut], batch.label)


def in_order(streams: list[Stream]) -> Iterator[Batch]:
    """Yield the batches of all streams in the order of their times."""
    waiting = sorted(streams, key=lambda stream: stream.next_at)
    while waiting:
        stream = waiting.pop(0)
        batch = stream.fill()
        if batch is None:
            continue
        if waiting and stream.next_at > waiting[0].next_at:
            _insert(waiting, stream)
            continue
        yield stream.take(batch, waiting[0].next_at if waiting else float("inf"))
        _insert(waiting, stream)


def _insert(waiting: list[Stream], stream: Stream) -> None:
    """Put a stream back in order; among equal times it comes first, so that its log goes on."""
    place = next(
        (n for n, each in enumerate(waiting) if each.next_at >= stream.next_at), len(waiting)
    )
    waiting.insert(place, stream)


class Piles:
    """Sorts batches into piles whose times do not go back; counts entries that are out of order."""

    def __init__(self, on_late: Callable[[Entry], None]) -> None:
        """`on_late` is told the first late entry of each batch that has any."""
        self._newest: list[float] = []
        self._on_late = on_late
        self.late = 0

    def pile(self, batch: Batch) -> Iterator[tuple[int, bool, Batch]]:
        """Yield (pile, whether it starts anew, part of the batch)."""
        if not self._newest:
            self._newest.append(batch.last)
            yield 0, False, batch
        elif batch.first >= self._newest[0] - LATE_S:
            self._newest[0] = max(self._newest[0], batch.last)
            yield 0, False, batch
        else:
            yield from self._split(batch)

    def _split(self, batch: Batch) -> Iterator[tuple[int, bool, Batch]]:
        parts: dict[int, list[Entry]] = {}
        anew: set[int] = set()
        for entry in batch.entries():
            number = self._place(entry.at, anew)
            parts.setdefault(number, []).append(entry)
        late = [entry for number, part in parts.items() if number for entry in part]
        if late:
            self.late += len(late)
            self._on_late(late[0])
        for number in sorted(parts):
            yield number, number in anew, Batch(parts[number], batch.label)

    def _place(self, at: float, anew: set[int]) -> int:
        for number, newest in enumerate(self._newest):
            if at >= newest - LATE_S:
                self._newest[number] = max(newest, at)
                return number
        if len(self._newest) < MAX_PILES:
            self._newest.append(at)
            return len(self._newest) - 1
        anew.add(MAX_PILES - 1)
        self._newest[-1] = at
        return MAX_PILES - 1
