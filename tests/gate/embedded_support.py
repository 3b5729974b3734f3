"""What the middleware tests share: an authority in a thread, to look into; or processes, as on a real machine."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import requests

from himaya.bootstrap.parts import lease_terms
from himaya.config import loads
from himaya.control import Control
from himaya.control.server import ControlServer
from himaya.core.effect import RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.errors import ServiceError
from himaya.gate.answers import Answers
from himaya.gate.authority import Authority
from himaya.gate.leasing.office import LeaseOffice
from himaya.ledger.reader import Reader

HIMAYA = [sys.executable, "-c", "from himaya.cli import main; main()"]

CONFIG = """
mode = "{mode}"
[site]
name = "Example"
url = "https://www.example.org"
[owner]
name = "Somebody"
contact = "appeals@example.org"
[retention]
identified_days = 31
[actor]
account_header = "X-Account"
trusted_proxies = ["192.0.2.0/24"]
key_header = "X-Key"
[budgets]
account = {{ hour = {budget} }}
session = {{}}
key = {{}}
address = {{ hour = {budget} }}
prefix = {{}}
[challenge]
people = 3
cost = 1
wait_s = 1
[ladder]
{ladder}
[gate]
socket = "{socket}"
buffer_bytes = 20000
[[surface]]
id = "profile"
route = "/u/{{subject}}"
fields = ["name", "email"]
[[surface]]
id = "search"
route = "/search"
kind = "listing"
fields = ["name", "email"]
people = ["header", "json", "links", "app"]
json_subject = "results[].id"
json_rows = "results"
links = "/u/{{subject}}"
max_people = 5
fail = "{fail}"
[[surface]]
id = "cards"
route = "/cards"
kind = "listing"
fields = ["email"]
redact = ["email"]
people = ["json", "header"]
json_subject = "[].id"
[[surface]]
id = "api"
route = "/api/{{subject}}"
fields = ["name", "email"]
redact = ["name", "email"]
people = ["json", "path"]
json_subject = "id"
"""


class Notes:
    """Stands for the runner: keeps what it is given."""

    def __init__(self):
        self.effects, self.gaps = [], []

    def perform(self, effects):
        self.effects.extend(effects)

    def note_gap(self, start, end, why, surface="", door=""):
        self.gaps.append((start, end, why, surface, door))


class ThreadAuthority:
    """An authority on a Unix socket, in a thread; `stop` and `start` as often as wanted."""

    def __init__(
        self,
        folder: Path,
        mode="enforce",
        budget=10,
        ladder="",
        fail="open",
        gate="",
        config=None,
    ):
        self.socket = folder / "himaya.sock"
        text = CONFIG.format(mode=mode, budget=budget, ladder=ladder, fail=fail, socket=self.socket)
        text = text.replace("buffer_bytes = 20000", f"buffer_bytes = 20000\n{gate}")
        self.file = folder / "himaya.toml"
        self.file.write_text(text)
        self.config = config or loads(text, file=str(self.file), directory=folder)
        self.notes = Notes()
        self.engine = Engine(self.config.policy())
        self.authority = Authority(self.engine, self.notes)
        self.office = LeaseOffice(self.authority)
        self.office.offer(lease_terms(self.config))
        self._loop = None

    def start(self):
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._server = ControlServer(self.socket, Answers(self.authority, None, self.office).answer)

        def serve():
            self._loop.run_until_complete(self._server.start())
            ready.set()
            self._loop.run_forever()
            self._loop.run_until_complete(self._server.stop())
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

        self._thread = threading.Thread(target=serve, daemon=True)
        self._thread.start()
        assert ready.wait(5)
        return self

    def stop(self):
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
            self._loop = None

    @property
    def rows(self):
        """Return the disclosure rows so far, once everything on its way has arrived."""
        deadline = time.monotonic() + 5
        while self.engine.stats()["open"] and time.monotonic() < deadline:
            time.sleep(0.01)
        return [e.disclosures for e in self.notes.effects if isinstance(e, RecordDisclosures)]

    @property
    def shown(self):
        """Return (surface, subject, fields, certainty) of every person recorded."""
        return [
            (row.surface, one.subject, one.fields, one.certainty.value)
            for row in self.rows
            for one in row.shown
        ]

    @property
    def people(self):
        return [subject for _, subject, _, _ in self.shown]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class House:
    """An authority process and an example site that asks it, all started and stopped here."""

    def __init__(self, folder: Path, root: Path, example: str, kind: str = "", sites: int = 1):
        self.folder = folder
        text = (root / "examples" / example / "himaya.toml").read_text()
        self.config = folder / "himaya.toml"
        self.config.write_text(
            text.replace("address = { hour = 20 }", "address = { hour = 100000 }")
        )
        self.control = Control(folder / "himaya.sock")
        self.processes = {}
        self.start_authority()
        script = [sys.executable, str(root / "examples" / example / "site.py")]
        self.urls = [self.start_site([*script, *([kind] if kind else [])]) for _ in range(sites)]
        self.url = self.urls[0]

    def start_site(self, script):
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        self.start(f"site{port}", [*script, str(port), str(self.config)])
        page = f"{url}/.himaya/page.css"
        wait_for(
            lambda: requests.get(page, timeout=1).raise_for_status(), requests.RequestException
        )
        return url

    def start(self, name, command):
        with (self.folder / f"{name}.log").open("ab") as log:
            environment = {**os.environ, "PYTHONWARNINGS": "error"}
            self.processes[name] = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment
            )

    def start_authority(self):
        self.start("gate", [*HIMAYA, "gate", "--config", str(self.config), "--mode", "authority"])
        wait_for(self.control.status, ServiceError)

    def stop(self, name):
        process = self.processes.pop(name)
        process.terminate()
        assert process.wait(15) is not None

    def close(self):
        self.control.close()
        for name in list(self.processes):
            self.stop(name)

    def rows(self, actor):
        """Return subject -> fields of everything the ledger holds of an actor, once it is durable."""
        self.control.flush()
        with Reader.open(self.folder / "ledger") as reader:
            answer = reader.who_actor(actor)
        return {one.subject: set(one.fields) for one in answer.subjects}

    def gaps(self):
        self.control.flush()
        with Reader.open(self.folder / "ledger") as reader:
            return [one.why for one in reader.unobserved()]


def wait_for(answered, error):
    deadline = time.monotonic() + 30
    while True:
        try:
            return answered()
        except error:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
