"""Times as access logs write them, to epoch seconds.

Apache and nginx write `17/May/2015:10:05:03 +0000` (Common Log Format), nginx also ISO 8601 and epoch seconds
with milliseconds, JSON loggers any of these or whole milli-, micro- or nanoseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import lru_cache

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_EPOCH = date(1970, 1, 1).toordinal()

#: Larger figures are milli-, micro- or nanoseconds (seconds reach this in the year 5138).
_SECONDS = 1e11


@lru_cache(maxsize=65536)
def parse_time(text: str) -> float | None:
    """Return a logged time as epoch seconds, or None when it is none. Never raises.

    A time without zone is UTC. Times before 1980 or after 2200 are taken for mistakes.
    """
    try:
        at = _clf(text) if text[2:3] == "/" else _other(text)
    except (ValueError, OverflowError, KeyError):
        return None
    return at if 315_532_800 <= at < 7_258_118_400 else None


def parse_times(texts: Iterable[str]) -> dict[str, float | None]:
    """Return what each text stands for; seconds of one minute are added to its beginning."""
    times: dict[str, float | None] = {}
    minutes: dict[str, float] = {}
    for text in texts:
        minute = minutes.get(text[:18] + text[20:])
        second = _SECOND.get(text[18:20])
        if minute is not None and second is not None:
            times[text] = minute + second
            continue
        at = times[text] = parse_time(text)
        if at is not None and second is not None and text[2:3] == "/":
            minutes[text[:18] + text[20:]] = at - second
    return times


_SECOND = {f"{second:02}": float(second) for second in range(60)}


def _clf(text: str) -> float:
    second = _digits(text[18:20])
    if len(text) != 26 or second > 60:
        raise ValueError(text)
    return float(_minute(text[:18], text[20:]) + second)


@lru_cache(maxsize=65536)
def _minute(text: str, zone: str) -> int:
    """Return the beginning of a minute, of `17/May/2015:10:05:` and ` +0000`."""
    hour, minute = _digits(text[12:14]), _digits(text[15:17])
    if hour > 23 or minute > 59 or text[11] + text[14] + text[17] + zone[0] != "::: ":
        raise ValueError(text)
    return _day(text[:11]) + hour * 3600 + minute * 60 - _offset(zone[1:])


def _digits(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)


@lru_cache(maxsize=4096)
def _day(text: str) -> int:
    day, month, year = text.split("/")
    found = date(_digits(year), _MONTHS[month.lower()], _digits(day))
    return (found.toordinal() - _EPOCH) * 86400


@lru_cache(maxsize=256)
def _offset(text: str) -> int:
    if text[0] not in "+-" or len(text) != 5:
        raise ValueError(text)
    seconds = _digits(text[1:3]) * 3600 + _digits(text[3:5]) * 60
    return -seconds if text[0] == "-" else seconds


def _other(text: str) -> float:
    if text[4:5] == "-" or text[4:5] == "/":
        found = datetime.fromisoformat(text.replace("/", "-", 2).replace(",", "."))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    at = float(text)
    for unit in (1.0, 1e3, 1e6, 1e9):
        if at / unit < _SECONDS:
            return at / unit
    raise ValueError(text)
