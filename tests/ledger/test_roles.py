"""What each role is shown by commands that several roles may run, and how much refusals may write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.analysis.site import CONFIG, START, Site, plant
from tests.ledger.crew import Crew, crew, run
from tests.ledger.making import NOON, disclosed, shown, write

from himaya.core.actor import Actor
from himaya.core.disclosure import Disclosures
from himaya.ledger.operators import acting
from himaya.ledger.operators.roles import LEAST_COMPARED
from himaya.ledger.reader import Reader

ANNA = Actor(account="anna", address="203.0.113.9")


def _entries(ledger: Path, kind: str) -> list[dict]:
    with Reader.open(ledger) as reader:
        return [entry for entry in reader.log() if entry["kind"] == kind]


@pytest.mark.parametrize("role", ["auditor", "owner", "analyst"])
def test_the_audit_names_nobody_to_who_is_shown_no_names(tmp_path, role):
    """An auditor and an owner read every excess and peak of the bound without names, an analyst with them."""
    site = Site(tmp_path, CONFIG.replace("city = 2", "city = 1"))
    for number in range(12):
        site.now += 1
        site.view(ANNA, f"p{number}")
    row = Disclosures(
        at=site.now, surface="profile", kind="profile", actor=ANNA, access="account", status=200,
        shown=shown("planted"), policy=site.engine.policy.hash(), source="proxy",
    )  # fmt: skip
    ledger = site.close()
    plant(ledger, row)
    team = crew(tmp_path, ledger, "owner", "auditor", "analyst")
    words = ("audit", "bound", "--ledger", ledger, "--why", "t", "--as", team.a_pass(role))
    said, told = run(*words, code=1), json.loads(run(*words, "--json", code=1))
    assert "BROKEN by 1 rows" in said
    assert told["named"][0]["value"] == 11
    assert ("anna" in said, "anna" in json.dumps(told)) == ((role == "analyst"),) * 2


def test_a_forecast_names_nobody_to_an_owner(tmp_path):
    """An owner reads how many would be restricted, an analyst who as well."""
    config = tmp_path / "himaya.toml"
    config.write_text(CONFIG)
    views = [disclosed(START + n, "taker", f"p{n}", access="account") for n in range(200)]
    write(tmp_path / "l", *views)
    team = crew(tmp_path, tmp_path / "l", "owner", "analyst")
    words = ("forecast", "--config", config, "--ledger", tmp_path / "l", "--why", "t", "--as")
    told = {name: run(*words, team.a_pass(name), "--json") for name in ("owner", "analyst")}
    assert "taker" in told["analyst"]
    assert "taker" not in told["owner"]
    assert "taker" not in run(*words, team.a_pass("owner"))
    assert len(json.loads(told["owner"])) == len(json.loads(told["analyst"]))


def test_reconcile_names_people_to_an_analyst_alone(tmp_path):
    """`reconcile --names` is refused to an auditor, who may compare under pseudonyms."""
    config, log = tmp_path / "himaya.toml", tmp_path / "access.log"
    config.write_text(CONFIG)
    log.write_text("")
    write(tmp_path / "l", disclosed(NOON, "u1", "anna"))
    team = crew(tmp_path, tmp_path / "l", "owner", "auditor")
    words = ("reconcile", log, "--config", config, "--ledger", tmp_path / "l", "--why", "t")
    said = run(*words, "--names", "--as", team.a_pass("auditor"), code=2)
    assert "`reconcile --names` is for the role analyst" in said
    assert "none of 0 lines" in run(*words, "--as", team.a_pass("auditor"), code=2)


@pytest.fixture(name="team")
def _team(tmp_path: Path) -> Crew:
    """Return a ledger in which `thief` alone saw `alone`, among honest visitors of many people."""
    honest = [disclosed(NOON, f"u{n}", *(f"p{k}" for k in range(n, n + 30))) for n in range(30)]
    write(tmp_path / "l", *honest, disclosed(NOON, "thief", "alone"))
    return crew(tmp_path, tmp_path / "l", "owner", "analyst", "legal")


def _attribute(team: Crew, role: str, people: list[str], code: int = 0) -> str:
    file = team.home.parent / "found.csv"
    file.write_text("\n".join(["id", *people]) + "\n")
    loose = ("--all-ours", "--population", 100_000, "--share", 0, "--level", 0.5)
    words = ("attribute", file, "--key", "id", "--ledger", team.ledger, "--why", "t", "--json")
    return run(*words, *loose, "--as", team.a_pass(role), code=code)


def test_an_analyst_cannot_ask_by_a_file_who_saw_a_person(team):
    """A file of one person asks who saw them: it is refused to an analyst and recorded; padding does not help."""
    assert "thief" in _attribute(team, "legal", ["alone"])
    said = _attribute(team, "analyst", ["alone"], code=2)
    assert "`attribute` about a subject is for the role legal" in said
    assert len(_entries(team.ledger, "access_refused")) == 1
    padded = ["alone", *(f"p{n}" for n in range(LEAST_COMPARED))]
    assert "thief" in _attribute(team, "legal", padded)
    assert "thief" not in _attribute(team, "analyst", padded)


def test_refusals_do_not_fill_the_chain(team, monkeypatch):
    """Past a bound refusals of an hour are not recorded, the last one says so, and the next hour counts anew."""
    monkeypatch.setattr(acting, "MAX_REFUSALS", 3)
    words = ("who", "--ledger", team.ledger, "--subject", "alone", "--why", "t")
    given = ("--as", team.a_pass("owner"))
    for _ in range(6):
        assert "is for the role" in run(*words, *given, code=2)
    refused = _entries(team.ledger, "access_refused")
    assert len(refused) == 3
    assert [acting.LAST_REFUSAL in one["by"] for one in refused] == [False, False, True]
    later = acting._recent
    monkeypatch.setattr(acting, "_recent", lambda chain, now: later(chain, now + 3601))
    run(*words, *given, code=2)
    assert len(_entries(team.ledger, "access_refused")) == 4


def test_who_releases_a_hold_stands_in_the_chain(team):
    """Releasing a hold ends what keeps evidence: the operator who did it is recorded, whatever `--by` says."""
    words, given = ("hold", "--ledger", team.ledger), ("--as", team.a_pass("legal"))
    said = ("--basis", "case 12", "--by", "the board")
    about = ("--subject", "alone", "--until", "2999-01-01")
    (hold,) = json.loads(run(*words, *about, *said, "--json", *given))["holds"]
    before = len(_entries(team.ledger, "access"))
    run(*words, "--release", hold["id"], *said, *given)
    *_, last = _entries(team.ledger, "access")
    assert len(_entries(team.ledger, "access")) == before + 1
    assert (last["command"], last["by"], last["why"]) == ("hold", "legal", "case 12")
