"""What the steps of the story share: the place, the hands, what stands outside, and what was learned so far."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from himaya.demo.incident.hands import Hands, Said, case
from himaya.demo.incident.residents import Resident
from himaya.demo.incident.sinks import Identity, Mailbox
from himaya.demo.incident.traffic import Played


class Check(msgspec.Struct, frozen=True):
    """One comparison of two counts or lists that have to agree: in words, and whether they do."""

    words: str
    holds: bool


class Tale:
    """The story as far as it is told. Commands run in `directory`, which is the current one."""

    def __init__(
        self,
        directory: Path,
        hands: Hands,
        people: list[Resident],
        mail: Mailbox,
        identity: Identity,
    ) -> None:
        """Begin: nothing happened yet."""
        self.directory, self.hands, self.people = directory, hands, people
        self.mail, self.identity = mail, identity
        self.played = Played({}, (), 0)
        self.case = ""
        self.counted: dict[str, Any] = {}
        self.compared: dict[str, Any] = {}
        self.deadlines: dict[str, Any] = {}
        self.after: dict[str, str] = {}
        self.assessed: dict[str, tuple[str, str]] = {}
        self.notices: list[dict[str, Any]] = []
        self.annex: dict[str, Any] = {}
        self.letters: dict[str, str] = {}
        self.checks: list[Check] = []
        self.with_pdf = True

    def do(self, by: str, verb: str, *words: object, ends: int = 0) -> str:
        """Run a command about the case and return its output. Raises ServiceError."""
        return self.hands.do(by, *case(verb, self.case, *words), ends=ends)

    def told(self, by: str, verb: str, *words: object) -> dict[str, Any]:
        """Run a command about the case and return what it told as JSON. Raises ServiceError."""
        return self.hands.told(by, *case(verb, self.case, *words))

    def check(self, words: str, *, holds: bool) -> None:
        """Write down whether two things agree."""
        self.checks.append(Check(words, holds))

    @property
    def countries(self) -> dict[str, int]:
        """Return the people of each country by the last count, "" for unknown residence."""
        return {one["country"]: one["people"] for one in self.counted["countries"]}


class Step(msgspec.Struct, frozen=True):
    """A step of the story: its short name, its title, and what is done; that returns what came of it, in words."""

    name: str
    title: str
    take: Callable[[Tale], str]


class Chapter(msgspec.Struct, frozen=True):
    """A step that was taken: when (epoch seconds), what came of it, its commands, and the file that keeps them."""

    name: str
    title: str
    at: float
    words: str
    said: list[Said]
    file: str
