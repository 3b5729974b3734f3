"""kill -9 under load: what was acknowledged more than a second before is in the ledger, whole and verified."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.gate.gate_support import Reader, Upstream, ok
from tests.gate.process_support import GateProcess

HIMAYA = Path(sys.executable).with_name("himaya")

#: `make soak` kills as often as the promise says; every run kills a few times.
KILLS = 20 if os.environ.get("HIMAYA_SOAK") == "1" else 3


class Visitor(threading.Thread):
    """Asks as fast as it is answered; remembers whom it was shown, and when the answer was whole."""

    def __init__(self, gate, name):
        super().__init__(daemon=True)
        self.gate, self.own, self.acknowledged, self.count = gate, name, [], 0
        self.done = False

    def run(self):
        while not self.done:
            try:
                self.visit()
            except (OSError, ValueError):
                time.sleep(0.01)

    def visit(self):
        import socket

        with socket.create_connection(("127.0.0.1", self.gate.port), timeout=5) as sock:
            reader = Reader(sock)
            while not self.done:
                self.count += 1
                who = f"{self.own}-{self.count}"
                target, people = (
                    (f"/list?{who}", [f"{who}-{n}" for n in range(3)])
                    if self.count % 5 == 0
                    else (f"/u/{who}", [who])
                )
                sock.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                answer = reader.answer()
                assert answer.status == 200
                at = time.time()
                self.acknowledged += [(at, one) for one in people]
                time.sleep(0.001)


def site(asked, sock):
    if asked.target.startswith("/list"):
        who = asked.target.partition("?")[2]
        rows = [{"id": f"{who}-{n}"} for n in range(3)]
        return ok(json.dumps({"rows": rows}).encode(), kind="application/json")
    return ok(b"hello")


@pytest.mark.slow
def test_kill_nine_loses_nothing_older_than_a_second(tmp_path):
    """Killed at random moments under load, the ledger keeps every disclosure acknowledged a second before."""
    rng = random.Random(11)
    with Upstream(site) as upstream:
        gate = GateProcess(tmp_path, upstream.port, budget=10_000_000)
        gate.start()
        visitors = [Visitor(gate, f"v{n}") for n in range(3)]
        for one in visitors:
            one.start()
        owed, gaps = set(), 0
        for _ in range(KILLS):
            begun = time.time()
            time.sleep(1.5 + rng.random())
            killed = time.time()
            gate.kill()
            owed |= {
                who
                for one in visitors
                for at, who in list(one.acknowledged)
                if begun <= at < killed - 1.0
            }
            gate.start()
            gaps += 1
        for one in visitors:
            one.done = True
        for one in visitors:
            one.join(10)
        gate.stop()
    seen = [row.subject for row in gate.rows() if row.subject_id]
    assert len(owed) > KILLS * 50
    assert owed - set(seen) == set()
    asked_for = {who for one in visitors for who in names(one)}
    assert set(seen) <= asked_for
    assert len(gate.unobserved()) == gaps
    verified = subprocess.run(
        [HIMAYA, "ledger", "verify", "--ledger", gate.ledger],
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout


def names(visitor):
    """Return everybody a visitor can have asked for, acknowledged or not."""
    for count in range(1, visitor.count + 1):
        who = f"{visitor.own}-{count}"
        yield from [f"{who}-{n}" for n in range(3)] if count % 5 == 0 else [who]
