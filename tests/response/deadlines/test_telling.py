"""Deadlines as alerts: what is overdue or ends soon, told once, without identities and without drills."""

from __future__ import annotations

from tests.response.deadlines.cases_support import TABLE, Story, at

from himaya.response.deadlines import deadlines_of
from himaya.response.deadlines.telling import occurrences


def told(story, now):
    moment = at(now)
    return list(occurrences(deadlines_of(story.case(), TABLE, moment), moment, 24 * 3600))


def test_soon_then_overdue():
    """A deadline is told a day before its end, and as another, more severe alert after it."""
    story = Story({"ES": 3}).clock("aware", "2027-01-01 12:00")
    assert told(story, "2027-01-03 11:59") == []
    (soon,) = told(story, "2027-01-03 12:00")
    (over,) = told(story, "2027-01-04 12:01")
    assert (soon.severity, over.severity) == ("medium", "high")
    assert soon.what != over.what
    assert soon.again_s > 366 * 86400
    assert over.again_s == 86400
    assert "Spain: the notice to the authority (statute) is overdue" in over.text
    assert over.names == ()


def test_a_weak_date_says_so_in_the_alert():
    """An alert about an unconfirmed date says unconfirmed."""
    story = Story({"CO": 3}).clock("detected_and_assigned", "2026-12-01 12:00")
    (one,) = told(story, "2027-01-04 12:00")
    assert "(unconfirmed)" in one.text


def test_a_drill_raises_nothing():
    """The same case as practice is told nobody."""
    story = Story({"ES": 3}, practice=True).clock("aware", "2027-01-01 12:00")
    assert told(story, "2027-01-04 12:01") == []


def test_what_was_sent_is_not_told():
    """A deadline that was met raises nothing."""
    story = Story({"ES": 3}).clock("aware", "2027-01-01 12:00")
    story.do("sent", "2027-01-02 12:00", id="n", country="ES", party="authority")
    assert told(story, "2027-01-04 12:01") == []
