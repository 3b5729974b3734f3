"""Several worker processes of several servers and a front door on one authority, with and without leases."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
import requests
from tests.gate.embedded_support import HIMAYA, free_port, wait_for

from himaya.control import Control
from himaya.core.errors import ServiceError
from himaya.ledger.reader import Reader

BUDGET, PEOPLE, PREFORKED, UVICORN = 40, 5, 3, 2
EXAMPLE = Path(__file__).resolve().parents[2] / "examples/workers"

CONFIG = """
mode = "enforce"
[owner]
name = "Somebody"
contact = "appeals@example.org"
[retention]
identified_days = 31
[actor]
account_header = "X-Account"
trusted_proxies = ["127.0.0.0/8"]
[budgets]
account = {{ hour = {budget} }}
address = {{}}
prefix = {{}}
[ladder]
challenge = false
[gate]
socket = "g.sock"
listen = "unix:front.sock"
{leases}
[[surface]]
id = "profile"
route = "/u/{{subject}}"
people = ["path"]
fail = "closed"
"""
LEASES = f"lease_people = {PEOPLE}\nlease_s = {{}}\nlease_settle_s = 0.05"


class Yard:
    """An authority, a preforked WSGI site and a uvicorn site of several workers, in one directory."""

    def __init__(self, folder: Path, leases: str = ""):
        self.folder = folder
        self.config = folder / "himaya.toml"
        self.config.write_text(CONFIG.format(budget=BUDGET, leases=leases))
        self.control = Control(folder / "g.sock")
        self.running = {}
        self.urls = []
        self.start_gate()

    def start(self, name, *command, **more):
        with (self.folder / f"{name}.log").open("ab") as log:
            environment = {
                **os.environ,
                "HIMAYA_CONFIG": str(self.config),
                "PYTHONPATH": os.pathsep.join(sys.path),
            }
            self.running[name] = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, **more
            )

    def start_gate(self):
        self.start("gate", *HIMAYA, "gate", "--config", str(self.config), "--mode", "authority")
        wait_for(self.control.status, ServiceError)

    def start_sites(self, *, uvicorn=True):
        port = free_port()
        self.urls = [f"http://127.0.0.1:{port}"]
        script = str(EXAMPLE / "people_wsgi.py")
        self.start("wsgi", sys.executable, script, str(port), str(PREFORKED))
        if uvicorn:
            port = free_port()
            self.urls.append(f"http://127.0.0.1:{port}")
            self.start(
                "asgi", sys.executable, "-m", "uvicorn", "--app-dir", str(EXAMPLE),
                "people_asgi:application", "--workers", str(UVICORN), "--port", str(port),
                "--log-level", "warning",
            )  # fmt: skip
        for url in self.urls:
            wait_for(
                lambda url=url: requests.get(f"{url}/about", timeout=5), requests.RequestException
            )
        return self

    def kill_gate(self):
        process = self.running.pop("gate")
        process.kill()
        process.wait(10)

    def view(self, door, person):
        """Return the status of asking one door (0 WSGI, 1 ASGI) for a person, and the process that answered."""
        answer = requests.get(
            f"{self.urls[door]}/u/{person}", headers={"X-Account": "anna"}, timeout=20
        )
        return answer.status_code, answer.headers.get("X-Process")

    def ask_front(self, person):
        """Ask the authority as nginx does; return the status."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(self.folder / "front.sock"))
            sock.sendall(
                f"GET /auth HTTP/1.1\r\nHost: a\r\nX-Original-URI: /u/{person}\r\nX-Original-Method: GET\r\n"
                f"X-Request-ID: {person}\r\nX-Account: anna\r\nConnection: close\r\n\r\n".encode()
            )
            return int(sock.makefile("rb").readline().split()[1])

    def rows(self):
        """Return how often the ledger names each person shown to the account."""
        self.control.flush()
        with Reader.open(self.folder / "ledger") as reader:
            return Counter(row.subject for row in reader.rows() if row.actor.account == "anna")

    def wait_for_a_flush(self):
        """Wait until the gate vouches for all that happened so far: a kill leaves a gap that begins after it."""
        now = time.time()
        beat = self.folder / "ledger" / "live" / "00.heartbeat"
        wait_for(lambda: _must(beat.stat().st_mtime > now + 0.2), AssertionError)

    def audit(self):
        told = subprocess.run(
            [*HIMAYA, "audit", "bound", "--ledger", self.folder / "ledger", "--why", "test", "--json"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert told.returncode in {0, 1}, told.stderr
        return json.loads(told.stdout)

    def close(self):
        self.control.close()
        for name in ["wsgi", "asgi", "gate"]:
            if name in self.running:
                self.running[name].send_signal(signal.SIGCONT)
                self.running[name].terminate()
                self.running[name].wait(20)


def together(yard, doors, each, name="p"):
    """Ask all doors at once from several threads; return who was shown, and the processes that answered."""
    shown, processes, lock = set(), set(), threading.Lock()

    def walk(number):
        for n in range(each):
            person = f"{name}{number}-{n}"
            door = doors[number % len(doors)]
            status, process = (
                (yard.ask_front(person), None) if door == "front" else yard.view(door, person)
            )
            with lock:
                shown.update({person} if status == 200 else ())
                processes.add(process)

    threads = [threading.Thread(target=walk, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return shown, processes - {None}


@pytest.mark.slow
@pytest.mark.parametrize("leases", ["", LEASES.format(2)], ids=["asking", "leasing"])
def test_all_workers_and_a_front_door_share_one_budget(tmp_path, leases):
    """Five processes of two servers and a front door: exactly the budget in all, with leases as without."""
    yard = Yard(tmp_path, leases)
    try:
        yard.start_sites()
        shown, processes = together(yard, [0, 1, "front"], 14)
        assert len(processes) > 2
        # What lies unused with a worker comes back when its lease ends.
        deadline = time.monotonic() + 30
        while len(shown) < BUDGET and time.monotonic() < deadline:
            time.sleep(0.2)
            shown |= {f"late{n}" for n in range(2) if yard.view(0, f"late{n}")[0] == 200}
            shown |= (
                {f"later{len(shown)}"} if yard.view(0, f"later{len(shown)}")[0] == 200 else set()
            )
        assert len(shown) == BUDGET
        status = yard.control.status()
        assert bool(status.engine["leases"]) == bool(leases) or status.engine["leases"] == 0
        audit = yard.audit()
        assert audit["holds"]
        assert audit["inequality"]["leased"]["people"] == 0
    finally:
        yard.close()


@pytest.mark.slow
def test_a_killed_authority_costs_at_most_a_lease_of_each_worker(tmp_path):
    """Workers spend what they have, then refuse; the next authority hears of everybody once, and the audit adds it."""
    yard = Yard(tmp_path, LEASES.format(10))
    try:
        yard.start_sites(uvicorn=False)
        shown, processes = together(yard, [0], 2)
        wait_for(lambda: _must(shown <= set(yard.rows())), AssertionError)
        yard.wait_for_a_flush()
        yard.kill_gate()
        away = [yard.view(0, f"away{n}")[0] for n in range(30)]
        assert set(away) == {200, 503}
        assert away.count(200) <= PREFORKED * PEOPLE
        shown |= {f"away{n}" for n, code in enumerate(away) if code == 200}
        yard.start_gate()
        wait_for(lambda: _must(shown <= set(yard.rows())), AssertionError)
        later, more = together(yard, [0], 12, "later")
        shown |= later
        workers = len(processes | more)
        assert BUDGET <= len(shown) <= BUDGET + workers * PEOPLE
        wait_for(lambda: _must(shown <= set(yard.rows())), AssertionError)
        assert [who for who, times in yard.rows().items() if times > 1 and who] == []
        audit = yard.audit()
        assert audit["holds"]
        leased = audit["inequality"]["leased"]
        assert (leased["restarts"], leased["lease"]) == (1, PEOPLE)
        assert 0 < leased["workers"] <= PREFORKED + 1  # the parent asked once before it forked
        assert any("without closing" in gap["why"] for gap in audit["unobserved"])
    finally:
        yard.close()


@pytest.mark.slow
def test_a_hung_authority_is_told_once(tmp_path):
    """While the authority hangs workers refuse after a second; what they had sent and send again is one row each."""
    yard = Yard(tmp_path, LEASES.format(1))
    try:
        yard.start_sites(uvicorn=False)
        shown = {f"p{n}" for n in range(4) if yard.view(0, f"p{n}")[0] == 200}
        yard.running["gate"].send_signal(signal.SIGSTOP)
        time.sleep(1.2)
        assert yard.view(0, "hung")[0] == 503
        yard.running["gate"].send_signal(signal.SIGCONT)
        wait_for(lambda: _must(yard.view(0, "back")[0] == 200), AssertionError)
        shown.add("back")
        wait_for(lambda: _must(set(yard.rows()) == shown), AssertionError)
        assert set(yard.rows().values()) == {1}
    finally:
        yard.close()


@pytest.mark.slow
def test_a_lost_worker_is_charged_for_its_lease(tmp_path):
    """A worker killed with a lease in hand: what it did not tell of is charged, and a row says for how many people."""
    yard = Yard(tmp_path, LEASES.format(10) + "\n[bounds]\nsettle_s = 4")
    try:
        yard.start_sites(uvicorn=False)
        status, process = yard.view(0, "p0")
        assert status == 200
        os.kill(int(process), signal.SIGKILL)
        wait_for(lambda: _must("" in yard.rows()), AssertionError)
        with Reader.open(tmp_path / "ledger") as reader:
            counts = [row.count for row in reader.rows() if row.source == "unsettled"]
        told = yard.rows()["p0"]
        assert counts == [PEOPLE - told]
    finally:
        yard.close()


def _must(true):
    assert true
