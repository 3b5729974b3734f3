"""JS23-20: watching never stops unnoticed, and new rules act at once.

The line speaks of five minutes. `alerts.silence_s`, 300 by default, is how long a log may be silent; here it is 2, so
that a test need not wait. Nothing else differs: it is one number that is compared with seconds gone by.
"""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.gate import BASE, HIMAYA, Gate, Table, toml
from tests.acceptance.logs import told
from tests.acceptance.promise import broken, require

#: Seconds of silence that are too long here, and for how long an alarm is waited for where none may come.
SILENCE_S, NEVER_S = 2, 5.0


class Feed:
    """A log that a server writes and `himaya follow` reads, with a gate beside it or alone."""

    def __init__(self, folder: Path, silence_s: int) -> None:
        self.folder, self.log = folder, folder / "access.log"
        self.config, self.ledger, self.alarms = (
            folder / "himaya.toml",
            folder / "ledger",
            folder / "alarms",
        )
        alerts = {"command": f"tee -a {self.alarms}", "silence_s": silence_s, "free_mb": 0}
        gate = {"listen": "unix:auth.sock", "socket": "h.sock"}
        table = {**BASE, "alerts": alerts, "gate": gate, "ledger": {"directory": "ledger"}}
        self.config.write_text(toml({**table, "mode": "shadow"}))
        self.log.write_text("")
        self.processes: list[subprocess.Popen[bytes]] = []
        self._lines = 0

    def start(self, *words: str | Path) -> subprocess.Popen[bytes]:
        """Start a command of himaya."""
        with (self.folder / f"{words[0]}.err").open("ab") as said:
            process = subprocess.Popen([HIMAYA, *words], stderr=said, cwd=self.folder)
        self.processes.append(process)
        return process

    def follow(self) -> subprocess.Popen[bytes]:
        return self.start("follow", self.log, "--config", self.config)

    def gate(self) -> None:
        """Start the authority and wait for it."""
        self.start("gate", "--config", self.config, "--mode", "authority")
        _wait((self.folder / "auth.sock").exists)

    def writes(self) -> float:
        """Have the server write that somebody was shown somebody, and wait until it is followed; return when."""
        at = time.time()
        self._lines += 1
        line = {
            "at": at,
            "address": "192.0.2.7",
            "himaya_account": "u7",
            "method": "GET",
            "target": f"/u/p{self._lines}",
            "status": 200,
            "sent": 4096,
            "id": f"request-{self._lines}",
        }
        with self.log.open("a") as log:
            log.write(json.dumps(line) + "\n")
        _wait(lambda: self._followed() >= at - 0.001)
        return at

    def _followed(self) -> float:
        mark = self.folder / "ledger.follow"
        last: float = json.loads(mark.read_text())["last_at"] if mark.exists() else 0.0
        return last

    def shows(self) -> None:
        """Have the front door ask the authority for a page of somebody, and hand it out."""
        connection = http.client.HTTPConnection("gate", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.connect(str(self.folder / "auth.sock"))
        headers = {
            "X-Original-URI": "/u/p9",
            "X-Original-Method": "GET",
            "X-Forwarded-For": "192.0.2.9",
        }
        connection.request("GET", "/auth", headers=headers)
        assert connection.getresponse().status == 200
        connection.close()

    def alarmed(self, most_s: float) -> Table | None:
        """Return the alarm about the feed that the command was given, None when none came in time."""
        end = time.monotonic() + most_s
        while time.monotonic() < end:
            lines = self.alarms.read_text().splitlines() if self.alarms.exists() else []
            found = [one for one in map(json.loads, lines) if one["kind"] == "silence"]
            if found:
                alarm: Table = found[0]
                return alarm
            time.sleep(0.05)
        return None

    def stop(self) -> None:
        """End what was started, the last one first."""
        for process in reversed(self.processes):
            process.terminate()
            process.wait(30)
        self.processes = []

    def reports(self) -> Iterator[tuple[str, list[Table]]]:
        """Yield each report, and the unobserved periods that it names."""
        asked = ("--ledger", self.ledger, "--why", "acceptance")
        yield "who, of an actor", told("who", "--actor", "account:u7", *asked)["unobserved"]
        yield "who, of a person", told("who", "--subject", "p1", *asked)["unobserved"]
        yield "audit bound", told("audit", "bound", *asked)["unobserved"]
        weeks = told("report", "weekly", *asked)["weeks"]
        yield "report weekly", [gap for week in weeks for gap in week["unobserved"]]


@pytest.fixture(name="feed")
def _feed(tmp_path: Path) -> Any:
    feeds: list[Feed] = []

    def made(silence_s: int) -> Feed:
        feeds.append(Feed(tmp_path, silence_s))
        return feeds[0]

    yield made
    for each in feeds:
        each.stop()


def _wait(ready: Any, most_s: float = 60.0) -> None:
    end = time.monotonic() + most_s
    while not ready():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def _covers(gaps: list[Table], start: float, end: float) -> bool:
    """Tell whether periods without a break between them reach from before `start` to after `end` (epoch seconds)."""
    at = start
    for begin, until in sorted((_seconds(one["from"]), _seconds(one["to"])) for one in gaps):
        if begin <= at + 0.001:
            at = max(at, until)
    return at >= end


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def a_server_stops_writing(feed: Feed, wait_s: float) -> tuple[float, float]:
    """Lines come, then none, then one more; return from when to when nobody knows."""
    feed.follow()
    feed.writes()
    begun = feed.writes() + 0.5  # when the line was read, which is a moment later
    alarm = feed.alarmed(wait_s)
    time.sleep(0 if alarm else SILENCE_S)
    ended = time.time()
    feed.writes()
    feed.stop()
    require(alarm, "an alarm is raised")
    assert alarm is not None
    require("192.0.2.7" not in str(alarm), "and names nobody")
    return begun, ended


def a_follower_is_killed(feed: Feed, wait_s: float) -> None:
    """People are shown and lines come, then nobody reads them any more."""
    feed.gate()
    follower = feed.follow()
    feed.shows()
    feed.writes()
    time.sleep(0.7)  # the gate looks twice a second: the line counts, then the next view does
    feed.shows()
    begun = time.time() + 1.0
    follower.kill()
    end, alarm = time.monotonic() + wait_s, None
    while alarm is None and time.monotonic() < end:
        feed.shows()
        alarm = feed.alarmed(0.3)
    ended = time.time()
    feed.stop()
    require(alarm, "an alarm is raised")
    period = told("who", "--actor", "account:u7", "--ledger", feed.ledger, "--why", "acceptance")
    require(_covers(period["unobserved"], begun, ended - 1.0), "the period is unobserved")


def every_report_names_it(feed: Feed, start: float, end: float) -> None:
    """Whatever is asked later, the period stands in it."""
    for report, gaps in feed.reports():
        require(_covers(gaps, start, end), f"{report} names the period")


def a_new_rule_acts(gate: Gate, account: str, rule: int) -> None:
    """An account at 50 of 100 meets a rule of 50 that was written meanwhile."""
    with gate.visitor(account) as visitor:
        for person in range(50):
            visitor.get(f"/u/p{person}")
        process, began = gate.process, time.monotonic()
        gate.configure(budgets={"account": {"day": rule}})
        last = visitor.get("/u/p60")
        assert time.monotonic() - began < 10
        assert gate.process is process
        require(last.status == 429, "the new rule acts within ten seconds")


def a_gap_is_told(gate: Gate, name: str, *, switched: bool) -> None:
    """The gate is switched off while somebody looks, and on again."""
    with gate.visitor(name) as viewer:
        viewer.get("/u/p1")
        if switched:
            gate.himaya("off", "--config", str(gate.config), "--why", name)
        viewer.get("/u/p2")
        if switched:
            gate.himaya("on", "--config", str(gate.config))
    answer = gate.who(actor=f"account:{name}")
    require(any(name in gap["why"] for gap in answer["unobserved"]), "the period is unobserved")
    require([one["subject"] for one in answer["subjects"]] == ["p1"], "and says nothing of it")


def test_js23_20_a_silent_log(feed):
    """A server that stops writing its log raises an alarm, and every later report calls the time unobserved."""
    quiet = feed(SILENCE_S)
    start, end = a_server_stops_writing(quiet, 60.0)
    every_report_names_it(quiet, start, end)


def test_js23_20_twin_a_silent_log(feed):
    """With silence_s = 0 nobody is told, and no report knows of the time."""
    quiet = feed(0)
    begun = time.time()
    with broken("an alarm is raised"):
        a_server_stops_writing(quiet, NEVER_S)
    with broken("who, of an actor names the period"):
        every_report_names_it(quiet, begun, time.time())


def test_js23_20_a_killed_follower(feed):
    """When nobody reads the log any more, the gate notices, raises an alarm and calls the time unobserved."""
    a_follower_is_killed(feed(SILENCE_S), 60.0)


def test_js23_20_twin_a_killed_follower(feed):
    """With silence_s = 0 the gate says nothing."""
    with broken("an alarm is raised"):
        a_follower_is_killed(feed(0), NEVER_S)


def test_js23_20_a_new_rule_acts(gate, name):
    """A rule written while the gate runs acts within ten seconds, without a restart."""
    a_new_rule_acts(gate, name, rule=50)


def test_js23_20_twin_a_new_rule_acts(gate, name):
    """A configuration read again without the rule changes nothing."""
    with broken("the new rule acts within ten seconds"):
        a_new_rule_acts(gate, name, rule=99)


def test_js23_20_a_gap_is_told_later(gate, name):
    """A time in which the gate was off is an unobserved period of every later answer."""
    a_gap_is_told(gate, name, switched=True)


def test_js23_20_twin_a_gap_is_told_later(gate, name):
    """A gate that was not off has no such period."""
    with broken("the period is unobserved"):
        a_gap_is_told(gate, name, switched=False)
