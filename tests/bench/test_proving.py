"""`himaya bench` as it is run: the same seed gives the same JSON, files are named, the rest of the matrix is played."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from himaya.bench.attackers.everybody import EVERYBODY
from himaya.bench.crowd.groups import GROUPS
from himaya.bench.matrix import Wanted, cells_of, play
from himaya.bench.proving import ALWAYS, Asked, Plan, prove
from himaya.bench.scene import Options, Scene
from himaya.bench.score.result import Result
from himaya.bench.world.knobs import Knobs
from himaya.cli.bench_options import BenchOptions
from himaya.cli.bench_used import USED
from himaya.core.facts import AccountFact, NearFact

HIMAYA = Path(sys.executable).with_name("himaya")
SMALL = ["--people", "300", "--days", "0.5", "--members", "80", "--seeds", "1"]


def bench(*words: str, code: int = 0, hash_seed: str = "0") -> str:
    """Return what `himaya bench` prints."""
    done = subprocess.run(
        [HIMAYA, "bench", *words],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONHASHSEED": hash_seed, "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == code, done.stderr
    return done.stdout if not code else done.stdout + done.stderr


def told(*words: str, code: int = 0, hash_seed: str = "0") -> dict:
    """Return the JSON of a small run, without its timings."""
    text = bench(*SMALL, *words, "--json", hash_seed=hash_seed, code=0)
    answer = json.loads(text)
    answer.pop("timings")
    return answer


@pytest.mark.slow
def test_the_same_seed_gives_the_same_json():
    """Two runs of one seed agree byte for byte, whatever Python's hash seed; another seed gives others."""
    words = ("--only", "A1,A7,A11", "--defences", "fail2ban")
    first = told(*words, hash_seed="1")
    assert json.dumps(told(*words, hash_seed="2")) == json.dumps(first)
    assert told(*words, "--seed", "7") != first


@pytest.mark.slow
def test_himaya_and_no_defence_are_always_there():
    """Whatever defences are asked for, `none` and `himaya` are among them."""
    answer = told("--only", "A1", "--defences", "nginx limit_req")
    names = [defence["name"] for defence in answer["defences"]]
    assert tuple(names[:2]) == ALWAYS
    assert len(names) == 5
    assert [d["modelled"] for d in answer["defences"]] == [False, False, True, True, True]
    assert sum(d.get("best", False) for d in answer["defences"]) == 1


@pytest.mark.slow
def test_the_json_has_the_words_of_the_result():
    """The JSON decodes into the typed result, and rivals have no ledger."""
    answer = told("--only", "A1,all,H4", "--defences", "CrowdSec", "--variants", "plain,informed")
    result = msgspec.convert(answer, Result)
    for defence in result.defences:
        rows = [(row.id, row.variant) for row in defence.attackers]
        informed = [("A1", "informed")] if defence.name == "himaya" else []
        assert rows == [("A1", "plain"), *informed, ("all", "plain"), ("H4", "plain")]
        assert all((row.ledger is None) == (defence.name != "himaya") for row in defence.attackers)
        assert all(0 <= row.share_lost <= 1 for row in defence.attackers)
    assert [incident.id for incident in result.incidents] == ["H4"]
    assert "simulation" in result.incidents[0].simulated


@pytest.mark.slow
def test_a_file_that_raises_is_named_and_the_rest_is_played(tmp_path):
    """An attacker that raises is named with file and line; everybody else has a row; the exit code is 1."""
    file = tmp_path / "mine.py"
    file.write_text(
        "from himaya.bench.attackers.attacker import Attacker\n"
        "class Broken(Attacker):\n"
        "    id, title, how = 'X1', 'Broken', 'raises'\n"
        "    def work(self, hand, op):\n"
        "        yield 1 / 0\n"
    )
    words = [*SMALL, "--attackers", str(file), "--only", "A1,X1", "--variants", "plain"]
    text = bench(*words, code=1)
    assert f"{file}:5" in text
    assert "ZeroDivisionError" in text or "division by zero" in text
    assert "Fast walk" in text


@pytest.mark.slow
def test_a_file_that_ends_its_process_does_not_end_the_matrix(tmp_path):
    """An attacker that kills the process it runs in becomes a problem; the others are played."""
    file = tmp_path / "mine.py"
    file.write_text(
        "import os\n"
        "from himaya.bench.attackers.attacker import Attacker\n"
        "class Killer(Attacker):\n"
        "    id, title, how = 'X1', 'Killer', 'ends its process'\n"
        "    def work(self, hand, op):\n"
        "        os._exit(9)\n"
        "        yield 1.0\n"
    )
    plan = Plan(
        Asked(quick=True, people=300, days=0.2, members=80, attackers=file, only=("A1", "X1"))
    )
    result = prove(plan, processes=2)
    assert [problem.what for problem in result.problems] == ["X1 against none, himaya"]
    assert [row.id for row in result.defences[0].attackers] == ["A1"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--only", "A99"], "no attacker is called 'A99'"),
        (["--defences", "moat"], "no defence is called 'moat'; there are none, himaya, CrowdSec"),
        (["--variants", "wild"], "no variant is called 'wild'"),
        (["--attackers", "nowhere.py"], "nowhere.py"),
        (["--world", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["--policy", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["--probe"], "belong to --target"),
        (["--intensity", "loud"], "are no numbers"),
        (["--people", "200", "--days", "0.1"], "people"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(words, says):
    """What cannot be run is said in one line, without a traceback."""
    text = bench(*words, code=2)
    assert says in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--token-file", "t"], "--token-file is not used on the virtual clock"),
        (["--seconds", "5"], "--seconds is not used on the virtual clock: it can belong to --live"),
        (["--listings"], "it can belong to --target"),
        (["--live", "--days", "2"], "--days is not used by --live"),
        (["--live", "--attackers", "mine.py"], "--attackers is not used by --live"),
        (["--live", "--seconds", "900"], "1<=x<=600"),
        (["--live", "--target", "http://127.0.0.1"], "--live is not used by --target"),
        (["--logs", "x", "--json"], "--json is not used by --logs"),
        (["--logs", "x", "--seeds", "3"], "it can belong to the virtual clock"),
        (["--inject", "access.log", "--people", "500"], "--people is not used by --inject"),
        (["--inject", "access.log", "--report", "x.html"], "--report is not used by --inject"),
        (["--target", "http://127.0.0.1", "--seed", "1"], "--seed is not used by --target"),
        (["--target", "http://127.0.0.1", "--ledger", "x"], "--target without --probe"),
        (["--target", "http://127.0.0.1", "--probe", "--listings"], "--target with --probe"),
    ],
)
def test_no_option_is_dropped_silently(words, says):
    """An option that a door has no use for is refused by name, with the doors that use it."""
    text = " ".join(bench(*words, code=2).split())
    assert says in text
    assert "Traceback" not in text


def test_every_option_belongs_to_a_door():
    """Each option of the command is used by at least one door, and no door uses another."""
    named = {name for used in USED.values() for name in used}
    assert named == set(BenchOptions.__annotations__)


@pytest.mark.slow
def test_a_policy_of_ones_own_decides(tmp_path):
    """With --policy the budgets of that file hold: a tighter one loses fewer people."""
    policy = tmp_path / "himaya.toml"
    policy.write_text(
        "[budgets]\naddress = { hour = 5, day = 5 }\n"
        '[[surface]]\nid = "x"\nroute = "/x/{subject}"\n'
    )
    own = told("--only", "A1", "--policy", str(policy))
    shipped = told("--only", "A1")
    lost = [answer["defences"][1]["attackers"][0]["people_lost"] for answer in (own, shipped)]
    assert lost[0] <= 5 < lost[1]
    assert own["world"]["policy_file"] == "himaya.toml"


def test_variants_and_intensities_are_for_the_first_seeds():
    """Informed and unlinked runs, and a busier crowd, are played for the first extra seeds; incidents plain only."""
    wanted = Wanted(ALWAYS, ("A1", "H1"), ("plain", "informed"), (1, 2), (0.5, 1.0))
    first, second = cells_of(wanted, 1), cells_of(wanted, 2)
    of = [(c.defence, c.attacker, c.variant, c.intensity) for c in first]
    assert of == [
        ("none", "A1", "plain", 1.0),
        ("none", "H1", "plain", 1.0),
        ("himaya", "", "plain", 1.0),
        ("himaya", "", "plain", 0.5),
        ("himaya", "A1", "plain", 1.0),
        ("himaya", "A1", "informed", 1.0),
        ("himaya", "H1", "plain", 1.0),
    ]
    assert len(second) == len(first) - 2


def test_results_come_in_the_order_of_the_cells():
    """However many processes play, results stand in the order of the cells, seed after seed."""
    options = Options(Knobs(people=300), days=0.2, members=80)
    wanted = Wanted(ALWAYS, ("A1", "A4"), ("plain",), (1, 2))
    found = play(wanted, options, GROUPS, EVERYBODY, processes=2)
    assert [each.cell for each in found] == [*cells_of(wanted, 1), *cells_of(wanted, 2)]


def test_the_site_tells_what_it_knows_and_no_more():
    """Facts name accounts with age and sign-up batch, and friends of the crowd; nothing says who collects."""
    scene = Scene(Options(Knobs(people=300), days=0.2, members=80), GROUPS, 1)
    facts = scene.facts(1.0, [AccountFact("a1-0", 5.0), NearFact("a1-0", "7")])
    assert facts.accounts["a1-0"].created == 5.0
    assert ("a1-0", "7") in facts.near
    assert "a1-0" not in scene.facts(1.0, []).accounts
    told = {type(fact).__name__ for fact in scene.plan(1.0).facts}
    assert told <= {"AccountFact", "NearFact", "SubjectFact"}
