"""Commands as the named operators of the demo run them; each is kept with what it printed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from himaya.core.errors import ServiceError

#: The ledger and the passphrases' place in the directory of a story; commands are run in it.
LEDGER = "ledger"
STEPS = "steps"


class Done(msgspec.Struct, frozen=True):
    """What a command came to: its exit code, standard output, standard error."""

    code: int
    out: str
    err: str = ""


#: Runs `himaya` with these words in the current directory, as the installed command would.
Runner = Callable[[Sequence[str]], Done]


class Said(msgspec.Struct, frozen=True):
    """One command of a step, as it is kept: who ran it, the words, what it printed."""

    by: str
    words: tuple[str, ...]
    done: Done

    @property
    def command(self) -> str:
        """Return what would be typed."""
        return shlex.join(["himaya", *self.words])


class Hands:
    """Runs commands for operators by their passes, and keeps everything for the step that is being told."""

    def __init__(self, run: Runner) -> None:
        """Begin without passes: nobody is enrolled yet."""
        self._run = run
        self.passes: dict[str, Path] = {}
        self.said: list[Said] = []

    def do(self, by: str, *words: object, ends: int = 0) -> str:
        """Run a command as an operator ("": as whoever installs) and return its output.

        Raises ServiceError when it ends with another code than `ends`.
        """
        given = tuple(str(word) for word in words)
        if by:
            given = (*given, "--as", str(self.passes[by]))
        done = self._run(given)
        said = Said(by, given, done)
        self.said.append(said)
        if done.code != ends:
            told = (done.err or done.out).strip()
            raise ServiceError(f"`{said.command}` ended with {done.code}: {told}")
        return done.out if ends == 0 else done.err or done.out

    def told(self, by: str, *words: object) -> dict[str, Any]:
        """Run a command with `--json` and return what it told."""
        return msgspec.json.decode(self.do(by, *words, "--json"), type=dict[str, Any])

    def taken(self) -> list[Said]:
        """Return what was run since the last time."""
        said, self.said = self.said, []
        return said


def case(verb: str, *words: object) -> tuple[object, ...]:
    """Return the words of a command about cases at the ledger of the story."""
    return ("case", *verb.split(), "--ledger", LEDGER, *words)
