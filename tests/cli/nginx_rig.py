"""A real nginx with a printed snippet, a fake authority and a fake application behind it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from himaya.cli.init import nginx_snippet

MAIN = """
daemon off;
worker_processes 1;
{user}
pid {dir}/nginx.pid;
error_log {dir}/error.log info;
events {{ worker_connections 128; }}
http {{
    client_body_temp_path {dir}/t1;
    proxy_temp_path {dir}/t2;
    fastcgi_temp_path {dir}/t3;
    uwsgi_temp_path {dir}/t4;
    scgi_temp_path {dir}/t5;
    access_log off;
    include {dir}/himaya.conf;
}}
"""


class Handler(BaseHTTPRequestHandler):
    """Answers and remembers; quiet."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = False

    def address_string(self) -> str:
        return "here"

    def log_message(self, *_: object) -> None:
        return

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        with contextlib.suppress(OSError):  # whoever asked may have left
            self.end_headers()
            self.wfile.write(body)


class Authority(Handler):
    """Gives the verdict that the target asks for: `/block`, `/challenge`, `/throttle`, `/hang`, `/500`."""

    seen: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        target = self.headers.get("X-Original-URI", "")
        self.seen.append({"path": self.path, **{k.lower(): v for k, v in self.headers.items()}})
        if self.path == "/auth":
            self._auth(target)
        elif self.path == "/.himaya/refused":
            verdict = self.headers.get("Himaya-Verdict", "")
            self.answer(429, f"the page of a {verdict}".encode(), Retry_After="60")
        else:
            self.answer(200, b"page of himaya: " + self.path.encode())

    do_POST = do_GET  # noqa: N815  (http.server's names)

    def _auth(self, target: str) -> None:
        name = target.strip("/").partition("?")[0]
        if name == "hang":
            time.sleep(6)
        if name == "close":
            self.close_connection = True
            return
        if name.isdigit():
            self.answer(int(name), Location="http://elsewhere.example/")
            return
        status = {"challenge": 401, "block": 403, "throttle": 403}.get(name, 200)
        verdict = name if status != 200 else "allow"
        redact = {"Himaya_Redact": "email"} if name == "redact" else {}
        self.answer(status, Himaya_Verdict=verdict, Himaya_Reference="K7Q2", **redact)


class Application(Handler):
    """Shows two people on every page, and remembers the headers it was given."""

    seen: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        self.seen.append({k.lower(): v for k, v in self.headers.items()})
        status = {"/own401": 401, "/own403": 403, "/own500": 500}.get(self.path, 200)
        people = {
            "/many": ", ".join(f"person-{n:06}" for n in range(2500)),
            "/nobody": "-",
        }.get(self.path, "u1, u2")
        unsaid = self.path == "/unsaid" or self.path.startswith("/p/")
        told = {} if unsaid else {"Himaya_Subjects": people}
        body = b"x" * 50_000_000 if self.path == "/large" else b"two people"
        self.answer(status, body, Himaya_Account="me", **told)

    do_POST = do_HEAD = do_GET  # noqa: N815  (http.server's names)


class UnixServer(socketserver.ThreadingUnixStreamServer):
    """The fake authority's server."""

    daemon_threads = True

    def __init__(self, path: str) -> None:
        self.open: list[socket.socket] = []
        super().__init__(path, Authority)

    def process_request(self, request: socket.socket, address: object) -> None:
        self.open.append(request)
        super().process_request(request, address)

    def stop(self) -> None:
        """End like a killed process: nothing listens, every connection is closed."""
        self.shutdown()
        self.server_close()
        for connection in self.open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


class Rig:
    """Starts everything below one directory; `close` stops what was started."""

    def __init__(
        self,
        directory: Path,
        *,
        edit: dict[str, str] | None = None,
        edge: dict[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self.socket = directory / "auth.sock"
        self.log = directory / "access.log"
        Authority.seen, Application.seen = [], []
        self.application = ThreadingHTTPServer(("127.0.0.1", 0), Application)
        threading.Thread(target=self.application.serve_forever, args=(0.01,), daemon=True).start()
        self.authority: UnixServer | None = None
        text = nginx_snippet(
            site="site.example",
            upstream=f"127.0.0.1:{self.application.server_port}",
            port=f"unix:{directory}/front.sock",
            log=str(self.log),
            gate=f"unix:{self.socket}",
            edge=edge,
        )
        for old, new in (edit or {}).items():
            assert old in text
            text = text.replace(old, new)
        write_conf(directory, text)
        self.nginx = subprocess.Popen(["nginx", "-p", directory, "-c", directory / "nginx.conf"])
        wait_for(directory / "front.sock", process=self.nginx)

    def start_authority(self) -> None:
        self.socket.unlink(missing_ok=True)
        self.authority = UnixServer(str(self.socket))
        threading.Thread(target=self.authority.serve_forever, args=(0.01,), daemon=True).start()

    def stop_authority(self) -> None:
        if self.authority:
            self.authority.stop()
            self.authority = None

    def get(
        self, path: str, method: str = "GET", **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        """Return status, body and headers of one request through nginx."""
        connection = UnixConnection(str(self.directory / "front.sock"))
        fields = {k.replace("_", "-"): v for k, v in headers.items()}
        connection.putrequest(method, "/", skip_host=True)
        # The target as it stands: http.client would refuse what some programs do send.
        connection._buffer[0] = f"{method} {path} HTTP/1.1".encode("latin-1")
        for name, value in {"Host": "site.example", **fields}.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body, {k.lower(): v for k, v in answer.getheaders()}

    def lines(self, count: int) -> list[dict[str, object]]:
        """Return the log's lines once there are `count`."""
        for _ in range(200):
            rows = self.log.read_text().splitlines() if self.log.exists() else []
            if len(rows) >= count:
                break
            time.sleep(0.01)
        return [json.loads(row) for row in rows]

    def close(self) -> None:
        self.nginx.terminate()
        self.nginx.wait(10)
        self.stop_authority()
        self.application.shutdown()
        self.application.server_close()


class UnixConnection(http.client.HTTPConnection):
    """An HTTP connection over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


def write_conf(directory: Path, text: str) -> None:
    """Write the snippet and an nginx.conf that includes it as conf.d would be."""
    user = "user root;" if os.geteuid() == 0 else ""
    (directory / "himaya.conf").write_text(text)
    (directory / "nginx.conf").write_text(MAIN.format(dir=directory, user=user))


def check(directory: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Run `nginx -t` on a snippet."""
    write_conf(directory, text)
    command = [
        shutil.which("nginx") or "nginx",
        "-t",
        "-p",
        directory,
        "-c",
        directory / "nginx.conf",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def answers(path: Path) -> bool:
    """Tell whether somebody listens; the file is there a moment before."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def wait_for(
    path: Path, most_s: float = 10, process: subprocess.Popen[bytes] | None = None
) -> None:
    """Wait until somebody listens at a socket; whoever should may not end meanwhile."""
    for _ in range(int(most_s * 100)):
        if answers(path):
            return
        if process is not None and process.poll() is not None:
            break
        time.sleep(0.01)
    raise AssertionError(f"{path} did not appear")


class RealGate:
    """`himaya gate --mode authority` as a process of its own, answering at the rig's socket."""

    def __init__(self, rig: Rig, config: str) -> None:
        self.config = rig.directory / "himaya.toml"
        self.config.write_text(
            config
            + f'[gate]\nlisten = "unix:{rig.socket}"\nsocket = "h.sock"\n[ledger]\ndirectory = "ledger"\n'
        )
        self.rig = rig
        self.start()

    def start(self) -> None:
        program = Path(sys.executable).with_name("himaya")
        words = [program, "gate", "--config", self.config, "--mode", "authority"]
        with (self.rig.directory / "gate.log").open("ab") as log:
            self.process = subprocess.Popen(words, stderr=log)
        try:
            wait_for(self.rig.socket, 60, self.process)
        except AssertionError as problem:
            self.kill()
            told = (self.rig.directory / "gate.log").read_text()
            raise AssertionError(f"{problem}; the gate said: {told}") from None

    def kill(self) -> None:
        """End it the hard way."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        """End it gracefully."""
        self.process.terminate()
        self.process.wait(20)
