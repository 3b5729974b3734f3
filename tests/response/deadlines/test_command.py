"""`himaya deadlines`: what is due in every open case, as a table, JSON, iCalendar, and alerts."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from tests.response.site_support import HOUR, case, done, micros, site

from himaya.cli import group
from himaya.core.errors import ConfigError, InputError, LedgerError
from himaya.runner.alerting import AlertStore


def run(*words):
    """Return the output; an error of ours is raised."""
    done = CliRunner().invoke(group, ["deadlines", *map(str, words)])
    if done.exception is not None:
        raise done.exception
    assert done.exit_code == 0
    return done.output


def test_overdue_ones_come_first(tmp_path):
    """Cases, people without a rule and uncounted ones are in the table; what is overdue stands first."""
    config = site(tmp_path)
    case(tmp_path, "c-1", {"ES": 12, "JP": 2, "": 1}, {"aware": 80})
    case(tmp_path, "c-2", {"CO": 1}, {"detected_and_assigned": 1})
    case(tmp_path, "c-3", None, {})
    said = run("--config", config)
    lines = [line.split() for line in said.splitlines()]
    assert lines[1][:4] == ["c-1", "es", "authority", "statute"]
    assert "overdue" in lines[1]
    assert "c-1  JP: no rule in our table, 2 people, ask counsel" in said
    assert "c-1  residence unknown: no rule in our table, 1 people, ask counsel" in said
    assert "c-3  its people were not counted yet" in said
    assert "Anna" not in said


def test_a_program_reads_the_same(tmp_path):
    """JSON has ids, times in UTC, marks and the lines without a rule; --case asks for one case."""
    site(tmp_path)
    case(tmp_path, "c-1", {"ES": 12, "JP": 2}, {"aware": 1})
    case(tmp_path, "c-2", {"CO": 1}, {"detected_and_assigned": 1})
    told = json.loads(run("--ledger", tmp_path / "ledger", "--case", "c-2", "--json"))
    (one,) = [each for each in told["deadlines"] if each["due"]]
    assert (one["id"], one["standing"]) == ("c-2-co-authority-statute", "running")
    assert one["marks"] == ["unconfirmed"]
    assert one["due"].endswith("Z")
    assert told["no_rule"] == []
    with pytest.raises(InputError, match="there is no case c-9"):
        run("--ledger", tmp_path / "ledger", "--case", "c-9")


def test_a_calendar_is_written(tmp_path):
    """--ics writes a file that a calendar reads, without the title of the case; a folder that is not there is named."""
    config = site(tmp_path)
    case(tmp_path, "c-1", {"CO": 12}, {"detected_and_assigned": 1})
    run("--config", config, "--ics", tmp_path / "d.ics")
    text = (tmp_path / "d.ics").read_bytes().decode().replace("\r\n ", "")
    assert "UID:c-1-co-authority-statute@himaya\r\n" in text
    assert "(unconfirmed)" in text
    assert "Anna" not in text
    assert not (tmp_path / "d.ics.part").exists()
    with pytest.raises(InputError, match="cannot be written: No such file"):
        run("--config", config, "--ics", tmp_path / "gone" / "d.ics")


def test_a_folder_is_no_calendar(tmp_path):
    """A folder named for the calendar is refused before anything is asked."""
    done = CliRunner().invoke(group, ["deadlines", "--ledger", "l", "--ics", str(tmp_path)])
    assert done.exit_code == 2
    assert "is a directory" in done.output


def test_alerts_are_raised_once(tmp_path):
    """Two runs are one alert; it reaches the channel, names nobody, and practice raises none."""
    script = tmp_path / "tell"
    script.write_text(f'#!/bin/sh\ncat >> "{tmp_path}/told"\n')
    script.chmod(0o755)
    config = site(tmp_path, f'[alerts]\ncommand = "{script}"\nfree_mb = 0\n')
    case(tmp_path, "c-1", {"ES": 12}, {"aware": 80})
    case(tmp_path, "c-2", {"ES": 12}, {"aware": 80}, practice=True)
    assert "Told as alerts: 1." in run("--config", config, "--alert")
    run("--config", config, "--alert")
    with AlertStore(tmp_path / "ledger.alerts") as store:
        (one,) = store.alerts()
    assert (one.kind, one.severity, one.count) == ("deadline", "high", 2)
    told = (tmp_path / "told").read_text()
    assert told.count('"opened"') >= 1
    assert "Case c-1, Spain: the notice to the authority (statute) is overdue" in told
    assert "Anna" not in told
    assert "c-2" not in told


def test_practice_is_marked(tmp_path):
    """Each line of a drill says practice."""
    config = site(tmp_path)
    case(tmp_path, "c-1", {"ES": 12}, {"aware": 80}, practice=True)
    told = json.loads(run("--config", config, "--json"))
    assert all("practice" in one["marks"] for one in told["deadlines"])


def test_what_is_missing_is_said(tmp_path, monkeypatch):
    """Without ledger, configuration or a readable own regime there is an error and no dates."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="use --ledger DIR or --config FILE"):
        run()
    with pytest.raises(LedgerError):
        run("--ledger", tmp_path / "none")
    config = site(tmp_path, '[response]\nregimes = "own"\n')
    with pytest.raises(ConfigError, match="the directory of own regimes cannot be read"):
        run("--config", config)
    (tmp_path / "own").mkdir()
    assert "No case is open." in run("--config", config)
    (tmp_path / "own" / "gb.toml").write_text("as_of = 3\n")
    with pytest.raises(ConfigError, match=r"gb\.toml:1: as_of"):
        run("--config", config)
    config.unlink()
    with pytest.raises(InputError, match="--alert needs the channels"):
        run("--ledger", tmp_path / "ledger", "--alert")


def test_what_a_person_asked_is_due_too(tmp_path):
    """A request stands among the deadlines, in the calendar and in the alerts, until it is answered."""
    config = site(tmp_path, "[alerts]\ncommand = '/bin/true'\nfree_mb = 0\n")
    late = {"kind": "complaint", "country": "ES", "due": micros() - HOUR}
    done(tmp_path, "r-1", "opened", **late)
    said = run("--config", config, "--ics", tmp_path / "due.ics", "--alert")
    assert "overdue" in said.splitlines()[1]
    assert "SUMMARY:r-1: complaint\\, answer to the person" in (tmp_path / "due.ics").read_text()
    assert "Told as alerts: 1." in said
    done(tmp_path, "r-1", "answered")
    (one,) = json.loads(run("--config", config, "--json"))["deadlines"]
    assert (one["id"], one["standing"], one["open"]) == ("r-1-people-answer", "done late", [])
