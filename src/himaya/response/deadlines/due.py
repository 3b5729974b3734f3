"""When a limit ends: hours are elapsed time, days end with the last second of a day in the regime's zone."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from himaya.response.deadlines.calendars import business_days, end_of, local_day
from himaya.response.regimes.regime import Limit, Regime

_HOUR = 3_600_000_000


class Due(NamedTuple):
    """When a limit ends, microseconds, 0: no fixed time; `estimated`: a holiday on the way is not certain."""

    at: int
    estimated: bool = False


def due_of(limit: Limit, started: int, regime: Regime) -> Due:
    """Return when a limit ends whose clock started at a time in microseconds.

    The day on which the clock started is not counted. Hours run on over weekends, holidays and changes of the clock.
    Raises InputError for a calendar that nobody knows.
    """
    if not limit.unit:
        return Due(0)
    if limit.unit == "hours":
        return Due(started + limit.amount * _HOUR)
    first = local_day(started, regime.time_zone)
    if limit.unit == "days":
        return Due(end_of(first + timedelta(days=limit.amount), regime.time_zone))
    day, estimated = business_days(first, limit.amount, regime.calendar)
    return Due(end_of(day, regime.time_zone), estimated)


def is_after(at: int, due: int) -> bool:
    """Tell whether a time is past the second in which a limit ends; both in microseconds."""
    return at // 1_000_000 > due // 1_000_000
