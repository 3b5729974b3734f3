"""An agent in a thread of the test, and the side of HAProxy: frames over a socket."""

from __future__ import annotations

import socket
from typing import Any, Self

from tests.gate.gate_support import Rig

from himaya.gate.limits import Limits
from himaya.gate.spoe.frames import (
    Frame,
    Kind,
    Message,
    read_frame,
    read_pairs,
    write_frame,
    write_messages,
    write_pairs,
)
from himaya.gate.spoe.listener import SpoeListener
from himaya.gate.spoe.values import Cursor, Value
from himaya.gate.verdicts import Verdicts

HELLO: dict[str, Value] = {
    "supported-versions": "2.0", "max-frame-size": 16380, "capabilities": "pipelining,async",
}  # fmt: skip


class SpoeRig(Rig):
    """An authority that is asked over SPOE on a port of loopback."""

    def __init__(self, *, networks: tuple[str, ...] = (), **config: Any) -> None:
        limits = config.pop("limits", Limits(stop_s=1.0))
        super().__init__(1, limits=limits, **config)
        self.door.source, self.door.sees_body = "authority", False
        self.networks = networks

    def listening(self) -> SpoeListener:
        verdicts = Verdicts(self.door, self.limits)
        return SpoeListener(verdicts, self.limits, self.networks)

    @property
    def counts(self) -> dict[str, int]:
        return dict(self.listener.counts)

    def haproxy(self, hello: dict[str, Value] | None = HELLO) -> HAProxy:
        """Return a connection, after its handshake unless `hello` is None."""
        return HAProxy(self.connect(), hello)


class HAProxy:
    """HAProxy's side of one connection."""

    def __init__(self, sock: socket.socket, hello: dict[str, Value] | None = HELLO) -> None:
        self.sock = sock
        self.greeted: dict[str, Value] = {}
        if hello is not None:
            self.send(Frame(Kind.HAPROXY_HELLO, 0, 0, write_pairs(hello)))
            self.greeted = read_pairs(self.read().payload)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, *frames: Frame) -> None:
        self.sock.sendall(b"".join(map(write_frame, frames)))

    def read(self) -> Frame:
        return read_frame(self._exactly(int.from_bytes(self._exactly(4), "big")))

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.sock.recv(size - len(data))
            if not part:
                raise ConnectionError("the agent closed")
            data += part
        return data

    def ended(self) -> int:
        """Return the status of the DISCONNECT that comes now, after which the agent closes."""
        frame = self.read()
        assert frame.kind == Kind.AGENT_DISCONNECT
        status = read_pairs(frame.payload)["status-code"]
        assert self.sock.recv(1) == b""
        assert isinstance(status, int)
        return status

    def ask(self, target: str, *lines: str, **args: Value) -> dict[str, Value]:
        """Return the variables that one question leads to."""
        self.send(question(target, *lines, **args))
        return variables(self.read())


def question(
    target: str, *lines: str, number: int = 1, name: str = "himaya", **args: Value
) -> Frame:
    """Return a NOTIFY as HAProxy sends it by the printed file; None leaves an argument out as HAProxy does."""
    headers = "".join(f"{line}\r\n" for line in ("host: example.org", *lines)) + "\r\n"
    told: dict[str, Value] = {
        "id": f"request-{number:06}", "method": "GET", "target": target,
        "src": args.pop("src", None), "headers": headers, **args,
    }  # fmt: skip
    return Frame(Kind.NOTIFY, number, 1, write_messages([Message(name, told)]))


def variables(ack: Frame) -> dict[str, Value]:
    """Return what an ACK sets."""
    assert ack.kind == Kind.ACK
    cursor, found = Cursor(ack.payload), {}
    while cursor.more:
        assert cursor.take(3) == b"\x01\x03\x02"
        name = cursor.string()
        found[name] = cursor.value()
    return found
