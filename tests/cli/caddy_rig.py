"""A real Caddy with the printed configuration, the real gate and `follow`, and an application that shows people."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
from collections import Counter
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from tests.cli.nginx_rig import Handler
from tests.cli.nginx_rig import wait_for as wait_for_socket
from tests.gate.embedded_support import free_port
from tests.gate.gate_support import wait_for
from tests.gate.hostile_doors import start_caddy

from himaya.cli.init_caddy import caddy_snippet
from himaya.control import Control
from himaya.ledger.reader import Reader

CONFIG = """
mode = "enforce"
[site]
name = "People"
[owner]
name = "Somebody"
contact = "appeals@people.example"
[retention]
identified_days = 31
[budgets]
address = {{ hour = {budget} }}
prefix = {{}}
[challenge]
people = 3
cost = 1
wait_s = 1
[ladder]
{ladder}
[gate]
front = "caddy"
listen = "unix:{folder}/auth.sock"
socket = "{folder}/h.sock"
[ledger]
directory = "{folder}/ledger"
[log]
format = "json"
[[surface]]
id = "profile"
route = "/u/{{subject}}"
[[surface]]
id = "card"
route = "/card/{{subject}}"
fields = ["name", "email"]
redact = ["name", "email"]
people = ["path"]
[[surface]]
id = "people"
route = "/people"
kind = "listing"
people = ["header"]
max_people = 10
"""


class Application(Handler):
    """Shows one person per profile and three per list; remembers the headers of every request."""

    seen: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:  # noqa: N802  (http.server's name)
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        self.seen.append({k.lower(): v for k, v in self.headers.items()})
        if self.path.startswith("/people"):
            first = int(self.path.partition("=")[2] or 0)
            people = ", ".join(f"p{n}" for n in range(first, first + 3))
            self.answer(200, people.encode(), Himaya_Subjects=people, Himaya_Account="")
        elif self.path == "/gone":
            self.answer(404, b"gone")
        else:
            self.answer(200, self.path.encode() + body, Himaya_Account="")

    do_POST = do_HEAD = do_GET  # noqa: N815  (http.server's names)


class CaddyRig:
    """Everything a site behind Caddy runs, below one directory; `close` stops what was started."""

    def __init__(self, folder: Path, *, budget: int = 1000, ladder: str = "", fail: str = "open"):
        self.folder, self.port = folder, free_port()
        self.log = folder / "access.log"
        self.log.touch()
        self.config = folder / "himaya.toml"
        self.config.write_text(CONFIG.format(folder=folder, budget=budget, ladder=ladder))
        Application.seen = []
        self.application = ThreadingHTTPServer(("127.0.0.1", 0), Application)
        threading.Thread(target=self.application.serve_forever, args=(0.01,), daemon=True).start()
        text = caddy_snippet(
            address=f"http://:{self.port}",
            upstream=f"127.0.0.1:{self.application.server_port}",
            log=str(self.log),
            gate=f"unix:{folder}/auth.sock",
            fail=fail,
        )
        self.caddy = start_caddy(folder, text)
        self.gate = self.start_gate()
        self.follow = self.himaya("follow", str(self.log))
        self._serves()

    def start_gate(self) -> subprocess.Popen[bytes]:
        process = self.himaya("gate", "--mode", "authority")
        wait_for_socket(self.folder / "auth.sock", 60, process)
        self.gate = process
        return process

    def himaya(self, *words: str) -> subprocess.Popen[bytes]:
        program = Path(sys.executable).with_name("himaya")
        with (self.folder / f"{words[0]}.log").open("ab") as out:
            return subprocess.Popen(
                [program, *words, "--config", self.config], stdout=out, stderr=out
            )

    def get(
        self,
        target: str,
        method: str = "GET",
        body: bytes | None = None,
        come_from: str = "127.0.0.1",
        **headers: str,
    ) -> tuple[int, str, http.client.HTTPMessage]:
        """Return status, body and headers of one request through Caddy."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=30, source_address=(come_from, 0)
        )
        fields = {k.replace("_", "-"): v for k, v in headers.items()}
        connection.request(method, target, body, {"Host": "people.example", **fields})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text, answer.headers

    def lines(self, count: int) -> list[dict[str, object]]:
        """Return the log's lines once there are `count`."""
        wait_for(lambda: len(self.log.read_text().splitlines()) >= count, timeout=20)
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def settled(self) -> None:
        """Wait until every reservation was settled from the log, and everything is durable."""
        with Control(self.folder / "h.sock") as control:
            wait_for(lambda: control.status().open_tickets == 0, timeout=40)
            control.flush()

    def shown(self, address: str = "127.0.0.1") -> Counter[str]:
        """Return how often the ledger says each person was shown to an address."""
        with Reader.open(self.folder / "ledger") as reader:
            told = reader.who_actor(f"address:{address}").subjects
        return Counter({one.subject: one.times for one in told})

    def unobserved(self) -> list[str]:
        """Return why periods of the ledger are unobserved, once durable."""
        with Control(self.folder / "h.sock") as control:
            control.flush()
        with Reader.open(self.folder / "ledger") as reader:
            return [one.why for one in reader.unobserved()]

    def close(self) -> None:
        for process in (self.follow, self.gate, self.caddy):
            process.terminate()
        for process in (self.follow, self.gate, self.caddy):
            process.wait(30)
        self.application.shutdown()
        self.application.server_close()

    def _serves(self) -> None:
        """Wait until a page of somebody else is served and settled: then `follow` has found the gate, too."""
        wait_for(self._listens, timeout=30)
        self.get("/u/first", come_from="127.0.0.9")
        self.settled()

    def _listens(self) -> bool:
        assert self.caddy.poll() is None, (self.folder / "caddy.log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
