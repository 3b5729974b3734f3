"""What the gate does, where an acceptance line asks for more. docs/acceptance.md says what is missing."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from tests.acceptance.gate import BASE, HIMAYA, toml
from tests.acceptance.promise import broken, require


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
    told, place = directory / "told", directory / "himaya.toml"
    alerts = {"command": f"tee -a {told}", "escalate_s": escalate_s, "free_mb": 10**9}
    where = {"ledger": {"directory": "ledger"}, "gate": {"socket": "h.sock"}}
    place.write_text(toml({**BASE, **where, "alerts": alerts}))
    (directory / "access.log").write_text("")
    words = [HIMAYA, "follow", directory / "access.log", "--config", place]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as follower:
        try:
            events = _events(told, 2, 60.0 if escalate_s else 20.0)
        finally:
            follower.terminate()
    assert events[:1] == [("opened", "disk", "high")]
    require(events[1:] == [("escalated", "disk", "high")], "unacknowledged, it is escalated")


def _events(told: Path, wanted: int, most_s: float) -> list[tuple[str, str, str]]:
    """Return what the command was given once it was called often enough; a while after the first where it is not."""
    end, events = time.monotonic() + most_s, []
    while len(events) < wanted and time.monotonic() < end:
        lines = told.read_text().splitlines() if told.exists() else []
        if len(lines) > len(events) == 0:
            end = min(end, time.monotonic() + 5.0)
        events = [(one["event"], one["kind"], one["severity"]) for one in map(json.loads, lines)]
        time.sleep(0.05)
    return events


def test_an_owner_is_needed(tmp_path):
    """A policy that would be enforced is refused while nobody answers for it."""
    an_owner_is_needed(tmp_path, "enforce")


def test_twin_an_owner_is_needed(tmp_path):
    """In shadow mode, where nobody is refused, it is taken."""
    with broken("refused without an owner"):
        an_owner_is_needed(tmp_path, "shadow")


def test_an_alert_is_escalated(tmp_path):
    """What nobody acknowledges within its time is sent once more, as escalated."""
    an_alert_is_escalated(tmp_path, escalate_s=1)


def test_twin_an_alert_is_escalated(tmp_path):
    """With escalate_s = 0 it is sent once."""
    with broken("unacknowledged, it is escalated"):
        an_alert_is_escalated(tmp_path, escalate_s=0)
