"""A ledger in which a crew collected people, a case about it that a person confirmed, and commands about it."""

from __future__ import annotations

import json
import shutil
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from tests.analysis.ledgers import write

from himaya.analysis.cases import CaseStore, cases_path
from himaya.analysis.groups import Group
from himaya.bootstrap.register import open_register
from himaya.cli import group
from himaya.core.actor import Actor
from himaya.core.disclosure import Certainty, Disclosures, Shown
from himaya.core.errors import HimayaError
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind
from himaya.response.cases import Act, Case

#: Seconds; a day ago, so that the addresses of the crew are recent and nothing lies in the future.
START = time.time() // 60 * 60 - 20 * 3600

CONFIG = """
[site]
name = "People"
url = "https://people.example"
population = 5000
[owner]
name = "The people office"
contact = "office@people.example"
[[surface]]
id = "profile"
route = "/u/{subject}"
fields = ["name", "email"]
[budgets]
group = { day = 10 }
"""


def view(
    at: float, person: str, *, fields: tuple[str, ...] = ("name",), **actor: Any
) -> Disclosures:
    """Return the disclosures of one profile view."""
    who = Actor(**actor)
    return Disclosures(
        at=at, surface="profile", kind="profile", actor=who, access=who.access, status=200,
        shown=(Shown(person, fields, Certainty.SERVED),),
    )  # fmt: skip


def rows() -> list[Disclosures]:
    """Return what happened: four accounts, a key and a stranger collect; an honest account reads.

    The crew was shown 120 people in 126 rows, 20 of them by the stranger, without an account.
    """
    found = []
    for n in range(80):
        member = {
            "account": f"taker{n % 4}",
            "session": f"visit{n % 4}",
            "address": f"192.0.2.{n % 8}",
        }
        fields = ("name", "email") if n < 10 else ("name",)
        found.append(view(START + n, f"person-{n}", fields=fields, terms="2025-01", **member))
    found += [
        view(START + 100 + n, f"person-{80 + n}", key="partner", address="192.0.2.99")
        for n in range(20)
    ]
    found += [view(START + 200 + n, f"person-{100 + n}", address="198.51.100.7") for n in range(20)]
    found += [
        view(START + 300 + n, f"person-{n}", account="taker0", address="192.0.2.0")
        for n in range(6)
    ]
    found += [
        view(START + 400 + n, f"person-{n}", account="honest", address="203.0.113.9")
        for n in range(5)
    ]
    found += [
        view(START + 500 + n, f"person-{200 + n}", account="honest", address="203.0.113.9")
        for n in range(300)
    ]
    return found


MEMBERS = (*(f"account:taker{n}" for n in range(4)), "key:partner", "address:198.51.100.7")


class Site:
    """A site in a directory; `run` runs a command about its cases and returns what it prints."""

    def __init__(self, directory: Path, like: Site | None = None) -> None:
        """Make a site, or copy one with all that happened there."""
        self.directory, self.ledger = directory, directory / "ledger"
        self.config = directory / "himaya.toml"
        if like is None:
            write(self.ledger, rows())
            self.config.write_text(CONFIG)
        else:
            shutil.copytree(like.directory, directory, dirs_exist_ok=True)
        self.members = like.members if like else self._found()

    def configure(self, extra: str) -> None:
        """Add to the configuration."""
        self.config.write_text(CONFIG + extra)

    def _found(self) -> list[int]:
        with Reader.open(self.ledger) as reader:
            return [reader.identities.find(Kind.ACTOR, name) for name in MEMBERS]

    def crew(self, name: str = "g-crew", proven: int = 6) -> str:
        """Put the crew where found groups lie, `proven` of them proven."""
        members = dict.fromkeys(self.members)
        some = dict.fromkeys(self.members[:proven])
        with CaseStore(cases_path(self.ledger)) as store:
            store.put(Group(name, START, START, members=members, proven=some), START)
        return name

    def opened(self, name: str = "c-1", *, sure: bool = True, **data: Any) -> str:
        """Open a case about the crew, confirmed where it is `sure`."""
        told = {"title": "A crew", "source": "hand", "groups": [self.crew(f"g-{name}")], **data}
        self.act(name, "opened", data=told)
        if sure:
            self.act(name, "confirmed", why="same tool, same list")
        return name

    def act(self, case: str, kind: str, **more: Any) -> Case:
        """Write an act of somebody down; `by`, `role`, `why`, `when`, `data`."""
        told = {"by": "somebody", **more}
        with open_register(self.ledger) as register:
            register.add(Act(case=case, kind=kind, at=int(time.time() * 1e6), **told))
            return register.case(case)

    def case(self, name: str = "c-1") -> Case:
        """Return a case."""
        with open_register(self.ledger) as register:
            return register.case(name)

    def run(self, *words: object, fails: str = "") -> str:
        """Run `himaya case WORDS`; with `fails` it must be refused with these words."""
        where = ["--ledger", str(self.ledger), "--config", str(self.config)]
        at = 2 if words[0] == "letter" else 1
        line = ["case", *map(str, words[:at]), *where, *map(str, words[at:])]
        result = CliRunner().invoke(group, line)
        if fails:
            assert isinstance(result.exception, HimayaError), result.output
            assert fails in str(result.exception), str(result.exception)
            return ""
        assert result.exit_code == 0, (result.output, result.exception)
        return result.stdout

    def json(self, *words: object) -> dict[str, Any]:
        """Run a command with --json and return what it says."""
        told = json.loads(self.run(*words, "--json"))
        assert isinstance(told, dict)
        return told


class Sink(ThreadingHTTPServer):
    """The application's identity system: keeps what it is told, and refuses the first `refuses` times."""

    def __init__(self, refuses: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.refuses = refuses
        self.taken: list[tuple[dict[str, str], bytes, float]] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.server_port}/revoke"

    def orders(self) -> list[dict[str, Any]]:
        """Return what it was told."""
        return [json.loads(body) for _, body, _ in self.taken]

    def close(self) -> None:
        """End it."""
        self.shutdown()
        self.server_close()


class _Taker(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert isinstance(self.server, Sink)
        self.server.taken.append((dict(self.headers), body, time.time()))
        self.server.refuses -= 1
        self.send_response(503 if self.server.refuses >= 0 else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
