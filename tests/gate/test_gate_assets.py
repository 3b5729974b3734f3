"""A real gate: a crew without assets shares one budget, browsers do not meet it, and a restart begins anew."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.gate.gate_support import Reader, Upstream
from tests.gate.process_support import GateProcess

HIMAYA = Path(sys.executable).with_name("himaya")
LIBRARY, BROWSER = "python-requests/2.32", "Mozilla/5.0 Firefox/130.0"


@pytest.fixture(name="gate")
def _gate(tmp_path):
    with Upstream() as upstream:
        gate = GateProcess(
            tmp_path,
            upstream.port,
            ladder="challenge = false",
            actor='trusted_proxies = ["127.0.0.1/32"]',
        )
        text = gate.config.read_text().replace(
            "[budgets]\n", "[budgets]\nassetless = { day = 4 }\n"
        )
        gate.config.write_text(text + "[assets]\nafter = 2\nshare = 0\n")
        with gate:
            yield gate


class Asker:
    """Keeps one connection to a gate, and asks in the name of any address."""

    def __init__(self, gate):
        self._sock = socket.create_connection(("127.0.0.1", gate.port), timeout=10)
        self._reader = Reader(self._sock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._sock.close()

    def get(self, target, address, agent=LIBRARY):
        head = f"GET {target} HTTP/1.1\r\nHost: a\r\nUser-Agent: {agent}\r\nX-Forwarded-For: {address}\r\n\r\n"
        self._sock.sendall(head.encode())
        return self._reader.answer()

    def pages(self, address, names, agent=LIBRARY):
        """Return how many of these people's pages are served."""
        return [self.get(f"/u/{name}", address, agent).status for name in names].count(200)


def test_a_crew_shares_a_budget_at_a_real_gate(gate):
    """Ten addresses without assets get two pages each and four together; a browser at an eleventh gets all."""
    with Asker(gate) as asker:
        crew = [asker.pages(f"203.0.113.{n}", [f"c{n}x{k}" for k in range(5)]) for n in range(10)]
        assert sum(crew) == 10 * 2 + 4
        refused = asker.get("/u/more", "203.0.113.1")
        assert refused.status == 429
        asker.get("/app.css", "198.51.100.1", BROWSER)
        people = [f"b{n}" for n in range(30)]
        assert asker.pages("198.51.100.1", people, BROWSER) == 30
        asker.get("/app.css", "203.0.113.1")
        assert asker.get("/u/more", "203.0.113.1").status == 200
    with gate.control() as control:
        control.flush()
    gate.stop()
    gate.start()
    with Asker(gate) as asker:
        assert asker.pages("203.0.113.5", [f"r{k}" for k in range(9)]) == 2 + 4


def test_a_log_tells_a_real_gate_of_assets(gate, tmp_path):
    """Assets that another server sends, and its log shows, free a browser at the gate after `himaya follow`."""
    with Asker(gate) as asker:
        assert asker.pages("198.51.100.1", [f"a{n}" for n in range(9)], BROWSER) == 2 + 4
        line = {
            "at": time.time(), "id": "x", "address": "198.51.100.1", "method": "GET", "target": "/app.css",
            "status": 304, "sent": 0, "agent": BROWSER, "subjects": "-",
        }  # fmt: skip
        (tmp_path / "access.log").write_text(json.dumps(line) + "\n")
        words = [HIMAYA, "follow", "access.log", "--config", "himaya.toml", "--once"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert "1 kept" in done.stderr
        assert asker.pages("198.51.100.1", [f"b{n}" for n in range(9)], BROWSER) == 9
