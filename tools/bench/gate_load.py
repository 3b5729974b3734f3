"""The load on a door: wrk in a closed loop, and one slow visitor whose waiting is timed.

Of four requests one shows a person, as in the traffic of `make bench-speed`; visitors are told apart by address.
"""

from __future__ import annotations

import re
import socket
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

#: Visitors who ask for pages at the same time.
VISITORS = 2_500

#: Every so many requests one shows a person.
EVERY = 4

#: Few connections, so that waiting in line is not what is measured.
CONNECTIONS = 16

#: Visitors of the slow measurement.
_FEW = 250

#: wrk makes all requests beforehand and goes through them in turn.
SCRIPT = """\
local requests, at = {{}}, 0
init = function(args)
  for i = 1, {count} do
    local visitor = math.floor(i / {every}) * 7919 % {visitors}
    local address = "10.1." .. math.floor(visitor / 250) .. "." .. (visitor % 250 + 1)
    local path = (i % {every} == 0) and "/u/p" .. (i * 31 % 50000) or "/page/" .. (i % 5000)
    requests[i] = wrk.format("GET", path, {{["Host"] = "site.example", ["X-Forwarded-For"] = address,
      ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64)", ["Accept"] = "text/html"}})
  end
end
request = function()
  at = at % {count} + 1
  return requests[at]
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk counted: requests a second, answers that were no 2xx, and all requests."""

    rate: float
    wrong: int
    requests: int = 0


def script(directory: Path, *, every: int = EVERY, visitors: int = VISITORS) -> Path:
    """Write a script for wrk and return it; 1 in `every` requests shows a person."""
    file = directory / f"load-{every}-{visitors}.lua"
    file.write_text(SCRIPT.format(count=4 * visitors, visitors=visitors, every=every))
    return file


def run(port: int, lua: Path, seconds: float, connections: int = CONNECTIONS) -> Load:
    """Load a port for some seconds. Raises RuntimeError when wrk fails."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(lua)]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"wrk failed: {done.stderr or done.stdout}")
    return parse(done.stdout)


def parse(text: str) -> Load:
    """Return what wrk printed.

    >>> parse("61 requests in 10.00s, Non-2xx or 3xx responses: 3 Requests/sec:   6.10")
    Load(rate=6.1, wrong=3, requests=61)
    """
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", text)
    if rate is None:
        raise RuntimeError(f"wrk printed no rate: {text}")
    wrong = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", text)))
    failed = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text
    )
    wrong += sum(map(int, failed.groups())) if failed else 0
    requests = sum(map(int, re.findall(r"(\d+) requests in", text)))
    return Load(float(rate[1]), wrong, requests)


def waiting_us(port: int, requests: int, per_second: float = 200.0) -> float:
    """Return the median microseconds of waiting for an answer: one connection, a fixed low rate.

    The same `_FEW` visitors come again and again; their first pages are not timed.
    """
    found = []
    with socket.create_connection(("127.0.0.1", port), timeout=30) as door:
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        due = time.perf_counter()
        for number in range(_FEW + requests):
            due += 1 / per_second
            time.sleep(max(0.0, due - time.perf_counter()))
            found.append(_ask(door, number))
    return statistics.median(found[_FEW:]) * 1e6


def _ask(door: socket.socket, number: int) -> float:
    """Ask for a person's page and return the seconds until the whole answer is there."""
    target = f"/u/p{number % 500}"
    address = f"10.2.0.{number % _FEW + 1}"
    told = f"GET {target} HTTP/1.1\r\nHost: site.example\r\nX-Forwarded-For: {address}\r\n\r\n"
    begin = time.perf_counter()
    door.sendall(told.encode())
    answer = b""
    while True:
        more = door.recv(65536)
        if not more:
            raise RuntimeError("the door closed a connection")
        answer += more
        head, found, body = answer.partition(b"\r\n\r\n")
        if found and len(body) >= _length(head):
            return time.perf_counter() - begin


def _length(head: bytes) -> int:
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"not an answer to time: {head[:200]!r}")
    found = re.search(rb"(?i)content-length: (\d+)", head)
    return int(found[1]) if found else 0
