"""Changing a configuration and stopping while requests come: no connection is dropped, no request is lost."""

import signal
import socket
import threading
import time

import pytest
from tests.gate.gate_support import Reader, Upstream, ok, wait_for
from tests.gate.process_support import GateProcess

ASK = "X-Original-URI: {}\r\nX-Original-Method: GET\r\nX-Request-ID: request-{:06}\r\n"


class Place:
    """A gate and how to reach it: as a proxy on a port, or as an authority on a Unix socket."""

    def __init__(self, folder, upstream, door):
        self.door, self.folder = door, folder
        more = 'listen = "unix:front.sock"' if door == "authority" else ""
        self.gate = GateProcess(folder, upstream.port, door=door, more=more, budget=1_000_000)
        self.upstream = upstream

    def connect(self):
        if self.door == "proxy":
            return socket.create_connection(("127.0.0.1", self.gate.port), timeout=60)
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(60)
        sock.connect(str(self.folder / "front.sock"))
        return sock

    def question(self, number):
        target = f"/u/{number}"
        if self.door == "proxy":
            return f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        return f"GET /auth HTTP/1.1\r\nHost: a\r\n{ASK.format(target, number)}\r\n".encode()

    def upload(self):
        """Return the head of an upload of ten bytes, and the status that it ends with."""
        if self.door == "proxy":
            return b"POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n", 200
        head = f"POST /.himaya/clear HTTP/1.1\r\nHost: a\r\n{ASK.format('/.himaya/clear', 0)}"
        return f"{head}Content-Length: 10\r\n\r\n".encode(), 403


class Visitor(threading.Thread):
    """Asks again and again on one kept connection until it is told that the connection ends."""

    def __init__(self, place, first):
        super().__init__(daemon=True)
        self.place, self.number = place, first
        self.answered = self.connections = 0
        self.wrong, self.told = [], False

    def run(self):
        try:
            self.visit()
        except (OSError, ValueError) as problem:
            self.wrong.append(repr(problem))

    def visit(self):
        with self.place.connect() as sock:
            self.connections += 1
            reader = Reader(sock)
            while not self.told:
                self.number += 1
                sock.sendall(self.place.question(self.number))
                answer = reader.answer()
                self.answered += 1
                if answer.status != 200:
                    self.wrong.append(answer.status)
                self.told = answer.headers.get("connection") == "close"
                time.sleep(0.005)


@pytest.mark.slow
@pytest.mark.parametrize("door", ["proxy", "authority"])
def test_reloads_and_a_stop_under_load_lose_nothing(tmp_path, door):
    """Two changes and SIGTERM: kept connections are answered to their last request, the upload too; exit 0."""
    with Upstream(lambda asked, sock: ok(asked.body or b"hello")) as upstream:
        place = Place(tmp_path, upstream, door)
        gate = place.gate.start()
        visitors = [Visitor(place, 1000 * n) for n in range(1, 5)]
        for one in visitors:
            one.start()
        with place.connect() as sock, gate.control() as control:
            head, status = place.upload()
            sock.sendall(head + b"0123")
            for budget in (900_000, 800_000):
                change(gate, control, visitors, budget)
            sock.sendall(b"45")
            gate.signal(signal.SIGTERM)
            for one in visitors:
                one.join(60)
            sock.sendall(b"6789")
            answer = Reader(sock).answer()
        assert gate.stop() == 0
    assert (answer.status, door != "proxy" or answer.body) == (
        status,
        door != "proxy" or b"0123456789",
    )
    assert [one.wrong for one in visitors] == [[], [], [], []]
    assert all(one.told and one.connections == 1 for one in visitors)
    assert gate.unobserved() == []
    if door == "proxy":
        assert len(gate.rows()) == sum(one.answered for one in visitors)


def change(gate, control, visitors, budget):
    """Let the gate take a new configuration over, and wait until everybody was answered under it."""
    before, seen = control.status().policy, [one.answered for one in visitors]
    gate.write(budget=budget)
    gate.signal(signal.SIGHUP)
    wait_for(lambda: control.status().policy != before, 60)
    wait_for(lambda: all(v.answered > n + 5 for v, n in zip(visitors, seen, strict=True)), 60)
