"""The real programs beside which the models are put: started on loopback, asked over one connection, stopped."""

import http.client
import random
import socket
import subprocess
import time

from himaya.bench.asks import Ask, Client
from himaya.core.actor import Actor


def client(address="203.0.113.9", session="", agent="Mozilla/5.0"):
    """Return somebody at an address."""
    return Client(Actor(address=address, session=session), agent)


def ask(target="/u/7", method="GET"):
    """Return an ask, for a profile unless told otherwise."""
    return Ask(target, method)


def free_port():
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Program:
    """A server of a test in a directory of its own; `with` starts it, waits for its port, and stops it."""

    def __init__(self, command, port, folder):
        self.command, self.port, self.folder = command, port, folder

    def __enter__(self):
        with (self.folder / "said.txt").open("w") as said:
            self.process = subprocess.Popen(self.command, stdout=said, stderr=said)
        deadline = time.monotonic() + 20
        while not self._listens():
            assert self.process.poll() is None, (self.folder / "said.txt").read_text()
            assert time.monotonic() < deadline, (self.folder / "said.txt").read_text()
            time.sleep(0.05)
        return self

    def _listens(self):
        with socket.socket() as trial:
            return trial.connect_ex(("127.0.0.1", self.port)) == 0

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)


def bursts(seed, seconds, visitors):
    """Return (seconds since start, visitor) of seeded visitors who come in bursts with pauses, in order."""
    found = []
    for visitor in range(visitors):
        rng, at = random.Random(seed * 1000 + visitor), 0.0
        while at < seconds:
            pace = rng.choice([0.002, 0.02, 0.1, 0.25])
            for _ in range(rng.randrange(5, 40)):
                at += rng.expovariate(1 / pace)
                found.append((at, visitor))
            at += rng.choice([0.1, 0.5, 1.5])
    return sorted(entry for entry in found if entry[0] < seconds)


def play(port, plan, headers, answered):
    """Send the plan over one connection at its times; give each response to `answered(visitor, response)`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    start = time.monotonic()
    for number, (at, visitor) in enumerate(plan):
        time.sleep(max(0.0, start + at - time.monotonic()))
        connection.request("GET", f"/u/{number}", headers=headers(visitor))
        response = connection.getresponse()
        response.read()
        answered(visitor, response)
    connection.close()
