"""What the tests of the gate share: a scripted application, a proxy in a thread, a raw HTTP client."""

import asyncio
import contextlib
import socket
import threading
import time

import uvloop

from himaya.config import loads
from himaya.core.effect import RecordDisclosures
from himaya.core.engine import Engine
from himaya.gate.actor_from import ActorFinder
from himaya.gate.authority import Authority
from himaya.gate.challenge import Challenges
from himaya.gate.door import Door
from himaya.gate.limits import Limits
from himaya.gate.listener import Listener
from himaya.gate.proxy import Proxy
from himaya.gate.reply import plain_reply
from himaya.gate.upstream import Target, UpstreamPool

SECRET = b"the secret of a test, long enough"

CONFIG = """
mode = "{mode}"
[site]
name = "Example"
url = "https://www.example.org"
[owner]
name = "Somebody"
contact = "appeals@example.org"
[retention]
identified_days = 31
[actor]
{actor}
[budgets]
account = {{ hour = {budget} }}
session = {{}}
key = {{}}
address = {{ hour = {budget} }}
prefix = {{}}
[challenge]
people = 3
cost = 1
wait_s = 1
[ladder]
{ladder}
[gate]
buffer_bytes = 20000
[[surface]]
id = "profile"
route = "/u/{{subject}}"
fields = ["name", "email"]
people = ["path"]
[[surface]]
id = "list"
route = "/list"
kind = "listing"
fields = ["name"]
people = ["json"]
json_subject = "rows[].id"
json_rows = "rows"
max_people = 5
[[surface]]
id = "told"
route = "/told"
kind = "listing"
fields = ["name"]
people = ["header"]
max_people = 4
[[surface]]
id = "page"
route = "/page"
kind = "listing"
fields = ["name"]
people = ["links"]
links = "/u/{{subject}}"
max_people = 4
[[surface]]
id = "card"
route = "/card/{{subject}}"
fields = ["name", "email"]
redact = ["name", "email"]
people = ["json", "path"]
json_subject = "id"
[[surface]]
id = "find"
route = "/find"
kind = "lookup"
fields = ["name"]
people = ["header"]
"""


def config_text(mode="enforce", budget=1000, ladder="", actor=""):
    """Return a configuration with one surface of each kind."""
    return CONFIG.format(mode=mode, budget=budget, ladder=ladder, actor=actor)


class Notes:
    """Stands for the runner: keeps what it is given."""

    def __init__(self):
        self.effects, self.gaps = [], []

    def perform(self, effects):
        self.effects.extend(effects)

    def note_gap(self, start, end, why, surface="", door=""):
        self.gaps.append((start, end, why, surface, door))


class Rig:
    """A proxy in a thread of the test, in front of `upstream` (a port, or a Target text)."""

    refusal = staticmethod(plain_reply)
    listen = "127.0.0.1:0"

    def __init__(self, upstream, *, limits=None, clock=time.time, config=None, **more):
        text = upstream if isinstance(upstream, str) else f"http://127.0.0.1:{upstream}"
        self.config = config or loads(config_text(**more))
        self.notes = Notes()
        self.engine = Engine(self.config.policy())
        self.authority = Authority(self.engine, self.notes, clock=clock)
        finder = ActorFinder(self.config.actor, SECRET)
        challenges = Challenges(SECRET, self.config.challenge, "Example", "appeals@example.org")
        self.door = Door(self.authority, finder, challenges, source="proxy", sees_body=True)
        self.limits = limits or Limits(buffer_bytes=20_000, stop_s=1.0)
        self._target = Target.parse(text)
        self._loop = uvloop.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        assert self._started.wait(5)
        return self

    def __exit__(self, *_):
        self.stop()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def stop(self):
        """Begin a graceful end; nothing when it has ended already."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self):
        self._stop = asyncio.Event()
        self.pool = UpstreamPool(self._target, self.limits)
        self.listener = self.listening()
        await self.listener.start(self.listen)
        port = self.listener.address.rpartition(":")[2]
        self.port = int(port) if port.isdecimal() else 0
        sweeps = asyncio.create_task(self._sweep())
        self._started.set()
        await self._stop.wait()
        await self.listener.stop()
        self.pool.close()
        sweeps.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sweeps

    def listening(self):
        return Listener(self.handler(), self.limits, self.refusal)

    def handler(self):
        return Proxy(self.door, self.pool, self.limits).handle

    async def _sweep(self):
        while True:
            await asyncio.sleep(0.02)
            self.listener.sweep(self._loop.time())
            self.pool.sweep(self._loop.time())

    # -- what was recorded -------------------------------------------------------------------

    @property
    def rows(self):
        """Return the disclosure rows so far, once every ticket is settled."""
        wait_for(lambda: not self.engine.stats()["open"])
        return [e.disclosures for e in self.notes.effects if isinstance(e, RecordDisclosures)]

    @property
    def people(self):
        """Return the subjects recorded, in order."""
        return [one.subject for row in self.rows for one in row.shown]

    # -- asking --------------------------------------------------------------------------------

    def connect(self):
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def raw(self, data):
        """Send bytes, return everything that comes until the connection ends."""
        with self.connect() as sock:
            sock.sendall(data)
            return read_all(sock)

    def get(self, target, *headers, method="GET", body=b""):
        """Return the answer to one request on a connection of its own."""
        length = f"Content-Length: {len(body)}\r\n" if body or method == "POST" else ""
        lines = "".join(f"{line}\r\n" for line in headers)
        head = f"{method} {target} HTTP/1.1\r\nHost: www.example.org\r\n{lines}{length}\r\n"
        with self.connect() as sock:
            sock.sendall(head.encode("latin-1") + body)
            return read_answer(sock, method=method)


def wait_for(what, timeout=5.0):
    """Wait until `what()` is true; fail when it never is."""
    deadline = time.monotonic() + timeout
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def read_all(sock):
    parts = []
    with contextlib.suppress(ConnectionError):
        while data := sock.recv(65536):
            parts.append(data)
    return b"".join(parts)


class Answer:
    """A response: status, headers (lower-case names to last value), body, and how it was framed."""

    def __init__(self, head, body):
        first, *lines = head.decode("latin-1").split("\r\n")
        self.version, status, *_ = first.split(" ", 2)
        self.status = int(status)
        self.fields = [tuple(line.split(": ", 1)) for line in lines if line]
        self.headers = {name.lower(): value for name, value in self.fields}
        self.body = body


class Reader:
    """Reads messages from a socket one after the other."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def until(self, mark):
        while mark not in self.buffer:
            self.more()
        before, _, self.buffer = self.buffer.partition(mark)
        return before

    def exactly(self, size):
        while len(self.buffer) < size:
            self.more()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError("closed in the middle of a message")
        self.buffer += data

    def chunks(self):
        parts = []
        while size := int(self.until(b"\r\n").partition(b";")[0], 16):
            parts.append(self.exactly(size))
            if self.until(b"\r\n"):
                raise ValueError("a chunk is longer than it said")
        while self.until(b"\r\n"):
            pass
        return b"".join(parts)

    def answer(self, method="GET"):
        head = self.until(b"\r\n\r\n")
        answer = Answer(head, b"")
        headers = answer.headers
        if method == "HEAD" or answer.status in {204, 304} or answer.status < 200:
            return answer
        if "chunked" in headers.get("transfer-encoding", ""):
            answer.body = self.chunks()
        elif "content-length" in headers:
            answer.body = self.exactly(int(headers["content-length"]))
        else:
            answer.body = self.buffer + read_all(self.sock)
        return answer


def read_answer(sock, method="GET"):
    return Reader(sock).answer(method)


class Asked:
    """A request as the application got it."""

    def __init__(self, head, body):
        first, *lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = first.split(" ")
        self.fields = [tuple(line.split(": ", 1)) for line in lines if line]
        self.headers = {name.lower(): value for name, value in self.fields}
        self.body = body


class Upstream:
    """An application of the test: `answer(asked, socket)` returns the bytes of a response.

    None means that the connection is closed without a word. Every request is kept in `asked`, and
    `connections` counts how often somebody connected.
    """

    def __init__(self, answer=None):
        self.answer = answer or (lambda asked, sock: ok(b"hello"))
        self.asked = []
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self._listening.getsockname()[1]
        self._open = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self._thread.join(5)

    def drop_connections(self):
        """Close what is open, as an application does with idle connections."""
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        reader = Reader(sock)
        with contextlib.suppress(OSError, ValueError), sock:
            while True:
                asked = self._read(reader)
                self.asked.append(asked)
                data = self.answer(asked, sock)
                if data is None:
                    with contextlib.suppress(OSError):
                        sock.shutdown(socket.SHUT_RDWR)
                    return
                sock.sendall(data)

    def _read(self, reader):
        head = reader.until(b"\r\n\r\n")
        asked = Asked(head, b"")
        if "expect" in asked.headers:
            reader.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in asked.headers.get("transfer-encoding", ""):
            asked.body = reader.chunks()
        elif "content-length" in asked.headers:
            asked.body = reader.exactly(int(asked.headers["content-length"]))
        return asked


def ok(body, *headers, status="200 OK", kind="text/plain"):
    """Return a whole response with a length."""
    lines = "".join(f"{line}\r\n" for line in headers)
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("latin-1") + body


def chunked(*parts, headers=""):
    """Return a whole response in chunks."""
    body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return (
        f"HTTP/1.1 200 OK\r\n{headers}Transfer-Encoding: chunked\r\n\r\n".encode()
        + body
        + b"0\r\n\r\n"
    )
