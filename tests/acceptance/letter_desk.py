"""Cases as people at a desk work on them: the installed command, and the acts that other commands would write."""

from __future__ import annotations

import json
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.acceptance.gate import HIMAYA

from himaya.bootstrap.register import open_register
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind
from himaya.response.cases import Act, Case

OWNER = """
[site]
name = "People"
[owner]
name = "The people office"
contact = "office@people.example"
"""
DUE = (datetime.now(UTC) + timedelta(days=14)).date().isoformat()
LEGAL = {"by": "counsel", "role": "legal"}


class Desk:
    """The cases of a ledger, with a configuration of its own."""

    def __init__(self, ledger: Path, directory: Path, extra: str = "") -> None:
        self.ledger, self.directory = ledger, directory
        self.config = directory / "desk.toml"
        self.config.write_text(OWNER + extra)

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        """Run `himaya case WORDS` on the ledger and return what came of it."""
        at = 2 if words[0] == "letter" else 1
        where = ("--ledger", self.ledger, "--config", self.config)
        line = [HIMAYA, "case", *words[:at], *where, *words[at:], "--why", "acceptance"]
        return subprocess.run(list(map(str, line)), capture_output=True, text=True, check=False)

    def told(self, *words: object) -> dict[str, Any]:
        """Run a command that must end well, and return its JSON."""
        done = self.run(*words, "--json")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert isinstance(found, dict)
        return found

    def act(self, case: str, kind: str, **more: Any) -> Case:
        """Write an act of a person down."""
        told = {"by": "analyst", "role": "analyst", "why": "acceptance", **more}
        with open_register(self.ledger) as register:
            register.add(Act(case=case, kind=kind, at=int(time.time() * 1e6), **told))
            return register.case(case)

    def case(self, name: str) -> Case:
        """Return a case."""
        with open_register(self.ledger) as register:
            return register.case(name)

    def about(self, *actors: str) -> str:
        """Open a case about actors, and confirm it; return its id."""
        with Reader.open(self.ledger) as reader:
            found = sorted(reader.identities.find_all(Kind.ACTOR, actors))
        case = f"c-{found[0]}"
        self.act(case, "opened", data={"title": "a crew", "actors": found})
        self.act(case, "confirmed")
        return case

    def draft(self, case: str, *words: object) -> dict[str, Any]:
        """Draft a letter into the directory; without words one that demands a stop."""
        stop = ("--kind", "stop", "--established", "account_record", "--basis", "terms")
        who = ("--to", "Collector Ltd", "--contact", "1 Some Street", "--sure", "proven")
        return self.told(
            "letter", "draft", case, *(words or stop), *who, "--due", DUE, "--out", self.directory
        )

    def sent_letter(self, case: str, form: str = "stop", **answer: Any) -> None:
        """Write down a letter that was sent, whose answer was due long ago; with `answer` it was answered."""
        data = {
            "id": "l-1", "what": "letter", "form": form, "party": "scraper", "language": "en",
            "sha256": "", "annex_sha256": "", "bases": ["terms"], "sealed": "x", "due": "2026-01-02",
        }  # fmt: skip
        self.act(case, "drafted", data=data)
        self.act(case, "researcher", data={"answer": "no"}, **LEGAL)
        for kind in ("released", "sent"):
            self.act(case, kind, data={"id": "l-1"}, **LEGAL)
        if answer:
            self.act(case, "reply", data={"id": "l-1", **answer}, **LEGAL)
