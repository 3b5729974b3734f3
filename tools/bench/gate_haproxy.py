"""Requests per second through HAProxy, with himaya's SPOE door and without it.

    python -m tools.bench.gate_haproxy [SECONDS]

Both HAProxys have the printed configuration, the same log and the same application (`responder`); one has the question
taken out. wrk asks both for profile pages of many people, in turns. The gate runs in shadow mode with the default
budgets, so everything passes and everything is decided.
"""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import IO, cast

from tools.bench.gate_doors import Size
from tools.bench.gate_site import Site
from tools.bench.results import Row, table

from himaya.cli.init_haproxy import Places, haproxy_snippet

_CONFIG = """
mode = "shadow"
[[surface]]
id = "profile"
route = "/u/{{subject}}"
[gate]
listen = "unix:{folder}/auth.sock"
spoe_listen = "unix:{folder}/spoe.sock"
socket = "h.sock"
[ledger]
directory = "ledger"
"""

_SCRIPT = """
local n = 0
request = function()
    n = (n + 7919) % 20000
    return wrk.format("GET", "/u/p" .. n)
end
"""

_CONNECTIONS = 16
_QUESTION = re.compile(r"^    (?:filter spoe|http-request send-spoe-group).*\n", re.MULTILINE)
_ASKED = "acl himaya_asked var(txn.ask) -m bool"


def haproxy(site: Site, size: Size) -> list[Row]:
    """Return the rows of `make bench-gate`: HAProxy with the door against HAProxy alone."""
    return measure(site.place("haproxy"), max(1, round(size.seconds)), size.rounds)


def measure(folder: Path, seconds: int = 3, rounds: int = 3) -> list[Row]:
    """Return requests per second with and without the door, medians of `rounds` runs, and their ratio.

    Everything is started below `folder`, on free ports of the loopback, and stopped again.
    """
    with _site(folder) as ports:
        rates: dict[str, list[float]] = {name: [] for name in ports}
        for _ in range(rounds):
            for name, port in ports.items():
                rates[name].append(_rate(folder, port, seconds))
    spread = {name: f"{min(told):,.0f} to {max(told):,.0f}" for name, told in rates.items()}
    door, bare = median(rates["door"]), median(rates["bare"])
    return [
        Row("HAProxy alone", bare, "requests/s", detail=spread["bare"]),
        Row("HAProxy that asks himaya (SPOE)", door, "requests/s", detail=spread["door"]),
        Row("of HAProxy alone, with the door", door / bare, "ratio"),
    ]


@contextlib.contextmanager
def _site(folder: Path) -> Iterator[dict[str, int]]:
    """Run application, gate and both HAProxys; yield the port of each HAProxy."""
    with contextlib.ExitStack() as stack:
        words = [sys.executable, "-m", "tools.bench.responder"]
        responder = stack.enter_context(_program(words, folder, stdout=subprocess.PIPE))
        application = int(cast("IO[bytes]", responder.stdout).readline())
        config = folder / "himaya.toml"
        config.write_text(_CONFIG.format(folder=folder))
        himaya = Path(sys.executable).with_name("himaya")
        gate = [str(himaya), "gate", "--config", str(config), "--mode", "authority"]
        stack.enter_context(_program(gate, folder))
        _wait((folder / "spoe.sock").exists)
        ports = {name: _free_port() for name in ("bare", "door")}
        for name, port in ports.items():
            stack.enter_context(_program(_haproxy(folder, name, port, application), folder))
        for port in ports.values():
            _wait(lambda port=port: _listens(port))
        yield ports


def _haproxy(folder: Path, name: str, port: int, application: int) -> list[str]:
    """Write the files of one HAProxy; return its command."""
    places = Places(
        upstream=f"127.0.0.1:{application}", port=f"127.0.0.1:{port}", directory=str(folder),
        conf=str(folder / f"{name}-spoe.conf"), chroot="",
    )  # fmt: skip
    text = haproxy_snippet(places)
    if name == "bare":
        text = _QUESTION.sub("", text).replace(_ASKED, "acl himaya_asked always_false")
    (folder / f"{name}.cfg").write_text(text)
    Path(places.conf).write_text(haproxy_snippet(places, "spoe"))
    return ["haproxy", "-db", "-f", str(folder / f"{name}.cfg")]


@contextlib.contextmanager
def _program(
    words: list[str], folder: Path, stdout: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "programs.log").open("ab") as told:
        running = subprocess.Popen(words, stdout=stdout, stderr=told)
    try:
        with running:
            yield running
            running.terminate()
    finally:
        running.kill()


def _rate(folder: Path, port: int, seconds: int) -> float:
    """Return requests per second as wrk counts them. Raises RuntimeError when answers were errors."""
    script = folder / "people.lua"
    script.write_text(_SCRIPT)
    url = f"http://127.0.0.1:{port}/"
    command = ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{seconds}", "-s", str(script), url]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    if found is None or "Non-2xx" in told:
        raise RuntimeError(told)
    return float(found[1])


def _wait(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not what():
        if time.monotonic() > end:
            raise RuntimeError("a program of the measurement did not start")
        time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        found = measure(Path(place), int(sys.argv[1]) if len(sys.argv) > 1 else 3)
    print(table({"HAProxy": found}))
