"""The demo as a whole: real processes, real requests, the proof at the end."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path

import pytest

from himaya.demo.people import population
from himaya.demo.scrapers import all_scrapers
from himaya.ledger.reader import Reader

COMMAND = [sys.executable, "-c", "from himaya.cli import main; main()", "demo"]


class Run:
    """One started demo; the mark in its environment finds every process it started."""

    def __init__(self, directory: Path, *arguments: str):
        self.mark = uuid.uuid4().hex
        self.temporary = directory / "tmp"
        self.temporary.mkdir()
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"DEMO_TEST_RUN": self.mark, "TMPDIR": str(self.temporary)},
        )
        self.said = ""

    def until(self, words: str) -> str:
        """Read what it prints until `words` turn up; return all of it."""
        while words not in self.said:
            line = self.process.stdout.readline()
            assert line, f"ended before {words!r}:\n{self.said}"
            self.said += line
        return self.said

    def end(self) -> int:
        """Wait for the end and return the exit code."""
        rest, _ = self.process.communicate(timeout=60)
        self.said += rest
        return self.process.returncode

    def left(self) -> list[int]:
        """Return the processes of this run that are still there."""
        found = []
        for place in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if self.mark.encode() in place.read_bytes():
                    found.append(int(place.parent.name))
        return found


@pytest.fixture(name="start")
def start_fixture(tmp_path):
    """Start demos, and end what a failed test leaves."""
    runs = []

    def start(*arguments):
        runs.append(Run(tmp_path, *arguments))
        return runs[-1]

    yield start
    for run in runs:
        for process in run.left():
            os.kill(process, signal.SIGKILL)
        run.process.stdout.close()
        run.process.wait()


@pytest.fixture(name="story", scope="module")
def story_fixture(tmp_path_factory):
    """A small demo that ended by itself, with everything kept: the run and its directory."""
    place = tmp_path_factory.mktemp("demo")
    run = Run(place, "--once", "--people", "500", "--seconds", "8", "--out", str(place / "kept"))
    try:
        run.end()
    finally:
        for process in run.left():
            os.kill(process, signal.SIGKILL)
    return run, place / "kept"


def figure(said, words):
    """Return the first number after some words of the last screen."""
    found = re.search(rf"{words}\s+([\d,]+)", said)
    assert found, said
    return int(found[1].replace(",", ""))


def test_demo_ends_well(story):
    """`himaya demo --once` ends by itself with exit code 0 and leaves no process."""
    run, _ = story
    assert run.process.returncode == 0, run.said
    assert run.left() == []


def test_himaya_makes_the_difference(story):
    """The same scrapers take fewer people from the gated site, within what budgets allow."""
    run, _ = story
    without = figure(run.said, "People taken without himaya")
    assert without == 500
    assert figure(run.said, "People taken with himaya") < without
    assert "ended without an answer" not in run.said
    assert "one with 500 nearly fits into them whole" in " ".join(run.said.split())


def test_honest_people_are_left_alone(story):
    """Nobody of the honest crowd is refused or challenged, the shared office included."""
    run, _ = story
    assert figure(run.said, "Honest people touched") == 0


def test_own_file_equals_the_ledger(story):
    """The worst scraper's own file and the ledger's answer are the same, and hold people."""
    run, kept = story
    (own,) = kept.glob("scrapers/*.own.tsv")
    theirs = own.with_name(own.name.replace(".own.", ".ledger."))
    assert own.read_text() == theirs.read_text()
    assert len(own.read_text().splitlines()) >= 100
    assert "(no difference, person by person and field by field)" in " ".join(run.said.split())


def known_as(reader, actor):
    """Return the ledger's name of an actor: a keyed hash stands for an API key."""
    kind, _, _ = actor.partition(":")
    hashed = [name for name in reader.people_per_actor() if name.startswith("key:")]
    return hashed[0] if kind == "key" else actor


def test_ledger_knows_every_scraper(story):
    """For each scraper, not the worst alone, the ledger names exactly the people and fields it got."""
    _, kept = story
    with Reader.open(kept / "ledger") as reader:
        for scraper in all_scrapers(population(500)):
            rows = (kept / f"scrapers/{scraper.key}.gated.jsonl").read_text().splitlines()
            own = {row.pop("handle"): sorted(row) for row in map(json.loads, rows)}
            told = reader.who_actor(known_as(reader, scraper.actor)).subjects
            assert {one.subject: one.fields for one in told} == own, scraper.key
            assert own, scraper.key


def test_budgets_bound_every_scraper(story, config):
    """No scraper holds more people than its budget and the challenges it solved allow."""
    _, kept = story
    budgets = config.budgets
    bought = config.challenge.people * config.challenge.per_day
    limits = {
        "account": budgets.account.hour,
        "key": budgets.key.hour,
        "address": budgets.address.hour,
    }
    for scraper in all_scrapers(population(500)):
        rows = (kept / f"scrapers/{scraper.key}.gated.jsonl").read_text().splitlines()
        paid = bought if scraper.key == "search" else 0
        assert len(rows) <= limits[scraper.actor.partition(":")[0]] + paid, scraper.key


def test_report_is_written(story):
    """The report stands beside the files and tells the story without loading anything."""
    run, kept = story
    page = (kept / "report.html").read_text()
    assert "<!doctype html>" in page[:20].lower()
    assert "Everybody in this report is invented" in page
    assert not re.search(r"(src|href|url\()\W*https?:", page)
    assert str(kept / "report.html") in run.said.replace("\n", "")


def test_patient_reader_is_shown_with_its_count(story):
    """The last screen says how many people the patient one got."""
    run, _ = story
    assert re.search(r"patient reader took \d+ people", " ".join(run.said.split()))


def test_demo_runs_on_until_it_is_ended(start):
    """Without --once both sites answer after the story, until SIGTERM ends everything with 0."""
    run = start("--people", "150", "--seconds", "2")
    said = run.until("Ctrl-C")
    ports = re.findall(r"http://127\.0\.0\.1:(\d+)/", said)
    assert len(set(ports)) == 2
    for port in ports:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            assert b"Halqa" in answer.read()
    run.process.send_signal(signal.SIGTERM)
    assert run.end() == 0
    assert run.left() == []
    kept = {path.name for path in run.temporary.glob("himaya-demo-*/*")}
    assert kept == {"report.html", "scrapers"}


def test_interrupted_demo_leaves_nothing(start):
    """Ctrl-C in the middle ends every process, clears the directory and exits with 130."""
    run = start("--once", "--people", "200", "--seconds", "60")
    run.until("people taken")
    assert len(run.left()) >= 3
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 130
    assert run.left() == []
    assert list(run.temporary.iterdir()) == []


def test_lost_gate_ends_the_demo_with_a_message(start):
    """When the gate dies in the middle, the demo says so, ends the rest and exits with 2."""
    run = start("--once", "--people", "200", "--seconds", "60")
    run.until("people taken")
    for process in run.left():
        if b"gate" in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0"):
            os.kill(process, signal.SIGKILL)
    assert run.end() == 2
    assert "gate ended by itself" in run.said
    assert "Traceback" not in run.said
    for _ in range(50):
        if not run.left():
            break
        time.sleep(0.1)
    assert run.left() == []


def test_directory_of_an_earlier_demo_is_refused(start, tmp_path):
    """A directory that holds a ledger already is refused with a message and exit code 2."""
    (tmp_path / "old/ledger").mkdir(parents=True)
    run = start("--once", "--out", str(tmp_path / "old"))
    assert run.end() == 2
    assert "earlier demo" in run.said
