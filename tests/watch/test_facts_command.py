"""`himaya facts import`: checked first, then told to the gate that runs or kept beside the ledger."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from himaya.control import Control
from himaya.core.errors import ServiceError
from himaya.core.facts import Facts
from himaya.facts_store import FactsStore, facts_path

HIMAYA = Path(sys.executable).with_name("himaya")
GOOD = (
    '{"account":"u1","created":"2026-03-01","tier":"paid","terms":"v3","terms_at":"2026-03-01"}\n'
    '{"subject":"17","country":"MA","protected":["minor"]}\n'
    '{"viewer":"u1","subject":"17"}\n'
)


def run(*words, code=0, stdin=None):
    done = subprocess.run(
        [HIMAYA, "facts", "import", *map(str, words)], capture_output=True, check=False, input=stdin
    )
    assert done.returncode == code, done.stderr.decode()
    return done.stdout.decode(), done.stderr.decode()


@pytest.fixture(name="config")
def _config(tmp_path):
    path = tmp_path / "himaya.toml"
    path.write_text(
        '[[surface]]\nid = "p"\nroute = "/u/{subject}"\n'
        f'[gate]\nsocket = "{tmp_path}/h.sock"\nlisten = "unix:{tmp_path}/l.sock"\n'
    )
    return path


def kept(tmp_path):
    facts = Facts()
    with FactsStore(facts_path(tmp_path / "ledger")) as store:
        store.load_into(facts)
    return facts


def test_facts_are_counted_and_kept(tmp_path, config):
    """Without a running gate facts lie beside the ledger, and the next start knows them."""
    (tmp_path / "facts.jsonl").write_text(GOOD)
    told = json.loads(run(tmp_path / "facts.jsonl", "--config", config, "--json")[0])
    assert (told["facts"], told["account"], told["subject"], told["near"]) == (3, 1, 1, 1)
    facts = kept(tmp_path)
    assert facts.accounts["u1"].tier == "paid"
    assert facts.subjects["17"].protected == ("minor",)


def test_standard_input_and_a_ledger_by_name(tmp_path):
    """`-` is standard input; --ledger needs no configuration."""
    out, _ = run("-", "--ledger", tmp_path / "ledger", stdin=GOOD.encode())
    assert "3 facts: 1 accounts, 1 people, 1 near pairs" in out
    assert "u1" in kept(tmp_path).accounts


def test_a_bad_line_keeps_nothing_and_is_named(tmp_path, config):
    """One bad line: file and line are named, exit code 2, and no fact of the file is taken."""
    (tmp_path / "facts.jsonl").write_text(GOOD + '{"account":"u2","colour":"red"}\n')
    _, err = run(tmp_path / "facts.jsonl", "--config", config, code=2)
    assert "facts.jsonl:4: colour: no such key" in err
    assert not facts_path(tmp_path / "ledger").exists()


def test_a_missing_file_is_said(tmp_path, config):
    """A file that is not there is one sentence."""
    assert "cannot be read" in run(tmp_path / "missing", "--config", config, code=2)[1]


def test_a_running_gate_knows_them_at_once(tmp_path, config):
    """While a gate runs it is told, and keeps them for its next start."""
    (tmp_path / "facts.jsonl").write_text(GOOD)
    gate = subprocess.Popen(
        [HIMAYA, "gate", "--config", str(config), "--mode", "authority"], stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(tmp_path / "h.sock")
        out, _ = run(tmp_path / "facts.jsonl", "--config", config)
        assert "told to the running gate" in out
        assert "u1" in kept(tmp_path).accounts
    finally:
        gate.terminate()
        gate.wait(timeout=20)


def _wait_for(socket):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            with Control(socket) as control:
                control.status()
        except ServiceError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the gate did not start")
