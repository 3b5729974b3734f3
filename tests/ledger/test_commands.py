"""The commands of the ledger, as an operator runs them."""

from __future__ import annotations

import csv
import io
import json
import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.ledger.making import NOON, disclosed, write

from himaya import cli
from himaya.analysis.cases import CaseStore, State, cases_path
from himaya.analysis.groups import Group
from himaya.core.errors import HimayaError
from himaya.ledger import Ledger, retention, writer
from himaya.ledger import entries as e


def _run(*words: object, code: int = 0) -> str:
    """Run `himaya`; return standard output, or the message when it ends with an error of its own."""
    done = CliRunner().invoke(cli.group, [str(word) for word in words])
    if isinstance(done.exception, HimayaError):
        assert code == 2
        return str(done.exception)
    assert done.exit_code == code, done.output
    return done.stdout


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Path:
    write(
        tmp_path / "l",
        disclosed(NOON, "u1", "anna", "=cmd()", fields=("name", "email")),
        disclosed(NOON + 60, "u1", "anna"),
        disclosed(NOON, "u2", "ben\x1b[2J"),
    )
    return tmp_path / "l"


def test_who_prints_json(ledger: Path):
    """`who --json` has the agreed keys, for an actor and as a mirror image for a subject."""
    said = json.loads(
        _run("who", "--ledger", ledger, "--actor", "account:u1", "--why", "t", "--json")
    )
    assert said["actor"] == "account:u1"
    assert said["people"] == 2
    assert said["unobserved"] == []
    assert {
        "subject": "anna",
        "fields": ["email", "name"],
        "first": "2025-06-15T12:00:00Z",
        "last": "2025-06-15T12:01:00Z",
        "times": 2,
        "certainty": "served",
    } in said["subjects"]
    said = json.loads(_run("who", "--ledger", ledger, "--subject", "anna", "--why", "t", "--json"))
    assert (said["subject"], said["count"]) == ("anna", 1)
    (actor,) = said["actors"]
    assert actor["actor"] == "account:u1"
    assert set(actor) == {"actor", "fields", "first", "last", "times", "certainty"}


def test_who_prints_csv_that_runs_nothing(ledger: Path):
    """`who --csv` is a table in which no name is a formula."""
    said = _run("who", "--ledger", ledger, "--actor", "account:u1", "--why", "t", "--csv")
    rows = list(csv.reader(io.StringIO(said)))
    assert rows[0] == ["subject", "fields", "first", "last", "times", "certainty"]
    assert sorted(row[0] for row in rows[1:]) == ["'=cmd()", "anna"]


def test_who_prints_words_that_steer_nothing(ledger: Path):
    """Names with control characters cannot steer the terminal; the period of retention is said."""
    said = _run("who", "--ledger", ledger, "--actor", "account:u2", "--why", "t")
    assert "account:u2: known to have been shown 1 person." in said
    assert "\x1b" not in said
    assert "kept 31 days, then deleted" in said


def test_who_says_who_else_was_there(ledger: Path):
    """`who --beside` lists an actor's networks and the others on them, in each form, and is on record like any use."""
    about = ("who", "--ledger", ledger, "--actor", "account:u1", "--beside", "--why", "t")
    said = json.loads(_run(*about, "--json"))
    assert [one["network"] for one in said["networks"]] == ["203.0.113.0/24"]
    assert [(one["actor"], one["networks"]) for one in said["others"]] == [
        ("account:u2", ["203.0.113.0/24"])
    ]
    words = _run(*about)
    assert "account:u1 came from 1 network; 1 other was there." in words
    assert "203.0.113.0/24" in words
    rows = list(csv.reader(io.StringIO(_run(*about, "--csv"))))
    assert rows[0] == ["actor", "networks", "first", "last", "times"]
    assert [row[0] for row in rows[1:]] == ["account:u2"]
    entries = json.loads(_run("ledger", "log", "--ledger", ledger, "--json"))["entries"]
    uses = [entry["command"] for entry in entries if entry["kind"] == "access"]
    assert uses == ["who --beside"] * 3


def test_beside_goes_with_an_actor(ledger: Path):
    """Nobody was beside a person who was shown."""
    words = ("who", "--ledger", ledger, "--subject", "anna", "--beside", "--why", "t")
    assert "--beside goes with --actor" in _run(*words, code=2)


def test_who_is_limited_to_a_period(ledger: Path):
    """`--from` and `--to` limit the answer."""
    words = ("who", "--ledger", ledger, "--actor", "account:u1", "--why", "t", "--json")
    assert json.loads(_run(*words, "--from", "2025-06-15T12:00:30Z"))["people"] == 1
    assert json.loads(_run(*words, "--to", "2025-06-14"))["people"] == 0


def test_who_is_recorded_before_it_answers(ledger: Path):
    """Every use is in the chain with its reason, sealed; no reason or no record, no answer."""
    assert "--why" in _run("who", "--ledger", ledger, "--subject", "anna", "--why", " ", code=2)
    assert "longer" in _run(
        "who", "--ledger", ledger, "--subject", "a", "--why", "x" * 9999, code=2
    )
    _run("who", "--ledger", ledger, "--subject", "anna", "--why", "request 7 of Ünal")
    assert b"request 7" not in (ledger / "chain.jsonl").read_bytes()
    entries = json.loads(_run("ledger", "log", "--ledger", ledger, "--json"))["entries"]
    uses = [entry for entry in entries if entry["kind"] == "access"]
    assert [(use["column"], use["name"], use["why"]) for use in uses] == [
        ("subject", "anna", "request 7 of Ünal")
    ]


def test_who_does_not_answer_unrecorded(ledger: Path):
    """When the access log cannot be written, there is no answer."""
    (ledger / "chain.jsonl").rename(ledger / "chain.old")
    (ledger / "chain.jsonl").mkdir()
    said = _run("who", "--ledger", ledger, "--actor", "account:u1", "--why", "t", code=2)
    assert "cannot open for writing" in said


def test_who_wants_one_question(ledger: Path):
    """Either an actor or a subject is asked for, in a known form."""
    assert "either" in _run("who", "--ledger", ledger, "--why", "t", code=2)
    said = _run("who", "--ledger", ledger, "--actor", "u1", "--why", "t", code=2)
    assert "account:NAME" in said


def test_forget_and_hold(ledger: Path):
    """What a hold needs is kept with its basis named, exit code 1; the hold is listed and released; then it goes."""
    on = ("--ledger", ledger)
    said = json.loads(
        _run(
            *("hold", *on, "--actor", "account:u1", "--basis", "case 12"),
            *("--by", "Dana", "--until", "2099-01-01", "--json"),
        )
    )
    (hold,) = said["holds"]
    assert (hold["what"], hold["name"], hold["basis"]) == ("account", "u1", "case 12")
    said = _run("forget", *on, "--subject", "anna", "--why", "art. 17", code=1)
    assert f"because of {hold['id']} (case 12), decided by Dana, until 2099-01-02" in said
    (waits,) = json.loads(_run("ledger", "erasures", *on, "--json"))["erasures"]
    assert (waits["state"], waits["identities"], waits["whom"]) == ("pending", 0, "subject")
    assert hold["id"] in _run("hold", *on, "--list")
    released = ("--release", hold["id"], "--basis", "closed", "--by", "Dana")
    assert _run("hold", *on, *released) == "No hold stands.\n"
    assert "Erased" in _run("forget", *on, "--subject", "anna", "--why", "art. 17")
    assert "does not know" in _run("forget", *on, "--subject", "anna", "--why", "art. 17")
    said = _run("who", *on, "--actor", "account:u1", "--why", "t")
    assert "2 people, among them 1 erased person, cannot be named" in said


def test_a_closed_account_is_still_somebody(ledger: Path):
    """A fact that a profile is gone erases nobody: while rows are kept the person can be told of an exposure."""
    told = ledger.with_name("gone.jsonl")
    told.write_text('{"subject": "anna", "deleted": true}\n')
    _run("facts", "import", told, "--ledger", ledger)
    _run("ledger", "expire", "--ledger", ledger, "--days", 36_600)
    said = json.loads(_run("who", "--ledger", ledger, "--subject", "anna", "--why", "t", "--json"))
    assert [one["actor"] for one in said["actors"]] == ["account:u1"]


def test_what_is_left_of_rows_that_ended_is_told(ledger: Path):
    """`ledger compact` says to how many of which kind a person was shown once the rows are gone, and to nobody whom."""
    with Ledger.open(ledger) as opened:
        retention.choose(opened, e.Classes(at="", ordinary="compact", compact_days=9999), NOON)
    _run("ledger", "expire", "--ledger", ledger, "--days", 31)
    about = ("ledger", "compact", "--ledger", ledger, "--subject", "anna", "--why", "t")
    assert json.loads(_run(*about, "--json"))["days"] == [
        {
            "day": "2025-06-15",
            "access": "account",
            "fields": ["email", "name"],
            "actors": 1,
            "times": 2,
        }
    ]
    assert "email name" in _run(*about)
    assert "knows nothing" in _run(*about[:5], "nobody", *about[6:])
    uses = json.loads(_run("ledger", "log", "--ledger", ledger, "--json"))
    assert "compact" in str(uses)


def test_open_cases_are_among_the_holds(ledger: Path):
    """`hold --list` names open cases with basis, decider and end; a closed one is not there."""
    with CaseStore(cases_path(ledger)) as cases:
        now = time.time()
        cases.put(Group("g-1", NOON, now, members={1: None, 2: None}), now)
        cases.move("g-1", State.CONFIRMED, why="one tool", by="dana", at=now)
        (one,) = json.loads(_run("hold", "--ledger", ledger, "--list", "--json"))["holds"]
        assert (one["id"], one["name"], one["basis"], one["by"]) == (
            *("case g-1", "2 members", "confirmed: one tool", "dana"),
        )
        cases.move("g-1", State.CLOSED, why="over", by="dana", at=now)
    assert _run("hold", "--ledger", ledger, "--list") == "No hold stands.\n"


@pytest.mark.parametrize("missing", ["--basis", "--by", "--until"])
def test_a_hold_says_all_it_must(ledger: Path, missing: str):
    """A hold without basis, owner or end is refused."""
    words = {"--subject": "anna", "--basis": "b", "--by": "d", "--until": "2099-01-01"}
    del words[missing]
    flat = [word for pair in words.items() for word in pair]
    assert missing in _run("hold", "--ledger", ledger, *flat, code=2)


def test_verify_ends_with_one_when_something_is_wrong(ledger: Path):
    """`ledger verify` ends with 0 when all is as written, with 1 and the file's name when not."""
    assert "as written" in _run("ledger", "verify", "--ledger", ledger)
    (path,) = ledger.glob("sealed/*")
    path.write_bytes(path.read_bytes()[:-1])
    assert path.name in _run("ledger", "verify", "--ledger", ledger, code=1)
    said = json.loads(_run("ledger", "verify", "--ledger", ledger, "--json", code=1))
    assert len(said["problems"]) == 1


def test_seal_expire_and_status(ledger: Path, tmp_path: Path):
    """`seal`, `expire` and `status` do and print what they say."""
    on = ("--ledger", ledger)
    assert _run("ledger", "seal", *on) == "Sealed.\n"
    status = json.loads(_run("ledger", "status", *on, "--json"))
    assert (status["rows"], status["files"], status["being_written"]) == (4, 1, False)
    private = tmp_path / "sealing.key"
    assert str(private) in _run("ledger", "sealing-key", *on, "--private", private)
    said = _run("ledger", "expire", *on, "--days", "5", "--then", "seal")
    assert said.startswith("4 rows sealed, 0 kept by holds")
    words = ("who", *on, "--actor", "account:u1", "--why", "t", "--json")
    assert json.loads(_run(*words))["people"] == 0
    assert json.loads(_run(*words, "--sealing-key", private))["people"] == 2
    said = json.loads(_run("ledger", "expire", *on, "--sealed-before", "2025-07-01", "--json"))
    assert said["sealed_rows_removed"] == 4
    assert json.loads(_run(*words, "--sealing-key", private))["people"] == 0
    assert "kept 5 days, then sealed" in _run("ledger", "status", *on)


def test_a_sealing_key_can_be_made_first(tmp_path: Path):
    """A sealing key is made before the first start; retention "seal" without one is refused at once."""
    on = ("--ledger", tmp_path / "l")
    _run("ledger", "sealing-key", *on, "--private", tmp_path / "sealing.key")
    assert _run("ledger", "expire", *on, "--then", "seal").startswith("0 rows sealed")
    write(tmp_path / "other")
    said = _run("ledger", "expire", "--ledger", tmp_path / "other", "--then", "seal", code=2)
    assert "himaya ledger sealing-key" in said


def test_commands_work_beside_a_running_writer(ledger: Path, monkeypatch: pytest.MonkeyPatch):
    """Sealing, retention and questions work while a writer runs; `seal` names one that does not answer."""
    monkeypatch.setattr(writer, "_ASK_WAIT_S", 0.2)
    opened = write(ledger, disclosed(time.time(), "u9", "p9"), close=False, gate=True)
    said = _run("ledger", "seal", "--ledger", ledger)
    assert f"Sealed, except what process {os.getpid()} (gate) writes" in said
    assert f"{os.getpid()} (gate)" in _run("ledger", "status", "--ledger", ledger)
    assert "rows deleted" in _run("ledger", "expire", "--ledger", ledger)
    said = _run("who", "--ledger", ledger, "--actor", "account:u9", "--why", "t")
    assert "1 person" in said
    opened.close()


def test_no_ledger_is_said(tmp_path: Path):
    """A place without a ledger is an error with its path, for every command."""
    on = ("--ledger", tmp_path / "nowhere")
    for words in (
        ("who", *on, "--subject", "a", "--why", "t"),
        ("forget", *on, "--subject", "a", "--why", "t"),
        ("hold", *on, "--list"),
        ("ledger", "verify", *on),
        ("ledger", "seal", *on),
        ("ledger", "expire", *on),
        ("ledger", "status", *on),
        ("ledger", "log", *on),
    ):
        assert "nowhere: no ledger here" in _run(*words, code=2)
