"""JS23-7: somebody answers for the protection, is told, and what they did has a name, a role and a time."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from tests.acceptance.case_rig import WHY
from tests.acceptance.gate import BASE, HIMAYA, Table, toml
from tests.acceptance.promise import broken, require
from tests.ledger.crew import crew
from tests.ledger.making import NOON, disclosed, write

from himaya.analysis.cases import CaseStore, cases_path
from himaya.analysis.groups import Group

Event = tuple[str, str, str]


def an_owner_is_needed(directory: Path, mode: str) -> None:
    """A configuration without an owner is checked."""
    place = directory / "himaya.toml"
    nobody = {name: value for name, value in BASE.items() if name != "owner"}
    place.write_text(toml({**nobody, "mode": mode}))
    done = subprocess.run(
        [HIMAYA, "config", "check", place], capture_output=True, text=True, check=False
    )
    require(done.returncode == 2, "refused without an owner")
    require("owner.name" in done.stderr, "and says what is missing")


def an_alert_is_escalated(directory: Path, escalate_s: int) -> None:
    """A disk that is said to be too small is an alert of high severity, which nobody acknowledges."""
    events = told_by_follow(directory, 2 if escalate_s else 3, escalate_s=escalate_s, free_mb=10**9)
    assert events[:1] == [("opened", "disk", "high")]
    require(events[1:] == [("escalated", "disk", "high")], "unacknowledged, it is escalated")


def a_case_is_escalated(directory: Path, escalate_s: int) -> None:
    """A group was found, and nobody looks at its case."""
    write(directory / "ledger", disclosed(NOON, "u1", "anna"))
    with CaseStore(cases_path(directory / "ledger")) as store:
        store.put(Group("g-1", NOON, NOON, members={1: None}), time.time() - 60)
    events = told_by_follow(directory, 1, case_s=escalate_s)
    require(events == [("escalated", "case", "high")], "the owner is told of a case that waits")
    shown = [HIMAYA, "case", "show", "g-1", "--ledger", directory / "ledger", "--json"]
    log = json.loads(subprocess.run(shown, capture_output=True, check=True).stdout)["log"]
    require(log[-1]["what"] == "escalated", "and the case says so")


def told_by_follow(
    directory: Path, wanted: int, *, case_s: int = 0, escalate_s: int = 0, free_mb: int = 0
) -> list[Event]:
    """Return what the alert command was given while `himaya follow` ran."""
    told, place = directory / "told", directory / "himaya.toml"
    alerts = {"command": f"tee -a {told}", "escalate_s": escalate_s, "free_mb": free_mb}
    where = {"ledger": {"directory": "ledger"}, "gate": {"socket": "h.sock"}}
    table = {**BASE, **where, "alerts": alerts, "response": {"escalate_s": case_s}}
    place.write_text(toml(table))
    (directory / "access.log").write_text("")
    words = [HIMAYA, "follow", directory / "access.log", "--config", place]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as follower:
        try:
            return _events(told, wanted, 60.0 if escalate_s or case_s else 8.0)
        finally:
            follower.terminate()


def _events(told: Path, wanted: int, most_s: float) -> list[Event]:
    """Return what the command was given once it was called often enough, or after a while."""
    end = time.monotonic() + most_s
    while True:
        lines = told.read_text().splitlines() if told.exists() else []
        events = [(one["event"], one["kind"], one["severity"]) for one in map(json.loads, lines)]
        if len(events) >= wanted or time.monotonic() > end:
            return events
        time.sleep(0.1)


def acts_have_names_roles_and_times(directory: Path, *, enrolled: bool) -> None:
    """An analyst opens a case, somebody of the role legal confirms it."""
    ledger = directory / "ledger"
    write(ledger, disclosed(NOON, "u1", "anna"))
    team = crew(directory, ledger) if enrolled else None

    def do(who: str, *words: str) -> Table:
        acting = ["--as", team.a_pass(who)] if team else []
        given = [HIMAYA, "case", *words, *acting, "--ledger", ledger, "--json"]
        done = subprocess.run(given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    case = do("analyst", "open", "--title", "a scrape", *WHY)["id"]
    do("legal", "confirm", case, *WHY)
    log = do("dpo", "show", case)["log"]
    did = [(one["what"], one["by"], one["role"]) for one in log]
    expected = [("opened", "analyst", "analyst"), ("confirmed", "legal", "legal")]
    require(did == expected, "each act has the name and role of whoever did it")
    times = [one["at"] for one in log]
    require(times == sorted(times) and all(times), "and its time")


def test_js23_7_an_owner_is_needed(tmp_path):
    """A policy that would be enforced is refused while nobody answers for it."""
    an_owner_is_needed(tmp_path, "enforce")


def test_js23_7_twin_an_owner_is_needed(tmp_path):
    """In shadow mode, where nobody is refused, it is taken."""
    with broken("refused without an owner"):
        an_owner_is_needed(tmp_path, "shadow")


def test_js23_7_an_alert_is_escalated(tmp_path):
    """What nobody acknowledges within its time is sent once more, as escalated."""
    an_alert_is_escalated(tmp_path, escalate_s=1)


def test_js23_7_twin_an_alert_is_escalated(tmp_path):
    """With escalate_s = 0 it is sent once."""
    with broken("unacknowledged, it is escalated"):
        an_alert_is_escalated(tmp_path, escalate_s=0)


def test_js23_7_a_case_is_escalated(tmp_path):
    """The owner is told of a suspected case that nobody acknowledged within its time."""
    a_case_is_escalated(tmp_path, escalate_s=1)


def test_js23_7_twin_a_case_is_escalated(tmp_path):
    """With [response] escalate_s = 0 it waits."""
    with broken("the owner is told of a case that waits"):
        a_case_is_escalated(tmp_path, escalate_s=0)


def test_js23_7_acts_have_names_roles_and_times(tmp_path):
    """Who opened a case and who confirmed it stands in it, with role and time."""
    acts_have_names_roles_and_times(tmp_path, enrolled=True)


def test_js23_7_twin_acts_have_names_roles_and_times(tmp_path):
    """Where no operators are enrolled everybody acts under one login, without a role."""
    with broken("each act has the name and role of whoever did it"):
        acts_have_names_roles_and_times(tmp_path, enrolled=False)
