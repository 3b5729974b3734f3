"""What the tests of the live bench share: a site, a running site, a fast walker, a tiny crowd."""

import asyncio
import contextlib
import http.client
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from himaya.bench.asks import Client
from himaya.bench.crowd.group import Group, Setting, Visit
from himaya.bench.crowd.plan import draw
from himaya.bench.live.children import Child, free_port
from himaya.bench.live.site import Site
from himaya.bench.world import links
from himaya.bench.world.knobs import Knobs
from himaya.bench.world.site import World
from himaya.core.actor import Actor

PEOPLE = 600
WORLD = World(Knobs(people=PEOPLE), 1)
SITE = Site(WORLD)


class Neighbours(Group):
    """Members who look at four profiles within a minute."""

    id = "neighbours"
    title = "Neighbours"
    natural = 1.0

    def visits(self, member, setting: Setting):
        account = setting.world.subject(member.person)
        actor = Actor(address=f"10.9.{member.number}.7", account=account, session=f"s-{account}")
        friends = setting.world.friends.of(member.person).tolist()[:4]
        asks = [links.profile(setting.world.subject(friend)) for friend in friends]
        yield Visit(
            Client(actor, "Mozilla/5.0"),
            [(setting.start + 20.0 * n, ask) for n, ask in enumerate(asks)],
        )


def neighbours(seed=1):
    """Return the plan of five neighbours."""
    setting = Setting(WORLD, 1_767_571_200.0, 1.0, 1.0)
    return draw([Neighbours()], 5, setting, seed)


@contextlib.contextmanager
def running_site(folder: Path):
    """Serve the world as a process of its own; give its port."""
    port = free_port()
    command = [sys.executable, "-m", "himaya.bench.live.serve", "--people", str(PEOPLE)]
    child = Child("the site", [*command, "--seed", "1", "--port", str(port)], folder / "site.log")
    try:
        asyncio.run(child.ready(port))
        yield port
    finally:
        child.stop()


@contextlib.contextmanager
def running(front, site: int, folder: Path, facts=()):
    """Start a defence before the site; stop it in the end."""
    try:
        asyncio.run(front.start(site, folder, list(facts)))
        yield front
        front.check()
    finally:
        front.stop()


@contextlib.contextmanager
def serving(answer):
    """Serve on a port of this machine: `answer(path, headers)` gives status, header fields and body."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            status, fields, body = answer(self.path, self.headers)
            self.send_response(status)
            for name, value in {**fields, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_CONNECT = do_HEAD = do_GET  # noqa: N815  (http.server's names)

        def log_message(self, *_):
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Walker:
    """A fast walk over profiles from one simulated address, over one connection as long as that lasts."""

    def __init__(self, port: int, address: str):
        self.port, self.address = port, address

    def status(self, target: str) -> int:
        """Return the status of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", target, headers={"X-Forwarded-For": self.address})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def walk(self, count: int) -> list[int]:
        """Return the statuses of so many profiles."""
        return [self.status(f"/u/{1 + n % PEOPLE}") for n in range(count)]


def left_running(word: str) -> list[str]:
    """Return the command lines of processes that name a word."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = place.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if word in line:
                found.append(line)
    return found
