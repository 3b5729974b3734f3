"""`himaya bench --target`: the installed command against a staging site with a gate, driven from outside."""

from __future__ import annotations

import json
import subprocess

import pytest
from tests.acceptance.gate import HIMAYA, Gate
from tests.bench.staging_site import StagingSite, Tap

CAP = 10
PEOPLE = 20


@pytest.fixture(name="site", scope="module")
def _site(tmp_path_factory):
    site = StagingSite(tmp_path_factory.mktemp("site") / "token")
    yield site
    site.close()


@pytest.fixture(name="gate", scope="module")
def _gate(site, tmp_path_factory):
    gate = Gate(tmp_path_factory.mktemp("gate"), site.server_port)
    gate.configure(budgets={"address": {"day": CAP}})
    try:
        gate.start()
        yield gate
    finally:
        gate.stop()


def run(gate, tmp_path, port, *words):
    """Return what `himaya bench --target` did with twenty test people."""
    people = tmp_path / "people.txt"
    people.write_text("".join(f"p{n}\n" for n in range(PEOPLE)))
    about = ["--policy", gate.config, "--test-people", people]
    asked = ["--target", f"http://127.0.0.1:{port}", *about, *map(str, words)]
    return subprocess.run(
        [HIMAYA, "bench", *asked], capture_output=True, text=True, check=False, timeout=100
    )


def test_without_consent_nothing_is_asked(gate, tmp_path):
    """A site that does not serve this run's token is not asked for anybody; exit code 2, one sentence."""
    tap = Tap(gate.port)
    try:
        done = run(gate, tmp_path, tap.port, "--token-wait", "0")
        assert tap.people() == set()
    finally:
        tap.close()
    assert done.returncode == 2
    assert "does not serve this run's token" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_probe_says_whether_the_ledger_is_exact(gate, site, tmp_path):
    """An examiner's test people are collected through the gate; `who` names exactly those obtained: exit code 0."""
    gate.restart(forget=True)
    words = ["--token-file", site.token_file, "--token-wait", "20"]
    done = run(gate, tmp_path, gate.port, *words, "--probe", "--ledger", gate.ledger, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["equal"] is True
    assert (told["actor"], told["obtained"], told["named"]) == ("address:127.0.0.1", CAP, CAP)
    assert told["not_obtained"] == [f"p{n}" for n in range(CAP, PEOPLE)]


@pytest.mark.slow
def test_a_probe_of_another_ledger_fails(gate, site, tmp_path):
    """Where the ledger does not name those who were obtained, the words say so and the exit code is 1."""
    gate.restart(forget=True)
    other = gate.ledger
    gate.restart(forget=True)
    words = ["--token-file", site.token_file, "--token-wait", "20", "--probe", "--ledger", other]
    done = run(gate, tmp_path, gate.port, *words)
    assert done.returncode == 1, done.stderr
    assert "NOT exactly these" in done.stdout


@pytest.mark.slow
def test_people_lost_in_words(gate, site, tmp_path):
    """Without --json the loss is told in sentences, and the token on standard error."""
    gate.restart(forget=True)
    done = run(gate, tmp_path, gate.port, "--token-file", site.token_file, "--token-wait", "20")
    assert done.returncode == 0, done.stderr
    assert f"{CAP} of {PEOPLE} test people lost (50.0%)" in done.stdout
    assert site.token_file.read_text().strip() in done.stderr
