"""Days of a regime: ends of days in its zone, business days without its weekend and holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from himaya.core.errors import InputError
from himaya.response.regimes.regime import Calendar

_DAY: Final = timedelta(days=1)
#: Days on both sides of an end in which an estimated holiday may still move it.
_NEAR: Final = timedelta(days=3)
#: The package's words in the name of a holiday whose day depends on the moon.
_ESTIMATED: Final = "(estimated"
#: Looking for business days ends after so many days for each: a calendar that is all holidays is a mistake.
_MOST: Final = 60


class Counted(NamedTuple):
    """The day on which a count ends, and whether an estimated holiday may move it."""

    day: date
    estimated: bool


def local_day(at: int, zone: str) -> date:
    """Return the day in a zone of a time in microseconds."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).astimezone(ZoneInfo(zone)).date()


def end_of(day: date, zone: str) -> int:
    """Return the last second of a day in a zone, 23:59:59, microseconds; where the clock is set back, the later one."""
    last = datetime.combine(day, time(23, 59, 59, fold=1), ZoneInfo(zone))
    return int(last.timestamp()) * 1_000_000


def business_days(start: date, count: int, calendar: Calendar) -> Counted:
    """Return the `count`-th business day after `start`, which is not counted itself. Raises InputError."""
    day, left, guessed = start, count, False
    last = start + _DAY * (count + 1) * _MOST
    while left:
        day += _DAY
        if day > last:
            raise InputError(f"the calendar of {calendar.holidays!r} has no {count} business days")
        is_free, is_guess = _is_free(day, calendar)
        guessed = guessed or is_guess
        left -= not is_free
    around = [day + _DAY * step for step in range(1, _NEAR.days + 1)]
    return Counted(day, guessed or any(_is_free(one, calendar)[1] for one in around))


def _is_free(day: date, calendar: Calendar) -> tuple[bool, bool]:
    """Return whether a day is no business day, and whether that rests on an estimate."""
    if day in calendar.removed:
        return day.weekday() in calendar.weekend, False
    if day in calendar.extra:
        return True, False
    name = holidays_of(calendar.holidays, calendar.subdivision, day.year).get(day, "")
    return bool(name) or day.weekday() in calendar.weekend, _ESTIMATED in name


@lru_cache(maxsize=256)
def holidays_of(country: str, subdivision: str, year: int) -> dict[date, str]:
    """Return the holidays of a year and their names in English; none for country "". Raises InputError.

    The package `holidays` takes a tenth of a second to load, so it is loaded here.
    """
    if not country:
        return {}
    import holidays  # noqa: PLC0415

    part = subdivision or None
    try:
        found = holidays.country_holidays(country, subdiv=part, years=year, language="en_US")
    except RuntimeError as problem:  # a country, or a part of one, that the package does not know
        named = f"{country}-{subdivision}" if subdivision else country
        raise InputError(f"no table of holidays is known for {named!r}") from problem
    return {day: str(name) for day, name in found.items() if day.year == year}
