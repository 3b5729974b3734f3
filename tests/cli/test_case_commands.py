"""`himaya case`: opened, decided, moved and kept from the command line; each command is one act, or none."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from tests.ledger.crew import crew
from tests.ledger.crew import run as whole
from tests.ledger.making import NOON, disclosed, write

from himaya.analysis.cases import CaseStore, cases_path
from himaya.analysis.groups import Group
from himaya.bootstrap.register import open_register
from himaya.cli import group
from himaya.core.errors import HimayaError
from himaya.ledger.attachments import Attachments
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind
from himaya.response.cases import MACHINE, Act, State
from himaya.runner.alerting import AlertStore, Occurrence, alerts_path
from himaya.runner.alerting import Kind as AlertKind

WHY = ("--why", "a reason of some words")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Give a ledger in which two accounts were shown somebody."""
    write(tmp_path / "l", disclosed(NOON, "u1", "anna"), disclosed(NOON, "u2", "ben"))
    return tmp_path / "l"


@pytest.fixture
def case(ledger: Path, monkeypatch):
    """Give a runner of `himaya case`; it returns the JSON, or what was refused with `fails`."""
    monkeypatch.chdir(ledger.parent)

    def command(*words: object, fails: str = "") -> dict:
        given = [*map(str, words), "--ledger", str(ledger), "--json"]
        result = CliRunner().invoke(group, ["case", *given])
        if fails:
            assert isinstance(result.exception, (HimayaError, click.ClickException)), result.output
            assert fails in str(result.exception)
            return {}
        assert result.exit_code == 0, result.exception or result.output
        return json.loads(result.output)

    return command


def text(ledger: Path, *words: str, code: int = 0) -> str:
    """Return what a command of `himaya case` prints for people."""
    result = CliRunner().invoke(group, ["case", *words, "--ledger", str(ledger)])
    assert result.exit_code == code, result.exception or result.output
    return result.output


def machine(ledger: Path, name: str, kind: str, **data: object) -> None:
    """Write an act that another part of himaya makes."""
    at = int(time.time() * 1e6)
    with open_register(ledger) as register:
        register.add(Act(case=name, kind=kind, at=at, by=MACHINE, why="so", data=data))


def by_hand(case, *words: object) -> str:
    """Open a case and return its id."""
    return case("open", "--title", "a crew", *WHY, *words)["id"]


def test_a_case_goes_its_whole_way(case, ledger):
    """From opened to closed, with an assessment for each country; each refusal says what is next."""
    name = by_hand(case, "--actor", "account:u1", "--first-signal", "2025-10-01", "--owner", "Dana")
    told = case("show", name)
    assert (told["state"], told["owner"], told["actors"]) == ("suspected", "Dana", 1)
    assert told["first"].startswith("2025-10-01")
    assert f"nobody acknowledged it: himaya case ack {name}" in told["next"]
    assert case("ack", name)["acknowledged"]
    case("assess", name, "--country", "ES", "--authority", "notify", "--people", "none", *WHY,
         fails="'assessment' is for one that is confirmed")  # fmt: skip
    assert case("confirm", name, *WHY, "--when", "2025-10-02")["state"] == "confirmed"
    aware = (
        "clock",
        name,
        "--set",
        "aware,determined",
        "--when",
        "2025-10-02T10:00:00+02:00",
        *WHY,
    )
    case(*aware)
    case(*aware, fails="aware was set by")
    case(*aware, "--correct")
    with open_register(ledger) as register:
        now = int(time.time() * 1e6)
        register.add(Act(case=name, kind="contained", at=now, by="eve", why="keys revoked"))
    machine(ledger, name, "counted", countries={"ES": 12, "": 3}, people=15)
    case("assess", name, "--done", *WHY, fails="no assessment for ES (12 people)")
    for country in ("es", "unknown"):
        case(
            "assess",
            name,
            "--country",
            country,
            "--authority",
            "notify",
            "--people",
            "voluntary",
            *WHY,
        )
    assert case("assess", name, "--done", *WHY)["state"] == "assessed"
    case("notified", name, *WHY, fails="nothing was sent to the authority of ES")
    for country in ("ES", ""):
        for party in ("authority", "people"):
            machine(ledger, name, "sent", id="n", country=country, party=party)
    assert case("notified", name, *WHY)["state"] == "notified"
    machine(ledger, name, "compared")
    case("close", name, *WHY, fails="--without-confirmation")
    assert case("close", name, *WHY, "--without-confirmation", "unknown")["state"] == "closed"
    told = case("show", name)
    assert told["next"] == []
    assert all(one["corrects"] for one in told["clocks"] if one["clock"] == "aware")
    shown = text(ledger, "show", name)
    assert "(back-dated: happened 2025-10-02" in shown
    assert "assessed ES: authority notify, people voluntary" in shown
    assert "clock aware: 2025-10-02T08:00:00Z" in shown
    assert case("reopen", name, *WHY)["state"] == "confirmed"


def test_the_list_says_what_waits(case, ledger):
    """State, age since the first signal, owner and people stand in the list; so do findings nobody looked after."""
    assert "There is no case." in text(ledger, "list")
    name = by_hand(case, "--first-signal", "2025-10-01")
    with AlertStore(alerts_path(ledger)) as store:
        for at, kind in ((time.time() - 7200, AlertKind.FINDING), (time.time(), AlertKind.DISK)):
            told = Occurrence(kind, "x", "medium", at, "something", "himaya status")
            store.put(told, count=1, again_s=1, channels=(), most_waiting=1, keep=10)
    listed = case("list")
    assert listed["cases"][0]["age_s"] > 86_400
    assert listed["unhandled"]["findings"] == 1
    assert 7200 <= listed["unhandled"]["oldest_s"] < 7200 + 3600
    with open_register(ledger) as register:
        now = int(time.time() * 1e6)
        data = {"practice": True, "title": "autumn"}
        register.add(Act(case="d-1", kind="opened", at=now, by="eve", data=data))
    shown = text(ledger, "list")
    real, _, practice = shown.partition("PRACTICE, on synthetic data")
    assert name in real
    assert "d-1" in practice
    assert "d-1" not in real
    assert "1 findings nobody looked after, the oldest 2 h old: himaya alert list" in shown
    assert "PRACTICE" in text(ledger, "show", "d-1")


def test_actors_come_by_name_and_by_file(case, ledger, tmp_path):
    """Names become numbers of the ledger; one it does not know is named with its line, and nothing is opened."""
    file = tmp_path / "actors"
    file.write_text("# ours\naccount:u1\n\naccount:u2\n")
    name = by_hand(case, "--actor", "account:u1", "--actors", file)
    assert case("show", name)["actors"] == 2
    assert sorted(case("show", name, "--names", *WHY)["names"]) == ["account:u1", "account:u2"]
    file.write_text("account:u1\naccount:nobody\n")
    case(
        "open", "--title", "x", *WHY, "--actors", file, fails="actors:2: the ledger knows no actor"
    )
    case("open", "--title", "x", *WHY, "--actors", tmp_path / "none", fails="cannot be read")
    file.write_bytes(b"\xff")
    case("open", "--title", "x", *WHY, "--actors", file, fails="is no UTF-8 text")
    case(
        "open",
        "--title",
        "x",
        *WHY,
        "--from",
        "2026-02-02",
        "--to",
        "2026-01-01",
        fails="--from is not before",
    )
    assert len(case("list")["cases"]) == 1


def test_a_leak_sample_opens_a_case_and_is_kept_encrypted(case, ledger, tmp_path):
    """A file is kept, encrypted, with its hash in the register; one that is kept already is named by its id."""
    sample = tmp_path / "sample.csv"
    sample.write_text("id,mail\nanna,anna@people.example\n")
    first = by_hand(case, "--leak", sample)
    with open_register(ledger) as register:
        (act,) = register.case(first).acts("attached")
    with Reader.open(ledger) as reader:
        kept = Attachments(reader.layout, reader.chain, reader.keys)
        assert kept.open(act.data["id"]).read() == sample.read_bytes()
    assert case("show", first)["source"] == "leak"
    second = by_hand(case, "--leak", act.data["id"])
    with open_register(ledger) as register:
        (same,) = register.case(second).acts("attached")
        raw = b"".join(entry.act.body() for entry in register.entries())
    assert same.data["id"] == act.data["id"]
    assert b"anna" not in raw
    case("open", "--title", "x", *WHY, "--leak", tmp_path / "none", fails="cannot be read")


def test_a_report_from_outside_opens_a_case(case):
    """What somebody else reports is marked so."""
    assert case("show", by_hand(case, "--report"))["source"] == "report"


def test_files_and_notes_are_kept_with_a_case(case, ledger, tmp_path):
    """A note and a file become acts; a file for a case that is not there is not copied."""
    file = tmp_path / "mail.eml"
    file.write_text("hello")
    case("attach", "c-none", file, *WHY, fails="no case c-none")
    assert not (tmp_path / "l.found").exists()
    name = by_hand(case)
    case("attach", name, file, *WHY)
    case("note", name, "--why", "they called")
    case("note", name, "--why", " ", fails="--why is empty")
    assert case("owner", name, "The office")["owner"] == "The office"
    done = [(one["what"], one["why"]) for one in case("show", name)["log"]][1:]
    assert done == [("attached", WHY[1]), ("note", "they called"), ("owner", "")]


def found(ledger: Path, *names: str) -> None:
    """Let the search have found groups of one account each."""
    with Reader.open(ledger) as reader, CaseStore(cases_path(ledger)) as store:
        for name, account in zip(names, ("u1", "u2"), strict=False):
            number = reader.identities.find(Kind.ACTOR, f"account:{account}")
            store.put(Group(name, NOON, NOON, members={number: None}, people=7), NOON)


def test_groups_are_merged_and_split(case, ledger):
    """A case takes groups of others, their cases end in it, and a part of it becomes a case of its own."""
    found(ledger, "g-1", "g-2")
    name = by_hand(case, "--group", "g-1")
    assert case("show", "g-1")["into"] == name
    assert case("merge", "g-2", "--into", name, *WHY)["members"] == 2
    case("merge", "g-2", "--into", name, *WHY, fails=f"is merged into {name}")
    case(
        "open", "--title", "x", *WHY, "--group", "g-2", fails="no open case of the group g-2 alone"
    )
    told = case("split", name, "--groups", "g-2", *WHY)
    assert told["case"]["members"] == 1
    new = case("show", told["new"]["id"])
    assert new["groups"] == ["g-2"]
    assert case("show", name)["people"] == 7
    case("split", name, "--groups", "g-9", *WHY, fails="g-9 is not among its groups")
    case("split", name, *WHY, fails="nothing to split off")


def test_a_register_that_was_changed_is_found(case, ledger):
    """`case verify` and `ledger verify` both say so, with exit code 1."""
    name = by_hand(case)
    assert case("verify") == {"problems": []}
    with open_register(ledger) as register, register._engine.begin() as db:
        db.exec_driver_sql("DROP TRIGGER entry_stays")
        db.exec_driver_sql("UPDATE entry SET happened = 1 WHERE number = 1")
    said = f"case {name}: entry 1 does not fit its link"
    assert said in text(ledger, "verify", code=1)
    assert said in whole("ledger", "verify", "--ledger", ledger, code=1)


def test_reasons_of_old_cases_are_removed_by_hand(case, ledger):
    """`case expire` takes reasons of cases that are over for long enough, and of no other."""
    name = by_hand(case)
    case("close", name, *WHY)
    assert case("expire") == {"removed": {}}
    with open_register(ledger) as register:
        old = 1_500_000_000_000_000
        for kind, data in (("opened", {}), ("closed", {})):
            register.add(Act(case="c-old", kind=kind, at=old, by="eve", why="so", data=data))
    assert case("expire") == {"removed": {"c-old": 1}}
    assert [one["why"] for one in case("show", "c-old")["log"]][1] == "(removed by retention)"
    assert "0 cases." in text(ledger, "expire")


def test_mistakes_have_words(case):
    """Unknown cases, times and half an assessment are refused without a traceback."""
    name = by_hand(case)
    case("show", "c-none", fails="no case c-none; `himaya case list`")
    case("show", "\udcff x", fails="there is no case")
    case("confirm", name, "--why", "\udcff", fails="no text in UTF-8")
    case("clock", name, "--set", "aware", "--when", "yesterday", *WHY, fails="is no time")
    case("clock", name, "--set", "aware", "--when", "2999-01-01", *WHY, fails="in the future")
    case("clock", name, "--set", "awake", "--when", "2026-01-01", *WHY, fails="no clock 'awake'")
    case("assess", name, "--country", "ES", *WHY, fails="--country, --authority and --people")
    case("assess", name, "--done", "--country", "ES", *WHY, fails="say --done alone")


def test_roles_decide_what_is_theirs(tmp_path, ledger):
    """The analyst confirms and does not assess; legal assesses; who and in which role stands in the log."""
    team = crew(tmp_path, ledger)
    at = ["--ledger", str(ledger), "--json"]

    def do(who: str, *words: str, code: int = 0) -> str:
        return whole("case", *words, *at, "--as", team.a_pass(who), code=code)

    name = json.loads(do("analyst", "open", "--title", "x", *WHY))["id"]
    do("analyst", "confirm", name, *WHY)
    assess = ("assess", name, "--country", "ES", "--authority", "none", "--people", "none")
    do("analyst", *assess, *WHY, code=2)
    said = do("dpo", *assess, *WHY, code=2)
    assert "decided by the role legal" in said
    assert "no reason by itself" in do("legal", *assess, "--why", "they were public", code=2)
    do("legal", *assess, *WHY)
    log = json.loads(do("legal", "show", name))["log"]
    assert [(one["what"], one["role"]) for one in log] == [
        ("opened", "analyst"),
        ("confirmed", "analyst"),
        ("assessment", "legal"),
    ]


def test_the_service_account_is_no_person(case, monkeypatch):
    """Under the login of the program nothing can be decided: the refusal says what to do."""
    name = by_hand(case)
    monkeypatch.setattr("himaya.cli.ledger_options.login", lambda: "himaya")
    case("confirm", name, *WHY, fails="Act under a login of your own, or enrol operators")
    assert case("show", name)["state"] == State.SUSPECTED
