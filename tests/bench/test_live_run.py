"""A whole live run: real tools, real defences, and a ledger that says exactly what is on the tools' disks."""

import json
import signal
import subprocess
import sys
import time

import msgspec
import pytest
from tests.bench.live_support import Neighbours, left_running

from himaya.bench.asks import Ask, Client
from himaya.bench.crowd.groups import GROUPS
from himaya.bench.defences.himaya import Himaya
from himaya.bench.disk import Disk
from himaya.bench.live.marks import disk_of
from himaya.bench.live.run import Options, live
from himaya.bench.run import START
from himaya.bench.scene import Options as SceneOptions
from himaya.bench.scene import Scene
from himaya.bench.score.result import Result
from himaya.bench.world.knobs import Knobs
from himaya.core.actor import Actor
from himaya.core.errors import InputError

TOOLS = ("curl", "wget", "httpx")
PEOPLE = 400
#: `budgets.address` of the shipped configuration, people an hour.
BUDGET = 200


@pytest.fixture(name="run", scope="module")
def run_fixture(tmp_path_factory):
    """One run of a few seconds; everything it wrote stays."""
    folder = tmp_path_factory.mktemp("live") / "out"
    said = []
    wanted = Options(
        people=PEOPLE,
        seconds=3,
        tools=TOOLS,
        defences=("nginx limit_req 1 r/s",),
        members=16,
        folder=folder,
    )
    return live(wanted, said.append), folder, said


def row(result, defence):
    return next(each for each in result.defences if each.name == defence)


@pytest.mark.system
@pytest.mark.slow
def test_without_a_defence_the_tools_get_people(run):
    """With nothing before the site tools get more people than himaya lets go, honest people meet nothing, no ledger."""
    result, _, _ = run
    bare = row(result, "none")
    assert [tool.id for tool in bare.attackers] == [*TOOLS]
    assert all(BUDGET < tool.people_lost <= PEOPLE for tool in bare.attackers)
    assert all(tool.ledger is None for tool in bare.attackers)
    assert (bare.overall.denied, bare.overall.challenged, bare.overall.redacted) == (0, 0, 0)


@pytest.mark.system
@pytest.mark.slow
def test_himaya_bounds_each_tool_and_its_ledger_equals_the_disk(run):
    """With himaya each tool gets at most the budget of an address; people and fields of ledger and disk are equal."""
    result, _, _ = run
    for tool in row(result, "himaya").attackers:
        assert 0 < tool.people_lost <= BUDGET
        truth = tool.ledger
        assert (truth.precision, truth.recall) == (1.0, 1.0)
        assert (truth.field_precision, truth.field_recall) == (1.0, 1.0)


@pytest.mark.system
@pytest.mark.slow
def test_who_names_the_people_on_the_disk(run):
    """`himaya who`, asked after the run, names for a tool's address the people and fields that its disk holds."""
    _, folder, _ = run
    place = folder / "himaya"
    for tool in TOOLS:
        job = json.loads((place / tool / "job.json").read_text())
        command = [sys.executable, "-c", "from himaya.cli import main; main()", "who", "--json"]
        command += [
            "--ledger",
            place / "ledger",
            "--actor",
            f"address:{job['address']}",
            "--why",
            "test",
        ]
        answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        told = {each["subject"]: {*each["fields"]} for each in answer["subjects"]}
        assert told == disk_of(place / tool / "disk").pairs()


@pytest.mark.system
@pytest.mark.slow
def test_the_virtual_bench_says_the_same(run):
    """The same walk on the virtual clock gets the very people and fields that a real tool got through the real gate."""
    _, folder, _ = run
    scene = Scene(SceneOptions(Knobs(people=PEOPLE), days=1.0, members=16), GROUPS, 1)
    for tool in ("curl", "httpx"):  # wget loads pictures too: another walk
        job = json.loads((folder / "himaya" / tool / "job.json").read_text())
        held = disk_of(folder / "himaya" / tool / "disk").pairs()
        virtual = Himaya(scene.world, scene.config, scene.facts(1.0, []), START)
        client, disk = Client(Actor(address=job["address"]), script=False), Disk()
        equal = False  # a slow machine may not have come to the end of the list
        for n, link in enumerate(job["links"]):
            disk.take(virtual.serve(client, Ask(link), START + n / 1000).people, 0.0)
            equal = equal or disk.pairs() == held
        virtual.close()
        assert equal


@pytest.mark.system
@pytest.mark.slow
def test_a_rival_really_ran(run):
    """Nginx refused most of what the tools asked for; its row says that it ran, and is marked as the family's best."""
    result, _, _ = run
    rival = row(result, "nginx limit_req 1 r/s")
    assert all(0 < tool.people_lost < PEOPLE / 2 for tool in rival.attackers)
    assert rival.best
    assert not rival.modelled
    assert rival.rule.startswith("nginx version: nginx/1.")


@pytest.mark.system
@pytest.mark.slow
def test_the_result_says_what_was_measured(run):
    """The result survives JSON, names mode and tools, found or not, and every defence met the same crowd."""
    result, folder, said = run
    assert msgspec.json.decode(msgspec.json.encode(result), type=Result) == result
    assert result.world.mode == "live"
    assert any(words.startswith("curl 7") for words in result.tools)
    sizes = [[(each.group, each.size) for each in d.honest] for d in result.defences]
    assert sizes[0] == sizes[1] == sizes[2]
    assert sum(size for _, size in sizes[0]) == result.world.crowd
    assert "himaya: curl has" in "\n".join(said)
    assert not left_running(str(folder))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"seconds": 0}, "seconds must be between 1 and 600"),
        ({"seconds": float("nan")}, "seconds must be between"),
        ({"people": 99}, "people must be between 100"),
        ({"people": 10**9}, "people must be between 100"),
        ({"members": 0}, "members must be between"),
        ({"tools": ("curl", "hammer")}, "'hammer' is no tool of live mode"),
        ({"defences": ("wall",)}, "no live defence 'wall'"),
        ({"python": "/nowhere"}, "/nowhere: is not a Python"),
    ],
)
def test_options_that_cannot_be_used_are_named(wrong, words):
    """A run without end, unknown tools and defences are refused before anything starts, and named."""
    with pytest.raises(InputError, match=words):
        live(Options(**wrong), groups=[Neighbours()])


def test_a_tool_that_is_not_here_is_named(monkeypatch):
    """A tool asked for by name that was not found is an error that lists those found."""
    monkeypatch.setattr("himaya.bench.live.tools.shutil.which", lambda *_: None)
    with pytest.raises(InputError, match="'curl' is not on this machine; found are httpx"):
        live(Options(tools=("curl",)), groups=[Neighbours()])


@pytest.mark.system
def test_a_folder_in_use_is_refused(tmp_path):
    """What an earlier run wrote is not mixed with a new one."""
    (tmp_path / "earlier").touch()
    with pytest.raises(InputError, match="is not empty"):
        live(Options(people=100, folder=tmp_path), groups=[Neighbours()])


@pytest.mark.system
@pytest.mark.slow
def test_a_defence_that_is_not_here_is_a_problem(monkeypatch):
    """A rival whose program is missing is named in the result, and the rest of the run is there."""
    monkeypatch.setattr("himaya.bench.live.fronts.haproxy.HAProxy.programs", ("no-such-program",))
    wanted = Options(people=100, seconds=1, tools=("httpx",), defences=("HAProxy stick table",))
    result = live(wanted, groups=[Neighbours()])
    assert [row.name for row in result.defences] == ["none", "himaya"]
    assert [p.problem for p in result.problems] == ["not found: no-such-program"] * 3


@pytest.mark.system
@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupted_run_leaves_nothing_running(tmp_path, sign):
    """Ctrl-C or SIGTERM in the middle of a run ends tools, defences and site before the run itself ends."""
    folder = tmp_path / "out"
    script = (
        # What runs in the background of a shell is born deaf to Ctrl-C.
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from pathlib import Path\nfrom himaya.bench.live.run import Options, live\n"
        "from himaya.bench.live import tools\n"
        f"live(Options(people=2000, seconds=4, tools=('httpx',), folder=Path({str(folder)!r}),"
        " defences=('CrowdSec stock',)))\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not (folder / "himaya/httpx/disk").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert left_running(str(folder))
        process.send_signal(sign)
        assert process.wait(30) != 0
    assert not left_running(str(folder))
