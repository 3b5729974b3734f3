"""A staging site that serves the token its operator writes into a file, and a tap that counts what arrives."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.acceptance import site as pages

PLACE = "/.well-known/himaya-bench"
_MARK = re.compile(rb"\bp(\d+)@people\.example")


class StagingSite(pages.Site):
    """The site of the acceptance tests, which also serves what stands in `token_file`."""

    def __init__(self, token_file: Path) -> None:
        super().__init__()
        self.token_file = token_file
        self.RequestHandlerClass = _Handler


class _Handler(pages._Handler):
    server: StagingSite

    def do_GET(self) -> None:  # noqa: N802  (http.server's names)
        if self.path != PLACE:
            super().do_GET()
            return
        with contextlib.suppress(OSError):
            token = self.server.token_file.read_bytes()
            self._send((200, "text/plain", token), [])
            return
        self._send((404, "text/plain", b"nothing"), [])

    do_POST = do_GET  # noqa: N815  (http.server's names)


class Tap:
    """A port that passes bytes on to another one and notes which people came back: what really arrived."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._bytes: list[bytes] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def people(self) -> set[int]:
        """Return everybody who stood in bytes that came back, over all connections."""
        with self._lock:
            return {int(found) for found in _MARK.findall(b"".join(self._bytes))}

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            for one, other, note in ((client, server, None), (server, client, self._note)):
                threading.Thread(target=_pump, args=(one, other, note), daemon=True).start()

    def _note(self, data: bytes) -> None:
        with self._lock:
            self._bytes.append(data)


def _pump(one: socket.socket, other: socket.socket, note: Callable[[bytes], None] | None) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            if note is not None:
                note(data)
            other.sendall(data)
    for each in (one, other):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


class Script(ThreadingHTTPServer):
    """A site of one function: request target and headers to status, header lines and body. `asked` lists targets."""

    daemon_threads = True

    def __init__(
        self, answer: Callable[[str, dict[str, str]], tuple[int, dict[str, str], bytes]]
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Scripted)
        self.answer = answer
        self.asked: list[str] = []
        self.heard: list[dict[str, str]] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def close(self) -> None:
        self.shutdown()
        self._thread.join(5)
        self.server_close()


class _Scripted(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Script

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append(self.path)
        self.server.heard.append(headers)
        status, fields, body = self.server.answer(self.path, headers)
        self.send_response(status)
        for name, value in {**fields, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def script(
    answer: Callable[[str, dict[str, str]], tuple[int, dict[str, str], bytes]],
) -> Iterator[Script]:
    """Run a site of one function."""
    site = Script(answer)
    try:
        yield site
    finally:
        site.close()
