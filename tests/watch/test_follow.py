"""`himaya follow`: real processes, killed at any moment, lose no line and double none."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.watch.logs import line

from himaya.control import Control
from himaya.core.actor import Actor
from himaya.core.errors import ServiceError
from himaya.core.exchange import Request
from himaya.ledger.reader import Reader

HIMAYA = Path(sys.executable).with_name("himaya")
NOW = time.time()

CONFIG = """
[site]
name = "People"
[[surface]]
id = "profile"
route = "/u/{{subject}}"
[[surface]]
id = "search"
route = "/search"
kind = "listing"
max_people = 20
people = ["header"]
[ledger]
directory = "ledger"
[gate]
socket = "{socket}"
listen = "unix:{listen}"
[alerts]
command = "{alert}"
{more}
"""


class Site:
    """A folder with a log, a configuration and what follows them."""

    def __init__(self, folder, more="", alert="true"):
        self.folder = folder
        self.log = folder / "access.log"
        self.log.write_text("")
        self.config = folder / "himaya.toml"
        self.socket = folder / "h.sock"
        self.config.write_text(
            CONFIG.format(socket=self.socket, listen=folder / "l.sock", more=more, alert=alert)
        )
        self.expected = Counter()
        self.number = 0
        self.processes = []

    def write(self, count, *, rest=""):
        """Append lines; every seventh view is one of the same person in the same second."""
        with self.log.open("a") as log:
            for _ in range(count):
                self.number += 1
                person = self.number // 7 if self.number % 7 < 2 else self.number * 13 % 997
                who = f"192.0.2.{self.number % 5}"
                log.write(line(NOW + self.number // 50, f"/u/{person}", address=who, rest=rest))
                log.write(line(NOW + self.number // 50, "/static/app.css", address=who))
                self.expected[who, str(person)] += 1

    def start(self, *words):
        process = subprocess.Popen(
            [HIMAYA, *map(str, words)], stderr=subprocess.PIPE, cwd=self.folder
        )
        self.processes.append(process)
        return process

    def follow(self, *words):
        return self.start("follow", self.log, "--config", self.config, *words)

    def finish(self, *words):
        """Follow to the end of the log and return what is said."""
        process = self.follow("--once", *words)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said.decode()
        return said.decode()

    def rows(self):
        with Reader.open(self.folder / "ledger") as reader:
            return [row for row in reader.rows() if row.source == "log"]

    def seen(self):
        return Counter((row.actor.address, row.subject) for row in self.rows())

    def gaps(self):
        with Reader.open(self.folder / "ledger") as reader:
            return [row.reason for row in reader.rows() if row.kind == "unobserved"]

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stderr.close()


@pytest.fixture(name="site")
def _site(tmp_path):
    site = Site(tmp_path)
    yield site
    site.close()


def wait_for(what, seconds=30.0):
    """Wait until `what()` is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return
        time.sleep(0.05)
    pytest.fail("waited too long")


def test_every_view_becomes_a_row_once(site):
    """What the log says is in the ledger; a second run finds nothing new."""
    site.write(60)
    assert "120 lines, 120 parsed" in site.finish()
    assert site.seen() == site.expected
    assert "0 lines" in site.finish()
    site.write(5)
    site.finish()
    assert site.seen() == site.expected


def test_rows_are_durable_soon_after_the_line_was_written(site):
    """A running follower has a line in the ledger within moments, and stops cleanly at SIGTERM."""
    process = site.follow()
    site.write(10)
    wait_for((site.folder / "ledger.follow").exists)
    wait_for(lambda: sum(site.seen().values()) == 10)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    assert site.seen() == site.expected


@pytest.mark.slow
def test_kill_9_at_random_moments_loses_and_doubles_nothing(site):
    """Killed again and again under load, through rotation, the ledger has every line exactly once."""
    rng = random.Random(4)
    for turn in range(8):
        process = site.follow()
        wait_for((site.folder / "ledger.follow").exists)
        end = time.monotonic() + 0.9 + rng.random()
        while time.monotonic() < end:
            site.write(rng.randrange(1, 200))
            time.sleep(0.01)
        process.kill()
        process.wait()
        if turn in {2, 5}:
            site.log.rename(f"{site.log}.{9 - turn}")
            site.log.touch()
    site.finish()
    assert site.seen() == site.expected
    with Reader.open(site.folder / "ledger") as reader:
        assert reader.verify() == []


def test_a_kill_between_ledger_and_bookmark_doubles_nothing(site, monkeypatch):
    """Rows that became durable just before the bookmark moved are not written a second time."""
    site.write(30)
    site.finish()
    bookmark = (site.folder / "ledger.follow").read_bytes()
    site.write(30)
    site.finish()
    (site.folder / "ledger.follow").write_bytes(bookmark)
    site.write(30)
    site.finish()
    assert site.seen() == site.expected


def test_two_followers_of_one_ledger_are_refused(site):
    """The second follower is told who has the ledger, and ends."""
    site.follow()
    wait_for((site.folder / "ledger.follow.lock").exists)
    second = site.follow("--once")
    _, said = second.communicate(timeout=30)
    assert second.returncode == 2
    assert b"another himaya follow" in said


def test_what_is_no_log_is_exit_2(site):
    """A file of prose is refused with a sentence."""
    site.log.write_text("Dear all,\nthe log is attached.\n" * 5)
    process = site.follow("--once")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert b"not an access log" in said


def test_a_damaged_bookmark_is_exit_2(site):
    """A bookmark that cannot be read is said; guessing would lose or double lines."""
    site.write(3)
    site.finish()
    (site.folder / "ledger.follow").write_text("{")
    process = site.follow("--once")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert b"cannot read the bookmark" in said


def test_lost_lines_are_an_unobserved_period(site):
    """A log that was rotated away before it was read leaves a row that says so."""
    site.write(5)
    site.finish()
    site.log.unlink()
    site.expected.clear()
    site.write(5)
    site.finish()
    assert any("rotated away" in why for why in site.gaps())


def test_unreadable_stretches_are_unobserved_periods(site):
    """Lines in another format than the log's are counted, and their time is unobserved."""
    site.write(5)
    with site.log.open("a") as log:
        log.write("something else\n" * 50)
    said = site.finish()
    assert "50 malformed" in said
    assert any("not in its format" in why for why in site.gaps())


def test_people_of_listings_and_requests_without_a_gate(tmp_path):
    """Subjects come from the log; requests that nginx served without an answer of the gate are a gap."""
    site = Site(tmp_path)
    rest = ' subjects="{}" gate="{}" id="r{}"'
    with site.log.open("w") as log:
        log.write(line(NOW, "/search?q=a", rest=rest.format("1, 2", "up", 1)))
        log.write(line(NOW + 5, "/search?q=b", rest=rest.format("2, 3", "down", 2)))
        log.write(line(NOW + 6, "/search?q=c", rest=rest.format("-", "up", 3)))
    site.finish()
    assert Counter(row.subject for row in site.rows()) == {"1": 1, "2": 2, "3": 1, "": 1}
    assert any("gate did not answer" in why for why in site.gaps())
    site.close()


def test_findings_reach_the_alert_command(tmp_path):
    """A scraper in the log runs the alert command, with an alert that does not name it on standard input."""
    script = tmp_path / "alert.sh"
    script.write_text(f"#!/bin/sh\ncat >> {tmp_path}/alerts\n")
    script.chmod(0o755)
    site = Site(tmp_path, alert=str(script))
    with site.log.open("w") as log:
        for number in range(150):
            log.write(line(NOW + number, f"/u/{number * 7919 % 9973}", address="203.0.113.9"))
    site.finish()
    told = (tmp_path / "alerts").read_text()
    assert '"reference":"breadth"' in told
    assert "203.0.113.9" not in told
    site.close()


# with a gate that runs ----------------------------------------------------------------------------


@pytest.fixture(name="gated")
def _gated(tmp_path):
    site = Site(tmp_path)
    gate = site.start(
        "gate", "--config", site.config, "--mode", "authority", "--exchanges", tmp_path / "x"
    )
    wait_for(lambda: answers(site))
    yield site, gate
    site.close()


def answers(site):
    try:
        with Control(site.socket) as control:
            control.status()
    except ServiceError:
        return False
    return True


def test_a_running_gate_is_told(gated):
    """While a gate runs, follow tells it and does not touch its ledger."""
    site, _ = gated
    site.write(40)
    assert "telling the gate" in site.finish()
    assert site.seen() == site.expected
    site.write(3)
    site.finish()
    assert site.seen() == site.expected


def test_what_a_gate_and_follow_did_replays_to_the_same(gated):
    """The exchanges of a gate whose reservations were settled from the log replay exactly."""
    site, gate = gated
    with Control(site.socket) as control:
        for number in range(30):
            actor = Actor(address="192.0.2.1", account=f"u{number % 3}")
            target = "/search?q=a" if number % 4 == 0 else f"/u/{number}"
            control.decide(Request(f"r{number}", actor, target))
    rest = ' account="u{}" subjects="{}" id="r{}"'
    with site.log.open("w") as log:
        for number in range(0, 30, 2):
            target, people = (f"/u/{number}", "-") if number % 4 else ("/search?q=a", "1, 2")
            log.write(line(time.time(), target, rest=rest.format(number % 3, people, number)))
    site.finish()
    gate.send_signal(signal.SIGTERM)
    gate.wait(timeout=20)
    replay = subprocess.run(
        [HIMAYA, "replay", "--exchanges", site.folder / "x", "--json"],
        capture_output=True,
        check=True,
    )
    told = json.loads(replay.stdout)
    assert told["same"] is True
    assert told["disclosures"] == sum(1 for row in site.rows() if row.subject)


@pytest.mark.slow
def test_kill_9_of_follow_beside_a_gate(gated):
    """Killed while it tells the gate, or with the gate, follow loses no person and doubles none."""
    site, gate = gated
    rng = random.Random(8)
    for turn in range(4):
        process = site.follow()
        end = time.monotonic() + 0.8 + rng.random()
        while time.monotonic() < end:
            with site.log.open("a") as log:
                for _ in range(rng.randrange(1, 100)):
                    site.number += 1
                    log.write(line(time.time(), f"/u/{site.number}"))
                    site.expected["192.0.2.1", str(site.number)] += 1
            time.sleep(0.01)
        process.kill()
        process.wait()
        if turn == 2:
            gate.kill()
            gate.wait()
            site.start("gate", "--config", site.config, "--mode", "authority")
            wait_for(lambda: answers(site))
    site.finish()
    assert site.seen() == site.expected


def test_a_gate_that_restarts_is_waited_for(gated):
    """Lines wait while nobody answers, and are told once the gate is back."""
    site, gate = gated
    site.write(10)
    follower = site.follow()
    wait_for(lambda: sum(site.seen().values()) == 10)
    gate.send_signal(signal.SIGTERM)
    gate.wait(timeout=20)
    site.write(10)
    time.sleep(1.5)
    site.start("gate", "--config", site.config, "--mode", "authority")
    wait_for(lambda: answers(site))
    wait_for(lambda: site.seen() == site.expected)
    assert follower.poll() is None
    os.kill(follower.pid, signal.SIGTERM)
    assert follower.wait(timeout=20) == 0
