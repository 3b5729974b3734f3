"""A mail server on a loopback port that can go away in the middle, and that refuses addresses it does not like."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from email.message import EmailMessage
from typing import Self


class Sink(socketserver.ThreadingTCPServer):
    """Takes mail. After `goes_after` mails it drops every connection; `at` says when: before or after the data."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self, goes_after: int | None = None, at: str = "mail", refuse: str = "nobody@"
    ) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.goes_after, self.at, self.refuse = goes_after, at, refuse
        super().__init__(("127.0.0.1", 0), _Session)
        self.port = int(self.server_address[1])
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def is_going(self) -> bool:
        """Tell whether it has enough."""
        return self.goes_after is not None and len(self.taken) >= self.goes_after

    @property
    def addresses(self) -> list[str]:
        """Return whom mail was taken for, in order."""
        return [address for address, _ in self.taken]

    def mails(self) -> list[tuple[str, EmailMessage]]:
        """Return the mails that were taken, by address."""
        return [
            (address, email.message_from_bytes(data, policy=email.policy.default))
            for address, data in self.taken
        ]

    def settings(self) -> str:
        """Return the keys of `[response]` that lead here."""
        return f'smtp_host = "127.0.0.1"\nsmtp_port = {self.port}\nsmtp_security = "none"'

    def handle_error(self, request: object, client_address: object) -> None:
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Session(socketserver.StreamRequestHandler):
    server: Sink
    disable_nagle_algorithm = True

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())

    def handle(self) -> None:
        self._say("220 sink")
        address = ""
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"MAIL" and self.server.is_going and self.server.at == "mail":
                return
            if verb == b"RCPT":
                address = line.decode().split("<")[1].split(">")[0]
                self._say(
                    "550 no such person" if address.startswith(self.server.refuse) else "250 ok"
                )
            elif verb == b"DATA":
                self._say("354 go on")
                data = self._data()
                if self.server.is_going and self.server.at == "data":
                    return
                self.server.taken.append((address, data))
                self._say("250 taken")
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _data(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)
