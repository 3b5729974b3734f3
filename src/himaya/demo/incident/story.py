"""The story of one incident: its steps in order, what each came to, and the page at the end."""

from __future__ import annotations

import contextlib
import secrets
import tempfile
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import msgspec

from himaya.core.errors import InputError, ServiceError
from himaya.demo.incident import (
    counting_steps,
    finding_steps,
    letter_steps,
    others_steps,
    telling_steps,
)
from himaya.demo.incident.gate_step import SECRET
from himaya.demo.incident.hands import STEPS as KEPT
from himaya.demo.incident.hands import Hands, Runner, Said
from himaya.demo.incident.output import check_output
from himaya.demo.incident.page import write_page
from himaya.demo.incident.residents import residents
from himaya.demo.incident.sinks import Identity, Mailbox, outside
from himaya.demo.incident.tale import Chapter, Step, Tale
from himaya.response.rendering.pdf import loaded

#: Fewer people than this are no site on which a farm of thirty accounts stands out; of more, the mails fill the memory.
LEAST_PEOPLE, MOST_PEOPLE = 400, 20_000
#: The site that the limits in the configuration are made for; of a larger one the farm sees more a day.
_PEOPLE = 3000
STEPS = (
    *finding_steps.STEPS,
    *counting_steps.STEPS,
    *telling_steps.STEPS,
    counting_steps.MET,
    *others_steps.STEPS,
    *letter_steps.STEPS,
)
_NOTE = "Everything here is invented: the site, its people, the farm, the operators, every decision and receipt."


class Options(msgspec.Struct, frozen=True):
    """What the command line asked for: where everything goes, and how many people the site has."""

    out: Path
    people: int = _PEOPLE


def tell(options: Options, run: Runner, say: Callable[[str], None]) -> int:
    """Tell the story and return its exit code: 0 when every comparison holds, else 1.

    Raises InputError for a directory that is not empty and for too few people, ServiceError when a command ends
    otherwise than it should.
    """
    if not LEAST_PEOPLE <= options.people <= MOST_PEOPLE:
        raise InputError(
            f"--people {options.people}: this story is told with {LEAST_PEOPLE} to {MOST_PEOPLE} people"
        )
    _make(options.out)
    say(_NOTE)
    with contextlib.chdir(options.out), _runtime() as runtime, outside() as (mail, identity):
        _configure(options.people, runtime, mail, identity)
        tale = Tale(options.out, Hands(run), residents(options.people), mail, identity)
        tale.with_pdf = _can_pdf(say)
        chapters = [_take(tale, number, step, say) for number, step in enumerate(STEPS, 1)]
        check_output(tale)
        write_page(tale, chapters)
    return _end(tale, say)


def _make(out: Path) -> None:
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise InputError(f"{out} is not empty; name a new directory with --out")
        (out / KEPT).mkdir()
    except OSError as problem:
        raise ServiceError(f"{out}: cannot be made: {problem.strerror}") from problem


def _runtime() -> tempfile.TemporaryDirectory[str]:
    """Return a place for the gate's socket; its path may have 107 bytes, and that of `out` may be longer."""
    return tempfile.TemporaryDirectory(prefix="himaya-")


def _configure(people: int, runtime: str, mail: Mailbox, identity: Identity) -> None:
    """Write the configuration of the site, with the places of this run, and the secrets of gate and orders."""
    text = files("himaya.demo.incident").joinpath("site.toml").read_text("utf-8")
    text = text.replace(f"population = {_PEOPLE}", f"population = {people}")
    times = -(-people // _PEOPLE)
    limits = f"hour = {20 * times}, day = {36 * times}, month = {300 * times}"
    text = text.replace("hour = 20, day = 36, month = 300", limits)
    text = text.replace("smtp_port = 2525", f"smtp_port = {mail.port}")
    text = text.replace('"gate.sock"', f'"{runtime}/gate.sock"')
    Path("himaya.toml").write_text(text.replace("127.0.0.1:2526", f"127.0.0.1:{identity.port}"))
    for secret in (Path("revoke.secret"), SECRET):
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_hex(32) + "\n")


def _can_pdf(say: Callable[[str], None]) -> bool:
    """Tell whether PDFs can be made here; say what is missing where not."""
    try:
        loaded()
    except ServiceError as problem:
        say(f"No PDF is written: {problem}")
        return False
    return True


def _take(tale: Tale, number: int, step: Step, say: Callable[[str], None]) -> Chapter:
    """Take a step, keep what its commands printed, and say what came of it."""
    at, file = time.time(), f"{KEPT}/{number:02}-{step.name}.txt"
    try:
        words = step.take(tale)
    finally:
        said = tale.hands.taken()
        Path(file).write_text(_transcript(step, said), "utf-8")
    say(f"{number:2}  {step.title}: {words}")
    return Chapter(step.name, step.title, at, words, said, file)


def _transcript(step: Step, said: list[Said]) -> str:
    commands = (
        f"$ {one.command}\n{one.done.out}{one.done.err}(exit code {one.done.code})\n"
        for one in said
    )
    return "\n".join([f"{step.title}\n{_NOTE}\n", *commands])


def _end(tale: Tale, say: Callable[[str], None]) -> int:
    failed = [one for one in tale.checks if not one.holds]
    for one in failed:
        say(f"DIFFERS: {one.words}")
    say(f"{len(tale.checks) - len(failed)} of {len(tale.checks)} comparisons hold.")
    say(f"Look at {tale.directory / 'incident.html'}")
    return 1 if failed else 0
