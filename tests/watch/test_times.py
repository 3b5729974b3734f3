"""Times in logs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.watch.times import parse_time

TIMES = st.datetimes(datetime(1981, 1, 1), datetime(2199, 1, 1))  # noqa: DTZ001
ZONES = st.integers(-14 * 4, 14 * 4).map(lambda q: timezone(timedelta(minutes=15 * q)))


@given(TIMES, ZONES)
def test_common_log_format_round_trip(at, zone):
    """What strftime writes in the Common Log Format is the same moment again."""
    moment = at.replace(tzinfo=zone, microsecond=0)
    assert parse_time(moment.strftime("%d/%b/%Y:%H:%M:%S %z")) == moment.timestamp()


@given(TIMES, ZONES)
def test_iso_round_trip(at, zone):
    """ISO 8601 with a zone is the same moment again."""
    moment = at.replace(tzinfo=zone)
    assert parse_time(moment.isoformat()) == pytest.approx(moment.timestamp())


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1772427601", 1772427601.0),
        ("1772427601.250", 1772427601.25),
        ("1772427601250", 1772427601.25),
        ("1772427601250000000", 1772427601.25),
        ("2026-03-02 06:00:01", datetime(2026, 3, 2, 6, 0, 1, tzinfo=UTC).timestamp()),
        ("2026-03-02T06:00:01,500Z", datetime(2026, 3, 2, 6, 0, 1, 500_000, UTC).timestamp()),
        ("2026/03/02 06:00:01", datetime(2026, 3, 2, 6, 0, 1, tzinfo=UTC).timestamp()),
    ],
)
def test_other_ways_to_write_a_time(text, at):
    """Epoch seconds in any unit, and ISO 8601; without a zone it is UTC."""
    assert parse_time(text) == pytest.approx(at, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    ["", "-", "now", "32/Mar/2026:06:00:01 +0000", "02/Mar/2026:24:00:01 +0000", "nan", "inf",
     "02/Mar/2026:06:00:01", "02/Mar/2026:06:00:0x +0000", "1e999", "0", "99999999999999999999999",
     "02/Mar/0000:06:00:01 +0000", "02/Mar/2026:06:00:01 +00", "\uff12/Mar/2026:06:00:01 +0000"],
)  # fmt: skip
def test_what_is_no_time_is_none(text):
    """Anything else is no time, without an exception."""
    assert parse_time(text) is None


@given(st.text(max_size=40))
def test_parsing_never_raises(text):
    """Whatever the text."""
    parse_time(text)
