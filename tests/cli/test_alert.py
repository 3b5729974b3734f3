"""`himaya alert`: list, show with names, acknowledge, and try every channel."""

from __future__ import annotations

import json
import time

import pytest
from click.testing import CliRunner
from tests.runner.alerting_support import Hook, MailServer, secret_file

from himaya.cli import group
from himaya.config import load
from himaya.core.actor import Actor
from himaya.core.disclosure import Certainty, Disclosures, Shown
from himaya.core.errors import InputError
from himaya.core.finding import Finding
from himaya.ledger import Ledger
from himaya.runner.alerting import Alarm, AlertStore

CONFIG = '[site]\nname = "People"\n[ledger]\ndirectory = "ledger"\n[alerts]\nfree_mb = 0\n'


@pytest.fixture(name="config")
def _config(tmp_path):
    """Return the configuration of a site whose ledger knows u1, and whose alarm has told of u1 and of a gap."""
    path = tmp_path / "himaya.toml"
    path.write_text(CONFIG)
    shown = (Shown("p1", ("name",), Certainty.SERVED),)
    with Ledger.open(tmp_path / "ledger") as ledger:
        actor = Actor(account="u1", address="192.0.2.7")
        ledger.append(Disclosures(5.0, "s", "profile", actor, "account", 200, shown=shown))
    alarm = Alarm(load(path), [])
    alarm.finding(
        Finding("breadth", "account:u1", time.time(), 3, 2, "", members=("address:192.0.2.7",))
    )
    alarm.gap(1.0, time.time(), "the log was emptied")
    alarm.start()
    with AlertStore(tmp_path / "ledger.alerts") as store:
        end = time.monotonic() + 30
        while not any(store.actors(one.id) for one in store.alerts()) and time.monotonic() < end:
            time.sleep(0.02)
    alarm.close()
    return path


def run(*words):
    """Return exit code and output; an error of ours is raised."""
    done = CliRunner().invoke(group, list(map(str, words)))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def test_alerts_are_listed_and_acknowledged(config):
    """Those that nobody acknowledged are listed; an acknowledged one stands under --all with a name."""
    code, said = run("alert", "list", "--config", config)
    assert code == 0
    assert "breadth found an account" in said
    assert "u1" not in said
    told = json.loads(run("alert", "list", "--config", config, "--json")[1])
    first = told["alerts"][-1]["id"]
    assert "is acknowledged by" in run("alert", "ack", first, "--config", config)[1]
    left = json.loads(run("alert", "list", "--config", config, "--json")[1])["alerts"]
    assert first not in [one["id"] for one in left]
    every = json.loads(run("alert", "list", "--all", "--config", config, "--json")[1])["alerts"]
    assert next(one for one in every if one["id"] == first)["state"].startswith("acknowledged by")
    with pytest.raises(InputError, match="there is no alert 99"):
        run("alert", "ack", 99, "--config", config)


def test_names_are_shown_for_a_reason_and_end_with_erasure(config, tmp_path):
    """Who is meant stands in the ledger's map only: --names needs --why, is recorded, and an erased name is gone."""
    told = json.loads(run("alert", "list", "--config", config, "--json")[1])["alerts"]
    number = next(one["id"] for one in told if one["kind"] == "finding")
    where = ("alert", "show", number, "--config", config, "--json")
    found = json.loads(run(*where)[1])
    assert found["see"] == f"himaya alert show {number} --names --why REASON"
    assert (found["actors"], "names" in found) == (2, False)
    with pytest.raises(InputError, match="--why is empty"):
        run(*where, "--names")
    names = json.loads(run(*where, "--names", "--why", "ticket 7")[1])["names"]
    assert sorted(names) == ["account:u1", "address:192.0.2.7"]
    log = run("ledger", "log", "--ledger", tmp_path / "ledger", "--json")[1]
    assert log.count('"command": "alert show"') == 2
    assert b"u1" not in (tmp_path / "ledger.alerts").read_bytes()
    run("forget", "--ledger", tmp_path / "ledger", "--account", "u1", "--why", "request 3")
    names = json.loads(run(*where, "--names", "--why", "ticket 7")[1])["names"]
    assert "account:u1" not in names


def test_without_alerts_it_is_said(tmp_path):
    """Before a gate or follow ran there is nothing to list."""
    path = tmp_path / "himaya.toml"
    path.write_text(CONFIG)
    with pytest.raises(InputError, match="no gate and no follow"):
        run("alert", "list", "--config", path)


def test_every_channel_is_tried(tmp_path):
    """Each channel says what happened; all well is exit code 0, one failure 1, and no channel at all 1."""
    path, secret = tmp_path / "himaya.toml", secret_file(tmp_path)
    path.write_text(CONFIG)
    code, said = run("alert", "test", "--config", path)
    assert (code, "No channel" in said) == (1, True)
    with Hook() as hook, MailServer() as server:
        channels = (
            f'command = "true"\nsmtp_host = "localhost"\nsmtp_port = {server.port}\nsmtp_security = "none"\n'
            f'mail_from = "a@b.example"\nmail_to = ["c@b.example"]\ntimeout_s = 10\n'
            f'webhook_url = "{hook.url}"\nwebhook_secret_file = "{secret}"\n'
        )
        path.write_text(CONFIG + channels)
        code, said = run("alert", "test", "--config", path)
        assert (code, said.count("ok ")) == (0, 3)
        assert json.loads(hook.got[0][2])["event"] == "test"
        assert len(server.mails) == 1
        hook.status = 500
        code, said = run("alert", "test", "--config", path, "--json")
    assert code == 1
    assert [one["ok"] for one in json.loads(said)["channels"]] == [True, True, False]
