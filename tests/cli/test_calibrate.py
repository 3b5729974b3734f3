"""`himaya calibrate`: from a log or the ledger to thresholds, a file that is valid, and a receipt on record."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.watch.calibration import crowd
from tests.watch.logs import START

from himaya import cli
from himaya.analysis.cases import CaseStore, State, cases_path
from himaya.analysis.groups import Group
from himaya.config import load
from himaya.core.errors import HimayaError
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind

HIMAYA = Path(sys.executable).with_name("himaya")
READERS = [f"r{n}" for n in range(150)]
FARM = [f"farm{n}" for n in range(5)]


def run(*words, code=0):
    done = CliRunner().invoke(cli.group, ["calibrate", *map(str, words)])
    if isinstance(done.exception, HimayaError):
        assert code == 2, done.exception
        return str(done.exception)
    assert done.exit_code == code, done.output + str(done.exception)
    return done.stdout


@pytest.fixture(name="site")
def _site(tmp_path):
    """Write a small site's log, its configuration, and its proven accounts."""
    crowd.log(tmp_path / "access.log", crowd.readers(150) + crowd.farm(5, 60))
    crowd.config(tmp_path / "himaya.toml")
    crowd.proven(tmp_path / "proven.csv", READERS)
    return tmp_path


def words(site, *more, rate="0.01"):
    about = ("--honest", site / "proven.csv", "--config", site / "himaya.toml", "--rate", rate)
    return (*about, *more)


def test_the_installed_command_calibrates_at_a_thousandth(tmp_path):
    """1,300 proven accounts of 1,900: thresholds at 0.1 %, a file that `config check` takes, and a clean forecast."""
    views = crowd.readers(1300) + crowd.readers(600, "o", 2) + crowd.farm()
    log = crowd.log(tmp_path / "access.log", views)
    config = crowd.config(tmp_path / "himaya.toml")
    honest = crowd.proven(tmp_path / "proven.csv", [f"r{n}" for n in range(1300)])
    about = ("--honest", honest, "--config", config, "--write", tmp_path / "new.toml", "--json")
    done = subprocess.run(
        [HIMAYA, "calibrate", log, *about], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["needs"], told["proven"]["used"]) == (999, 1300)
    hour = {one["statistic"]: one for one in told["thresholds"]}["breadth_hour"]
    assert hour["calibration"] >= 999
    assert hour["calibration"] + hour["hold_out"] == 1300
    assert hour["k"] == hour["calibration"]
    # Everybody on the farm reads 150 people within an hour; nobody else does.
    assert hour["value"] < 150
    assert told["together"]["of"] == hour["hold_out"]
    assert told["together"]["ci95"][1] < 0.05
    checked = subprocess.run(
        [HIMAYA, "config", "check", tmp_path / "new.toml"], capture_output=True, check=False
    )
    assert checked.returncode == 0
    assert load(tmp_path / "new.toml").detectors.breadth.hour == hour["value"]


def test_words_say_what_is_promised_and_to_whom(site):
    """Accounts used and why others are not, thresholds, present settings, the promise, the seed."""
    told = run(site / "access.log", *words(site))
    assert "150 used (150 by payment) of 150 listed" in told
    assert "No cases are known" in told
    assert "detectors.breadth.hour" in told
    assert "with a chance of at most 1 %" in told
    assert "The split follows from the seed himaya." in told
    assert "More than half of all accounts seen" in told


def test_too_few_accounts_are_refused_with_the_rate_that_can_be_claimed(site):
    """At 0.1 % the command ends with 1, names the lowest rate, and writes nothing."""
    told = run(site / "access.log", *words(site, rate="0.001"), code=1)
    assert "calibration actors; 0.1 % needs 999; the lowest rate that can be claimed is 1/1" in told
    assert "--hold-out" not in told
    assert "The promise" not in told
    held = run(site / "access.log", *words(site, "--hold-out", "0.5"), code=1)
    assert "all 150 would be enough; --hold-out holds out fewer." in held
    new = site / "new.toml"
    refused = run(site / "access.log", *words(site, "--write", new, rate="0.001"), code=2)
    assert "no value can be claimed at this rate" in refused
    assert not new.exists()


def test_nobody_of_the_list_was_seen(site):
    """A list of strangers calibrates nothing, and there is nothing to record."""
    crowd.proven(site / "proven.csv", ["x1", "x2"])
    assert "None of the proven accounts was seen" in run(site / "access.log", *words(site), code=1)
    about = words(site, "--record", "--ledger", site / "l")
    assert "nothing to record" in run(site / "access.log", *about, code=2)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--record",), "--record needs --ledger"),
        (("--write", "proven.csv"), "exists already"),
        (("--from", "soon"), "is no time"),
        (("--list",), "--list needs --ledger"),
        (("--seed", "\udcff"), "--seed holds what cannot be printed"),
        (("--seed", "a\nb"), "--seed holds what cannot be printed"),
    ],
)
def test_options_that_do_not_go_together_are_named(site, monkeypatch, more, why):
    """The message names the option and what to do."""
    monkeypatch.chdir(site)
    assert why in run("access.log", *words(site, *more), code=2)


def test_what_is_missing_is_named(site):
    """No file of accounts, no log, no ledger, no such log."""
    log = site / "access.log"
    assert "--honest FILE" in run(log, "--config", site / "himaya.toml", code=2)
    assert "--honest FILE" in run(log, "--honest", site / "proven.csv", code=2)
    assert "name LOG" in run(*words(site), code=2)
    assert "none.log" in run(site / "none.log", *words(site), code=2)
    assert "no ledger here" in run(*words(site, "--ledger", site / "l", "--why", "t"), code=2)
    (site / "proven.csv").write_text("account,how,proven\nr1,appeal\n")
    assert "proven.csv:2: expected account,how,proven" in run(log, *words(site), code=2)


def test_a_period_ends_before_the_proofs(site):
    """Accounts proven in the middle are left out, with the line; a period that ends before them uses them."""
    crowd.proven(site / "proven.csv", READERS, at="2026-03-06")
    told = run(site / "access.log", *words(site, rate="0.05"), code=1)
    assert "150 were proven before the period ended and are left out (the first on line 2)" in told
    told = json.loads(
        run(site / "access.log", *words(site, "--to", "2026-03-05", "--json", rate="0.05"))
    )
    assert told["proven"]["early"] == 0
    assert told["end"] < "2026-03-06"
    later = words(site, "--from", "2026-03-04", "--to", "2026-03-05", "--json", rate="0.05")
    told = json.loads(run(site / "access.log", *later))
    assert told["start"] >= "2026-03-04"
    assert told["days"] == 2


def case_of(directory: Path, names: list[str], name: str) -> None:
    """Open a case about accounts of a ledger."""
    with Reader.open(directory) as reader:
        find = reader.identities.find
        members = {find(Kind.ACTOR, f"account:{each}"): None for each in names}
    assert 0 not in members
    with CaseStore(cases_path(directory)) as store:
        store.put(Group(name, START, START, members=members), START)


@pytest.fixture(name="ledger")
def _ledger(site):
    """Keep the log in a ledger, too."""
    about = ["--config", str(site / "himaya.toml"), "--ledger", str(site / "l")]
    rest = CliRunner().invoke(cli.group, ["scan", str(site / "access.log"), *about])
    assert rest.exit_code == 0, rest.output
    return site / "l"


def test_accounts_in_a_case_are_left_out_whatever_the_file_says(site, ledger):
    """A farm that somebody listed stays out while its case is open or was confirmed, and comes in after an error."""
    crowd.proven(site / "proven.csv", [*READERS, *FARM])
    # By the ledger's own random key both of the two who come back might be among those held out.
    about = words(site, "--ledger", ledger, "--json", "--seed", "s")

    def hour():
        told = json.loads(run(site / "access.log", *about))
        value = {one["key"]: one["value"] for one in told["settings"]}["detectors.breadth.hour"]
        return told["proven"]["in_cases"], value > 50

    assert hour() == (0, True)
    case_of(ledger, FARM[:3], "g-1")
    case_of(ledger, FARM[3:], "g-2")
    assert hour() == (5, False)
    with CaseStore(cases_path(ledger)) as store:
        store.move("g-1", State.CONFIRMED, why="a farm", by="me", at=START)
        store.move("g-1", State.CLOSED, why="over", by="me", at=START)
        store.move("g-2", State.CLOSED, why="our own team", by="me", at=START)
    assert hour() == (3, True)
    assert "3 stand in a case" in run(site / "access.log", *words(site, "--ledger", ledger))


def test_the_ledger_gives_what_the_log_gives(site, ledger):
    """The rows of a scan give the same thresholds as its log; each use has a reason on record."""
    by_log = json.loads(run(site / "access.log", *words(site, "--ledger", ledger, "--json")))
    about = words(site, "--ledger", ledger)
    assert "--why is empty" in run(*about, code=2)
    by_ledger = json.loads(run(*about, "--why", "thresholds of spring", "--json"))
    assert by_ledger["source"]["kind"] == "ledger"
    assert by_ledger["thresholds"] == by_log["thresholds"]
    assert by_ledger["settings"] == by_log["settings"]
    with Reader.open(ledger) as reader:
        (use,) = [one for one in reader.log() if one["kind"] == "access"]
    assert (use["command"], use["why"]) == ("calibrate", "thresholds of spring")


def test_a_receipt_goes_on_record(site, ledger):
    """--record appends policy, values and rates to the chain, verified, without a name; --list reads them."""
    about = words(site, "--ledger", ledger, "--record")
    assert f"On record in {ledger}." in run(site / "access.log", *about)
    told = json.loads(run("--list", "--ledger", ledger, "--json"))["calibrations"]
    with Reader.open(ledger) as reader:
        assert reader.verify() == []
        (entry,) = [one for one in reader.log() if one["kind"] == "calibration"]
    (one,) = told
    assert json.loads(entry["receipt"]) == one["receipt"]
    assert one["policy"] == one["receipt"]["policy"]
    assert one["receipt"]["proven"]["how"] == {"payment": 150}
    assert one["receipt"]["seed"] not in {"", "himaya"}
    chain = (ledger / "chain.jsonl").read_text()
    assert one["digest"] in chain
    assert '"r1"' not in chain
    assert "account:" not in chain
    assert datetime.now(UTC).date().isoformat() in run("--list", "--ledger", ledger)


def test_recording_makes_a_ledger_when_there_is_none(site):
    """The first thing a site keeps may be a receipt."""
    about = words(site, "--ledger", site / "l", "--record")
    run(site / "access.log", *about)
    assert len(json.loads(run("--list", "--ledger", site / "l", "--json"))["calibrations"]) == 1


def test_rows_of_an_enforced_policy_are_called_capped(site):
    """What a policy refused is not in the ledger, so no threshold can come out above its limits; it is said."""
    from tests.ledger.making import disclosed, write

    opened = write(site / "l", close=False)
    policy = load(site / "himaya.toml").policy().hash()
    opened.config_version(policy, load(site / "himaya.toml").canonical, START, "enforce")
    for n in range(150):
        opened.append(disclosed(START + n, f"r{n}", "p1", policy=policy))
    opened.close()
    told = run(*words(site, "--ledger", site / "l", "--why", "t"))
    assert "150 rows were written while a policy was enforced" in told


def test_a_ledger_without_a_receipt_is_an_empty_list(ledger):
    """Nothing on record yet is said in words, and is an empty list in JSON; no ledger is a mistake."""
    assert run("--list", "--ledger", ledger) == "No calibration is on record.\n"
    assert json.loads(run("--list", "--ledger", ledger, "--json")) == {"calibrations": []}
    assert "no ledger here" in run("--list", "--ledger", ledger / "none", code=2)


@pytest.mark.parametrize(
    ("option", "value"), [("--rate", "0"), ("--rate", "0.51"), ("--hold-out", "0.91")]
)
def test_shares_out_of_range_end_with_2(site, option, value):
    """No rate of zero or beyond a half, and accounts are left to calibrate with."""
    run(site / "access.log", *words(site), option, value, code=2)


def test_the_words_of_json_are_those_of_the_page(site, root):
    """Every key of the receipt, of its thresholds and of its settings stands in docs/calibration.md, and no other."""
    told = json.loads(run(site / "access.log", *words(site, "--json")))
    page = (root / "docs/calibration.md").read_text()
    table = page.split("## The receipt")[1].split("`--write` makes")[0]
    named = set(re.findall(r"`(\w+)(?:\[\])?`", table))
    assert set(told) <= named
    inner = {*told["thresholds"][0], *told["settings"][0], *told["proven"]}
    assert inner - named == {"cohort", "statistic", "key"}
    assert named - set(told) - inner == set()


def test_a_written_file_is_named_with_what_to_try(site, ledger):
    """The last lines name the file, the command that compares it, and the ledger that has the receipt."""
    new = site / "new.toml"
    about = words(site, "--ledger", ledger, "--record", "--write", new)
    told = run(site / "access.log", *about).splitlines()
    assert told[-2:] == [
        f"Written to {new}; try it: himaya forecast --config {new} ...",
        f"On record in {ledger}.",
    ]
    before = new.read_bytes()
    assert "exists already" in run(site / "access.log", *about, code=2)
    assert new.read_bytes() == before


def test_a_seed_decides_who_is_held_out(site, ledger):
    """Without a ledger the seed is a known word, with one it is from the key and the same each time; --seed wins."""

    def seed(*more):
        return json.loads(run(site / "access.log", *words(site, "--json", *more)))["seed"]

    kept = seed("--ledger", ledger)
    assert (seed(), seed("--seed", "mine"), seed("--ledger", ledger)) == ("himaya", "mine", kept)
    assert kept not in {"himaya", "mine"}
    assert seed("--ledger", ledger, "--seed", "mine") == "mine"


def test_a_key_file_of_the_configured_ledger_is_found(site, tmp_path):
    """A log alone, and a ledger and its key named in the configuration: its seed is used."""
    from himaya.ledger import Ledger

    Ledger.open(site / "kept", key_file=tmp_path / "k").close()
    text = (
        crowd.CONFIG + f'[ledger]\ndirectory = "{site / "kept"}"\nkey_file = "{tmp_path / "k"}"\n'
    )
    crowd.config(site / "himaya.toml", text)
    told = json.loads(run(site / "access.log", *words(site, "--json")))
    assert told["seed"] != "himaya"
