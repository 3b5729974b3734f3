"""An installation to be examined: a gate as authority, a follower, a front door, and every key where it belongs."""

from __future__ import annotations

import http.client
import json
import os
import pwd
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.ledger.crew import crew

from himaya.config import load
from himaya.control import Control
from himaya.core.errors import ServiceError
from himaya.doctor import Asked, Scene, examine

HIMAYA = Path(sys.executable).with_name("himaya")
ME = pwd.getpwuid(os.getuid()).pw_name

CONFIG = """
mode = "{mode}"
[site]
name = "People"
{owner}
[retention]
identified_days = 31
[actor]
trusted_proxies = [{proxies}]
account_header = "X-Account"
[[surface]]
id = "profile"
route = "/u/{{subject}}"
fields = ["name"]
{more}
[gate]
listen = "{listen}"
socket = "h.sock"
{gate}
[ledger]
directory = "ledger"
[alerts]
free_mb = 1
{alerts}
{anchor}
"""

ANCHOR = '[[anchor.places]]\nkind = "file"\npath = "share"'
OWNER = '[owner]\nname = "Somebody"\ncontact = "somebody@people.example"'


class Clinic:
    """Everything below `folder`. `start` brings the gate and the follower up, `close` ends what was started."""

    def __init__(self, folder):
        self.folder = folder
        self.config = folder / "himaya.toml"
        self.log = folder / "access.log"
        self.log.write_text("")
        self.log.chmod(0o640)
        (folder / "share").mkdir()
        self.processes = []
        self.write()

    def write(self, **changes):
        """Write the configuration, with changes to the parts of its text; return the file."""
        parts = {"mode": "shadow", "owner": OWNER, "proxies": "", "more": "", "gate": "",
                 "listen": "unix:auth.sock", "alerts": 'command = "true"', "anchor": ANCHOR}  # fmt: skip
        self.config.write_text(CONFIG.format(**{**parts, **changes}))
        return self.config

    def run(self, *words):
        with (self.folder / f"{words[0]}.err").open("ab") as log:
            process = subprocess.Popen([HIMAYA, *map(str, words)], stderr=log, cwd=self.folder)
        self.processes.append(process)
        return process

    def start(self):
        self.gate = self.run("gate", "--config", self.config, "--mode", "authority")
        wait_for(self.answers)
        wait_for(self.is_anchored)
        self.follower = self.run("follow", self.log, "--config", self.config)
        wait_for((self.folder / "ledger.follow").exists)
        crew(self.folder, self.folder / "ledger", "owner", "legal", "dpo")
        return self

    def answers(self):
        try:
            with Control(self.folder / "h.sock") as control:
                control.status()
        except ServiceError:
            return False
        return True

    def is_anchored(self):
        with Control(self.folder / "h.sock") as control:
            return "at file" in control.status().anchor

    def end(self, process):
        process.terminate()
        process.wait(30)

    def close(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                self.end(process)

    # -- asking ----------------------------------------------------------------------------------

    def found(self, config=None, **asked):
        """Return what the checks say: name to the worst result."""
        order = ("ok", "warning", "problem")
        asked = {"now": time.time(), "front_user": ME, **asked}
        results = {}
        with Scene(load(config or self.config), Asked(**asked)) as scene:
            for one in examine(scene):
                known = results.get(one.name)
                if known is None or order.index(one.level) > order.index(known.level):
                    results[one.name] = one
        return results

    def command(self, *words):
        """Run the real command; return its exit code and what it prints."""
        done = subprocess.run(
            [HIMAYA, "doctor", "--config", self.config, "--front-user", ME, *map(str, words)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout

    def json(self, *words):
        code, said = self.command(*words, "--json")
        return code, json.loads(said)


def wait_for(ready, most_s=60.0):
    end = time.monotonic() + most_s
    while not ready():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


class _Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("gate", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


class _Front(BaseHTTPRequestHandler):
    """Asks the authority before it answers, as nginx would."""

    def do_GET(self):
        front = self.server
        if front.asks:
            question = {
                front.says[0]: self.path, front.says[1]: "GET",
                "X-Forwarded-For": self.client_address[0], "X-Account": "",
            }  # fmt: skip
            question.update({name: self.headers.get(name, "") for name in front.passes})
            connection = _Unix(front.path)
            try:
                connection.request("GET", "/auth", headers=question)
                connection.getresponse().read()
            finally:
                connection.close()
        self.send_response_only(200)
        self.send_header("Date", self.date_time_string(time.time() + front.ahead_s))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        return


class Front(ThreadingHTTPServer):
    """A front door before an authority; `passes` are headers that it takes from the visitor, as it should not."""

    daemon_threads = True
    says = ("X-Original-URI", "X-Original-Method")

    def __init__(self, path, *, passes=(), asks=True, ahead_s=0.0):
        self.path, self.passes, self.asks, self.ahead_s = str(path), passes, asks, ahead_s
        super().__init__(("127.0.0.1", 0), _Front)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
