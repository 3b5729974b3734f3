"""A first look at lines of JSON: most show nobody, and of those no more is wanted than when they were.

Reads two keys of each line. A line that is odd in any way, or that may show somebody, is read in full.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Protocol

import msgspec

from himaya.watch.reading import MAX_TARGET, Keep, Reading, Rows, read_rows
from himaya.watch.times import parse_time

#: Numbers in this range are epoch seconds of 1980 to 2200, as in `times.parse_time`.
_FIRST, _END = 315_532_800, 7_258_118_400


_TOLD = attrgetter("at", "target")


class Glanced(Protocol):
    """A format that can be glanced at."""

    def rows(self, text: str) -> Rows:
        """Return one row per line."""

    def glance(self, text: str) -> list[tuple[object, object]] | None:
        """Return time and target of each line, None where not every line can be read so."""


class Glance:
    """Reads the time and the target of lines whose keys stand at the top of their objects."""

    def __init__(self, at: str, target: str) -> None:
        """Take both keys."""
        fields = [("at", Any, None), ("target", Any, None)]
        names = {"at": at, "target": target}
        self._decoder = msgspec.json.Decoder(
            msgspec.defstruct("Line", fields, rename=names, gc=False)
        )

    def __call__(self, text: str) -> list[tuple[object, object]] | None:
        """Return time and target of each line; None where one is no object."""
        try:
            lines = self._decoder.decode_lines(text)
        except (msgspec.DecodeError, RecursionError):
            return None
        if len(lines) != text.count("\n") + 1:
            return None
        return list(map(_TOLD, lines))


def read_at_a_glance(form: Glanced, text: str, first_line: int, keep: Keep) -> Reading:
    """Return what lines say, as `read_rows` does; of lines that show nobody, their number and times alone."""
    seen = form.glance(text)
    if seen is None:
        return read_rows(form.rows(text), first_line, keep)
    wanted: list[int] = []
    times: list[float] = []
    may_keep = keep.may_keep
    for number, (at, target) in enumerate(seen):
        when = _time(at)
        if when is None or not isinstance(target, str) or _is_odd(target) or may_keep(target):
            wanted.append(number)
        else:
            times.append(when)
    lines = text.split("\n")
    reading = Reading()
    if wanted:
        rows = form.rows("\n".join([lines[number] for number in wanted]))
        numbers = [first_line + number for number in wanted]
        reading = read_rows(rows, first_line, keep, numbers)
    _add(reading, times)
    return reading


def _time(at: object) -> float | None:
    if isinstance(at, float):
        return at if _FIRST <= at < _END else None
    return parse_time(at) if isinstance(at, str) else None


def _is_odd(target: str) -> bool:
    """Tell whether a target is not as it was sent, or not to be had at all."""
    return "\\" in target or len(target) > MAX_TARGET


def _add(reading: Reading, times: list[float]) -> None:
    """Count lines that show nobody."""
    if not times:
        return
    reading.lines += len(times)
    reading.parsed += len(times)
    first, last = min(times), max(times)
    reading.first = first if reading.first is None else min(first, reading.first)
    reading.last = last if reading.last is None else max(last, reading.last)
