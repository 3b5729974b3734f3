"""A WSGI site in several processes: it is imported once, then forked, as prefork servers do. See docs/workers.md.

    python examples/workers/people_wsgi.py [PORT [WORKERS]]

The parent answers one request itself before it forks: whatever the middleware opens then, no child uses.
"""

import os
import signal
import socketserver
import sys
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.util import setup_testing_defaults

from himaya.gate.wsgi import GateMiddleware

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 8002
WORKERS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
CONFIG = os.environ.get("HIMAYA_CONFIG") or Path(__file__).with_name("himaya.toml")


def site(environ, start_response):
    """Answer every path with its own name, and say which process did."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Process", str(os.getpid()))])
    return [environ["PATH_INFO"].encode(), b"\n"]


application = GateMiddleware(site, CONFIG)


class Server(socketserver.ThreadingMixIn, WSGIServer):
    """One thread for each request."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Writes no log."""

    def log_message(self, *args):
        """Say nothing."""


def ask_early():
    """Make one request in the parent."""
    environ = {"PATH_INFO": "/u/early", "REMOTE_ADDR": "192.0.2.200"}
    setup_testing_defaults(environ)
    parts = application(environ, lambda *_: None)
    b"".join(parts)
    if hasattr(parts, "close"):
        parts.close()


def serve(server):
    """Fork the workers, and end them when this process is told to stop."""
    children = []
    for _ in range(WORKERS):
        child = os.fork()
        if not child:
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            server.serve_forever()
        children.append(child)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while True:
            signal.pause()
    finally:
        for child in children:
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)


if __name__ == "__main__":
    ask_early()
    serve(make_server("127.0.0.1", PORT, application, Server, Quiet))
