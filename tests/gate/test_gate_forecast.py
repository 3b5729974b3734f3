"""A real gate: what is enforced without a forecast, changes that act at once, and going back."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.gate.gate_support import Upstream, read_answer, wait_for
from tests.gate.process_support import GateProcess

from himaya import cli
from himaya.cli.config_gate import take_over
from himaya.config import load
from himaya.core.errors import ServiceError
from himaya.ledger.reader import Reader

pytestmark = pytest.mark.slow

HIMAYA = Path(sys.executable).with_name("himaya")
NO_CHALLENGE = "challenge = false\nredact = false"
REQUIRED = 'forecast = "required"'


@pytest.fixture(name="upstream")
def _upstream():
    with Upstream() as upstream:
        yield upstream


def get(gate, target):
    with socket.create_connection(("127.0.0.1", gate.port), timeout=10) as sock:
        sock.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        return read_answer(sock)


def himaya(*arguments):
    words = [HIMAYA, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def kinds(ledger, kind):
    with Reader.open(ledger) as reader:
        return [entry for entry in reader.log() if entry["kind"] == kind]


def served(gate, first, count=6):
    """Return how many of `count` people from `first` on are served."""
    statuses = [get(gate, f"/u/{n}").status for n in range(first, first + count)]
    return statuses.count(200)


def log_of(folder, people):
    """Write a log in which one address looked at so many people today."""
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    rows = [
        f'127.0.0.1 - - [{stamp}] "GET /u/{n} HTTP/1.1" 200 9 "-" "Mozilla/5.0"\n'
        for n in range(people)
    ]
    path = folder / "past.log"
    path.write_text("".join(rows))
    return path


def test_a_changed_budget_acts_within_ten_seconds_and_a_rollback_restores_it(tmp_path, upstream):
    """No restart: the new cap decides at once; one command brings the old cap and the old decisions back."""
    with GateProcess(tmp_path, upstream.port, budget=2, ladder=NO_CHALLENGE) as gate:
        pid = gate.process.pid
        assert served(gate, 1) == 2
        old = gate.config.read_text()
        gate.write(budget=4, ladder=NO_CHALLENGE)
        begun = time.monotonic()
        done = himaya("config", "reload", "--config", gate.config)
        assert served(gate, 1) == 4
        assert time.monotonic() - begun < 10
        assert done.stdout.startswith("In force after 0.")
        changed = gate.config.read_text()
        on = ("--ledger", gate.ledger)
        begun = time.monotonic()
        done = himaya("config", "rollback", *on, "--config", gate.config)
        assert (done.returncode, done.stderr) == (0, "")
        assert "In force after" in done.stdout
        # Four people are counted already: under the old cap of two nobody new is shown any more.
        assert get(gate, "/u/5").status == 429
        assert time.monotonic() - begun < 10
        assert load(gate.config).policy() == _loaded(tmp_path, old).policy()
        (kept,) = tmp_path.glob("himaya.toml.2*")
        assert kept.read_text() == changed
        assert gate.process.pid == pid
        told = json.loads(himaya("config", "history", *on, "--json").stdout)["versions"]
        assert told[0]["config"] == told[2]["config"]
        assert [one["until"] == "" for one in told] == [False, False, True]
        assert [one["without"]["how"] for one in told] == ["first", "warned", "first"]
    assert "without a forecast (warned)" in gate.said


def _loaded(folder, text):
    place = folder / "old.toml"
    place.write_text(text)
    return load(place)


def test_without_a_forecast_a_required_one_keeps_the_old_policy(tmp_path, upstream):
    """A reload is refused and `status` says why; a forecast on record, or a reason on record, lets it through."""
    gate = GateProcess(tmp_path, upstream.port, budget=2, ladder=NO_CHALLENGE, more=REQUIRED)
    with gate, gate.control() as control:
        before = control.status()
        assert "first" in before.forecast
        gate.write(budget=3, ladder=NO_CHALLENGE)
        done = himaya("config", "reload", "--config", gate.config)
        assert done.returncode == 2
        assert "no forecast of policy" in done.stderr
        refused = control.status()
        assert (refused.policy, refused.mode) == (before.policy, "enforce")
        assert "gate.forecast" in refused.config_problem
        assert "not taken over" in himaya("status", "--config", gate.config).stdout
        assert served(gate, 1) == 2
        record = ("forecast", log_of(tmp_path, 5), "--config", gate.config)
        done = himaya(*record, "--record", "--ledger", gate.ledger)
        assert (done.returncode, "On record" in done.stdout) == (0, True)
        assert himaya("config", "reload", "--config", gate.config).returncode == 0
        assert served(gate, 1) == 3
        assert "on record, of " in control.status().forecast
        gate.write(budget=4, ladder=NO_CHALLENGE)
        with pytest.raises(ServiceError, match="no forecast of policy"):
            control.reload()
        reason = ("--without-forecast", "an attack under way")
        assert himaya("config", "reload", "--config", gate.config, *reason).returncode == 0
        assert served(gate, 1) == 4
        assert (
            himaya(
                "config", "rollback", "--ledger", gate.ledger, "--config", gate.config
            ).returncode
            == 0
        )
    waived = [entry for entry in kinds(gate.ledger, "unforecast") if entry["how"] == "waived"]
    assert [entry["why"] for entry in waived] == ["an attack under way"]
    (forecast,) = kinds(gate.ledger, "forecast")
    assert (forecast["lines"], forecast["actors"]) == (5, 1)
    with Reader.open(gate.ledger) as reader:
        assert reader.verify() == []


def test_a_start_without_a_required_forecast_is_refused(tmp_path, upstream):
    """A changed policy does not start in a ledger that knows others, unless a reason is given and kept."""
    gate = GateProcess(tmp_path, upstream.port, budget=2, ladder=NO_CHALLENGE, more=REQUIRED)
    with gate:
        pass
    gate.write(budget=3, ladder=NO_CHALLENGE)
    done = subprocess.run(gate.command(), capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "--without-forecast" in done.stderr
    gate.arguments = ["--without-forecast", "moving house"]
    with gate:
        assert served(gate, 1) == 3
        assert "waived" in himaya("status", "--config", gate.config).stdout
    gate.arguments = []
    with gate:
        assert "waived" in himaya("status", "--config", gate.config).stdout
    assert [entry["how"] for entry in kinds(gate.ledger, "unforecast")] == ["first", "waived"]


def test_shadow_needs_no_forecast(tmp_path, upstream):
    """In shadow mode nothing is enforced, so nothing is asked for; the step to enforcing is."""
    gate = GateProcess(tmp_path, upstream.port, mode="shadow", more=REQUIRED)
    with gate, gate.control() as control:
        assert control.status().forecast == ""
        gate.write(mode="shadow", budget=9)
        control.reload()
        gate.write(mode="enforce", budget=9)
        with pytest.raises(ServiceError, match="no forecast of policy"):
            control.reload()
        assert control.status().mode == "shadow"
    assert kinds(gate.ledger, "unforecast") == []


@pytest.mark.parametrize(("more", "holds"), [("", False), (REQUIRED, True)])
def test_a_chain_that_cannot_be_read_stops_a_change_only_where_it_must(
    tmp_path, upstream, more, holds
):
    """After SIGHUP: with "warn" the change is in force and the log says what is missing; "required" keeps the old."""
    with (
        GateProcess(tmp_path, upstream.port, budget=2, more=more) as gate,
        gate.control() as control,
    ):
        before = control.status()
        chain, away = gate.ledger / "chain.jsonl", tmp_path / "away"
        chain.rename(away)
        gate.write(budget=3)
        gate.signal(signal.SIGHUP)
        said = "the old one stays" if holds else "not in the ledger"
        wait_for(lambda: said in gate.said)
        after = control.status()
        away.rename(chain)
    assert (after.policy == before.policy) is holds
    assert bool(after.config_problem) is holds


def test_a_rollback_without_a_gate_says_so(tmp_path, upstream):
    """The file is written all the same, with its mode, and the next start has it."""
    gate = GateProcess(tmp_path, upstream.port, budget=2, ladder=NO_CHALLENGE)
    with gate, gate.control() as control:
        first = control.status().config
        gate.write(budget=4, ladder=NO_CHALLENGE)
        control.reload()
    gate.config.chmod(0o640)
    on = ("config", "rollback", "--ledger", gate.ledger, "--config", gate.config)
    done = himaya(*on)
    assert (done.returncode, "next start takes it" in done.stdout) == (0, True)
    assert gate.config.stat().st_mode & 0o777 == 0o640
    assert load(gate.config).hash == first
    with gate, gate.control() as control:
        assert control.status().config == first
    done = himaya(*on, "--to", "0123456789abcdef")
    assert (done.returncode, "no version with this hash" in done.stderr) == (2, True)
    done = himaya("config", "reload", "--config", gate.config)
    assert (done.returncode, "no authority" in done.stderr) == (2, True)


def test_a_gate_that_reads_another_file_is_found_out(tmp_path, upstream):
    """When the named file does not come into force, the error says which configuration is."""
    with GateProcess(tmp_path, upstream.port, budget=2) as gate:
        other = tmp_path / "other.toml"
        other.write_text(gate.config.read_text().replace("hour = 2", "hour = 7"))
        with pytest.raises(ServiceError, match="does it read another file"):
            take_over(str(gate.socket), load(other).hash, within_s=0.2)


def test_a_refused_rollback_leaves_the_file_as_it_was(tmp_path, upstream, monkeypatch):
    """When the gate keeps the configuration it has, the file says what it said."""

    def refuse(socket, wanted):
        raise ServiceError("the gate keeps the old one")

    with GateProcess(tmp_path, upstream.port, budget=2) as gate, gate.control() as control:
        gate.write(budget=4)
        control.reload()
    text = gate.config.read_text()
    monkeypatch.setattr("himaya.cli.config_gate.take_over", refuse)
    on = ["--ledger", str(gate.ledger), "--config", str(gate.config)]
    done = CliRunner().invoke(cli.group, ["config", "rollback", *on])
    assert str(done.exception) == "the gate keeps the old one"
    assert gate.config.read_text() == text
    assert list(tmp_path.glob("himaya.toml.2*")) == []
