"""A site with a confirmed case, whose people are told by the installed command and a mail server on this machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.response.notices.rig import Rig

HIMAYA = Path(sys.executable).with_name("himaya")


class Site:
    """The rig of the tests of notices; what a test asserts is asked of the installed command."""

    case = Rig.case

    def __init__(
        self, directory: Path, people: dict[str, int], counted: dict[str, int] | None = None
    ) -> None:
        """Have people of these countries collected; `counted` is what the count of the case says."""
        self.rig = Rig(directory, people)
        if counted is not None and counted != people:
            self.rig.count(counted)

    def needs(self, items: list[str]) -> str:
        """Write what an authority asks for, and return the name of the file."""
        path = self.rig.home / "asked.toml"
        listed = ", ".join(f'"{one}"' for one in items)
        path.write_text(f'regime = "test"\nauthority = "The authority"\ncontents = [{listed}]\n')
        return str(path)

    def run(self, verb: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `himaya case notify`."""
        where = ("--ledger", str(self.rig.ledger), "--config", str(self.rig.config))
        command = [HIMAYA, "case", "notify", verb, *where, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def told(self, verb: str, *words: str) -> dict[str, Any]:
        """Return what a command says; it must end well."""
        done = self.run(verb, *words, "--json")
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert isinstance(answer, dict)
        return answer

    def refused(self, verb: str, *words: str) -> str:
        """Return why a command was refused, "" when it was not."""
        done = self.run(verb, *words)
        assert done.returncode in {0, 2}, done.stderr
        return done.stderr if done.returncode else ""

    def drafted(self, country: str, party: str, *more: str) -> dict[str, Any]:
        """Draft a notice and return what is said of it."""
        return self.rig.told("draft", self.case, "--country", country, "--party", party, *more)

    def text(self, notice: str) -> str:
        """Return a notice as text."""
        return self.rig.notice("show", self.case, notice)
