"""Operators for tests: private files made once, enrolled in a ledger by the installed library or command."""

from __future__ import annotations

import time
from pathlib import Path
from unittest.mock import patch

from click.testing import CliRunner

from himaya import cli
from himaya.core.errors import HimayaError
from himaya.ledger.operators import enrolment, private
from himaya.ledger.operators.acting import ledger_id
from himaya.ledger.operators.private import Private
from himaya.ledger.operators.roles import ROLES
from himaya.ledger.operators.statements import Pass, written
from himaya.ledger.reader import Reader

PHRASE = "correct horse battery staple"


def run(*words: object, code: int = 0, **more) -> str:
    """Run `himaya` in this process; return standard output, or the message of an error of its own."""
    done = CliRunner().invoke(cli.group, [str(word) for word in words], **more)
    if isinstance(done.exception, HimayaError):
        assert code == 2, done.exception
        return str(done.exception)
    assert done.exit_code == code, done.output
    return done.stdout


def made(place: Path, name: str, role: str) -> Private:
    """Make a private file with a cheap scrypt, and return what it opens to."""
    with patch.object(private, "_LOG_N", 4):
        private.create(place, name, role, PHRASE, "2025-06-15T12:00:00Z")
    return private.read(place, PHRASE)


class Crew:
    """Operators of one ledger: `of[name]` are their private halves, `files` where they lie."""

    def __init__(self, home: Path, ledger: Path) -> None:
        """Nobody is made yet; `home` is no place of the gate's."""
        home.mkdir(exist_ok=True)
        self.home, self.ledger = home, ledger
        self.of: dict[str, Private] = {}

    def add(self, name: str, role: str | None = None, by: str = "owner") -> Private:
        """Make an operator and enrol them, vouched for by an owner."""
        one = self.of[name] = made(self.file(name), name, role or name)
        card = enrolment.vouch(one.card, self.of[by]) if self.of.get(by) != one else one.card
        self.enrol(card)
        return one

    def file(self, name: str) -> Path:
        """Return the private file of an operator."""
        return self.home / f"{name}.key"

    def enrol(self, statement) -> None:
        """Take a statement into the chain."""
        place = self.home / "statement"
        place.write_text(written(statement))
        with Reader.open(self.ledger) as reader:
            enrolment.enrol(reader, place, time.time())

    @property
    def id(self) -> str:
        """Return the id of the ledger."""
        with Reader.open(self.ledger) as reader:
            return ledger_id(reader.chain)

    def a_pass(self, name: str, /, **more) -> Path:
        """Write a pass of an operator and return its file."""
        one, now = self.of[name], int(time.time())
        words = {"name": name, "card": one.id, "ledger": self.id, "start": now, "end": now + 3600}
        place = self.home / f"{name}.pass"
        place.write_text(written(one.signed(Pass(**{**words, **more}))))
        return place


def crew(tmp_path: Path, ledger: Path, *names: str) -> Crew:
    """Return a crew with an operator of every role, or of those named; the first is the owner."""
    made_ = Crew(tmp_path / "own machines", ledger)
    for name in names or ROLES:
        made_.add(name)
    return made_
