"""A WSGI server of several processes: the application is imported once, then the processes are forked.

    python tests/gate/prefork.py CONFIG PORT WORKERS

Before it forks it answers one request itself, so that whatever a worker opens at its first request is there too early.
"""

from __future__ import annotations

import os
import signal
import socketserver
import sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.util import setup_testing_defaults

from himaya.gate.wsgi import GateMiddleware


def site(environ, start_response):
    """Answer with who was asked for, and by which process."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Process", str(os.getpid()))])
    return [environ["PATH_INFO"].encode()]


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        """Say nothing."""


def ask_early(application):
    """Make one request in the parent."""
    environ = {"PATH_INFO": "/u/early", "REMOTE_ADDR": "192.0.2.200"}
    setup_testing_defaults(environ)
    parts = application(environ, lambda status, headers, exc_info=None: None)
    b"".join(parts)
    parts.close()


def main(config, port, workers):
    application = GateMiddleware(site, config)
    ask_early(application)
    server = make_server("127.0.0.1", int(port), application, Server, Quiet)
    children = []
    for _ in range(int(workers)):
        child = os.fork()
        if not child:
            server.serve_forever()
        children.append(child)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while True:
            signal.pause()
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
