"""A site whose people were collected, to measure notices: a ledger, contacts, a confirmed case, and the command."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from himaya.bootstrap.register import open_register
from himaya.core.actor import Actor
from himaya.core.disclosure import Certainty, Disclosures, Shown
from himaya.ledger import Ledger
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind
from himaya.response.cases import Act

_AT = 1_750_000_000.0
_PER_ROW = 100
_LANGUAGES = ("en", "fr", "ar", "es")
CASE = "c-bench"


class NoticeSite:
    """Everybody lives in one country, and a quarter of them has each language."""

    def __init__(self, home: Path, people: int, port: int) -> None:
        """Write it all into a directory; mail goes to `port` of this machine."""
        self.home, self.people = home, people
        self._configuration(port)
        self._ledger()
        self._contacts()
        self._case()

    def _configuration(self, port: int) -> None:
        (self.home / "himaya.toml").write_text(
            '[site]\nname = "Example People"\n[owner]\ncontact = "office@people.example"\n'
            f'[response]\ncontacts = "contacts.csv"\nmail_from = "notice@people.example"\nwave = {self.people}\n'
            f'smtp_host = "127.0.0.1"\nsmtp_port = {port}\nsmtp_security = "none"\n'
        )

    def _ledger(self) -> None:
        ledger = Ledger.open(self.home / "ledger")
        for first in range(0, self.people, _PER_ROW):
            ledger.append(_row(first, range(first, min(first + _PER_ROW, self.people))))
        ledger.flush()
        ledger.close()

    def _contacts(self) -> None:
        with (self.home / "contacts.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("subject", "email", "language", "name", "country"))
            for n in range(self.people):
                rows.writerow(
                    (f"p{n}", f"p{n}@mail.example", _LANGUAGES[n % 4], f"Person {n}", "ES")
                )

    def _case(self) -> None:
        with Reader.open(self.home / "ledger") as reader:
            actor = reader.identities.find(Kind.ACTOR, "account:farm")
        acts: tuple[tuple[str, dict[str, Any]], ...] = (
            ("opened", {"actors": [actor]}),
            ("confirmed", {}),
            ("counted", {"countries": {"ES": self.people}, "people": self.people, "digest": ""}),
        )
        with open_register(self.home / "ledger") as register:
            for kind, data in acts:
                at = int((_AT + 86_400) * 1_000_000)
                register.add(Act(case=CASE, kind=kind, at=at, by="bench", why="bench", data=data))

    def released(self) -> str:
        """Draft and release a notice in four languages; return its id."""
        texts = self.home / "texts.toml"
        texts.write_text("\n".join(f'[{one}]\nmeasures = "-"' for one in _LANGUAGES if one != "en"))
        said = ("--set", "measures=-", "--texts", str(texts))
        about = ("--country", "ES", "--party", "people", "--language", "en")
        name = str(json.loads(self._run("draft", CASE, *about, *said, "--json"))["id"])
        self._run("release", CASE, name, "--why", "bench")
        return name

    def send(self, name: str) -> dict[str, Any]:
        """Send a notice to everybody, and return what the command says."""
        told: dict[str, Any] = json.loads(
            self._run("send", CASE, name, "--wave", "1", "--send", "--json")
        )
        return told

    def _run(self, verb: str, *words: str) -> str:
        where = ("--ledger", str(self.home / "ledger"), "--config", str(self.home / "himaya.toml"))
        himaya = Path(sys.executable).with_name("himaya")
        command = [himaya, "case", "notify", verb, *where, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout


def _row(number: int, people: range) -> Disclosures:
    shown = tuple(Shown(f"p{n}", ("name", "email", "photo"), Certainty.SERVED) for n in people)
    actor = Actor(account="farm", address="203.0.113.9")
    base: dict[str, Any] = {"surface": "api", "kind": "listing", "access": "account", "status": 200}
    return Disclosures(at=_AT + number / _PER_ROW, shown=shown, actor=actor, **base)
