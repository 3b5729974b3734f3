"""`--attackers FILE.py`: attackers that somebody else wrote, sealed so that one of them cannot end the matrix."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from himaya.bench.asks import Ask, Client, Reply
from himaya.bench.attackers.attacker import Attacker, Operation, Step, Work
from himaya.bench.attackers.hand import Hand
from himaya.bench.attackers.parameters import Parameters
from himaya.bench.outside.plans import wrong_with
from himaya.bench.outside.source import Source, is_number
from himaya.bench.outside.within import LIMIT_S, Blame, line_of_generator
from himaya.bench.run import Guard
from himaya.bench.world.knobs import Knobs
from himaya.core.actor import Actor
from himaya.core.errors import InputError

#: Steps of all hands in one run: requests, repeats after a refusal, and waits.
MOST_STEPS = 2_000_000
#: Waits that follow each other without an ask; half a minute each, they are a month.
MOST_WAITS = 100_000
_LONGEST_WAIT_S = 10 * 365 * 86400.0
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_TARGET = re.compile(r"/[!-~]{0,8000}")
_MOST_NUMBERS = 10_000


def load_attackers(
    path: Path, taken: Sequence[str] = (), *, limit_s: float = LIMIT_S
) -> list[Attacker]:
    """Return the attackers that a file defines, in the order of the file, each checked and sealed.

    They are the subclasses of Attacker in it, or what its list ATTACKERS holds (classes or instances).
    `taken` are ids that are in use; `limit_s` is the wall-clock time that loading, and later every step, may
    take. Raises InputError naming file and line.
    """
    source, ids, found = Source(path, limit_s), list(taken), list[Attacker]()
    for each in source.things(Attacker, "ATTACKERS"):
        ids.append(source.check_id(each, ids))
        found.append(OutsideAttacker(each, source, ids[-1]))
    return found


def guard_for(attacker: Attacker, most_steps: int = MOST_STEPS) -> Guard:
    """Return what the steps of an attacker are run under in one run.

    Set it as `run.guards[attacker.id]`, a new one for every run. It raises InputError after `most_steps` steps, and
    whatever a step of an attacker from outside raises, also in our own code, becomes one that names file and line.
    """
    done, blame = 0, blaming(attacker)

    def guard(step: Callable[[], float | None]) -> float | None:
        nonlocal done
        done += 1
        if done <= most_steps:
            with blame:
                return step()
        words = (
            f"{attacker.id}: more than {most_steps:,} steps in one run; raise pace_s or yield waits"
        )
        if isinstance(attacker, OutsideAttacker):
            raise attacker.problem(words, "work")
        raise InputError(words)

    return guard


def blaming(attacker: Attacker | None) -> AbstractContextManager[None]:
    """Return the context in which our code works on what an attacker did; it may be entered again and again.

    What is raised in it becomes an InputError that names the file of an attacker from outside; ours raise as they do.
    """
    return attacker.blame() if isinstance(attacker, OutsideAttacker) else nullcontext()


class OutsideAttacker(Attacker):
    """An attacker of a file: its code runs under a time limit, and what it yields is checked before it counts."""

    def __init__(self, inner: Attacker, source: Source, name: str) -> None:
        """Check its words; `name` is its id. Raises InputError."""
        self._inner, self._source = inner, source
        self._kind = type(inner).__name__
        self.id = name
        self.title = source.check_text(inner, "title") or name
        self.how = source.check_text(inner, "how")
        self.site_days = source.check_number(inner, "site_days", 0, 3660)
        self.plan = self._checked(source.value(inner, "plan"), "plan")

    def blame(self) -> Blame:
        """Return the context in which our code works on what it left behind."""
        return self._source.blame(type(self._inner))

    def problem(self, words: str, name: str) -> InputError:
        """Return an error at the line where an attribute stands."""
        return self._source.problem(words, self._line(name))

    def _line(self, name: str) -> int:
        return self._source.line(type(self._inner), name)

    def _checked(self, plan: object, name: str) -> Parameters:
        wrong = wrong_with(plan)
        if wrong or not isinstance(plan, Parameters):
            raise self.problem(f"{self._kind}.{name}: {wrong}", name)
        return plan

    def scaled(self, knobs: Knobs) -> Parameters:
        with self._source.within(f"{self._kind}.scaled()", self._line("scaled")):
            plan = self._inner.scaled(knobs)
        return self._checked(plan, "scaled")

    def scaling(self, knobs: Knobs) -> str:
        with self._source.within(f"{self._kind}.scaling()", self._line("scaling")):
            words: object = self._inner.scaling(knobs)
        if not isinstance(words, str):
            raise self.problem(f"{self._kind}.scaling() must return text", "scaling")
        return words

    def dressed(self, hand: Hand, op: Operation) -> None:
        with self._source.within(f"{self._kind}.dressed()", self._line("dressed")):
            self._inner.dressed(hand, op)
        if not is_client(hand.client):
            raise self.problem(f"{self._kind}.dressed() left a hand that is no client", "dressed")

    def near(self, hand: Hand, op: Operation) -> list[str]:
        with self._source.within(f"{self._kind}.near()", self._line("near")):
            told: object = self._inner.near(hand, op)
        if not isinstance(told, list | tuple) or not all(isinstance(each, str) for each in told):
            raise self.problem(f"{self._kind}.near() must return a list of subjects", "near")
        return list(told)

    def work(self, hand: Hand, op: Operation) -> Work:
        """Yield what the inner attacker yields, once it is checked. Raises InputError naming file and line."""
        steps = _Steps(self._kind, self._source, self._line("work"))
        steps.begin(self._inner, hand, op)
        reply: Reply | None = None
        while (step := steps.following(reply)) is not None:
            reply = yield step


class _Steps:
    """The steps of one hand."""

    def __init__(self, kind: str, source: Source, line: int) -> None:
        self._what, self._source, self._line = f"{kind}.work()", source, line
        self._waits = 0
        self._work: Generator[object, Reply | None, None] = _nothing()

    def begin(self, inner: Attacker, hand: Hand, op: Operation) -> None:
        with self._source.within(self._what, self._line):
            work: object = inner.work(hand, op)
        if not isinstance(work, Generator):
            words = f"{self._what} must yield its steps; it returned {type(work).__name__}"
            raise self._source.problem(words, self._line)
        self._work = work

    def following(self, reply: Reply | None) -> Step | None:
        """Return the next step, None at the end."""
        step: object = None
        with self._source.within(self._what, self._line):
            try:
                step = self._work.send(reply)
            except StopIteration:
                return None
        return self._checked(step)

    def _checked(self, step: object) -> Step:
        if isinstance(step, Ask):
            self._waits = 0
            wrong = wrong_ask(step)
            if wrong:
                raise self._here(wrong)
            return step
        if not is_number(step, 0, _LONGEST_WAIT_S):
            raise self._here(f"{_shown(step)}, neither an Ask nor a number of seconds from 0 on")
        self._waits += 1
        if self._waits > MOST_WAITS:
            raise self._here(f"{MOST_WAITS:,} waits in a row without an Ask")
        return step

    def _here(self, words: str) -> InputError:
        line = line_of_generator(self._source.file, self._work) or self._line
        return self._source.problem(f"{self._what} yielded {words}", line)


def _nothing() -> Generator[object, Reply | None, None]:
    yield from ()


def wrong_ask(ask: Ask) -> str:
    """Return what is wrong with an ask, in words; "" when nothing is."""
    target: object = ask.target
    if not isinstance(target, str) or not _TARGET.fullmatch(target):
        return "an Ask whose target is no path: / and then printable ASCII without blanks"
    if ask.method not in _METHODS:
        return f"an Ask whose method is none of {', '.join(sorted(_METHODS))}"
    numbers: object = ask.numbers
    if not isinstance(numbers, tuple) or len(numbers) > _MOST_NUMBERS:
        return f"an Ask whose numbers are no tuple of at most {_MOST_NUMBERS:,}"
    if not all(is_number(each, 0, 10**15) and isinstance(each, int) for each in numbers):
        return "an Ask whose numbers are not whole numbers from 0 on"
    return ""


def is_client(client: object) -> bool:
    """Tell whether something is a client that a front door could see."""
    if not isinstance(client, Client) or not isinstance(client.actor, Actor):
        return False
    actor = client.actor
    texts: list[object] = [actor.address, actor.account, actor.session, actor.key, actor.tier]
    return all(isinstance(text, str) for text in [*texts, client.agent, client.clearance])


def _shown(step: object) -> str:
    """Return a value in words; the `repr` of a stranger's class is code of theirs."""
    return repr(step) if isinstance(step, int | float) else f"a {type(step).__name__}"
