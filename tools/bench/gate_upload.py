"""A large upload through the reverse proxy: it must not pile up in memory."""

from __future__ import annotations

import socket
import threading
import time

from tools.bench.gate_doors import Size
from tools.bench.gate_site import Program, Site
from tools.bench.results import Row

MIB = 1 << 20

#: An upload may not make the proxy grow by more than this, however large it is.
MOST_MIB = 32.0


def upload(site: Site, size: Size) -> list[Row]:
    """Send one large body through the proxy to an application that takes it slowly, and watch the proxy's memory."""
    sink = _Sink(size.upload_mib * MIB)
    port = site.proxy("upload", upstream=f"http://127.0.0.1:{sink.port}")
    gate = site.programs["upload-gate"]
    send(port, MIB)  # what it needs once does not count
    before, watch = gate.rss(), _Watch(gate)
    begin = time.monotonic()
    send(port, size.upload_mib * MIB)
    seconds = time.monotonic() - begin
    grown = (watch.end() - before) / MIB
    sink.close()
    what = f"reverse proxy, memory grown by an upload of {size.upload_mib:,} MiB"
    rate = f"{size.upload_mib / seconds:,.0f} MiB/s"
    return [Row(what, max(0.0, grown), "MiB", f"<= {MOST_MIB:g} MiB", grown <= MOST_MIB, rate)]


def send(port: int, length: int) -> None:
    """Upload so many bytes and wait for the answer. Raises RuntimeError when it is no 200."""
    piece = bytes(256 * 1024)
    with socket.create_connection(("127.0.0.1", port), timeout=120) as door:
        head = f"POST /upload HTTP/1.1\r\nHost: site.example\r\nContent-Length: {length}\r\n\r\n"
        door.sendall(head.encode())
        left = length
        while left:
            door.sendall(piece[: min(left, len(piece))])
            left -= min(left, len(piece))
        answer = door.recv(4096)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"the upload was answered {answer[:200]!r}")


class _Sink:
    """An application that reads every body to its end and answers 200."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            with connection:
                self._read(connection)

    def _read(self, connection: socket.socket) -> None:
        """Read requests of one connection, one after the other."""
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                more = connection.recv(65536)
                if not more:
                    return
                data += more
            head, _, body = data.partition(b"\r\n\r\n")
            lines = [line.partition(b":") for line in head.lower().split(b"\r\n")]
            left = next(int(v) for n, _, v in lines if n == b"content-length") - len(body)
            while left > 0:
                left -= len(connection.recv(min(left, MIB)))
            data = b""
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()


class _Watch:
    """Looks at a program's memory until it is told to end, and keeps the largest."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._most = program.rss()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(0.02):
            self._most = max(self._most, self._program.rss())

    def end(self) -> int:
        """Return the largest number of resident bytes."""
        self._over.set()
        self._thread.join()
        return self._most
