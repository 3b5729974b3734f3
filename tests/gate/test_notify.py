"""What systemd is told: ready, reloading, alive, stopping; and nothing where no systemd asks."""

import os
import signal
import socket
import time

import pytest
from tests.gate.gate_support import wait_for
from tests.gate.process_support import GateProcess

from himaya.gate.notify import Notifier


@pytest.fixture(name="manager")
def _manager(tmp_path, monkeypatch):
    """A socket that stands for systemd; `said()` returns the messages so far."""
    path = tmp_path / "notify"
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(str(path))
    sock.setblocking(False)
    heard = []

    def said():
        while True:
            try:
                heard.append(sock.recv(4096).decode())
            except BlockingIOError:
                return heard

    monkeypatch.setenv("NOTIFY_SOCKET", str(path))
    yield said
    sock.close()


def test_a_gate_tells_systemd_how_it_is(tmp_path, manager, monkeypatch):
    """READY once it answers, WATCHDOG while it lives, RELOADING and READY around SIGHUP, STOPPING at the end."""
    monkeypatch.setenv("WATCHDOG_USEC", "600000")
    gate = GateProcess(tmp_path, 1)
    gate.start()
    wait_for(
        lambda: any(one.startswith("READY=1\nSTATUS=proxy, mode enforce") for one in manager()), 30
    )
    wait_for(lambda: manager().count("WATCHDOG=1") >= 3, 30)
    gate.signal(signal.SIGHUP)
    wait_for(lambda: sum(one.startswith("READY=1") for one in manager()) == 2, 30)
    kinds = [one.partition("\n")[0] for one in manager() if "WATCHDOG" not in one]
    assert kinds == ["READY=1", "RELOADING=1", "READY=1"]
    (reloading,) = [one for one in manager() if one.startswith("RELOADING")]
    assert int(reloading.partition("MONOTONIC_USEC=")[2]) <= time.monotonic_ns() // 1000
    assert gate.stop() == 0
    assert any(one.startswith("STOPPING=1") for one in manager())


def test_a_bad_reload_ends_ready_too(tmp_path, manager):
    """A configuration that is not taken over leaves the service ready with the old one, not reloading for ever."""
    with GateProcess(tmp_path, 1) as gate:
        gate.config.write_text("mode = 3")
        gate.signal(signal.SIGHUP)
        wait_for(lambda: sum(one.startswith("READY=1") for one in manager()) == 2, 30)


def test_nobody_is_told_where_nobody_asks(monkeypatch):
    """Without the variables no socket is made; a watchdog meant for another process is none."""
    monkeypatch.setattr(socket, "socket", lambda *_: pytest.fail("a socket was made"))
    silent = Notifier.from_environment({})
    silent.ready("x")
    silent.alive(1.0)
    silent.stopping()
    other = {
        "NOTIFY_SOCKET": "/nowhere",
        "WATCHDOG_USEC": "1000000",
        "WATCHDOG_PID": str(os.getpid() + 1),
    }
    Notifier.from_environment(other).alive(1.0)


def test_a_manager_that_is_gone_is_no_fault(tmp_path):
    """A socket that nobody reads, or that is gone, stops no gate."""
    Notifier(str(tmp_path / "gone"), 1.0).alive(5.0)
    Notifier("@himaya-nobody-is-here").ready("x")
