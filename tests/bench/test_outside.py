"""Attackers and crowds from files that are not ours: what is wrong with one is said with file and line."""

from __future__ import annotations

import signal
import threading
import time
from random import Random

import pytest

from himaya.bench.attackers.attacker import Attacker, Operation
from himaya.bench.attackers.crew import Crew
from himaya.bench.crowd.group import Group, Setting
from himaya.bench.crowd.groups import GROUPS
from himaya.bench.crowd.machines import SearchEngine
from himaya.bench.crowd.newcomers import Newcomer
from himaya.bench.crowd.plan import draw
from himaya.bench.crowd.shared import Office
from himaya.bench.defences.none import NoDefence
from himaya.bench.outside import attackers as sealed
from himaya.bench.outside import guard_for, load_attackers, load_crowd
from himaya.bench.playing import Stage
from himaya.bench.run import START, Run
from himaya.bench.scene import Options, Scene
from himaya.bench.score.cell import Cell
from himaya.bench.world.knobs import Knobs
from himaya.bench.world.site import World
from himaya.core.errors import HimayaError, InputError, LedgerError

HEAD = """\
from himaya.bench.attackers.attacker import Attacker
from himaya.bench.attackers.parameters import Parameters
from himaya.bench.world import links
"""
GOOD = """
class Walker(Attacker):
    id = "X1"
    title = "walker"
    how = "asks for one profile after another"
    plan = Parameters(hands=2, pace_s=1.0)

    def work(self, hand, op):
        for link in op.links(hand):
            yield links.profile(link)
"""
#: The line of `yield` in a file made by `walker`.
STEP = 8


@pytest.fixture(name="world", scope="module")
def _world():
    return World(Knobs(people=200, community=20), seed=1)


@pytest.fixture(name="file")
def _file(tmp_path):
    return tmp_path / "mine.py"


def walker(file, *steps, more="", plan="Parameters()"):
    """Write an attacker whose work is these lines; the first of them is line 8."""
    body = "".join(f"        {step}\n" for step in steps)
    text = f'{HEAD}class Walker(Attacker):\n    id = "X1"\n    plan = {plan}\n'
    file.write_text(f"{text}    def work(self, hand, op):\n{body}{more}")
    return file


def run(world, attacker, hours=1.0, crews=()):
    op = Operation(world, attacker.scaled(world.knobs), Random("x"), START, hours / 24)
    crew = Crew(attacker, op)
    going = Run(NoDefence(world), None, [crew, *crews], START + hours * 3600)
    going.guards[attacker.id] = guard_for(attacker)
    going.go()
    return crew


def wrong(file, line, words, call):
    """Expect an InputError that names the file, the line and these words."""
    with pytest.raises(InputError) as raised:
        call()
    problem = raised.value
    assert isinstance(problem, HimayaError)
    assert (problem.file, problem.line) == (str(file), line), problem
    assert str(problem).startswith(f"{file}:{line}: "), problem
    assert words in str(problem), problem


def test_an_attacker_from_a_file_works_like_one_of_ours(file, world):
    """A class in a file anywhere is loaded and takes the whole site when nothing stops it."""
    file.write_text(HEAD + GOOD)
    (attacker,) = load_attackers(file)
    assert (attacker.id, attacker.title) == ("X1", "walker")
    assert len(run(world, attacker).op.disk.fields) == 200


def test_a_list_says_which_attackers_count(file):
    """ATTACKERS chooses, in its own order, classes or ready instances; others of the file do not count."""
    more = "\nclass Other(Walker):\n    id = 'X2'\nATTACKERS = [Other, Walker()]\n"
    file.write_text(HEAD + GOOD + more)
    assert [each.id for each in load_attackers(file)] == ["X2", "X1"]


def test_a_base_without_an_id_is_no_attacker(file):
    """A class that only holds what others share is left out; all others come in the order of the file."""
    file.write_text(
        HEAD + "class Base(Attacker):\n    def work(self, hand, op):\n        yield 1\n"
        "class B(Base):\n    id = 'B'\nclass A(Base):\n    id = 'A'\n"
    )
    assert [each.id for each in load_attackers(file)] == ["B", "A"]


def test_what_a_file_needs_of_its_own_module_is_there(file):
    """Dataclasses and postponed annotations work, although the file is no package of anybody."""
    file.write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        f"{HEAD}@dataclass\nclass Note:\n    many: int = 3\n{GOOD}"
    )
    assert load_attackers(file)[0].id == "X1"


def test_what_a_file_prints_leaves_results_whole(file, world, capsys):
    """Prints of a file, while it is loaded or works, go to standard error."""
    walker(file, 'print("step")', "yield 1", more='print("loaded")\n')
    run(world, load_attackers(file)[0])
    seen = capsys.readouterr()
    assert seen.out == ""
    assert "loaded" in seen.err
    assert "step" in seen.err


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("x = 1\ndef f(:\n", 2, "this is no Python"),
        ("x = 1\n\nraise ValueError('no key')\n", 3, "loading it failed: ValueError: no key"),
        ("import nothing_like_this\n", 1, "No module named 'nothing_like_this'"),
        ("def f():\n    return 1 / 0\nx = 2\nf()\n", 2, "ZeroDivisionError"),
        ("import sys\nsys.exit(3)\n", 2, "SystemExit"),
        ("def f():\n    f()\nf()\n", 2, "RecursionError"),
        ("x = 1\n", 1, "there is no subclass of Attacker"),
        ("x = 1\nATTACKERS = 3\n", 2, "ATTACKERS must be a list"),
        ("\nATTACKERS = [int]\n", 2, "where a Attacker was expected"),
        (f"{HEAD}class A(Attacker):\n    id = 'A'\n    def __init__(self):\n        raise OSError(5)\n", 7, "OSError"),
        (f"{HEAD}class A(Attacker):\n    id = 'A'\n    plan = Parameters(pase_s=1)\n", 6, "pase_s"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_loaded(file, text, line, words):
    """Bad syntax, exceptions and files without attackers are refused with the line at fault."""
    file.write_text(text)
    wrong(file, line, words, lambda: load_attackers(file))


@pytest.mark.parametrize("loader", [load_attackers, load_crowd])
def test_a_file_that_cannot_be_read(tmp_path, loader):
    """A missing file, a directory, a huge file and one that is no text are refused by name."""
    (tmp_path / "huge.py").write_bytes(b"#" * 2_000_000)
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\x00")
    for name in ("absent.py", ".", "huge.py", "bytes.py"):
        with pytest.raises(InputError) as raised:
            loader(tmp_path / name)
        assert raised.value.file == str(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "words"),
    [("id = ''", "A.id must be"), ("id = 'all'", "A.id must be"), ("id = 'a b'", "A.id must be"),
     ("id = 7", "A.id must be"), ("id = 'A1'", "A.id A1 is taken"), ("id = 'X'; title = 3", "A.title must be text"),
     ("id = 'X'; site_days = float('nan')", "A.site_days must be a number"),
     ("id = 'X'; plan = Parameters(pace_s=-1.0)", "pace_s must be from 0"),
     ("id = 'X'; plan = Parameters(pace_s=float('nan'))", "pace_s must be from 0"),
     ("id = 'X'; plan = Parameters(accounts=10**9)", "accounts must be from 0 to 200,000, not 1000000000"),
     ("id = 'X'; plan = Parameters(hands=200000, addresses=200000, rotates=True)", "hands times addresses"),
     ("id = 'X'; plan = Parameters(network='moon')", "network: Invalid enum value 'moon'"),
     ("id = 'X'; plan = Parameters(client='moon')", "client: Invalid enum value 'moon'"),
     ("id = 'X'; plan = Parameters(accounts='many')", "accounts: Expected `int`, got `str`"),
     ("id = 'X'; plan = Parameters(hands=True)", "hands"),
     ("id = 'X'; plan = {'accounts': 3}", "it must be Parameters(...), not dict")],
)  # fmt: skip
def test_ids_and_plans_are_checked(file, text, words):
    """What an attacker is and has is checked before anything runs; the line is that of the wrong word."""
    file.write_text(f"{HEAD}class A(Attacker):\n\n    {text}\n")
    wrong(file, 6, words, lambda: load_attackers(file, ["A1"]))


def test_two_of_one_name_in_a_file(file):
    """An id may stand once."""
    file.write_text(f"{HEAD}class A(Attacker):\n    id = 'A'\nclass B(Attacker):\n    id = 'A'\n")
    wrong(file, 7, "B.id A is taken", lambda: load_attackers(file))


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("yield 1 / 0", "Walker.work() failed: ZeroDivisionError"),
        ("yield op.world.subject(10**9)", "there is no person 1000000000 in a world of 200 people"),
        ("yield links.profile(op.world.subject(-1))", "there is no person -1"),
        ("yield op.nothing", "AttributeError"),
        ("yield None", "a NoneType, neither an Ask nor a number"),
        ("yield 'please'", "a str, neither an Ask nor a number"),
        ("yield -1", "-1, neither an Ask"),
        ("yield float('nan')", "nan, neither an Ask"),
        ("yield float('inf')", "inf, neither an Ask"),
        ("yield True", "True, neither an Ask"),
        ("yield [links.HOME]", "a list, neither an Ask"),
        ("yield links.Ask('no path')", "an Ask whose target is no path"),
        ("yield links.Ask('/a b')", "an Ask whose target is no path"),
        ("yield links.Ask(7)", "an Ask whose target is no path"),
        ("yield links.Ask('/', 'FETCH')", "an Ask whose method is none of"),
        ("yield links.Ask('/', 'POST', ('x',))", "numbers are not whole numbers"),
        ("yield links.Ask('/', 'POST', 7)", "numbers are no tuple"),
        ("import sys; sys.exit(0); yield 1", "SystemExit"),
        ("yield from (x for x in [None])", "a NoneType"),
    ],
)
def test_steps_that_no_client_could_take(file, world, step, words):
    """Whatever work() raises or yields wrongly ends this attacker alone, with the line of the file."""
    walker(file, step)
    (attacker,) = load_attackers(file)
    wrong(file, STEP, words, lambda: run(world, attacker))


def test_the_line_is_the_one_of_the_file_however_deep_the_call(file, world):
    """An error far down names the innermost line of the file, also in a helper that `yield from` runs."""
    walker(
        file,
        "yield from deep(op)",
        more="\ndef deep(op):\n    yield 1\n    op.world.subject(10**9)\n",
    )
    (attacker,) = load_attackers(file)
    wrong(file, 12, "there is no person", lambda: run(world, attacker))


@pytest.mark.parametrize("step", ["return [1, 2]", "return None"])
def test_work_that_does_not_yield(file, world, step):
    """A work that returns its steps is told to yield them."""
    walker(file, step)
    (attacker,) = load_attackers(file)
    wrong(file, 7, "must yield its steps", lambda: run(world, attacker))


@pytest.mark.parametrize(
    "steps",
    [
        ["while True: pass"],
        ["import time; time.sleep(1000)"],
        ["while sum(range(100)): op.world.subject(1)"],
    ],
)
def test_work_that_never_yields(file, world, steps):
    """A loop without end, a sleep, a loop in our own code: after the limit the line is named."""
    walker(file, *steps, "yield 1")
    (attacker,) = load_attackers(file, limit_s=0.2)
    began = time.monotonic()
    wrong(file, STEP, "still busy after 0.2 s", lambda: run(world, attacker))
    assert time.monotonic() - began < 5


def test_a_loop_that_catches_everything_is_ended_too(file, world):
    """A bare except around the loop does not keep it alive."""
    walker(
        file,
        "while True:",
        "    try:",
        "        sum(range(50))",
        "    except:",
        "        pass",
        "yield 1",
    )
    (attacker,) = load_attackers(file, limit_s=0.2)
    with pytest.raises(InputError, match="still busy") as raised:
        run(world, attacker)
    assert STEP <= raised.value.line <= STEP + 4


def test_an_interruption_that_was_swallowed_still_counts(file, world):
    """A file that hides that its time was up is refused all the same."""
    walker(
        file,
        "import time",
        "try:",
        "    time.sleep(100)",
        "except BaseException:",
        "    pass",
        "yield 1",
    )
    (attacker,) = load_attackers(file, limit_s=0.2)
    wrong(file, STEP + 2, "still busy", lambda: run(world, attacker))


def test_loading_that_never_ends(file):
    """The limit holds while a file is loaded."""
    file.write_text("x = 1\nwhile True:\n    x += 1\n")
    with pytest.raises(InputError, match=f"{file}:[23]: loading it was still busy"):
        load_attackers(file, limit_s=0.2)


def test_hooks_are_run_under_the_same_rules(file, world):
    """scaled, scaling, dressed and near may fail and be wrong like work."""
    more = "    def scaled(self, knobs):\n        return 3\n    def scaling(self, knobs):\n        return 3\n"
    more += "    def dressed(self, hand, op):\n        hand.client = None\n"
    more += "    def near(self, hand, op):\n        return [1]\n"
    walker(file, "yield 1", more=more)
    (attacker,) = load_attackers(file)
    wrong(file, 9, "Walker.scaled: it must be Parameters", lambda: attacker.scaled(world.knobs))
    wrong(file, 11, "must return text", lambda: attacker.scaling(world.knobs))
    op = Operation(world, attacker.plan, Random("x"), START, 1.0)
    wrong(file, 13, "no client", lambda: Crew(attacker, op))
    wrong(file, 15, "must return a list of subjects", lambda: attacker.near(None, op))


def test_waits_without_end_at_no_time_are_ended(file, world, monkeypatch):
    """Yielding waits and never asking is ended with the line of the yield."""
    monkeypatch.setattr(sealed, "MOST_WAITS", 500)
    walker(file, "while True:", "    yield 0")
    (attacker,) = load_attackers(file)
    wrong(file, STEP + 1, "500 waits in a row", lambda: run(world, attacker))


def test_asks_without_end_are_ended(file, world):
    """The guard bounds the steps of one run, and names where work stands."""
    walker(file, "while True: yield links.HOME", plan="Parameters(pace_s=0.0)")
    (attacker,) = load_attackers(file)
    guard = guard_for(attacker, most_steps=10)
    for _ in range(10):
        assert guard(lambda: 1.0) == 1.0
    wrong(file, 7, "more than 10 steps", lambda: guard(lambda: 1.0))


def test_one_bad_attacker_does_not_end_the_others(tmp_path, world):
    """Each cell fails for itself: what the matrix catches is one HimayaError, and the next cell runs."""
    results = {}
    for name, step in (("A", "yield 1 / 0"), ("B", "while True: pass"), ("C", "yield 1")):
        file = walker(tmp_path / f"{name}.py", step, *["yield 1"])
        (attacker,) = load_attackers(file, limit_s=0.2)
        try:
            run(world, attacker)
            results[name] = "ran"
        except HimayaError as problem:
            results[name] = type(problem).__name__
    assert results == {"A": "InputError", "B": "InputError", "C": "ran"}


def test_the_alarm_of_whoever_runs_us_is_put_back(file, world):
    """An alarm that was set before a step still rings afterwards, at its own time."""
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    timer = signal.setitimer(signal.ITIMER_REAL, 30.0)
    try:
        walker(file, "yield 1")
        run(world, load_attackers(file)[0])
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 30.0
        signal.raise_signal(signal.SIGALRM)
        assert rung == [1]
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *timer)


def test_without_a_main_thread_there_is_no_limit_but_no_failure_either(file, world):
    """Signals arrive in the main thread only; elsewhere everything but the limit holds."""
    walker(file, "yield links.HOME")
    done = []
    thread = threading.Thread(target=lambda: done.append(run(world, load_attackers(file)[0])))
    thread.start()
    thread.join(20)
    assert len(done) == 1


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("hand.client.actor = None", "AttributeError: 'NoneType' object has no attribute"),
        ("hand.client = None", "AttributeError"),
        ("hand.pool = None; hand.used = 3", "TypeError"),
        ("hand.requests = 'many'", "TypeError"),
        ("op.disk = None", "AttributeError"),
        ("op.plan = None", "AttributeError"),
        ("op.hands[0].client.actor = 'nobody'", "AttributeError"),
    ],
)
def test_what_a_file_leaves_behind_is_its_own_fault(file, world, harm, words):
    """Our own code failing because of what work() did to a hand names the file and the line of the class."""
    walker(file, harm, "while True: yield links.HOME")
    (attacker,) = load_attackers(file)
    wrong(file, 4, words, lambda: run(world, attacker))


@pytest.mark.parametrize(
    ("more", "line", "words"),
    [
        ("def dressed(self, hand, op):\n        op.hands.append(None)", 4, "AttributeError"),
        ("def dressed(self, hand, op):\n        hand.begins = 'soon'", 4, "TypeError"),
        ("def near(self, hand, op):\n        op.hands = None; return []", 4, "TypeError"),
        ("def near(self, hand, op):\n        return 1 / 0", 10, "ZeroDivisionError"),
        ("def scaled(self, knobs):\n        return 1 / 0", 10, "ZeroDivisionError"),
    ],
)
def test_a_cell_of_a_broken_file_is_an_answer(file, more, line, words):
    """Wherever a cell fails because of a file, dressing and summing up included, it is a problem of that cell."""
    walker(file, "yield links.HOME", more=f"    {more}\n", plan="Parameters(accounts=2)")
    (attacker,) = load_attackers(file)
    scene = Scene(Options(Knobs(people=200), days=0.1, members=80), GROUPS, 1)
    result = Stage(scene, [attacker], ["X1"]).play(Cell("himaya", "X1", "plain", 1))
    assert (result.file, result.line) == (str(file), line), result.problem
    assert words in result.problem


def test_only_input_is_blamed_on_a_file(file):
    """Ctrl-C, a broken ledger and errors that name another file pass as they are."""
    walker(file, "yield 1")
    (attacker,) = load_attackers(file)
    guard = guard_for(attacker)
    for problem in (KeyboardInterrupt(), LedgerError("full"), InputError("x", file="other")):
        with pytest.raises(type(problem)) as raised:
            guard(lambda problem=problem: _raise(problem))
        assert raised.value is problem
    wrong(file, 4, "no person", lambda: guard(lambda: _raise(InputError("no person"))))
    wrong(file, 4, "SystemExit", lambda: guard(lambda: _raise(SystemExit(3))))


def _raise(problem):
    raise problem


@pytest.mark.parametrize("name", ["id", "title", "how", "plan", "site_days"])
def test_words_that_are_code_are_run_like_code(file, name):
    """A property that raises is named with its line."""
    text = f"{HEAD}class A(Attacker):\n    id = 'A'\n    @property\n    def {name}(self):\n        return 1 / 0\n"
    file.write_text(text)
    wrong(file, 8, "ZeroDivisionError", lambda: load_attackers(file))


def test_guards_of_our_own_attackers_only_count():
    """A shipped attacker may be guarded too; its error has no file."""
    ours = Attacker()
    ours.id = "A1"
    guard = guard_for(ours, most_steps=0)
    with pytest.raises(InputError, match=r"^A1: more than 0 steps"):
        guard(lambda: 1.0)


CROWD = """\
from himaya.bench.asks import Ask, Client
from himaya.bench.crowd.group import Group, Visit
from himaya.bench.world import links
from himaya.core.actor import Actor
CLIENT = Client(Actor(address="10.0.0.1"))
class Readers(Group):
    id = "readers"
    natural = 0.5
    {words}
    def visits(self, member, setting):
        {visits}
"""


def crowd(file, visits, words="pass"):
    """Write a group; its words are line 9, its visits line 11."""
    file.write_text(CROWD.format(words=words, visits=visits))
    return file


def drawn(world, groups):
    return draw(groups, 10, Setting(world, START, 1.0, 1.0), seed=1)


def test_a_group_from_a_file_visits_like_one_of_ours(file, world):
    """A class in a file anywhere is a group of the crowd; its visits may be a list or a generator."""
    for visits in (
        "yield Visit(CLIENT, [(setting.start + 5, links.HOME)])",
        "return [Visit(CLIENT, [(setting.start + 5, links.HOME)])]",
    ):
        (group,) = load_crowd(crowd(file, visits, words="signed_in = False"))
        assert isinstance(group, Group)
        assert group.signed_in is False
        assert len(drawn(world, [group]).events) == 10


@pytest.mark.parametrize(
    ("visits", "words"),
    [
        ("yield 1 / 0", "Readers.visits() failed: ZeroDivisionError"),
        ("yield setting.world.subject(10**9)", "there is no person"),
        ("return 3", "nothing that holds visits, but int"),
        ("yield 3", "gave a int where a Visit was expected"),
        ("return [None]", "gave a NoneType where a Visit was expected"),
        ("yield Visit(None, [])", "client is no Client"),
        ("yield Visit(CLIENT, 3)", "asks are no list"),
        ("yield Visit(CLIENT, [3])", "not pairs of a time and an Ask"),
        ("yield Visit(CLIENT, [(float('nan'), links.HOME)])", "no epoch second"),
        ("yield Visit(CLIENT, [(setting.start, '/')])", "with a str where an Ask was expected"),
        ("yield Visit(CLIENT, [(setting.start, Ask('u/1'))])", "target is no path"),
        ("yield Visit(CLIENT, [(setting.start, links.HOME)] * 100001)", "100,000 asks of one"),
        ("while True: yield Visit(CLIENT, [])", "more than 10,000 visits"),
        ("while True: pass", "still busy after 0.2 s"),
    ],
)
def test_visits_that_nobody_could_make(file, world, visits, words):
    """Whatever visits() raises or gives wrongly names the line of the file."""
    (group,) = load_crowd(crowd(file, visits), limit_s=0.2)
    with pytest.raises(InputError) as raised:
        drawn(world, [group])
    assert raised.value.file == str(file)
    assert raised.value.line in ({10, 11} if "return" in visits else {11}), raised.value
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("natural = 2.0", "Readers.natural must be a number from 0 to 1"),
        ("weight = float('nan')", "Readers.weight must be a number"),
        ("age_days = 3", "Readers.age_days must be two numbers"),
        ("age_days = (9, 3)", "Readers.age_days must be two numbers"),
        ("tier = 3", "Readers.tier must be text"),
        ("script = 1", "Readers.script must be True or False"),
        ("answers = None", "Readers.answers must be True or False"),
        ("told_friends = 'no'", "Readers.told_friends must be True or False"),
        ("id = 'office'", "Readers.id office is taken"),
    ],
)
def test_groups_are_checked(file, words, said):
    """What a group is is checked before anybody visits."""
    crowd(file, "yield", words)
    wrong(file, 9, said, lambda: load_crowd(file, ["office"]))


def test_our_own_groups_are_the_same_from_a_file(file):
    """A group from a file keeps places, accounts, sign-ups, friends and visits: the plan is the same."""
    file.write_text(
        "from himaya.bench.crowd.newcomers import Newcomer\nfrom himaya.bench.crowd.shared import Office\n"
        "from himaya.bench.crowd.machines import SearchEngine\nGROUPS = [Office, Newcomer(), SearchEngine]\n"
    )
    plans = []
    for groups in (load_crowd(file), [Office(), Newcomer(), SearchEngine()]):
        world = World(Knobs(people=300, community=20), seed=1)
        plans.append(draw(groups, 60, Setting(world, START, 1.0, 1.0), seed=1))
    told, ours = plans
    assert [_seen(each) for each in told.events] == [_seen(each) for each in ours.events]
    assert (told.group_of, told.facts) == (ours.group_of, ours.facts)
    assert len(told.events) > 100
    for name in ("id", "title", "natural", "weight", "tier", "answers", "script", "told_friends"):
        assert [getattr(g, name) for g in told.groups] == [getattr(g, name) for g in ours.groups]


def _seen(event):
    """Return an event with its client as a front door sees it."""
    return event.at, event.member, event.visit, event.client.actor, event.client.agent, event.ask


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        ("def place(self, number, rng): return '10.0.0.1'", "place() must return an address"),
        ("def place(self, number, rng): return ('here', 1)", "place() must return an address"),
        ("def place(self, number, rng): return 1 / 0", "ZeroDivisionError"),
        ("def signs_in(self, number): return None", "signs_in() must return True or False"),
        ("def created(self, setting, rng): return float('nan')", "must return an epoch second"),
    ],
)
def test_what_groups_say_of_members_is_checked(file, world, hook, words):
    """Places, accounts and sign-ups are checked like visits, with the line of the method."""
    (group,) = load_crowd(crowd(file, "yield", hook))
    wrong(file, 9, words, lambda: drawn(world, [group]))
