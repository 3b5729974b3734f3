"""One live run: the site, then one defence after the other before it; honest people and real tools at each."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import msgspec

from himaya.bench.crowd.group import Group
from himaya.bench.crowd.groups import GROUPS
from himaya.bench.live import rows, tools
from himaya.bench.live.children import Child, free_port
from himaya.bench.live.crowd import Crowd
from himaya.bench.live.fronts.every import chosen
from himaya.bench.live.fronts.front import Front
from himaya.bench.live.fronts.gate import HimayaGate
from himaya.bench.live.loopback import must_be_loopback
from himaya.bench.live.marks import disk_of
from himaya.bench.live.tools import Collected, Tool
from himaya.bench.networks import hosting
from himaya.bench.run import START
from himaya.bench.scene import Options as SceneOptions
from himaya.bench.scene import Scene
from himaya.bench.score.result import AttackerRow, DefenceRow, Problem, Result, Timings, WorldWords
from himaya.bench.world.knobs import Knobs
from himaya.core.errors import InputError, ServiceError
from himaya.core.facts import AccountFact, Fact

#: Bounds of what one may ask for: a run must end, and the site answers from one process.
MOST_SECONDS, MOST_PEOPLE, MOST_MEMBERS = 600.0, 200_000, 500

Say = Callable[[str], None]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a live run is asked for.

    `people` on the site, `seed` of everything drawn, `seconds` for each tool at each defence. `tools` and `defences` by
    name, none for all that are found; `none` and `himaya` are always among the defences. `members` honest people, at
    least five of each group. `python` is the interpreter whose packages are used as tools, "" for our own. `policy` is
    a site's own himaya.toml. `folder` keeps everything that was written; without it nothing stays.
    """

    people: int = 20_000
    seed: int = 1
    seconds: float = 20.0
    tools: tuple[str, ...] = ()
    defences: tuple[str, ...] = ()
    members: int = 80
    python: str = ""
    policy: Path | None = None
    folder: Path | None = None


def live(options: Options, say: Say | None = None, groups: Sequence[Group] = GROUPS) -> Result:
    """Run everything on this machine and return the result; `say` is told how it goes on.

    Whatever ends the run, Ctrl-C and SIGTERM included, every process that was started is ended first. Raises InputError
    or ConfigError for options that cannot be used, ServiceError when the site itself does not start. A defence that
    does not start becomes a problem of the result.
    """
    _check(options)
    run = Live(options, say or _quiet, groups)
    try:
        return asyncio.run(run.go())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


class Live:
    """The parts of one run."""

    def __init__(self, options: Options, say: Say, groups: Sequence[Group]) -> None:
        """Draw the world and its people. Raises InputError or ConfigError."""
        self._options, self._say, self._groups = options, say, groups
        self._found = tools.find(options.python)
        self._tools = _chosen(self._found, options.tools)
        self._fronts = chosen(options.defences, options.people, options.policy)
        knobs = Knobs(people=options.people)
        wanted = SceneOptions(knobs, days=1.0, members=options.members, policy=options.policy)
        self._scene = Scene(wanted, groups, options.seed)
        self._plan = self._scene.plan(1.0)
        self._crowd = Crowd(self._plan, options.seed)
        self._links = _links(self._scene.world.names.subjects, options.seed)
        self._problems: list[Problem] = []

    async def go(self) -> Result:
        """Run."""
        began = time.monotonic()
        with contextlib.ExitStack() as stack:
            stack.enter_context(_ends_on_sigterm())
            folder = self._folder(stack)
            site = self._site(folder)
            stack.callback(site[0].stop)
            await site[0].ready(site[1])
            found = [await self._before(front, site[1], folder) for front in self._fronts]
        done = rows.with_best([row for row in found if row is not None])
        return self._result(done, time.monotonic() - began)

    def _folder(self, stack: contextlib.ExitStack) -> Path:
        wanted = self._options.folder
        if wanted is not None:
            wanted.mkdir(parents=True, exist_ok=True)
            if any(wanted.iterdir()):
                raise InputError(f"{wanted} is not empty; name a new folder")
            return wanted.resolve()
        made = tempfile.TemporaryDirectory(prefix="himaya-live-", ignore_cleanup_errors=True)
        return Path(stack.enter_context(made))

    def _site(self, folder: Path) -> tuple[Child, int]:
        """Start the site; return it and its port."""
        port = free_port()
        words = ["--people", str(self._options.people), "--seed", str(self._options.seed)]
        command = [sys.executable, "-m", "himaya.bench.live.serve", *words, "--port", str(port)]
        return Child("the site", command, folder / "site.log"), port

    async def _before(self, front: Front, site: int, folder: Path) -> DefenceRow | None:
        """Measure one defence; None, and a problem noted, when it cannot be run here."""
        missing = front.missing()
        if missing:
            self._problems.append(Problem(front.name, f"not found: {', '.join(missing)}"))
            return None
        try:
            return await self._measured(front, site, _made(folder, front.name))
        except ServiceError as problem:
            self._problems.append(Problem(front.name, str(problem)))
            return None
        finally:
            front.stop()

    async def _measured(self, front: Front, site: int, folder: Path) -> DefenceRow:
        await front.start(site, folder, _told(self._plan.facts))
        must_be_loopback(f"http://127.0.0.1:{front.port}")
        crowd_s = self._options.seconds * len(self._tools)
        people = asyncio.create_task(self._crowd.live(front.port, crowd_s))
        try:
            done = [(tool, await self._collected(front, tool, folder)) for tool in self._tools]
            counts = await people
        finally:
            people.cancel()
            await asyncio.gather(people, return_exceptions=True)
        front.check()
        if isinstance(front, HimayaGate):
            await front.settle()
        lines = [self._line(front, tool, collected) for tool, collected in done]
        return rows.defence_row(self._words(front, crowd_s), lines, counts, self._groups)

    async def _collected(self, front: Front, tool: Tool, folder: Path) -> Collected:
        self._say(f"{front.name}: {tool.words}")
        collected = await tools.collect(
            tool,
            f"http://127.0.0.1:{front.port}",
            self._links,
            self._address(tool),
            seconds=self._options.seconds,
            folder=folder / tool.name,
        )
        if collected.trouble:
            self._problems.append(Problem(f"{front.name}, {tool.name}", collected.trouble))
        return collected

    def _address(self, tool: Tool) -> str:
        """Return the server a tool is told to run on: each in a /24 of its own."""
        return hosting(16 * (100 + tools.NAMES.index(tool.name)))[0]

    def _line(self, front: Front, tool: Tool, collected: Collected) -> AttackerRow:
        disk = disk_of(collected.folder)
        if self._options.folder is None:
            shutil.rmtree(collected.folder)
        exposed = front.exposed([f"address:{self._address(tool)}"])
        line = rows.tool_row(tool, disk, self._options.people, collected, exposed)
        self._say(f"{front.name}: {tool.name} has {line.people_lost:,.0f} people")
        return line

    def _words(self, front: Front, seconds: float) -> DefenceRow:
        faster = self._crowd.faster(seconds)
        rule = f"{front.rule()} Honest visits were lived up to {faster:,.0f} times faster than in life."
        return DefenceRow(
            name=front.name,
            modelled=False,
            attackers=[],
            honest=[],
            family=front.family,
            setting=front.setting,
            rule=rule,
        )

    def _result(self, defences: list[DefenceRow], seconds: float) -> Result:
        options = self._options
        world = WorldWords(
            people=options.people,
            days=round(options.seconds / 86400, 6),
            seeds=[options.seed],
            crowd=len(self._crowd.visits),
            policy=self._scene.config.policy().hash(),
            policy_file=options.policy.name if options.policy else "",
            mode="live",
        )
        return Result(
            world=world,
            defences=defences,
            problems=self._problems,
            tools=[tool.words for tool in self._found],
            timings=Timings(round(seconds, 1), len(defences) * len(self._tools), 1),
        )


def _check(options: Options) -> None:
    """Raise InputError for a run that would not end, or that the site cannot serve."""
    for name, value, least, most in (
        ("seconds", options.seconds, 1, MOST_SECONDS),
        ("people", options.people, 100, MOST_PEOPLE),
        ("members", options.members, 1, MOST_MEMBERS),
    ):
        if not least <= value <= most:
            raise InputError(
                f"live mode: {name} must be between {least:,} and {most:,}, not {value:,}"
            )


def _chosen(found: Sequence[Tool], names: Sequence[str]) -> list[Tool]:
    """Return the tools to use. Raises InputError for one that is unknown or not found, and when there is none."""
    here = {tool.name: tool for tool in found if tool.version}
    for name in names:
        if name not in here:
            known = f"; found are {', '.join(here) or 'none'}"
            why = "is not on this machine" if name in tools.NAMES else "is no tool of live mode"
            raise InputError(f"{name!r} {why}{known}")
    wanted = [tool for name, tool in here.items() if not names or name in names]
    if not wanted:
        raise InputError(
            f"live mode needs a collecting tool; install one of {', '.join(tools.NAMES)}"
        )
    return wanted


def _links(subjects: Sequence[str], seed: int) -> list[str]:
    """Return the profile links a tool is given, in an order of chance, as many as it may ask for."""
    links = [f"/u/{subject}" for subject in subjects]
    Random(f"live links:{seed}").shuffle(links)
    return links[: tools.MOST_REQUESTS]


def _told(facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts with their times moved to now: accounts are as old as they are on the virtual clock."""
    later = time.time() - START
    return [
        msgspec.structs.replace(fact, created=fact.created + later)
        if isinstance(fact, AccountFact) and fact.created is not None
        else fact
        for fact in facts
    ]


def _made(folder: Path, name: str) -> Path:
    """Return the folder of a defence, new."""
    own = folder / "".join(c if c.isalnum() else "-" for c in name)
    own.mkdir()
    return own


@contextlib.contextmanager
def _ends_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end the run as Ctrl-C does: in order."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    if task is None:
        yield
        return
    # Outside the main thread nobody may take signals.
    with contextlib.suppress(RuntimeError, ValueError):
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        yield
    finally:
        with contextlib.suppress(RuntimeError, ValueError):
            loop.remove_signal_handler(signal.SIGTERM)


def _quiet(_: str) -> None:
    """Say nothing."""
