"""`himaya bench --logs DIR`: the traffic as access logs in any format, and beside it the truth, for anyone's tool.

The truth is what a log cannot say: which lines belong to which operation, and whom each of them obtained.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import IO

import msgspec

from himaya.bench.asks import Answer, Ask, Client, Reply
from himaya.bench.attackers.attacker import Attacker, Operation
from himaya.bench.attackers.crew import Crew
from himaya.bench.crowd.lives import Lives
from himaya.bench.defences.base import Exposed, passed
from himaya.bench.run import START, Run
from himaya.bench.scene import Scene
from himaya.bench.world.site import World
from himaya.core.errors import InputError, ServiceError
from himaya.watch.formats import NAMED

#: The JSON format carries what a front door of himaya would log: the account and the people of each answer.
JSON = "json"
_VARIABLE = re.compile(r"\$\{?([a-z][a-z0-9_]*)\}?")
#: Bytes of a page without people, and of each person on it; logs want a size.
_PAGE, _PERSON = 2_000, 400

_Value = Callable[["Line"], str]


class Line(msgspec.Struct, frozen=True):
    """One exchange as a web server would log it."""

    client: Client
    ask: Ask
    reply: Reply
    now: float
    number: int

    @property
    def moment(self) -> datetime:
        """Return when, in UTC."""
        return datetime.fromtimestamp(self.now, UTC)

    @property
    def sent(self) -> int:
        """Return the size of the body."""
        return _PAGE + _PERSON * len(self.reply.people)


def _request(line: Line) -> str:
    return f"{line.ask.method} {line.ask.target} HTTP/1.1"


def _account(line: Line) -> str:
    return line.client.actor.account or "-"


_VALUES: dict[str, _Value] = {
    "remote_addr": lambda line: line.client.actor.address,
    "remote_ip": lambda line: line.client.actor.address,
    "ident": lambda _: "-",
    "remote_user": _account,
    "plain_user": _account,
    "upstream_http_himaya_account": _account,
    "time_local": lambda line: f"{line.moment:%d/%b/%Y:%H:%M:%S +0000}",
    "time_iso8601": lambda line: f"{line.moment:%Y-%m-%dT%H:%M:%S}+00:00",
    "msec": lambda line: f"{line.now:.3f}",
    "request": _request,
    "request_method": lambda line: line.ask.method,
    "request_uri": lambda line: line.ask.target,
    "status": lambda line: str(line.reply.status),
    "body_bytes_sent": lambda line: str(line.sent),
    "bytes_sent": lambda line: str(line.sent + 300),
    "http_referer": lambda _: "-",
    "http_user_agent": lambda line: line.client.agent or "-",
    "host": lambda _: "bench.example",
    "server_name": lambda _: "bench.example",
    "request_id": lambda line: f"{line.number:032x}",
    "scheme": lambda _: "https",
    "request_time": lambda _: "0.020",
}


def renderer(form: str) -> Callable[[Line], str]:
    """Return what writes a line: a named format, `json`, or an nginx `log_format` string. Raises InputError."""
    if form == JSON:
        return _json
    text = NAMED.get(form, form)
    names = _VARIABLE.findall(text)
    if not names:
        named = ", ".join([JSON, *(name for name in NAMED if " " not in name)])
        raise InputError(
            f"no log format is called {form!r}; there are {named}, or write $variables"
        )
    unknown = [name for name in names if name not in _VALUES]
    if unknown:
        raise InputError(f"the bench cannot log ${unknown[0]}; it knows {', '.join(_VALUES)}")
    return lambda line: _VARIABLE.sub(lambda found: _VALUES[found[1]](line), text)


def _json(line: Line) -> str:
    actor = line.client.actor
    fields = {
        "at": round(line.now, 3),
        "id": f"{line.number:032x}",
        "address": actor.address,
        "account": actor.account,
        "method": line.ask.method,
        "host": "bench.example",
        "target": line.ask.target,
        "status": line.reply.status,
        "sent": line.sent,
        "type": "text/html",
        "agent": line.client.agent,
        "subjects": ", ".join(person.subject for person in line.reply.people) or ",",
    }
    return msgspec.json.encode(fields).decode()


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

    def names(self, actors: Iterable[str]) -> int:
        """Return 0: nothing is recorded."""
        return 0

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

    Raises InputError for a format, ServiceError when the directory cannot be written.
    """
    render = renderer(form)
    log, truth = directory / "access.log", directory / "truth.jsonl"
    crews = [_crew(each, scene) for each in attackers]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with log.open("w", encoding="utf-8") as file:
            defence = Logged(scene.world, file, render)
            lives = Lives(scene.plan(scene.options.intensity))
            Run(defence, lives, crews, START + scene.options.days * 86400).go()
        truth.write_bytes(b"".join(msgspec.json.encode(_truth(crew)) + b"\n" for crew in crews))
    except OSError as problem:
        raise ServiceError(f"{directory}: cannot be written: {problem.strerror}") from problem
    return Written(str(log), str(truth), defence.lines)


def _crew(attacker: Attacker, scene: Scene) -> Crew:
    plan = attacker.scaled(scene.world.knobs)
    rng = Random(f"{scene.seed}:{attacker.id}")
    op = Operation(scene.world, plan, rng, START, scene.options.days)
    return Crew(attacker, op)


def _truth(crew: Crew) -> Truth:
    pairs = crew.op.disk.pairs()
    obtained = {subject: sorted(fields) for subject, fields in pairs.items()}
    return Truth(crew.id, crew.attacker.title, crew.actors(), obtained)
