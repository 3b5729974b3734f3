"""The installed `himaya` command as a process in front of the site, driven from outside."""

from __future__ import annotations

import copy
import json
import signal
import socket
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

from tests.acceptance.visitor import Visitor

from himaya.config import ActorConfig
from himaya.control import Control
from himaya.core.salt import Salt

HIMAYA = Path(sys.executable).with_name("himaya")

Table = dict[str, Any]

_PEOPLE = {"json_subject": "people[].id", "json_rows": "people", "fields": ["name", "email"]}

SURFACES: list[Table] = [
    {"id": "profile", "route": "/u/{subject}", "fields": ["name", "email"]},
    {"id": "photo", "route": "/photo/{subject}", "kind": "media", "fields": ["photo"]},
    {"id": "search", "route": "/search", "kind": "listing", "fields": ["name", "email"],
     "people": ["links"], "links": "/u/{subject}", "max_people": 20},
    {"id": "api", "route": "/api/people", "kind": "listing", "people": ["json"],
     "max_people": 50, **_PEOPLE},
    {"id": "graphql", "route": "/graphql", "kind": "listing", "people": ["json"],
     "methods": ["POST"], "max_people": 20, **_PEOPLE},
    {"id": "followers", "route": "/followers/{owner}", "kind": "listing", "people": ["json"],
     "max_people": 200, **_PEOPLE},
    {"id": "lookup", "route": "/lookup", "kind": "lookup", "query": "phone",
     "people": ["json"], **_PEOPLE},
]  # fmt: skip

#: A cap of 100 people a day for accounts and keys; every other budget is lifted, so that a test sees one control.
BASE: Table = {
    "mode": "enforce",
    "site": {"name": "People", "population": 20_000},
    "owner": {"name": "The people office", "contact": "office@people.example"},
    "retention": {"identified_days": 31},
    "actor": {
        "session_cookie": "sid",
        "key_header": "X-Api-Key",
        "trusted_proxies": ["127.0.0.1/32"],
    },
    "budgets": {
        "account": {"day": 100},
        "key": {"day": 100},
        "session": {},
        "address": {},
        "prefix": {},
    },
    "ladder": {"challenge": False, "redact": False},
    "surface": SURFACES,
}


class Gate:
    """`himaya gate --mode proxy` on a free port. Paths lie in `directory`; `stop` ends what was started."""

    def __init__(self, directory: Path, upstream: int) -> None:
        self.directory = directory
        self.config = directory / "himaya.toml"
        self.ledger = directory / "ledger"
        self.findings = directory / "findings"
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._log = directory / "gate.log"
        self._upstream = upstream
        self._written = ""
        self._networks = count(1)
        self._ledgers = count(2)

    # -- its configuration -----------------------------------------------------------------------

    def configure(self, **changes: Any) -> None:
        """Put the base configuration with `changes` in force: a reload while running, nothing if it is in force.

        A table of `changes` is merged into the table of the base; anything else replaces it.
        """
        if self.write(**changes):
            self._reload()

    def write(self, **changes: Any) -> bool:
        """Write the base configuration with `changes`; tell whether the file changed. Nothing takes it over."""
        table = copy.deepcopy(BASE)
        for name, value in changes.items():
            merged = isinstance(value, dict) and isinstance(table.get(name), dict)
            table[name] = {**table[name], **value} if merged else value
        table.setdefault("alerts", {"findings_file": str(self.findings)})
        table["gate"] = {
            **table.get("gate", {}),
            "listen": f"127.0.0.1:{self.port}",
            "upstream": f"http://127.0.0.1:{self._upstream}",
            "socket": "g.sock",
        }
        text = toml(table)
        changed, self._written = text != self._written, text
        if changed:
            self.config.write_text(text)
        return changed

    def _reload(self) -> None:
        if self.process is None:
            return
        before = self._said("configuration taken over")
        self.process.send_signal(signal.SIGHUP)
        _wait(lambda: self._said("configuration taken over") > before, "the reload")

    def _said(self, words: str) -> int:
        return self._log.read_text().count(words)

    # -- its life --------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the gate and return once it takes connections."""
        before = self._said("himaya gate: proxy at") if self._log.exists() else 0
        words = [HIMAYA, "gate", "--config", self.config, "--mode", "proxy"]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([*words, "--ledger", self.ledger], stderr=log)
        _wait(lambda: self._said("himaya gate: proxy at") > before or self._ended(), "the gate")
        assert not self._ended(), self._log.read_text()[-2000:]

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def stop(self, *, kill: bool = False) -> None:
        """End the gate gracefully, or the hard way."""
        if self.process is None:
            return
        process, self.process = self.process, None
        if kill:
            process.kill()
        else:
            process.terminate()
        process.wait(20)

    def restart(self, *, kill: bool = False, forget: bool = False) -> None:
        """Stop and start; `forget`: with a new, empty ledger."""
        self.stop(kill=kill)
        if forget:
            self.ledger = self.directory / f"ledger{next(self._ledgers)}"
        self.start()

    # -- who asks, and what is asked of it ---------------------------------------------------------

    def visitor(self, account: str = "", **headers: str) -> Visitor:
        """Return a visitor from a network of their own, signed in when an account is named."""
        visitor = Visitor(self.port, self.address(), **headers)
        return visitor.sign_in(account) if account else visitor

    def address(self) -> str:
        """Return an address in a /24 that nobody else in this run has."""
        number = next(self._networks)
        return f"10.{number >> 8 & 255}.{number & 255}.7"

    def flush(self) -> None:
        """Have everything recorded so far written to the ledger."""
        with Control(self.directory / "g.sock") as control:
            control.flush()

    def himaya(self, *words: str, code: int = 0) -> str:
        """Return what a command prints; it must end with `code`."""
        done = subprocess.run([HIMAYA, *words], capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout

    def who(self, **about: str) -> Table:
        """Return the answer of `himaya who --json`, for `actor` or `subject`."""
        self.flush()
        options = [word for name, value in about.items() for word in (f"--{name}", value)]
        text = self.himaya(
            "who", "--ledger", str(self.ledger), *options, "--why", "acceptance", "--json"
        )
        answer = json.loads(text)
        assert isinstance(answer, dict)
        return answer

    def found(self, detector: str, actor: str, wait_s: float = 0.0) -> Table | None:
        """Return the finding that the gate wrote down, waiting for it at most `wait_s`."""
        end = time.monotonic() + wait_s
        while True:
            for finding in _objects(self.findings):
                if finding["detector"] == detector and finding["actor"] == actor:
                    return finding
            if time.monotonic() >= end:
                return None
            time.sleep(0.02)

    def class_of(self, raw: str) -> str:
        """Return how findings name a class that the front door tells: salted by the gate's key for these days."""
        salt = Salt((self.directory / "g.sock.key").read_bytes(), ActorConfig().fingerprint_days)
        return f"fingerprint:{salt.of(raw, time.time())}"


def toml(table: Table) -> str:
    """Return a configuration as TOML: plain keys, then tables, then lists of tables."""
    plain = [f"{name} = {_value(v)}" for name, v in table.items() if not _nested(v)]
    for name, value in table.items():
        if isinstance(value, dict):
            plain += [f"[{name}]", *(f"{key} = {_value(v)}" for key, v in value.items())]
        elif _nested(value):
            for one in value:
                plain += [f"[[{name}]]", *(f"{key} = {_value(v)}" for key, v in one.items())]
    return "\n".join(plain) + "\n"


def _nested(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and isinstance(value[0], dict))


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(v)}" for key, v in value.items()) + " }"
    return json.dumps(value)


def _objects(path: Path) -> list[Table]:
    """Return the JSON objects of a file that may still be written to."""
    text = path.read_text() if path.exists() else ""
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError:
            break
        found.append(value)
        while at < len(text) and text[at].isspace():
            at += 1
    return found


def _wait(ready: Any, what: str, most_s: float = 30.0) -> None:
    end = time.monotonic() + most_s
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come within {most_s:g} s")
        time.sleep(0.01)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
