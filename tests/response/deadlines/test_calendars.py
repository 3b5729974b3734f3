"""Days and business days of a regime: leap years, changes of the clock, weekends and holidays that differ."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.response.deadlines.cases_support import TABLE, at, told

from himaya.core.errors import InputError
from himaya.response.deadlines.calendars import (
    business_days,
    end_of,
    holidays_of,
    local_day,
)
from himaya.response.deadlines.due import due_of, is_after
from himaya.response.regimes.regime import Calendar, Limit

ZONES = sorted({regime.time_zone for regime in TABLE.regimes})
MOMENTS = st.integers(at("2020-01-01 00:00") // 1_000_000, at("2039-12-31 00:00") // 1_000_000)
WEEKEND = Calendar(weekend=(5, 6))


def limit(amount, unit):
    return Limit(kind="statute", clock="aware", text="", amount=amount, unit=unit)


@given(MOMENTS, st.integers(1, 400), st.sampled_from(TABLE.regimes))
def test_hours_are_elapsed_time(second, hours, regime):
    """Hours run on over weekends, holidays and changes of the clock, in every zone."""
    started = second * 1_000_000
    assert due_of(limit(hours, "hours"), started, regime).at - started == hours * 3_600_000_000


@given(MOMENTS, st.integers(1, 400), st.sampled_from(TABLE.regimes))
def test_days_end_with_the_last_second_there(second, days, regime):
    """So many days later it is 23:59:59 there, and a second later the next day, also in leap years."""
    started = second * 1_000_000
    due = due_of(limit(days, "days"), started, regime).at
    zone = ZoneInfo(regime.time_zone)
    there = datetime.fromtimestamp(due // 1_000_000, UTC).astimezone(zone)
    first = datetime.fromtimestamp(second, UTC).astimezone(zone).date()
    assert there.date() == first + timedelta(days=days)
    assert (there.hour, there.minute, there.second) == (23, 59, 59)
    assert local_day(due + 1_000_000, regime.time_zone) == there.date() + timedelta(days=1)


@pytest.mark.parametrize("zone", ZONES)
@given(day=st.dates(date(2020, 1, 1), date(2039, 12, 31)))
def test_days_meet_without_a_gap(zone, day):
    """A day begins in the second after the one before ends: no second has no day, and none has two."""
    following = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
    assert int(following.timestamp()) * 1_000_000 - end_of(day, zone) == 1_000_000


@given(
    st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    st.integers(1, 60),
    st.sampled_from(TABLE.regimes),
)
def test_business_days_are_counted_one_by_one(start, count, regime):
    """The end is a business day, and as many of them lie after the start as were asked for."""
    calendar = regime.calendar
    end = business_days(start, count, calendar).day

    def is_business(day):
        free = holidays_of(calendar.holidays, calendar.subdivision, day.year)
        return day.weekday() not in calendar.weekend and day not in free

    days = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert is_business(end)
    assert sum(map(is_business, days)) == count


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 3, 20), date(2026, 4, 15)),
        (date(2026, 12, 22), date(2027, 1, 15)),
        (
            date(2026, 6, 30),
            date(2026, 7, 23),
        ),  # St Peter, Chiquinquirá (new in 2026), Independence
    ],
)
def test_the_colombian_calendar(start, end):
    """Fifteen business days end where the reference says; holidays that were moved to Monday count."""
    assert business_days(start, 15, TABLE.get("co").calendar).day == end


def test_without_holidays_it_would_end_earlier():
    """The reference's count without holidays: five days less, so the calendar matters."""
    assert business_days(date(2026, 3, 20), 15, WEEKEND).day == date(2026, 4, 10)


@pytest.mark.parametrize(
    ("regime", "free"),
    [(one.id, {"hk": {6}, "il": {4, 5}}.get(one.id, {5, 6})) for one in TABLE.regimes],
)
def test_every_weekend(regime, free):
    """Saturday and Sunday are free, but Sunday alone in Hong Kong, and Friday and Saturday in Israel."""
    calendar = TABLE.get(regime).calendar
    week = [date(2026, 11, 16) + timedelta(days=n) for n in range(14)]
    worked = {business_days(day - timedelta(days=1), 1, calendar).day.weekday() for day in week}
    assert worked >= set(range(7)) - free
    assert not worked & free


@pytest.mark.parametrize("regime", [one.id for one in TABLE.regimes if one.calendar.holidays])
def test_the_weekend_is_the_one_of_the_package(regime):
    """Our weekends agree with those of the package of holidays."""
    import holidays

    calendar = TABLE.get(regime).calendar
    assert set(calendar.weekend) == holidays.country_holidays(calendar.holidays).weekend


def test_the_israeli_calendar():
    """A week at work goes from Sunday to Thursday, without Rosh Hashanah and Yom Kippur."""
    calendar = TABLE.get("il").calendar
    assert business_days(date(2026, 9, 10), 3, calendar).day == date(2026, 9, 16)
    assert business_days(date(2026, 9, 17), 2, calendar).day == date(2026, 9, 22)


def test_a_holiday_by_the_moon_is_estimated():
    """A count that meets an estimated holiday, or ends beside one, says so; another one does not."""
    calendar = TABLE.get("ma").calendar
    assert business_days(date(2027, 3, 5), 5, calendar).estimated
    assert business_days(date(2027, 3, 1), 5, calendar).estimated
    assert not business_days(date(2027, 4, 5), 5, calendar).estimated


def test_a_site_corrects_a_calendar():
    """A day that the site adds is free, one that it takes away is worked, and neither is estimated."""
    own = Calendar(
        weekend=(5, 6), holidays="MA", extra=(date(2027, 3, 8),), removed=(date(2027, 3, 9),)
    )
    assert business_days(date(2027, 3, 7), 1, own).day == date(2027, 3, 9)


def test_a_calendar_that_nobody_knows_is_named():
    """An unknown country, or a year of nothing but holidays, ends with words instead of a wrong date."""
    with pytest.raises(InputError, match="no table of holidays is known for 'XX'"):
        business_days(date(2026, 1, 1), 1, Calendar(weekend=(5, 6), holidays="XX"))
    every = tuple(date(2026, 1, 1) + timedelta(days=n) for n in range(400))
    with pytest.raises(InputError, match="has no 1 business days"):
        business_days(date(2026, 1, 1), 1, Calendar(weekend=(), extra=every))


def test_a_leap_day_counts():
    """Thirty days from 30 January end on 29 February in a leap year, on 1 March else."""
    california = TABLE.get("us-ca")
    for year, end in ((2028, "2028-03-01 07:59:59Z"), (2027, "2027-03-02 07:59:59Z")):
        started = at(f"{year}-01-30 20:00")
        assert told(due_of(limit(30, "days"), started, california).at) == end


def test_the_second_itself_is_in_time():
    """What happens within the second of the end is in time; the next second is not."""
    due = at("2027-01-01 12:00")
    assert not is_after(due + 999_999, due)
    assert is_after(due + 1_000_000, due)
