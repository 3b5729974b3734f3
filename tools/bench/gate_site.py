"""The programs of `make bench-gate`: a small upstream, nginx in front of it in several ways, gates and followers.

Everything runs below one directory, on Unix sockets and free ports of the loopback, until it is closed.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

import msgspec

from himaya.cli.init import nginx_snippet
from himaya.cli.init_edge import edge_blocks
from himaya.config import load
from himaya.watch.bookmark import Bookmark

#: A page as small as a page can be that still is one: the smaller the upstream's work, the more the door's shows.
BODY = "x" * 2000

#: Seconds to wait for a program to answer, or for a follower to have read everything.
PATIENCE_S = 120.0

#: nginx holds its log back for so long.
_HELD_BACK_S = 1.2

#: The last lines of a log may show nobody: a follower does not write down at once that it read them.
_LAST_BYTES = 8192

#: Budgets that nobody reaches: what is measured is the way of an allowed request.
CONFIG = """\
mode = "enforce"
[owner]
name = "bench"
contact = "bench@site.example"
[retention]
[[surface]]
id = "profile"
route = "/u/{{subject}}"
fields = ["name"]
[budgets]
account = {{ hour = 1e8, day = 1e8 }}
address = {{ hour = 1e8, day = 1e8 }}
prefix = {{ hour = 1e8, day = 1e8 }}
[bounds]
principals = 1000000
[actor]
trusted_proxies = ["127.0.0.0/8"]
[edge]
surfaces = ["profile"]
directory = "{passes}"
passes = 20000
[gate]
listen = "{listen}"
upstream = "unix:{upstream}"
socket = "{directory}/h.sock"
max_connections = 4000
[ledger]
directory = "{directory}/ledger"
"""

MAIN = """\
daemon off;
worker_processes 1;
{user}
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {directory}/t1;
    proxy_temp_path {directory}/t2;
    fastcgi_temp_path {directory}/t3;
    uwsgi_temp_path {directory}/t4;
    scgi_temp_path {directory}/t5;
    access_log off;
    keepalive_requests 100000000;
    include {directory}/site.conf;
}}
"""

UPSTREAM = """\
server {{
    listen unix:{socket};
    default_type text/html;
    client_max_body_size 0;
    location / {{ return 200 "{body}"; }}
}}
"""

#: The yardstick, and all that the others add to: the upstream is asked over kept connections.
PLAIN = """\
upstream bench_app {{
    server unix:{upstream};
    keepalive 64;
}}
server {{
    listen 127.0.0.1:{port};
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Forwarded-For;
    location / {{
        proxy_pass http://bench_app;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
    }}
}}
"""


class Program:
    """A program that runs until it is closed; what it says is kept in a file."""

    def __init__(self, name: str, command: list[str | Path], directory: Path) -> None:
        """Start it."""
        self.name = name
        self._said = directory / f"{name}.said"
        with self._said.open("ab") as said:
            env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            self.process = subprocess.Popen(
                command, stdout=said, stderr=said, cwd=directory, env=env
            )

    @property
    def pids(self) -> list[int]:
        """Return the process and its children (the workers of nginx)."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        with contextlib.suppress(OSError):
            return [self.process.pid, *map(int, children.read_text().split())]
        return [self.process.pid]

    def cpu_s(self) -> float:
        """Return user and system seconds that it used so far."""
        return sum(map(_cpu_s, self.pids))

    def rss(self) -> int:
        """Return its resident bytes."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * 4096

    def said(self) -> str:
        """Return what it printed."""
        return self._said.read_text(errors="replace")

    def wait_for(self, address: str | int) -> None:
        """Wait until somebody listens at a port or Unix socket. Raises RuntimeError when it ends, or never does."""
        end = time.monotonic() + PATIENCE_S
        while not _answers(address):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name} does not answer: {self.said()[-2000:]}")
            time.sleep(0.02)

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Site:
    """The upstream and whatever is put in front of it; closing ends all of it, last started first."""

    def __init__(self, directory: Path) -> None:
        """Start the upstream."""
        self.directory = directory
        self.upstream = directory / "app.sock"
        self.programs: dict[str, Program] = {}
        self._stack = contextlib.ExitStack()
        conf = UPSTREAM.format(socket=self.upstream, body=BODY)
        self.nginx("upstream", conf).wait_for(str(self.upstream))

    def __enter__(self) -> Self:
        """Return the site."""
        return self

    def __exit__(self, *error: object) -> None:
        """End everything."""
        self._stack.close()

    def place(self, name: str) -> Path:
        """Return a directory of its own."""
        made = self.directory / name
        made.mkdir(exist_ok=True)
        return made

    def program(self, name: str, *command: str | Path) -> Program:
        """Start a program that ends with the site."""
        program = Program(name, list(command), self.place(name))
        self._stack.callback(program.close)
        self.programs[name] = program
        return program

    def own(self, name: str) -> tuple[Program, ...]:
        """Return himaya's gate and follower of a place, those that run there."""
        names = (f"{name}-gate", f"{name}-follow")
        return tuple(self.programs[each] for each in names if each in self.programs)

    def nginx(self, name: str, conf: str) -> Program:
        """Start an nginx with a configuration of the http level."""
        place = self.place(name)
        user = "user root;" if os.geteuid() == 0 else ""
        (place / "site.conf").write_text(conf)
        (place / "nginx.conf").write_text(MAIN.format(directory=place, user=user))
        return self.program(name, "nginx", "-p", place, "-c", place / "nginx.conf")

    def plain(self, name: str = "plain") -> int:
        """Start the yardstick and return its port."""
        port = free_port()
        self.nginx(name, PLAIN.format(upstream=self.upstream, port=port)).wait_for(port)
        return port

    def printed(self, name: str, *, edge: bool) -> tuple[int, Path]:
        """Start nginx as `himaya init nginx` prints it, with its gate and follower; return port and log."""
        place, port = self.place(name), free_port()
        config = self.config(name, f"unix:{place}/auth.sock")
        log = place / "access.log"
        text = nginx_snippet(
            site="site.example",
            upstream=f"unix:{self.upstream}",
            port=f"127.0.0.1:{port}",
            log=str(log),
            gate=f"unix:{place}/auth.sock",
            edge=edge_blocks(load(config)) if edge else None,
        )
        self.nginx(name, kept(text, self.upstream)).wait_for(port)
        self.gate(name, config, "authority", f"{place}/auth.sock")
        self.follow(name, log, config)
        return port, log

    def watched(self, name: str) -> tuple[int, Path]:
        """Start nginx with the printed log and nothing else, and a follower that keeps the ledger itself."""
        place, port = self.place(name), free_port()
        config = self.config(name, f"unix:{place}/auth.sock")
        log = place / "access.log"
        text = nginx_snippet(
            site="", upstream="x", port="1", log="x", gate=f"unix:{place}/auth.sock"
        )
        head = text.partition("# ---- part 2")[0]
        line = f"access_log {log} himaya buffer=64k flush=1s;\n    set $himaya_verdict '';\n"
        line += "    set $himaya_reference '';\n    set $himaya_gate_state up;\n    location /"
        plain = PLAIN.format(upstream=self.upstream, port=port).replace("location /", line)
        self.nginx(name, head + plain).wait_for(port)
        self.follow(name, log, config)
        return port, log

    def proxy(self, name: str, upstream: str = "") -> int:
        """Start himaya as a reverse proxy, of the upstream when no other is named; return its port."""
        port = free_port()
        config = self.config(name, f"127.0.0.1:{port}")
        words = ("--upstream", upstream) if upstream else ()
        self.gate(name, config, "proxy", port, *words)
        return port

    def applications(self, name: str) -> tuple[int, int]:
        """Start the application bare, and behind the middleware with its gate; return both ports."""
        place, ports = self.place(name), (free_port(), free_port())
        config = self.config(name, f"unix:{place}/auth.sock")
        self.gate(name, config, "authority", f"{place}/auth.sock")
        for port, words in zip(ports, ((), (config,)), strict=True):
            command = (sys.executable, "-m", "tools.bench.gate_app", str(port), *words)
            self.program(f"{name}-{port}", *command).wait_for(port)
        return ports

    def config(self, name: str, listen: str) -> Path:
        """Write a himaya.toml and return it."""
        place = self.place(name)
        file = place / "himaya.toml"
        text = CONFIG.format(
            directory=place, passes=self._passes(), listen=listen, upstream=self.upstream
        )
        file.write_text(text)
        return file

    def _passes(self) -> str:
        """Return a directory for passes in memory, as the printed configuration wants it."""
        memory = Path("/dev/shm")  # noqa: S108  (a directory with a made-up name is made in it)
        return self._stack.enter_context(
            tempfile.TemporaryDirectory(prefix="himaya-", dir=memory if memory.is_dir() else None)
        )

    def gate(self, name: str, config: Path, mode: str, address: str | int, *words: str) -> Program:
        """Start a gate and wait for it; `words` are further options."""
        command = himaya("gate", "--config", config, "--mode", mode, *words)
        program = self.program(f"{name}-gate", *command)
        program.wait_for(address)
        return program

    def follow(self, name: str, log: Path, config: Path) -> Program:
        """Start a follower; less urgent than the site, as its unit has it."""
        log.touch()
        command = himaya("follow", log, "--config", config)
        return self.program(f"{name}-follow", "nice", "-n", "10", *command)


def himaya(*words: str | Path) -> tuple[str | Path, ...]:
    """Return the command of this interpreter's himaya."""
    return (sys.executable, "-c", "from himaya.cli import main; main()", *words)


def kept(text: str, upstream: Path) -> str:
    """Return a printed configuration whose application is asked over kept connections, as the yardstick's is.

    Visitors come by addresses of their own, so nginx believes the load's `X-Forwarded-For`.
    """
    pool = f"upstream bench_app {{ server unix:{upstream}; keepalive 64; }}\n"
    for old, new in (
        (f"proxy_pass http://unix:{upstream};", "proxy_pass http://bench_app;"),
        ("    #set_real_ip_from 10.0.0.0/8;", "    set_real_ip_from 127.0.0.1;"),
        ("    #real_ip_header X-Forwarded-For;", "    real_ip_header X-Forwarded-For;"),
    ):
        if old not in text:
            raise RuntimeError(f"the printed configuration has no line {old!r}")
        text = text.replace(old, new)
    return pool + text


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def caught_up(log: Path) -> float:
    """Wait until all people in a log are in the ledger; return the seconds that took. Raises RuntimeError if never."""
    begin, bookmark = time.monotonic(), log.with_name("ledger.follow")
    time.sleep(_HELD_BACK_S)
    size = log.stat().st_size
    while _read(bookmark) < size - _LAST_BYTES:
        if time.monotonic() - begin > PATIENCE_S:
            raise RuntimeError(f"the follower of {log} does not get to its end")
        time.sleep(0.1)
    return max(0.0, time.monotonic() - begin - _HELD_BACK_S)


def _read(bookmark: Path) -> int:
    """Return up to where a follower has read, in bytes."""
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(bookmark.read_bytes(), type=Bookmark).mark.offset
    return 0


def _answers(address: str | int) -> bool:
    family = socket.AF_INET if isinstance(address, int) else socket.AF_UNIX
    with socket.socket(family) as probe:
        return (
            probe.connect_ex(("127.0.0.1", address) if isinstance(address, int) else address) == 0
        )


def _cpu_s(pid: int) -> float:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0
