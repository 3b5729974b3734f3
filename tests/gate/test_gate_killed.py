"""kill -9 under load: what was acknowledged is in the ledger, whole and verified, or in a gap that it names."""

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

from himaya.ledger.reader import Reader as LedgerReader

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
def test_kill_nine_loses_nothing_outside_of_a_recorded_gap(tmp_path):
    """Killed at random moments under load, the ledger keeps every disclosure but those of the gap that it names."""
    rng = random.Random(11)
    with Upstream(site) as upstream:
        gate = GateProcess(tmp_path, upstream.port, budget=10_000_000)
        gate.start()
        visitors = [Visitor(gate, f"v{n}") for n in range(3)]
        for one in visitors:
            one.start()
        for _ in range(KILLS):
            time.sleep(1.5 + rng.random())
            gate.kill()
            gate.start()
        for one in visitors:
            one.done = True
        for one in visitors:
            one.join(10)
        gate.stop()
    seen = {row.subject for row in gate.rows() if row.subject_id}
    gaps = periods(gate)
    shown = [(at, who) for one in visitors for at, who in one.acknowledged]
    kept = [who for at, who in shown if not any(start <= at <= end for start, end in gaps)]
    assert len(kept) > KILLS * 50
    assert set(kept) <= seen
    assert seen <= {who for one in visitors for who in names(one)}
    assert len(gaps) == KILLS
    verified = subprocess.run(
        [HIMAYA, "ledger", "verify", "--ledger", gate.ledger],
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout


def periods(gate):
    """Return the unobserved periods of a gate's ledger, epoch seconds."""
    with LedgerReader.open(gate.ledger) as reader:
        return [(gap.start, gap.end) for gap in reader.gaps()]


def names(visitor):
    """Return everybody a visitor can have asked for, acknowledged or not."""
    for count in range(1, visitor.count + 1):
        who = f"{visitor.own}-{count}"
        yield from [f"{who}-{n}" for n in range(3)] if count % 5 == 0 else [who]
