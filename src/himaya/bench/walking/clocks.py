"""Ids that tell when they were made.

Time in an id gives away how old an account is and how fast the site grows, and leaves a guesser only the rest of the
id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from himaya.bench.walking.outcome import Clock
from himaya.bench.walking.shape import MOST, uuid_version

#: Nobody's account is older than 2005-01-01.
_EARLIEST = 1_104_537_600.0
#: From the Gregorian calendar to 1970 in tenths of microseconds (RFC 9562 section 5.1).
_GREGORIAN = 0x01B21DD213814000
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID = re.compile(rf"[0-7][{_CROCKFORD}]{{25}}")
_OBJECT_ID = re.compile(r"[0-9a-f]{24}")
_EPOCHS = (1_288_834_974.657, 1_420_070_400.0)
#: Of a snowflake's counter within a millisecond a site rarely uses more than the first few.
_BUSY = 4


def clock_of(ids: Sequence[str], numbers: Sequence[int], until: float) -> Clock | None:
    """Return the clock in ids; None when they hold none. `until` is the latest time an id can be of."""
    for form, times in _readings(ids, numbers):
        fitting = [at for at in times if at is not None and _EARLIEST <= at <= until]
        if fitting and len(fitting) >= MOST * len(times):
            share = round(len(fitting) / len(times), 4)
            return Clock(form, share, _day(min(fitting)), _day(max(fitting)))
    return None


def _readings(
    ids: Sequence[str], numbers: Sequence[int]
) -> Iterator[tuple[str, list[float | None]]]:
    for form, read in _TEXTS:
        yield form, [read(each) for each in ids]
    if not numbers:
        return
    yield "seconds since 1970", [float(n) if 10**9 <= n < 10**10 else None for n in numbers]
    yield "milliseconds since 1970", [n / 1e3 if 10**12 <= n < 10**13 else None for n in numbers]
    counters = sum(n & 0xFFF < _BUSY for n in numbers)
    if counters >= 0.5 * len(numbers):
        for epoch in _EPOCHS:
            yield "snowflake", [(n >> 22) / 1e3 + epoch if n >> 40 else None for n in numbers]


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _of_uuid(version: int, read: Callable[[UUID], float]) -> Callable[[str], float | None]:
    return lambda text: read(UUID(text)) if uuid_version(text) == version else None


def _time_1(found: UUID) -> float:
    return (found.time - _GREGORIAN) / 1e7


def _time_6(found: UUID) -> float:
    ticks = (found.int >> 80) << 12 | (found.int >> 64 & 0xFFF)
    return (ticks - _GREGORIAN) / 1e7


def _time_7(found: UUID) -> float:
    return (found.int >> 80) / 1e3


def _of_ulid(text: str) -> float | None:
    if not _ULID.fullmatch(text.upper()):
        return None
    number = 0
    for character in text[:10].upper():
        number = number * 32 + _CROCKFORD.index(character)
    return number / 1e3


def _of_object_id(text: str) -> float | None:
    return float(int(text[:8], 16)) if _OBJECT_ID.fullmatch(text.lower()) else None


_TEXTS: tuple[tuple[str, Callable[[str], float | None]], ...] = (
    ("UUID, version 1", _of_uuid(1, _time_1)),
    ("UUID, version 6", _of_uuid(6, _time_6)),
    ("UUID, version 7", _of_uuid(7, _time_7)),
    ("ULID", _of_ulid),
    ("MongoDB ObjectId", _of_object_id),
)
