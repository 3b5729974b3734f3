"""What stands outside the house in the story: a mail server and an identity system, both on this machine alone."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

#: Bytes of one mail, and of one order, that are taken.
_MOST = 4 << 20
_HERE = "127.0.0.1"


class Mailbox(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it is sent (SMTP, RFC 5321); `mails` holds recipient and mail."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__((_HERE, 0), _Line)
        self.mails: list[tuple[str, bytes]] = []

    @property
    def port(self) -> int:
        """Return the port."""
        return int(self.server_address[1])

    def read(self) -> Iterator[tuple[str, EmailMessage]]:
        """Yield recipient and mail."""
        for recipient, data in self.mails:
            yield recipient, message_from_bytes(data, policy=policy.default)


class _Line(socketserver.StreamRequestHandler):
    """One connection of a sender."""

    server: Mailbox

    def handle(self) -> None:
        """Answer line by line until the sender leaves."""
        self._say(b"220 sink")
        recipient = ""
        while line := self.rfile.readline(_MOST):
            verb = line[:4].upper()
            if verb == b"QUIT":
                self._say(b"221 bye")
                return
            if verb == b"RCPT":
                recipient = line.partition(b"<")[2].partition(b">")[0].decode("ascii", "replace")
                self._say(b"250 ok")
            elif verb == b"DATA":
                self._say(b"354 go on")
                self.server.mails.append((recipient, self._mail()))
                self._say(b"250 kept")
            else:
                self._say(b"250 ok")

    def _mail(self) -> bytes:
        lines, size = [], 0
        while (line := self.rfile.readline(_MOST)) not in {b".\r\n", b""}:
            size += len(line)
            if size <= _MOST:
                lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, words: bytes) -> None:
        self.wfile.write(words + b"\r\n")


class Identity(ThreadingHTTPServer):
    """An identity system that takes orders; `orders` holds them with their signatures."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__((_HERE, 0), _Order)
        self.orders: list[dict[str, Any]] = []

    @property
    def port(self) -> int:
        """Return the port."""
        return int(self.server_address[1])


class _Order(BaseHTTPRequestHandler):
    """One order."""

    server: Identity

    def do_POST(self) -> None:
        """Keep the order and say that it was taken."""
        size = min(int(self.headers.get("Content-Length") or 0), _MOST)
        body = msgspec.json.decode(self.rfile.read(size), type=dict[str, Any])
        self.server.orders.append({**body, "signature": self.headers.get("Himaya-Signature", "")})
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def outside() -> Iterator[tuple[Mailbox, Identity]]:
    """Run both until the story is over."""
    with Mailbox() as mail, Identity() as identity:
        threads = [
            threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            for one in (mail, identity)
        ]
        for thread in threads:
            thread.start()
        try:
            yield mail, identity
        finally:
            mail.shutdown()
            identity.shutdown()
            for thread in threads:
                thread.join()
