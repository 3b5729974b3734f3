"""Asking the authority: what a door does while nobody answers, and what it says afterwards."""

import os

import pytest
from tests.gate.embedded_support import ThreadAuthority

from himaya.control.messages import AskStatus
from himaya.core.errors import ServiceError
from himaya.core.exchange import Person
from himaya.gate.disclose import Told, disclose, disclose_nobody, redacted, telling
from himaya.gate.embedded_ask import QUIET_S, Absence, Desk


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def test_gaps_of_a_surface_are_one_from_first_to_last():
    """However many requests pass unobserved, a surface is one gap with their number."""
    clock = Clock()
    absence = Absence("wsgi", clock)
    for second in range(50):
        clock.now = 1000.0 + second
        absence.missed("profile", clock.now - 1, "away")
    absence.missed("search", 1049.0, "away")
    profile, search = absence.answered()
    assert (profile.start, profile.end, profile.requests, profile.door) == (
        999.0,
        1049.0,
        50,
        "wsgi",
    )
    assert (search.surface, search.requests) == ("search", 1)
    assert absence.answered() == []


def test_a_gap_that_could_not_be_told_is_told_later_with_what_came_after():
    """Nothing is lost when the authority goes away again in between."""
    clock = Clock()
    absence = Absence("asgi", clock)
    absence.missed("profile", 990.0, "away")
    (gap,) = absence.answered()
    clock.now = 1010.0
    absence.missed("profile", 1009.0, "away")
    absence.give_back(gap)
    (whole,) = absence.answered()
    assert (whole.start, whole.end, whole.requests) == (990.0, 1010.0, 2)


def ask(desk):
    def steps():
        return (yield AskStatus())

    return desk.run(steps())


def test_an_absent_authority_is_not_asked_again_for_a_moment(tmp_path):
    """After a failure nobody waits; after the moment it is tried again."""
    clock = Clock()
    desk = Desk(str(tmp_path / "none.sock"), Absence("wsgi", clock))
    with pytest.raises(ServiceError, match="no authority at"):
        ask(desk)
    with pytest.raises(ServiceError, match="a moment ago"):
        ask(desk)
    clock.now += QUIET_S
    with pytest.raises(ServiceError, match="no authority at"):
        ask(desk)


def test_a_forked_worker_opens_its_own_connection(tmp_path):
    """A connection made before a fork is not shared with the child."""
    authority = ThreadAuthority(tmp_path).start()
    desk = Desk(str(authority.socket), Absence("wsgi"))
    before = desk._mine()
    assert desk._mine() is before
    desk._process = os.getpid() + 1  # as the child of a fork would find it
    assert desk._mine() is not before
    before.close()
    desk.close()
    authority.stop()


def test_people_told_several_times_are_one_person():
    """`disclose` unites fields, leaves out those withheld, takes text or lists, and any id."""
    told = Told(("email",))
    with telling(told):
        disclose(7, "name, email")
        disclose("7", ["employer"])
        disclose("x")
        assert redacted() == {"email"}
    assert told.people == (Person("7", ("name", "employer")), Person("x"))


def test_saying_nothing_and_saying_nobody_differ():
    """Without a call nothing is known; `disclose_nobody` says that nobody is shown."""
    told = Told()
    assert told.people is None
    with telling(told):
        disclose_nobody()
    assert told.people == ()


def test_outside_a_request_nothing_happens():
    """Tasks and tests may call the same functions."""
    disclose("x")
    disclose_nobody()
    assert redacted() == frozenset()
