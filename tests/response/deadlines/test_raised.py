"""What a running process does about deadlines by itself: the alerts of `himaya deadlines --alert`, without a timer."""

from __future__ import annotations

import logging
import time

from click.testing import CliRunner
from tests.response.site_support import HOUR, case, done, micros, site
from tests.runner.alerting_support import wait_for

from himaya.bootstrap import deadlines as module
from himaya.bootstrap.deadlines import near_deadlines
from himaya.bootstrap.parts import make_alarm
from himaya.cli import group
from himaya.config import load
from himaya.runner.alerting import AlertStore


def test_what_is_overdue_or_ends_soon_is_told(tmp_path):
    """Notices and answers to persons are told, in words that name nobody; practice raises none."""
    config = load(site(tmp_path))
    case(tmp_path, "c-1", {"ES": 12}, {"aware": 80})
    case(tmp_path, "c-2", {"ES": 12}, {"aware": 80}, practice=True)
    done(tmp_path, "r-1", "opened", kind="complaint", country="ES", due=micros() + HOUR)
    late, soon = near_deadlines(config)(time.time())
    assert (late.kind, late.severity, late.reference) == ("deadline", "high", "c-1")
    assert (soon.kind, soon.severity, soon.reference) == ("deadline", "medium", "r-1")
    assert "Anna" not in late.text + soon.text


def test_process_and_command_count_as_one(tmp_path):
    """The alarm of a process raises it by itself; the command after it counts the same alert up."""
    path = site(tmp_path, "[alerts]\ncommand = '/bin/true'\nfree_mb = 0\n")
    case(tmp_path, "c-1", {"ES": 12}, {"aware": 80})
    alarm = make_alarm(load(path))
    alarm.start()
    try:
        wait_for(lambda: alarm.status.open == 1)
    finally:
        alarm.close()
    with AlertStore(tmp_path / "ledger.alerts") as store:
        (before,) = store.alerts()
        said = CliRunner().invoke(group, ["deadlines", "--config", str(path), "--alert"])
        assert "Told as alerts: 1." in said.output
        (after,) = store.alerts()
    assert (after.id, after.count) == (before.id, before.count + 1)


def test_looks_are_ten_minutes_apart_or_after_a_change(tmp_path, monkeypatch):
    """The alarm asks every second; the register is read when it changed, and every ten minutes."""
    config, looks = load(site(tmp_path)), []
    monkeypatch.setattr(module, "_near", lambda _, now: looks.append(now) or iter(()))
    look = near_deadlines(config)
    assert list(look(0.0)) == []
    assert looks == []
    case(tmp_path, "c-1", {"ES": 12}, {"aware": 80})
    for second in range(1, 1300):
        list(look(float(second)))
    assert looks == [1.0, 601.0, 1201.0]
    case(tmp_path, "c-2", {"ES": 12}, {"aware": 80})
    for second in range(1300, 1310):
        list(look(float(second)))
    assert looks[3:] == [1300.0]


def test_without_a_register_none_is_made(tmp_path):
    """A site without cases stays without the file."""
    assert list(near_deadlines(load(site(tmp_path)))(time.time())) == []
    assert not (tmp_path / "ledger.register").exists()


def test_an_error_is_logged_once_and_tried_again(tmp_path, caplog):
    """A broken own regime is told in the log; when it is mended the alert comes within a minute."""
    config = load(site(tmp_path, '[response]\nregimes = "own"\n'))
    case(tmp_path, "c-1", {"ES": 12}, {"aware": 80})
    look, now = near_deadlines(config), time.time()
    with caplog.at_level(logging.WARNING):
        for second in range(120):
            assert list(look(now + second)) == []
    assert [one.message[:27] for one in caplog.records] == ["deadlines cannot be looked "]
    (tmp_path / "own").mkdir()
    told = [one for second in range(120, 181) for one in look(now + second)]
    assert [one.reference for one in told] == ["c-1"]
