"""nginx, a Django site, the authority and `follow` together: the ledger equals the people in the bodies."""

import http.client
import json
import random
import re
import subprocess
import sys
import threading
from collections import Counter
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.cli.nginx_rig import wait_for as wait_for_file
from tests.cli.nginx_rig import write_conf
from tests.gate.gate_support import wait_for

from himaya.bench.live.children import free_port
from himaya.cli.init import nginx_snippet
from himaya.control import Control
from himaya.ledger.reader import Reader

pytestmark = pytest.mark.system

HIMAYA = Path(sys.executable).with_name("himaya")
SITE = Path(__file__).with_name("django_people.py")

CONFIG = """
mode = "enforce"
[site]
name = "People"
[owner]
name = "Somebody"
contact = "appeals@example.org"
[retention]
identified_days = 31
[[surface]]
id = "profile"
route = "/u/{{subject}}"
[[surface]]
id = "people"
route = "/people"
kind = "listing"
people = ["header"]
max_people = 10
[[surface]]
id = "search"
route = "/search"
kind = "lookup"
people = ["header"]
max_people = 20
[budgets]
address = {{ hour = {budget} }}
prefix = {{}}
[ladder]
challenge = false
[gate]
listen = "unix:{folder}/auth.sock"
socket = "{folder}/h.sock"
[ledger]
directory = "{folder}/ledger"
[log]
format = "json"
"""


class Place:
    """Everything a site with nginx runs, as real processes below one directory."""

    def __init__(self, folder: Path, budget: int):
        self.folder = folder
        self.port = free_port()
        django = free_port()
        self.log = folder / "access.log"
        self.log.touch()
        self.config = folder / "himaya.toml"
        self.config.write_text(CONFIG.format(folder=folder, budget=budget))
        self.site = subprocess.Popen([sys.executable, SITE, str(django)], stdout=subprocess.PIPE)
        assert self.site.stdout.readline() == b"ready\n"
        write_conf(
            folder,
            nginx_snippet(
                site="people.example", upstream=f"127.0.0.1:{django}", port=f"127.0.0.1:{self.port}",
                log=str(self.log), gate=f"unix:{folder}/auth.sock",
            ),
        )  # fmt: skip
        self.nginx = subprocess.Popen(["nginx", "-p", folder, "-c", folder / "nginx.conf"])
        self.gate = self.himaya("gate", "--mode", "authority")
        wait_for_file(folder / "auth.sock", 20)
        self.follow = self.himaya("follow", str(self.log))

    def himaya(self, *words):
        with (self.folder / f"{words[0]}.log").open("ab") as out:
            return subprocess.Popen(
                [HIMAYA, *words, "--config", self.config], stderr=out, stdout=out
            )

    def close(self):
        for process in (self.follow, self.gate, self.nginx, self.site):
            process.terminate()
        for process in (self.follow, self.gate, self.nginx, self.site):
            process.wait(20)
        self.site.stdout.close()

    def settled(self):
        """Wait until every reservation was settled from the log, and everything is durable."""
        with Control(self.folder / "h.sock") as control:
            wait_for(lambda: control.status().open_tickets == 0, timeout=20)
            control.flush()

    def shown(self, address):
        """Return how often the ledger says each person was shown to an address."""
        with Reader.open(self.folder / "ledger") as reader:
            return Counter(
                {one.subject: one.times for one in reader.who_actor(f"address:{address}").subjects}
            )


@pytest.fixture(name="place")
def _place(tmp_path):
    made = []

    def start(budget):
        made.append(Place(tmp_path, budget))
        return made[0]

    yield start
    for one in made:
        one.close()


class Visitor(threading.Thread):
    """A real client with its own loopback address; counts the people in the bodies it gets."""

    def __init__(self, place, number, rng, visits):
        super().__init__()
        self.place, self.rng, self.visits = place, rng, visits
        self.address = f"127.0.0.{number + 10}"
        self.seen, self.statuses = Counter(), Counter()

    def run(self):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.place.port, timeout=30, source_address=(self.address, 0)
        )
        for _ in range(self.visits):
            method, target = self.choose()
            connection.request(method, target, headers={"Host": "people.example"})
            answer = connection.getresponse()
            self.read(answer.status, answer.read().decode())
        connection.close()

    def choose(self):
        n = self.rng.randrange(400)
        name = quote(f"person {n}é") if n % 50 == 0 else f"p{n}"
        return self.rng.choice([
            ("GET", f"/people?from={n}"), ("GET", f"/u/{name}"), ("GET", f"/search?q=p{n}"),
            ("GET", "/search?q=nobody-has-this"), ("HEAD", f"/people?from={n}"), ("GET", "/u/not-there"),
            ("GET", "/about"),
        ])  # fmt: skip

    def read(self, status, body):
        self.statuses[status] += 1
        if status == 200 and body.startswith("{"):
            self.seen.update(json.loads(body)["found"])
        elif status == 200:
            self.seen.update(unescape(one) for one in re.findall(r"data-person='([^']*)'", body))


def visit(place, count, visits):
    visitors = [Visitor(place, n, random.Random(n), visits) for n in range(count)]
    for one in visitors:
        one.start()
    for one in visitors:
        one.join(60)
    place.settled()
    return visitors


def test_the_ledger_equals_the_people_in_the_bodies(place):
    """Lists, searches and profiles of a Django site behind nginx: view by view, the ledger has who was seen."""
    place = place(budget=100_000)
    for one in visit(place, count=4, visits=60):
        assert one.statuses[200] > 30
        assert sum(one.seen.values()) > 40
        assert place.shown(one.address) == one.seen


def test_budgets_hold_behind_nginx(place):
    """With a budget nobody is shown more people than it allows, and what was shown is in the ledger."""
    place = place(budget=30)
    for one in visit(place, count=2, visits=80):
        assert one.statuses[429] > 5
        assert 0 < len(one.seen) <= 30
        assert place.shown(one.address) == one.seen


def test_a_stopped_gate_leaves_the_site_alone(place):
    """Without himaya every page of the site is served as before, and never a 500."""
    place = place(budget=1)
    place.gate.kill()
    place.gate.wait(10)
    (visitor,) = [Visitor(place, 1, random.Random(1), 40)]
    visitor.start()
    visitor.join(60)
    assert set(visitor.statuses) <= {200, 404}
    assert visitor.statuses[200] > 20
