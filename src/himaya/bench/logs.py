"""`himaya bench --logs DIR`: the traffic as access logs in any format, and beside it the truth, for anyone's tool.

The truth is what a log cannot say: which lines belong to which operation, and whom each of them obtained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import IO

import msgspec

from himaya.bench.asks import Answer, Ask, Client, Reply
from himaya.bench.attackers.attacker import Attacker, Operation
from himaya.bench.attackers.crew import Crew
from himaya.bench.attackers.hand import Hand
from himaya.bench.crowd.lives import Lives
from himaya.bench.defences.base import Defence, Exposed, Grouped, passed
from himaya.bench.log_values import Line, renderer
from himaya.bench.outside import blaming, guard_for
from himaya.bench.run import START, Run
from himaya.bench.scene import Scene
from himaya.bench.world.site import World
from himaya.core.errors import ServiceError


class Logged:
    """A defence that lets everything pass and writes it down."""

    def __init__(self, world: World, file: IO[str], render: Callable[[Line], str]) -> None:
        """Write lines to an open file."""
        self._world, self._file, self._render = world, file, render
        self.lines = 0

    def serve(self, client: Client, ask: Ask, now: float, answer: Answer | None = None) -> Reply:
        """Answer, and log it."""
        reply = passed(self._world, client, ask, answer)
        self.lines += 1
        self._file.write(self._render(Line(client, ask, reply, now, self.lines)) + "\n")
        return reply

    def solve(self, client: Client, now: float) -> bool:
        """Return False: there are no challenges."""
        return False

    def exposed(self, actors: Iterable[str]) -> Exposed | None:
        """Return None: the log is read by somebody else's tool."""
        return None

    def grouped(self, actors: Iterable[str]) -> Grouped | None:
        """Return None: nothing is recorded."""
        return None

    def close(self) -> None:
        """The file belongs to whoever opened it."""


class Written(msgspec.Struct, frozen=True):
    """What was written: the log, the truth, and how many lines."""

    log: str
    truth: str
    lines: int


class Truth(msgspec.Struct, frozen=True):
    """One operation of a log: the names a front door has for it, and whom it obtained, with fields."""

    id: str
    title: str
    actors: list[str]
    obtained: dict[str, list[str]]


def write_logs(
    scene: Scene, attackers: Sequence[Attacker], directory: Path, form: str = "combined"
) -> Written:
    """Play crowd and attackers together before no defence, and write `access.log` and `truth.jsonl`.

    Incidents work for as long as they lasted, everybody else for the days of the scene. Raises InputError for a format
    and for an attacker from outside that fails, naming its file, ServiceError when the directory cannot be written.
    """
    render = renderer(form)
    log, truth = directory / "access.log", directory / "truth.jsonl"
    crews = [_crew(each, scene) for each in attackers]
    days = max([scene.options.days, *(crew.op.days for crew in crews)])
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with log.open("w", encoding="utf-8") as file:
            defence = Logged(scene.world, file, render)
            lives = Lives(scene.plan(scene.options.intensity))
            run = Run(defence, lives, crews, START + days * 86400)
            run.guards = {each.id: guard_for(each) for each in attackers}
            run.go()
        truth.write_bytes(b"".join(msgspec.json.encode(_truth(crew)) + b"\n" for crew in crews))
    except OSError as problem:
        raise ServiceError(f"{directory}: cannot be written: {problem.strerror}") from problem
    return Written(str(log), str(truth), defence.lines)


class _Timed(Crew):
    """An operation that ends at its own time, while others go on."""

    def step(
        self, hand: Hand, now: float, defence: Defence, reply: Reply | None = None
    ) -> float | None:
        """Let a hand do its next thing, unless the time is over."""
        if now >= self.op.start + self.op.days * 86400:
            return None
        return super().step(hand, now, defence, reply)


def _crew(attacker: Attacker, scene: Scene) -> Crew:
    with blaming(attacker):
        plan = attacker.scaled(scene.world.knobs)
        rng = Random(f"{scene.seed}:{attacker.id}")
        days = attacker.site_days or scene.options.days
        return _Timed(attacker, Operation(scene.world, plan, rng, START, days))


def _truth(crew: Crew) -> Truth:
    with blaming(crew.attacker):
        pairs = crew.op.disk.pairs()
        obtained = {subject: sorted(fields) for subject, fields in pairs.items()}
        return Truth(crew.id, crew.attacker.title, crew.actors(), obtained)
