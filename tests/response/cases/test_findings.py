"""Cases that findings open by themselves: one per actor and detector that is listed, bounded, and nothing decided."""

from __future__ import annotations

import logging
import time

import pytest
from tests.ledger.making import DAY, NOON, disclosed, write
from tests.response.cases.making import act
from tests.runner.alerting_support import wait_for

from himaya.bootstrap.case_findings import cases_from_findings
from himaya.bootstrap.matters import all_matters
from himaya.bootstrap.parts import make_alarm
from himaya.bootstrap.register import open_register
from himaya.config import loads
from himaya.core.errors import ConfigError
from himaya.core.finding import Finding
from himaya.ledger.state import State as LedgerState
from himaya.response.cases import State
from himaya.runner.alerting import AlertStore, alerts_path
from himaya.runner.alerting.names import LedgerNames
from himaya.runner.alerting.words import of_finding

MICROS = 1_000_000


class Site:
    """A ledger with five accounts, a configuration that lists detectors, and the alerts of findings."""

    def __init__(self, tmp_path, more='open_from = ["breadth", "canary"]'):
        self.ledger = tmp_path / "l"
        write(self.ledger, *(disclosed(NOON + n, f"u{n}", "anna") for n in range(5)))
        where = f'[owner]\nname = "The office"\n[ledger]\ndirectory = "{self.ledger}"\n'
        self.config = loads(f"{where}[alerts]\nfree_mb = 0\n[response]\n{more}\n")
        self.look = cases_from_findings(self.config)

    def found(self, actor, at, detector="breadth"):
        """Have an alert written down as the alarm does."""
        occurrence = of_finding(Finding(detector, actor, at, 42, 40, "said inside"))
        names = LedgerNames(self.ledger).find([actor])
        with AlertStore(alerts_path(self.ledger)) as store:
            number = store.put(
                occurrence, count=1, again_s=3600, channels=(), most_waiting=10, keep=1000
            )
            store.implicate((number, *one) for one in names.values())
        return next((surrogate for _, surrogate in names.values()), 0)

    def cases(self):
        """Return all cases of the register."""
        with open_register(self.ledger, None, self.config) as register:
            return register.cases()

    def do(self, *acts):
        """Write acts down."""
        with open_register(self.ledger, None, self.config) as register:
            register.add_all(acts)


@pytest.fixture(name="site")
def _site(tmp_path):
    return Site(tmp_path)


def test_a_listed_finding_opens_a_suspected_case(site):
    """The machine writes opening and first signal, dated by the finding, with the actor as surrogate, and no more."""
    actor = site.found("account:u1", NOON)
    assert list(site.look(NOON + 30)) == []
    (case,) = site.cases()
    assert (case.state, case.source, case.owner) == (State.SUSPECTED, "finding", "The office")
    assert case.actors == [actor]
    assert [(e.act.kind, e.act.by, e.act.role) for e in case.entries] == [
        ("opened", "himaya", ""),
        ("signal", "himaya", ""),
    ]
    assert case.opened == case.clocks["first_signal"].when == int(NOON * MICROS)
    assert case.start == int((NOON - 31 * DAY) * MICROS)
    text = "".join(e.act.body().decode() for e in case.entries)
    assert "u1" not in text
    assert "breadth found an account: its measure is 42, the threshold 40." in text


def test_each_actor_and_detector_has_one_while_it_is_open(site):
    """What counts the same alert up is nothing new; a later alert is noted; another detector is another case."""
    site.found("account:u1", NOON)
    site.look(NOON)
    site.found("account:u1", NOON + 100)
    site.look(NOON + 100)
    site.found("account:u1", NOON + 7200)
    site.found("account:u1", NOON + 7200, "canary")
    site.look(NOON + 7300)
    first, second = site.cases()
    assert [e.act.kind for e in first.entries] == ["opened", "signal", "joined"]
    assert [e.act.kind for e in second.entries] == ["opened", "signal"]
    assert first.actors == second.actors


def test_what_was_closed_opens_again_with_a_new_alert_only(site):
    """The alert that somebody closed as an error stays closed, also for a process that starts anew."""
    site.found("account:u1", NOON)
    site.look(NOON)
    (case,) = site.cases()
    site.do(act("closed", case.id, at=int((NOON + 60) * MICROS)))
    site.found("account:u1", NOON + 120)
    cases_from_findings(site.config)(NOON + 120)
    assert len(site.cases()) == 1
    site.found("account:u1", NOON + 7200)
    site.look(NOON + 7200)
    assert [one.state for one in site.cases()] == [State.CLOSED, State.SUSPECTED]


def test_a_merged_case_goes_on_in_the_other(site):
    """A further finding is noted where the case went."""
    site.found("account:u1", NOON)
    site.look(NOON)
    (case,) = site.cases()
    at = int((NOON + 60) * MICROS)
    site.do(
        act("opened", "c-1", at=at, data={"title": "a crew"}),
        act("merged", case.id, at=at, data={"into": "c-1"}),
    )
    site.found("account:u1", NOON + 7200)
    site.look(NOON + 7200)
    merged, other = site.cases()
    assert (merged.into, [e.act.kind for e in other.entries]) == ("c-1", ["opened", "joined"])


def test_other_detectors_and_networks_open_none(site):
    """What is not listed, and what names no actor of the ledger, makes no register."""
    site.found("account:u1", NOON, "velocity")
    site.found("prefix:203.0.113.0/24", NOON)
    site.found("surface:profile", NOON, "canary")
    site.look(NOON)
    assert not (site.ledger.parent / "l.register").exists()


def test_alerts_of_the_last_day_are_taken_up(site):
    """A process that was away opens what came meanwhile, and nothing older."""
    site.found("account:u1", NOON)
    site.found("account:u2", NOON + 7200)
    site.look(NOON + DAY + 3600)
    (case,) = site.cases()
    assert case.opened == int((NOON + 7200) * MICROS)


def test_so_many_are_open_at_most(tmp_path, caplog):
    """Past the bound the log says one line; a case that is closed makes room within the day."""
    site = Site(tmp_path, 'open_from = ["breadth"]\nopen_most = 2')
    for number in range(5):
        site.found(f"account:u{number}", NOON)
    with caplog.at_level(logging.WARNING):
        for minute in range(4):
            site.look(NOON + 61 * minute)
    assert len(site.cases()) == 2
    assert len(caplog.records) == 1
    assert "2 cases of findings are open, the most of [response] open_most" in caplog.text
    site.do(act("closed", site.cases()[0].id, at=int((NOON + 300) * MICROS)))
    site.look(NOON + 400)
    assert [one.is_open for one in site.cases()] == [False, True, True]


def test_two_processes_open_one_case(site, monkeypatch):
    """Gate and follower that see the same finding at once call its case the same, and the second one lets it stand."""
    from himaya.bootstrap import case_findings as module

    site.found("account:u1", NOON)
    monkeypatch.setattr(module._Desk, "_remember", lambda *_: None)
    for _ in range(2):
        cases_from_findings(site.config)(NOON)
    (case,) = site.cases()
    assert len(case.entries) == 2


def test_it_freezes_and_says_by_whom(site):
    """Rows of the actor are kept for the case; whoever asks why is told that a detector found it."""
    actor = site.found("account:u1", NOON)
    site.look(NOON)
    (matter,) = all_matters(site.ledger, LedgerState(days=31), None, site.config)
    assert (matter.actors, matter.basis) == ({actor}, "found by a detector, not confirmed yet")


def test_a_running_alarm_opens_it(tmp_path):
    """From a finding to the case, by the thread of the alarm alone; its minutes are short here."""
    site, began = Site(tmp_path, 'open_from = ["breadth"]'), time.monotonic()
    alarm = make_alarm(site.config, clock=lambda: NOON + 100 * (time.monotonic() - began))
    alarm.start()
    alarm.finding(Finding("breadth", "account:u1", NOON, 42, 40, "said inside"))
    try:
        wait_for((tmp_path / "l.register").exists)
        wait_for(lambda: len(site.cases()) == 1)
    finally:
        alarm.close()


def test_nothing_is_looked_at_where_nothing_is_listed(tmp_path):
    """Without a list the alarm has no such condition."""
    plain = make_alarm(Site(tmp_path / "a", "").config)
    listed = make_alarm(Site(tmp_path / "b").config)
    assert len(listed.conditions) == len(plain.conditions) + 1


def test_a_register_that_cannot_be_read_is_logged_once(site, caplog):
    """Alerts go on, and the look is had again; nothing is lost."""
    site.found("account:u1", NOON)
    place = site.ledger.parent / "l.register"
    place.write_bytes(b"something else " * 200)
    with caplog.at_level(logging.WARNING):
        for minute in range(3):
            site.look(NOON + 61 * minute)
    assert len(caplog.records) == 1
    assert "cases of findings cannot be opened" in caplog.text
    place.unlink()
    site.look(NOON + 300)
    assert len(site.cases()) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('open_from = ["bredth"]', 'Did you mean "breadth"?'),
        ('open_from = ["nothing"]', "There are: breadth, canary"),
        ('open_from = ["canary", "surge"]', "is about no actor"),
        ('open_from = ["group"]', "opens cases by itself"),
        ("open_most = 0", "open_most"),
        ('open_from = "breadth"', "a list of strings"),
    ],
)
def test_a_wrong_list_is_refused(line, said):
    """An unknown detector is named with its line and what to do."""
    with pytest.raises(ConfigError) as problem:
        loads(f"[response]\n{line}\n", file="himaya.toml")
    assert said in str(problem.value)
    assert "himaya.toml:2" in str(problem.value)
