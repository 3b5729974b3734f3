"""The alarm at work: off the request path, bounded, over restarts, and a dead channel holds up nobody."""

from __future__ import annotations

import logging
import time

from tests.runner.alerting_support import Told, config_of, running, wait_for

from himaya.core.effect import RaiseFinding
from himaya.core.finding import Finding
from himaya.runner import Runner
from himaya.runner.alerting import Alarm, AlertStore, alerts_path
from himaya.runner.alerting.conditions import disk, keys, ledger
from himaya.runner.alerting.courier import LONGEST_S, TRIES, pause

FINDING = Finding("breadth", "account:u1", 5.0, 120, 100, "because")


def alerts_of(config):
    from pathlib import Path

    with AlertStore(alerts_path(Path(config.ledger.directory))) as store:
        return store.alerts(everything=True)


def test_findings_and_gaps_of_a_runner_are_sent(tmp_path):
    """What a runner performs reaches every channel, without the name, before it is closed."""
    told = Told()
    alarm = Alarm(config_of(tmp_path), [told])
    runner = Runner(None, alerts=alarm)
    alarm.start()
    runner.perform([RaiseFinding(FINDING)])
    runner.note_gap(1.0, time.time(), "switched off")
    runner.close(5.0)
    assert sorted(each.kind for each in told.messages) == ["fail_open", "finding"]
    assert "u1" not in str(told.messages)
    assert (runner.findings, runner.gaps) == (1, 1)


def test_what_was_told_before_the_end_is_sent(tmp_path):
    """However soon the end comes after the last thing told, that thing is sent first."""
    told = Told()
    for number in range(8):
        alarm = Alarm(config_of(tmp_path), [told])
        alarm.start()
        alarm.gap(1.0, time.time(), "reason " + "x" * number)
        alarm.close(30.0)
    assert len(told.messages) == 8


def test_a_dead_channel_holds_up_nobody(tmp_path, caplog):
    """While one channel hangs and another fails, telling takes no time, a third is served, and the status says it."""
    caplog.set_level(logging.WARNING)
    hanging, failing, good = (
        Told("hanging", slow=2.0),
        Told("failing", "no such host"),
        Told("good"),
    )
    alarm = Alarm(config_of(tmp_path), [hanging, failing, good])
    with running(alarm):
        begun = time.perf_counter()
        for _ in range(2000):
            alarm.finding(FINDING)
        assert time.perf_counter() - begun < 1.0
        wait_for(lambda: good.messages)
        wait_for(lambda: any("failing: no such host" in each for each in alarm.status.problems))
        assert alarm.status.waiting >= 1
    assert good.messages[0].kind == "finding"
    assert "u1" not in caplog.text


def test_a_flood_is_one_alert_with_a_number(tmp_path):
    """A hundred thousand findings cost one row, one message, and memory for one."""
    told = Told()
    alarm = Alarm(config_of(tmp_path), [told])
    for number in range(100_000):
        alarm.finding(Finding("breadth", f"address:{number}", 5.0, 3, 2, ""))
    with running(alarm):
        wait_for(lambda: told.messages)
    assert [each.count for each in alerts_of(config_of(tmp_path))] == [100_000]
    assert len(told.messages) == 1


def test_different_things_past_the_bound_are_counted(tmp_path):
    """More different things than `queue` at once are not kept; the status says how many."""
    alarm = Alarm(config_of(tmp_path, "queue = 10"), [])
    for number in range(50):
        alarm.gap(1.0, 2.0, "reason " + "x" * number)
    with running(alarm):
        wait_for(lambda: alarm.status.problems)
        assert alarm.status.problems == ("40 messages found no room or were given up",)
    assert len(alerts_of(config_of(tmp_path))) == 10


def test_what_was_not_sent_is_sent_after_a_restart(tmp_path):
    """A message that failed before the stop is sent by the next process, when its time has come."""
    clock = [1000.0]
    alarm = Alarm(config_of(tmp_path), [Told(fails="away")], clock=lambda: clock[0])
    with running(alarm):
        alarm.gap(1.0, 1000.0, "the log was emptied")
        wait_for(lambda: alarm.status.problems)
    clock[0] += 10.0
    told = Told()
    with running(Alarm(config_of(tmp_path), [told], clock=lambda: clock[0])):
        wait_for(lambda: told.messages)
    assert told.messages[0].text == "A period of 999 s is unobserved: the log was emptied."


def test_what_nobody_acknowledges_is_escalated(tmp_path):
    """After `escalate_s` the message goes out once more, as escalated."""
    clock, told = [1000.0], Told()
    alarm = Alarm(config_of(tmp_path, "escalate_s = 60"), [told], clock=lambda: clock[0])
    with running(alarm):
        alarm.gap(1.0, 1000.0, "the log was emptied")
        wait_for(lambda: told.messages)
        clock[0] += 61.0
        wait_for(lambda: len(told.messages) == 2)
    assert [each.event for each in told.messages] == ["opened", "escalated"]


def test_an_old_log_is_new_to_whoever_is_told(tmp_path):
    """What a log of last year tells is noticed now: it is escalated after its time, not at once, and is one alert."""
    clock, told = [1e9], Told()
    alarm = Alarm(config_of(tmp_path), [told], clock=lambda: clock[0])
    with running(alarm):
        for day in range(300):
            alarm.finding(Finding("canary", "account:u1", 86400.0 * day, 3, 2, ""))
        wait_for(lambda: told.messages)
        clock[0] += 60.0
        wait_for(lambda: alarm.status.open == 1)
    assert [(each.event, each.opened) for each in told.messages] == [
        ("opened", "2001-09-09T01:46:40+00:00")
    ]


def test_conditions_are_looked_at_by_themselves(tmp_path):
    """A full disk, a ledger that cannot be written and an old key are found although nothing happens."""
    import os

    key = tmp_path / "key"
    key.write_text("x")
    os.utime(key, (0, 0))
    told = Told()
    conditions = [
        disk(tmp_path, 1 << 40),
        ledger(lambda: "no room"),
        keys({"gate.key_file": key}, 365),
    ]
    with running(Alarm(config_of(tmp_path), [told], conditions=conditions)):
        wait_for(lambda: len(told.messages) == 3)
    assert {each.kind for each in told.messages} == {"disk", "ledger", "key"}
    wait_for(lambda: len(alerts_of(config_of(tmp_path))) == 3)
    assert {each.count for each in alerts_of(config_of(tmp_path))} == {1}
    text = str(told.messages)
    assert "gate.key_file" in text
    assert str(tmp_path) not in text


def test_a_condition_that_fails_holds_up_no_other(tmp_path, caplog):
    """What comes after it is told, and the log and the status say that something failed."""

    def broken(_):
        raise KeyError("form")

    told = Told()
    alarm = Alarm(config_of(tmp_path), [told], conditions=[broken, disk(tmp_path, 1 << 40)])
    with running(alarm):
        wait_for(lambda: len(told.messages) == 1)
        wait_for(lambda: alarm.status.problems)
    assert told.messages[0].kind == "disk"
    assert "KeyError: 'form'" in caplog.text


def test_conditions_that_hold_say_nothing(tmp_path):
    """Enough room, a new key, a ledger that is written: no alert; 0 switches a bound off."""
    key = tmp_path / "key"
    key.write_text("x")
    for condition in (disk(tmp_path, 0), ledger(str), keys({"k": key}, 365), keys({"k": key}, 0)):
        assert list(condition(time.time())) == []


def test_a_place_where_nothing_can_be_written_is_said(tmp_path):
    """Without a file for alerts the process goes on, and its status says why nobody is told."""
    (tmp_path / "ledger.alerts").mkdir()
    with running(Alarm(config_of(tmp_path), [])) as alarm:
        alarm.finding(FINDING)
        wait_for(lambda: any("cannot be used" in each for each in alarm.status.problems))


def test_the_findings_file_has_everything_with_names(tmp_path):
    """Where it is named, every finding is a line of it, for its owner alone; two bounded files."""
    from himaya.runner.alerting.findings import FindingsFile

    path = tmp_path / "findings"
    with running(Alarm(config_of(tmp_path, f'findings_file = "{path}"'), [])) as alarm:
        alarm.finding(FINDING)
        wait_for(path.exists)
        wait_for(lambda: b"account:u1" in path.read_bytes())
    assert path.stat().st_mode & 0o777 == 0o600
    small = FindingsFile(path, max_bytes=10, max_waiting=3)
    for _ in range(5):
        small.note(FINDING)
    small.flush()
    assert small.dropped == 2
    assert sorted(each.name for each in tmp_path.glob("findings*")) == ["findings", "findings.1"]


def test_pauses_grow_and_end():
    """A channel that stays dead is tried for about two hours, never more often than every two seconds."""
    pauses = [pause(tries) for tries in range(1, TRIES)]
    assert pauses[0] == 2.0
    assert pauses[-1] == LONGEST_S
    assert 3600 < sum(pauses) < 3 * 3600
