"""The draft of an impact assessment: read from the configuration, judged by a person, stale when it changes."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.ledger.making import NOON, disclosed, write

from himaya import cli
from himaya.config import load
from himaya.core.errors import HimayaError
from himaya.evidence.dpia import draft, markdown
from himaya.evidence.dpia.data import incidents, risks, risks_of

CONFIG = """
[site]
name = "Halqa"
population = 20000
[owner]
name = "The office"
[fields]
phone = 2.0
[retention]
identified_days = {days}
[[surface]]
id = "profile"
route = "/u/{{subject}}"
fields = ["name", "phone"]
"""


@pytest.fixture(name="config")
def _config(tmp_path: Path) -> Path:
    path = tmp_path / "himaya.toml"
    path.write_text(CONFIG.format(days=120))
    return path


def _run(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(cli.group, ["report", "dpia", *map(str, words)])
    if isinstance(done.exception, HimayaError):
        assert code == 2
        return str(done.exception)
    assert done.exit_code == code, done.output
    return done.stdout


def test_a_draft_says_what_the_configuration_says(config: Path):
    """Site, surfaces, fields with weights and proposed risks, retention by class, safeguards: all from the file."""
    said = json.loads(_run("--config", config, "--json"))
    assert (said["site"], said["owner"], said["population"]) == ("Halqa", "The office", 20_000)
    (surface,) = said["surfaces"]
    assert surface["fields"] == [
        {"name": "name", "weight": 1.0, "risks": ["RISK-2", "RISK-6"]},
        {"name": "phone", "weight": 2.0, "risks": ["RISK-1", "RISK-5", "RISK-6"]},
    ]
    days = {one["what"]: one["days"] for one in said["retention"]}
    assert days["rows of ordinary viewers, with names"] == 120
    assert days["rows of members of a case that a person confirmed"] == 730
    on = {one["key"]: one["on"] for one in said["safeguards"]}
    assert (on["mode"], on["budgets"], on["canaries.file"]) == (False, True, False)
    assert said["judgement"]["state"] == "none"


def test_a_draft_names_the_incidents_that_its_retention_would_have_missed(config: Path):
    """A lag longer than the days is gone, one between its figures partly kept; confirmed cases reach further."""
    said = json.loads(_run("--config", config, "--json"))
    left = {
        one["incident"]["name"]: (one["ordinary"], one["confirmed"]) for one in said["incidents"]
    }
    assert left["Facebook, contact importer"] == ("gone", "kept")
    assert left["Carousell, follower lists"] == ("partly", "kept")
    assert all(one["incident"]["source"] for one in said["incidents"])
    config.write_text(CONFIG.format(days=600))
    said = json.loads(_run("--config", config, "--json"))
    assert {one["ordinary"] for one in said["incidents"]} == {"kept"}


def test_a_draft_promises_nothing(config: Path):
    """The page calls itself a draft, and never says that a law is met."""
    page = _run("--config", config)
    assert page.startswith("# Draft of a data protection impact assessment\n")
    assert "it judges nothing" in page
    assert "Nobody has judged the risk" in page
    assert not any(word in page.lower() for word in ("compliant", "complies", "guarantee"))


def test_a_judgement_is_of_one_configuration(config: Path, tmp_path: Path):
    """A judgement is sealed in the chain with its author, current for its configuration, stale for the next."""
    ledger, text = tmp_path / "l", tmp_path / "judgement.txt"
    write(ledger, disclosed(NOON, "u1", "anna"))
    text.write_text("Residual risk is high.\nWe go on with phone numbers off.\n")
    words = ("--config", config, "--ledger", ledger)
    page = _run(*words, "--judge", text, "--by", "Dana <dpo>", "--why", "yearly review")
    assert "by Dana &lt;dpo>, for this configuration" in page
    assert "> Residual risk is high." in page
    assert "| rows | 1 |" in page
    assert b"Residual" not in (ledger / "chain.jsonl").read_bytes()
    config.write_text(CONFIG.format(days=7))
    page = _run(*words)
    assert "by Dana &lt;dpo> was made for another configuration" in page
    assert json.loads(_run(*words, "--json"))["judgement"]["state"] == "stale"


def test_a_judgement_says_all_it_must(config: Path, tmp_path: Path):
    """A judgement without ledger, author, occasion or text is refused."""
    write(tmp_path / "l")
    text, on = tmp_path / "t", ("--config", config, "--ledger", tmp_path / "l")
    text.write_text("Low.")
    assert "--ledger" in _run("--config", config, "--judge", text, code=2)
    assert "--by" in _run(*on, "--judge", text, "--why", "x", code=2)
    assert "--why" in _run(*on, "--judge", text, "--by", "x", code=2)
    said = ("--by", "x", "--why", "y")
    assert "cannot be read" in _run(*on, "--judge", tmp_path / "none", *said, code=2)
    text.write_bytes(b"\xff\xfe")
    assert "not text" in _run(*on, "--judge", text, *said, code=2)
    text.write_text(" \n")
    assert "is empty" in _run(*on, "--judge", text, *said, code=2)
    text.write_text("x" * 100_001)
    assert "longer than 100000" in _run(*on, "--judge", text, *said, code=2)


def test_a_draft_is_written_for_its_owner_alone(config: Path, tmp_path: Path):
    """--out writes the page with mode 0600; a place that cannot be written is an error with its name."""
    out = tmp_path / "dpia.md"
    assert _run("--config", config, "--out", out) == f"Wrote {out}.\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert out.read_text().startswith("# Draft")
    assert "cannot be written" in _run("--config", config, "--out", tmp_path / "no" / "x", code=2)


def test_text_of_the_configuration_makes_no_markup(config: Path):
    """A pipe, a tag or a control character in a name stays text of its cell."""
    config.write_text(CONFIG.format(days=31).replace("Halqa", "a|b<script>\\u001b[2J"))
    page = markdown(draft(load(config), NOON))
    assert "a\\|b&lt;script> [2J" in page
    assert "\x1b" not in page


def test_the_tables_of_the_draft_are_whole():
    """Every incident has its lag in order and a source; every risk that a word points to is explained."""
    assert all(0 < one.least_days <= one.most_days for one in incidents())
    assert all(one.source and one.lag and one.found for one in incidents())
    assert set(risks_of("email photo location opinion")) == set(risks())
