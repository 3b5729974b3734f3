"""What a writer left in its slot that ended without closing; the slot is held by whoever looks."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from himaya.ledger.files import Layout, SegmentId
from himaya.ledger.lock import heartbeat
from himaya.ledger.schema import micros
from himaya.ledger.segment import Segment, cut_segment, read_segment
from himaya.ledger.state import State

#: Seconds that an answer may have ended before its row was handed over: what a heartbeat vouches for ends before it.
HANDOVER_S = 0.1


@dataclass(slots=True)
class Left:
    """Segments that are in no file, the bytes of their torn ends, and until when (epoch seconds) nothing is missing."""

    segments: list[tuple[SegmentId, Segment]]
    torn: int
    last: float


def left(layout: Layout, slot: int, state: State, now: float) -> Left:
    """Look what is left in a slot at `now` (epoch seconds); nothing is changed. Raises LedgerError."""
    beat = heartbeat(layout, slot)
    found = Left([], 0, now if beat is None else beat)
    for id_, path in layout.segments(state.upto):
        segment = _read(path) if id_.slot == slot else None
        if segment is None:
            continue
        found.segments.append((id_, segment))
        torn = segment.size - segment.end
        if torn:
            found.torn += torn
            found.last = min(found.last, (segment.last or micros(found.last)) / 1e6)
    return found


def _read(path: Path) -> Segment | None:
    """Return what can be read of a segment, None when somebody sealed it meanwhile."""
    try:
        return read_segment(path)
    except FileNotFoundError:
        return None


def cut(layout: Layout, slot: int, state: State) -> None:
    """Cut torn ends. To be done once their gap is durable, so that no crash hides one. Raises LedgerError."""
    for id_, path in layout.segments(state.upto):
        if id_.slot == slot:
            with suppress(FileNotFoundError):  # sealed meanwhile
                cut_segment(path)
