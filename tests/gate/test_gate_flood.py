"""A flood against a running gate: one client takes its share and no more, others are served, and it is counted."""

import contextlib
import socket
from pathlib import Path

import pytest
from tests.gate.gate_support import Reader, Upstream, wait_for
from tests.gate.metrics_support import WatchedGate

MORE = """
listen = "127.0.0.1:0"
secret_file = "secret"
max_connections = 300
max_connections_per_client = 100
read_timeout_s = 2
"""
HALF = [
    b"",  # nothing at all
    b"GET / HTTP/1.1\r\nHost: a\r\nX: y",  # a head without an end
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nx",  # a body without one
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 300,  # too many fields
    b"\x16\x03\x01 no HTTP",
]


def connect(gate, source):
    return socket.create_connection(("127.0.0.1", gate.port), 60, source_address=(source, 0))


def ask(gate, source, number):
    """Ask what the door is for, from an address of one's own."""
    lines = f"X-Original-URI: /u/{number}\r\nX-Original-Method: GET\r\nX-Himaya-Secret: a secret of a test\r\n"
    target = "/auth" if gate.door == "authority" else "/u/1"
    with connect(gate, source) as sock:
        sock.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode())
        return Reader(sock).answer().status


@pytest.mark.slow
@pytest.mark.parametrize("door", ["proxy", "authority"])
def test_a_flood_of_one_client_leaves_the_door_to_others(tmp_path, door):
    """600 connections with half requests and nonsense from one address: another address is answered all the while."""
    (tmp_path / "secret").write_text("a secret of a test")
    with Upstream() as upstream:
        gate = WatchedGate(tmp_path, upstream.port, door=door, more=MORE, budget=100_000)
        with gate:
            assert ask(gate, "127.0.0.2", 0) == 200
            before, held, served = memory(gate), [], []
            for number in range(600):
                with contextlib.suppress(OSError):
                    held.append(connect(gate, "127.0.0.1"))
                    held[-1].sendall(HALF[number % len(HALF)])
                if number % 50 == 0:
                    served.append(ask(gate, "127.0.0.2", number))
            grown = memory(gate) - before
            for sock in held:
                sock.close()
            wait_for(lambda: gate.metrics()("himaya_connections", listener="door") == 0, timeout=60)
            seen = gate.metrics()
            assert ask(gate, "127.0.0.1", 1) == 200
    assert served == [200] * 12
    assert grown < 40_000_000
    refused = {
        s: seen("himaya_broken_requests_total", listener="door", status=s)
        for s in ("400", "429", "431")
    }
    assert min(refused.values()) > 0
    assert seen("himaya_cut_connections_total", listener="door", reason="flood") > 0
    assert seen("himaya_broken_requests_total", listener="door", status="503") == 0


def memory(gate):
    """Return the most memory the gate has had so far, in bytes."""
    status = Path(f"/proc/{gate.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
