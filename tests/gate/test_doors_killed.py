"""kill -9 of the gate while applications serve: each surface does what it declares, and the ledger says since when."""

import itertools
import shutil
import sys
import threading
import time

import pytest
import requests
from tests.gate.embedded_support import House
from tests.gate.gate_support import wait_for

from himaya.ledger.reader import Reader

#: Each middleware with the arguments of its example.
DOORS = {"asgi": [], "wsgi": [], "django": ["wsgi"]}
#: A middleware asks again a second after a failure.
QUIET_S = 1.5


class Visitor(threading.Thread):
    """Reads profiles (which fail open) and searches (closed) in turn; keeps each status with its time."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.url, self.done = url, False
        self.profiles, self.searches = [], []

    def run(self):
        for number in itertools.count():
            if self.done:
                return
            self.profiles.append(self.ask(f"/u/p{number % 10}"))
            self.searches.append(self.ask(f"/search?n={number % 5}"))
            time.sleep(0.05)

    def ask(self, target):
        status = requests.get(self.url + target, timeout=60).status_code
        return time.time(), status

    def searched(self, status, since=0.0):
        return [at for at, found in self.searches if found == status and at > since]


@pytest.mark.slow
def test_a_killed_gate_leaves_each_surface_its_mode_and_a_gap(tmp_path, root):
    """ASGI, WSGI, Django: open surfaces go on, closed ones answer 503; the gap begins at the last durable write."""
    examples = shutil.copytree(root / "examples", tmp_path / "root/examples")
    config = examples / "asgi/himaya.toml"
    closed = config.read_text().replace('id = "search"\n', 'id = "search"\nfail = "closed"\n')
    config.write_text(closed)
    house = House(tmp_path, tmp_path / "root", "asgi")
    visitors = []
    try:
        for name in ("wsgi", "django"):
            script = [sys.executable, str(examples / name / "site.py"), *DOORS[name]]
            house.urls.append(house.start_site(script))
        visitors = [Visitor(url) for url in house.urls]
        for one in visitors:
            one.start()
        wait_for(lambda: all(len(one.searches) > 5 for one in visitors), 60)
        house.control.flush()
        flushed, killed = time.time(), kill(house)
        wait_for(lambda: all(one.searched(503, killed)[2:] for one in visitors), 60)
        house.start_authority()
        back = time.time()
        wait_for(lambda: all(one.searched(200, back + QUIET_S) for one in visitors), 60)
        end(visitors)
        house.control.flush()
        with Reader.open(tmp_path / "ledger") as reader:
            gaps = reader.gaps()
    finally:
        end(visitors)
        house.close()
    for one in visitors:
        assert {status for _, status in one.profiles} == {200}
        assert {status for at, status in one.searches if at < killed} == {200}
        assert {status for at, status in one.searches if at > killed} == {200, 503}
        assert max(one.searched(503)) < back + 60
    (whole,) = [gap for gap in gaps if gap.why == "the writer stopped without closing the ledger"]
    assert flushed - 1.5 <= whole.start <= killed <= whole.end <= back
    told = {gap.door for gap in gaps if gap.surface == "profile" and gap.start >= killed - QUIET_S}
    assert told == set(DOORS)


def kill(house):
    process = house.processes.pop("gate")
    killed = time.time()
    process.kill()
    process.wait(30)
    return killed


def end(visitors):
    for one in visitors:
        one.done = True
    for one in visitors:
        one.join(60)
