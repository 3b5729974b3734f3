"""Deadlines: what is due when, from the clocks of a case and the regimes of its countries. Pure: time comes in.

Read in this order:

    deadline   one deadline, and how it stands
    calendars  hours, days and business days of a regime's zone; holidays are loaded when a business day is counted
    due        when a limit ends
    listing    the deadlines of a case
    answers    the deadline of a person's request
    ics        the same as iCalendar
    telling    the same as alerts, without identities
"""

from __future__ import annotations

from himaya.response.deadlines.answers import answers_due as answers_due
from himaya.response.deadlines.deadline import Deadline as Deadline
from himaya.response.deadlines.deadline import Standing as Standing
from himaya.response.deadlines.listing import Unruled as Unruled
from himaya.response.deadlines.listing import all_deadlines as all_deadlines
from himaya.response.deadlines.listing import deadlines_of as deadlines_of
from himaya.response.deadlines.listing import unruled as unruled
