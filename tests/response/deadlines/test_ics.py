"""Deadlines as iCalendar: RFC 5545 to the octet, the same event while its date moves."""

from __future__ import annotations

import re

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.response.deadlines.cases_support import TABLE, Story, at

from himaya.response.deadlines import Deadline, Standing, deadlines_of
from himaya.response.deadlines.ics import calendar, escaped, folded

NOW = at("2027-01-06 00:00")


def unfolded(text):
    """Return the logical lines, after the rule that each ends with CRLF."""
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def events(text):
    found = "\n".join(unfolded(text))
    return [
        dict(line.split(":", 1) for line in body.split("BEGIN:VALARM")[0].strip().splitlines())
        for body in re.findall(r"BEGIN:VEVENT\n(.*?)END:VEVENT", found, re.DOTALL)
    ]


def story():
    found = Story({"ES": 3, "CO": 2, "MA": 1, "NZ": 1})
    return found.clock("aware", "2027-01-05 12:00").clock("detected_and_assigned", "2027-01-05 12:00")  # fmt: skip


def written(found, now=NOW):
    return calendar(deadlines_of(found.case(), TABLE, now), now)


def test_each_date_is_an_event_with_an_alarm():
    """Dates are events in UTC with an alarm a day before; what has no date is none."""
    text = written(story())
    by = {one["UID"]: one for one in events(text)}
    assert set(by) == {"c-1-es-authority-statute@himaya", "c-1-co-authority-statute@himaya"}
    spain = by["c-1-es-authority-statute@himaya"]
    assert spain["DTSTART"] == "20270108T120000Z"
    assert spain["STATUS"] == "CONFIRMED"
    assert "unconfirmed" not in spain["SUMMARY"]
    assert text.count("TRIGGER:-PT24H") == len(by)


def test_a_weak_date_says_unconfirmed_in_its_title():
    """Colombia's date rests on secondary sources: the title says so and the event is tentative."""
    (found,) = [one for one in events(written(story())) if "-co-" in one["UID"]]
    assert "unconfirmed" in found["SUMMARY"]
    assert found["STATUS"] == "TENTATIVE"


def test_an_event_moves_and_is_cancelled():
    """A corrected clock moves the same event with a later number; a notice cancels it."""
    found = story()
    (before,) = [one for one in events(written(found)) if "-es-" in one["UID"]]
    found.do("clock", "2027-01-05 18:00", clock="aware", correct=True)
    (moved,) = [one for one in events(written(found)) if "-es-" in one["UID"]]
    found.do("sent", "2027-01-05 20:00", id="n", country="ES", party="authority")
    (ended,) = [one for one in events(written(found)) if "-es-" in one["UID"]]
    assert before["UID"] == moved["UID"] == ended["UID"]
    assert int(before["SEQUENCE"]) < int(moved["SEQUENCE"]) < int(ended["SEQUENCE"])
    assert moved["DTSTART"] == "20270108T180000Z"
    assert ended["STATUS"] == "CANCELLED"


def test_practice_is_marked_in_the_title():
    """Whoever sees a drill's date in a calendar sees that it is one."""
    drill = Story({"ES": 3}, practice=True).clock("aware", "2027-01-05 12:00")
    assert all("practice" in one["SUMMARY"] for one in events(written(drill)))


@given(st.text(max_size=300))
def test_lines_are_folded_between_characters(text):
    """No line has more than 75 octets, no character is cut, and unfolding gives the text back."""
    line = "X:" + escaped(text)
    made = folded(line)
    assert all(len(part.encode()) <= 75 for part in made.split("\r\n"))
    assert unfolded(made) == [line]


@given(st.text(max_size=100))
def test_values_are_escaped(text):
    """A text stays one value: no bare comma, semicolon or line end is left, whatever stands in it."""
    made = escaped(text)
    assert not re.search(r"[\r\n]", made)
    assert not re.search(r"(?<!\\)(?:\\\\)*[,;]", made)


def test_a_hostile_name_adds_no_line():
    """A regime whose name holds line ends and commas stays within its title."""
    bad = Deadline(
        case="c-1", regime="x", name="A,\r\nBEGIN:VEVENT;", authority="B\nEND:VCALENDAR",
        party="people", standing=Standing.RUNNING, kind="statute", due=NOW, started=NOW,
    )  # fmt: skip
    text = calendar([bad, msgspec.structs.replace(bad, due=0)], NOW)
    lines = unfolded(text)
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 1
    assert lines[-1] == "END:VCALENDAR"
