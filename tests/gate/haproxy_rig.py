"""A real HAProxy with the printed files, a real gate behind it, an application, and a log as rsyslog would write it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.gate.gate_support import Answer, Asked, Upstream, ok, read_answer

from himaya.cli.init_haproxy import Part, Places, haproxy_snippet
from himaya.ledger.reader import Reader

CONFIG = """
mode = "enforce"
[site]
name = "Example"
[owner]
name = "owner"
contact = "appeals@example.org"
[retention]
[actor]
trusted_proxies = ["127.0.0.2/32"]
session_cookie = "sid"
[[surface]]
id = "profile"
route = "/u/{{subject}}"
fields = ["name", "email"]
[[surface]]
id = "card"
route = "/card/{{subject}}"
fields = ["name", "email"]
redact = ["name", "email"]
[[surface]]
id = "search"
route = "/search"
kind = "listing"
methods = ["GET", "POST"]
people = ["header"]
max_people = 4
[[surface]]
id = "find"
route = "/find"
kind = "lookup"
people = ["header"]
[budgets]
account = {{}}
address = {{ hour = {budget} }}
prefix = {{}}
session = {{}}
[challenge]
people = 3
cost = 1
wait_s = 1
[ladder]
{ladder}
[log]
format = "json"
[gate]
listen = "unix:{folder}/auth.sock"
spoe_listen = "unix:{folder}/spoe.sock"
socket = "h.sock"
[ledger]
directory = "ledger"
"""


def wait_for(what: Callable[[], object], most_s: float = 30.0) -> None:
    """Wait until something is true."""
    end = time.monotonic() + most_s
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def people(asked: Asked, _: socket.socket) -> bytes:
    """Answer as the application: `/search` shows two people and names them."""
    told = ["Himaya-Account: me"]
    if asked.target.startswith("/search"):
        told.append("Himaya-Subjects: u1, u2")
    if asked.target.startswith("/nobody"):
        told.append("Himaya-Subjects: -")
    if asked.target.startswith("/twice"):
        told += ["Himaya-Subjects: u1", "Himaya-Subjects: u2"]
    return ok(b"two people", *told)


class HaproxyRig:
    """Everything below one directory. The gate starts with `start_gate`; HAProxy runs from the beginning."""

    def __init__(
        self,
        folder: Path,
        *,
        budget: int = 100,
        ladder: str = "challenge = false",
        edit: dict[str, str] | None = None,
        answer: Callable[[Asked, socket.socket], bytes | None] = people,
        closed: tuple[str, ...] = (),
        gate: HaproxyRig | None = None,
    ) -> None:
        """Start all but the gate; with `gate` that of another rig is asked."""
        self.folder = folder
        self.port = free_port()
        self.config = folder / "himaya.toml"
        self.config.write_text(CONFIG.format(budget=budget, ladder=ladder, folder=folder))
        self.gate: subprocess.Popen[bytes] | None = None
        self.log = folder / "access.log"
        self.application = Upstream(answer).__enter__()
        self.places = Places(
            upstream=f"127.0.0.1:{self.application.port}",
            port=f"127.0.0.1:{self.port}",
            conf=str(folder / "haproxy-spoe.conf"),
            log=str(self.log),
            directory=str((gate or self).folder),
            chroot="",
            closed=closed,
        )
        self.rsyslog = self._program("rsyslog", "rsyslogd", "-n", "-i", folder / "pid", "-f")
        self._write("spoe", edit or {})
        self.haproxy = self._program("cfg", "haproxy", "-db", "-f", edit=edit or {})
        try:
            wait_for(self._listens)
            wait_for((folder / "log.sock").exists)
        except AssertionError as problem:
            self.close()
            raise AssertionError(f"{problem}: {(folder / 'cfg.err').read_text()}") from None

    def _program(
        self, part: Part, *words: str | Path, edit: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a program with its printed file as its last word."""
        with (self.folder / f"{part}.err").open("wb") as told:
            return subprocess.Popen([*words, self._write(part, edit or {})], stderr=told)

    def _write(self, part: Part, edit: dict[str, str]) -> Path:
        file = Path(self.places.conf) if part == "spoe" else self.folder / f"{part}.conf"
        file.write_text(self.printed(part, edit))
        return file

    def printed(self, part: Part, edit: dict[str, str]) -> str:
        text = haproxy_snippet(self.places, part)
        if part == "cfg" and os.geteuid() == 0:
            text = text.replace("global\n", "global\n    user root\n    group root\n", 1)
        # Only root may give a socket to a group.
        text = text.replace(' fileGroup="haproxy" fileCreateMode="0660"', "")
        text = text.replace(f"{self.places.directory}/log.sock", f"{self.folder}/log.sock")
        for old, new in edit.items():
            text = text.replace(old, new)
        return text

    def _listens(self) -> bool:
        assert self.haproxy.poll() is None, "HAProxy ended"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    # -- the gate ----------------------------------------------------------------------------------

    def start_gate(self) -> None:
        """Start the gate and wait until HAProxy asks it."""
        self.start_gate_unasked()
        wait_for(self.asks)

    def start_gate_unasked(self) -> None:
        """Start the gate and wait until it listens."""
        (self.folder / "spoe.sock").unlink(missing_ok=True)
        program = Path(sys.executable).with_name("himaya")
        words = [program, "gate", "--config", self.config, "--mode", "authority"]
        with (self.folder / "gate.log").open("ab") as log:
            self.gate = subprocess.Popen(words, stderr=log)
        wait_for((self.folder / "spoe.sock").exists, 60)

    def asks(self) -> bool:
        """Tell whether HAProxy gets answers from the gate."""
        assert self.gate is None or self.gate.poll() is None, self.said()
        time.sleep(0.1)
        before = len(self.lines())
        self.get("/probe")
        wait_for(lambda: len(self.lines()) > before)
        return self.lines()[-1]["gate"] == "up"

    def said(self) -> str:
        return (self.folder / "gate.log").read_text()

    def kill_gate(self) -> None:
        """End the gate the hard way."""
        assert self.gate is not None
        self.gate.kill()
        self.gate.wait(20)

    def stop_gate(self) -> None:
        """End the gate gracefully."""
        if self.gate is not None and self.gate.poll() is None:
            self.gate.terminate()
            self.gate.wait(30)

    def follow(self, log: Path | None = None) -> None:
        """Run `himaya follow` over the log once."""
        program = Path(sys.executable).with_name("himaya")
        words = [program, "follow", log or self.log, "--config", self.config, "--once"]
        subprocess.run(words, check=True, capture_output=True, timeout=60)

    def ledger(self) -> Reader:
        return Reader.open(self.folder / "ledger")

    # -- visitors ----------------------------------------------------------------------------------

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 30, (source, 0))

    def get(
        self, target: str, *headers: str, method: str = "GET", body: bytes = b"",
        source: str = "127.0.0.1",
    ) -> Answer:  # fmt: skip
        """Return the answer to one request on a connection of its own."""
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        lines = "".join(f"{line}\r\n" for line in headers)
        head = f"{method} {target} HTTP/1.1\r\nHost: example.org\r\n{lines}{length}\r\n"
        with self.connect(source) as sock:
            sock.sendall(head.encode("latin-1") + body)
            return read_answer(sock, method=method)

    def lines(self) -> list[dict[str, object]]:
        """Return the log so far."""
        text = self.log.read_bytes() if self.log.exists() else b""
        return [json.loads(row) for row in text.split(b"\n") if row]

    def line_of(self, target: str) -> dict[str, object]:
        """Return the last line of a target, once it is there."""
        wait_for(lambda: [one for one in self.lines() if one["target"] == target])
        return next(one for one in reversed(self.lines()) if one["target"] == target)

    def status(self) -> dict[str, int]:
        """Return what the agent counted."""
        from himaya.control import Control

        with Control(self.folder / "h.sock") as control:
            return control.status().spoe

    def close(self) -> None:
        self.haproxy.terminate()
        self.haproxy.wait(20)
        self.rsyslog.terminate()
        self.rsyslog.wait(20)
        self.stop_gate()
        self.application.__exit__()
