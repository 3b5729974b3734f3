"""CPU of one profile view through the middleware, of the worker and of the authority, with and without leases.

    python -m tools.bench.gate_workers [VIEWS]

Starts an authority (`himaya gate`) and asks it through the WSGI middleware of this process, one view after the other
and without an HTTP server: what is measured is himaya's share. Actors come in turn; each looks at some people in a
row. One length of run after the other, first without leases, then with leases of five people.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from himaya.control import Control
from himaya.core.errors import ServiceError
from himaya.gate.wsgi import GateMiddleware, StartResponse

_HIMAYA = [sys.executable, "-c", "from himaya.cli import main; main()"]

_CONFIG = """
mode = "enforce"
[owner]
name = "Bench"
contact = "bench@example.org"
[retention]
identified_days = 31
[budgets]
account = {{ hour = 1000 }}
address = {{ hour = 1000 }}
prefix = {{}}
[gate]
socket = "g.sock"
listen = "unix:f.sock"
lease_people = {people}
[[surface]]
id = "profile"
route = "/u/{{subject}}"
people = ["path"]
"""


def main(views: int) -> None:
    """Print microseconds of CPU per view for several lengths of run, without and with leases."""
    print("CPU microseconds per view: worker + authority (people a lease holds: 0 is off)")
    for run in (1, 3, 10):
        for people in (0, 5):
            worker, authority = measured(people, run, views)
            told = f"{worker:6.0f} + {authority:6.0f} = {worker + authority:6.0f}"
            print(f"{run:3} people in a row, leases of {people}: {told}")


def measured(people: int, run: int, views: int) -> tuple[float, float]:
    """Return CPU microseconds per view of this process and of the authority."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "himaya.toml"
        config.write_text(_CONFIG.format(people=people))
        gate = subprocess.Popen(
            [*_HIMAYA, "gate", "--config", str(config), "--mode", "authority"],
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(Path(folder) / "g.sock")
            return _views(config, gate.pid, run, views)
        finally:
            gate.terminate()
            gate.wait(30)


def _views(config: Path, gate: int, run: int, views: int) -> tuple[float, float]:
    site = GateMiddleware(_site, config, account=lambda environ: str(environ["REMOTE_USER"]))
    _make(site, run, 200, "warm")
    before, began = _cpu_us(gate), time.process_time_ns()
    _make(site, run, views, "u")
    site.desk.tell()
    spent = (time.process_time_ns() - began) / 1000
    site.desk.close()
    return spent / views, (_cpu_us(gate) - before) / views


def _make(site: GateMiddleware, run: int, views: int, name: str) -> None:
    for environ in _environs(run, views, name):
        answer: Any = site(environ, lambda *_: bytes)
        b"".join(answer)
        answer.close()


def _environs(run: int, views: int, name: str) -> Iterator[dict[str, Any]]:
    for n in range(views):
        actor = n // run
        yield {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": f"/u/p{n}",
            "REMOTE_ADDR": f"10.{actor >> 16 & 255}.{actor >> 8 & 255}.{actor & 255}",
            "REMOTE_USER": f"{name}{actor}",
        }


def _site(_: dict[str, Any], start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/html")])
    return [b"<p>somebody"]


def _cpu_us(pid: int) -> float:
    """Return the CPU time of a process in microseconds (proc(5): utime and stime, in ticks)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") * 1e6


def _wait(socket: Path) -> None:
    while True:
        try:
            Control(socket).status()
        except ServiceError:
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
