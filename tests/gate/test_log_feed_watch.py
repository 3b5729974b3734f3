"""The gate notices that nothing comes back from the log while it lets people be shown."""

from __future__ import annotations

import os
import time

from tests.gate.gate_support import CONFIG
from tests.gate.lease_support import House

from himaya.bootstrap.silence import LogFeedWatch
from himaya.config import loads
from himaya.control.messages import Decide
from himaya.core.actor import Actor
from himaya.core.exchange import Request


class Asked:
    """An authority as far as the watch looks at it."""

    def __init__(self):
        self.passed = self.from_log = 0
        self.runner, self.gaps = self, []
        self.clock = time.time

    def note_gap(self, start, end, why):
        self.gaps.append((start, end))


def watch(tmp_path, authority, *, follows=True, silence=300):
    text = (
        CONFIG.format(mode="shadow", actor="", budget=9, ladder="")
        + f"[alerts]\nsilence_s = {silence}\n"
    )
    return LogFeedWatch(loads(text, directory=tmp_path), authority, follows=follows)


def test_requests_without_lines_are_a_period(tmp_path):
    """People were shown for five minutes and no line came: unobserved from the first of them until lines come again."""
    asked = Asked()
    feed = watch(tmp_path, asked)
    asked.passed, asked.from_log = 5, 5
    feed.look(0.0)
    for now in range(10, 500):
        asked.passed += 1
        feed.look(float(now))
    assert asked.gaps[0] == (10.0, 310.0)
    asked.from_log += 1
    feed.look(500.0)
    assert asked.gaps[-1][1] == 500.0
    feed.look(501.0)
    assert asked.gaps[-1][1] == 500.0


def test_what_a_middleware_shows_is_not_awaited_from_a_log(tmp_path):
    """An application that asks by the control socket tells of its people itself: no line of a log is missing."""
    house = House()
    feed = watch(tmp_path, house.authority)
    house.authority.from_log = 5
    feed.look(0.0)
    for now in (10, 200, 490):
        request = Request(f"r{now}", Actor(account="anna"), f"/u/{now % 5}", sees_body=True)
        assert house.ask(Decide(request)).decision.surface == "profile"
        feed.look(float(now))
    assert house.notes.gaps == []
    house.ask(Decide(Request("nginx", Actor(account="anna"), "/u/1")))
    feed.look(500.0)
    feed.look(900.0)
    assert len(house.notes.gaps) == 1


def test_a_site_that_sleeps_is_not_silent(tmp_path):
    """While nobody asks for people nothing is missing."""
    asked = Asked()
    feed = watch(tmp_path, asked)
    asked.from_log = 5
    for now in range(10_000):
        feed.look(float(now))
    assert asked.gaps == []


def test_a_gate_without_a_feed_expects_none(tmp_path):
    """Before lines ever came, with silence_s = 0, and as a proxy, which sees every answer, nothing is expected."""
    for settings, told in (({}, 0), ({"silence": 0}, 1), ({"follows": False}, 1)):
        asked = Asked()
        feed = watch(tmp_path, asked, **settings)
        asked.from_log = told
        feed.look(0.0)
        for now in range(1, 1000):
            asked.passed += 1
            feed.look(float(now))
        assert asked.gaps == []


def test_lines_came_before_a_restart(tmp_path):
    """A follower's bookmark beside the ledger says that lines used to come."""
    text = CONFIG.format(mode="shadow", actor="", budget=9, ladder="")
    directory = loads(text, directory=tmp_path).ledger.directory
    tmp_path.joinpath(directory + ".follow").write_text("{}")
    asked = Asked()
    feed = watch(tmp_path, asked)
    for now in range(400):
        asked.passed += 1
        feed.look(float(now))
    feed.close(400.0)
    assert asked.gaps[0][0] == 0.0
    assert asked.gaps[-1][1] == 400.0
    os.utime(directory + ".follow", (0, 0))
    long_ago = Asked()
    feed = watch(tmp_path, long_ago)
    for now in range(400):
        long_ago.passed += 1
        feed.look(float(now))
    assert long_ago.gaps == []
